"""Cyclo-octane: which descriptor tells chair, boat and crown apart."""

from amorphology.studies.cyclooctane.study import reproduce_cyclooctane

__all__ = ["reproduce_cyclooctane"]
