"""Structures made here: melt-quenched amorphous carbon, conformations of cyclo-octane."""

from amorphology.generate.carbon import generate_carbon
from amorphology.generate.cyclooctane import generate_cyclooctane
from amorphology.generate.cyclooctane_matlab import read_cyclooctane_matlab

__all__ = ["generate_carbon", "generate_cyclooctane", "read_cyclooctane_matlab"]
