"""Persistent-homology descriptors of atomic structures, and energies learned from them."""

from importlib.metadata import version

__version__ = version("amorphology")
