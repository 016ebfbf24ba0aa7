"""The paper's figure 7: where the network looks in liquid and in low-energy carbon."""

from amorphology.studies.explanation.study import reproduce_explanation

__all__ = ["reproduce_explanation"]
