"""Cartesian coordinates as a descriptor: what every other descriptor is measured against."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amorphology.descriptors.frame_descriptor import FrameDescriptor, NamedFrame
from amorphology.errors import StructureError

__all__ = ["CartesianCoordinates"]


class CartesianCoordinates(FrameDescriptor):
    """
    Positions of all atoms, in the order of the atoms.

    Invariant under nothing as it stands: not under translation, rotation, reflection, another order
    of the atoms, or moving an atom by a cell vector. Frames are comparable only where they hold the
    same atoms in the same order and the same frame of reference.

    Parameters
    ----------
    subtract_centroid
        Take positions from the centroid of the atoms (each atom counts the same), which makes them
        invariant under translation.

    Attributes
    ----------
    n_atoms_ : int
        Number of atoms of every frame.

    Examples
    --------
    >>> from ase.build import molecule
    >>> CartesianCoordinates().fit_transform([molecule("H2O")]).shape
    (1, 9)
    """

    def __init__(self, subtract_centroid: bool = False) -> None:
        self.subtract_centroid = subtract_centroid

    def _feature_names(self) -> list[str]:
        return [f"atom{atom}_{axis}" for atom in range(self.n_atoms_) for axis in "xyz"]

    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        _, first = next(frames)
        self.n_atoms_ = len(first)
        for _ in self._vectors(frames):
            pass

    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        for name, frame in frames:
            if len(frame) != self.n_atoms_:
                raise StructureError(
                    f"{name}: has {len(frame)} atoms, not {self.n_atoms_} as the first training "
                    "frame; Cartesian coordinates need the same atoms in every frame"
                )
            positions = frame.positions
            if self.subtract_centroid:
                positions = positions - positions.mean(axis=0)
            yield positions.ravel()
