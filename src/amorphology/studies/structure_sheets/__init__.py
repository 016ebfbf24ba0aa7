"""Figures of the structures that simulations made, with captions and numbers, for reports."""

from amorphology.studies.sheet import Sheet
from amorphology.studies.structure_sheets.carbon import carbon_sheets
from amorphology.studies.structure_sheets.graphene import graphene_sheets

__all__ = ["Sheet", "carbon_sheets", "graphene_sheets"]
