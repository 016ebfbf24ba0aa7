"""The paper's sections again, each from nothing to a report."""

from amorphology.studies.amorphous_carbon import CarbonStudy, reproduce_carbon, run_study

__all__ = ["CarbonStudy", "reproduce_carbon", "run_study"]
