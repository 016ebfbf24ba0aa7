"""Diagrams beside local descriptors: the same frames, the same splits, one table."""

from amorphology.studies.comparison.study import comparison_plan, reproduce_comparison

__all__ = ["comparison_plan", "reproduce_comparison"]
