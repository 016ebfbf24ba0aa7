"""The paper's sections again, each from nothing to a report."""

from amorphology.studies.amorphous_carbon import carbon_study, reproduce_carbon
from amorphology.studies.amorphous_graphene import graphene_study, reproduce_graphene
from amorphology.studies.cyclooctane import reproduce_cyclooctane

__all__ = [
    "carbon_study",
    "graphene_study",
    "reproduce_carbon",
    "reproduce_cyclooctane",
    "reproduce_graphene",
]
