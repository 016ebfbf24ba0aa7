"""The paper's sections again, each from nothing to a report."""

from amorphology.studies.amorphous_carbon import CarbonStudy, reproduce_carbon, run_study
from amorphology.studies.cyclooctane import reproduce_cyclooctane

__all__ = ["CarbonStudy", "reproduce_carbon", "reproduce_cyclooctane", "run_study"]
