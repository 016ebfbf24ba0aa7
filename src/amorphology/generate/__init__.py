"""Structures made here: melt-quenched carbon and graphene, conformations of cyclo-octane."""

from amorphology.generate.carbon import generate_carbon
from amorphology.generate.cyclooctane import generate_cyclooctane
from amorphology.generate.cyclooctane_matlab import read_cyclooctane_matlab
from amorphology.generate.graphene import generate_graphene

__all__ = [
    "generate_carbon",
    "generate_cyclooctane",
    "generate_graphene",
    "read_cyclooctane_matlab",
]
