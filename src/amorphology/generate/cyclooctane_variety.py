"""Where conformations of the eight-membered ring lie on their variety, and how evenly."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from amorphology.errors import ConfigError
from amorphology.generate.cyclooctane import N_ATOMS, ring_positions, superpose

__all__ = ["Evenness", "evenness", "on_sphere"]


@dataclasses.dataclass(frozen=True)
class Evenness:
    """
    How evenly conformations are spread; all distances root-mean-square, Angstrom.

    Attributes
    ----------
    separation
        Smallest distance of two conformations.
    nearest_5, nearest_50, nearest_95
        5th, 50th and 95th percentile of the distance to the nearest other conformation.
    covering_radius
        Largest distance from a witness to the nearest conformation: the radius of the largest hole.
    """

    separation: float
    nearest_5: float
    nearest_50: float
    nearest_95: float
    covering_radius: float

    @property
    def nearest_ratio(self) -> float:
        """`nearest_5` over `nearest_95`: 1 for a lattice, about 0.13 for random points."""
        return self.nearest_5 / self.nearest_95

    @property
    def covering_ratio(self) -> float:
        """`covering_radius` over `nearest_50`: 0.58 for a triangular lattice."""
        return self.covering_radius / self.nearest_50


def on_sphere(frames: Sequence[Atoms], tolerance: float = 1e-5) -> NDArray[np.bool_]:
    """
    Tell which conformations lie on the sphere of the variety; the others lie on the Klein bottle.

    The sphere consists of the conformations with a twofold axis that takes each atom to the
    opposite one (torsion angles repeat after four). The crown, the boat, the boat-boat and the
    twist-boats between them lie there; chair and boat-chair lie on the Klein bottle. Conformations
    on the two circles lie on both and count for the sphere.

    Parameters
    ----------
    frames
        Conformations, atoms in ring order.
    tolerance
        How far an atom may be from where the axis takes its opposite, Angstrom.

    Returns
    -------
    numpy.ndarray
        bool (n_frames,).

    Raises
    ------
    StructureError
        As for `ring_positions`.
    """
    rings = superpose(ring_positions(frames))
    # Superposed on the octagon, the axis can only be z.
    turned = np.roll(rings, N_ATOMS // 2, axis=1) * [-1.0, -1.0, 1.0]
    on: NDArray[np.bool_] = np.linalg.norm(rings - turned, axis=2).max(axis=1) < tolerance
    return on


def evenness(frames: Sequence[Atoms], witnesses: Sequence[Atoms]) -> Evenness:
    """
    Measure how evenly conformations are spread over the variety.

    Parameters
    ----------
    frames
        Two or more conformations.
    witnesses
        Other conformations, denser than `frames` and made without them, that show the holes:
        ``generate_cyclooctane(8 * len(frames), seed=...)`` with another seed.

    Returns
    -------
    Evenness
        Distances as `amorphology.generate.cyclooctane` defines them.

    Raises
    ------
    ConfigError
        If there are fewer than two conformations, or no witness.
    StructureError
        As for `ring_positions`.
    """
    if len(frames) < 2 or len(witnesses) == 0:
        raise ConfigError(
            f"{len(frames)} conformations and {len(witnesses)} witnesses; evenness needs at least "
            "two conformations and one witness"
        )
    scale = math.sqrt(N_ATOMS)
    points = superpose(ring_positions(frames)).reshape(len(frames), -1) / scale
    others = superpose(ring_positions(witnesses)).reshape(len(witnesses), -1) / scale
    tree = cKDTree(points)
    nearest = tree.query(points, k=2)[0][:, 1]
    low, middle, high = np.percentile(nearest, [5, 50, 95])
    covering = tree.query(others)[0].max()
    return Evenness(float(nearest.min()), float(low), float(middle), float(high), float(covering))
