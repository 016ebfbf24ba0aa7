"""How many atoms of a frame have how many neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amorphology.bond_network import coordination_shares
from amorphology.descriptors.frame_descriptor import FrameDescriptor, NamedFrame
from amorphology.errors import ConfigError

__all__ = ["CoordinationNumbers"]


class CoordinationNumbers(FrameDescriptor):
    """
    Shares of the atoms that have 0, 1, 2 and more neighbours.

    Invariant under translation, rotation, reflection and another order of the atoms, and the same
    for a repeated cell. It jumps where an atom passes the cut-off. Frames are periodic as their
    ``pbc`` says; an image of an atom is a neighbour as any other.

    Parameters
    ----------
    cutoff
        Distance below which atoms are neighbours, Angstrom.
    most
        The last share is that of atoms with so many neighbours or more.

    Examples
    --------
    >>> from ase.build import bulk
    >>> CoordinationNumbers().fit_transform([bulk("C")])
    array([[0., 0., 0., 0., 1., 0., 0., 0.]])
    """

    def __init__(self, cutoff: float = 1.9, most: int = 7) -> None:
        self.cutoff = cutoff
        self.most = most

    def _feature_names(self) -> list[str]:
        counts = [f"neighbours_{number}" for number in range(self.most)]
        return [*counts, f"neighbours_{self.most}_or_more"]

    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        if not (np.isfinite(self.cutoff) and self.cutoff > 0):
            raise ConfigError(f"cutoff is {self.cutoff!r}; give a positive number of Angstrom")
        if int(self.most) != self.most or self.most < 1:
            raise ConfigError(f"most is {self.most!r}; give a positive whole number")
        self.n_features_ = int(self.most) + 1
        for _ in frames:
            pass

    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        for _, frame in frames:
            yield coordination_shares([frame], [self.cutoff], most=int(self.most))[0]
