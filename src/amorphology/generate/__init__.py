"""Structures made here: melt-quenched amorphous carbon."""

from amorphology.generate.carbon import generate_carbon

__all__ = ["generate_carbon"]
