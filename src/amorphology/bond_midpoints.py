"""Midpoints of bonds, as points of a structure of their own."""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from amorphology.errors import ConfigError

__all__ = ["BOND_STRETCH", "bond_midpoints"]

BOND_STRETCH = 1.25
"""Longest bond in units of the sum of both covalent radii: 1.9 Angstrom for carbon, whose radial
distribution function is lowest near 1.9 Angstrom in its amorphous forms and its melt."""

SAME = 1e-6
"""Midpoints nearer to each other than this, Angstrom, are one point."""


def bond_midpoints(frame: Atoms, cutoff: float | None = None, weight: float = 0.0) -> Atoms:
    r"""
    Find the midpoints of all bonds, and weights for them.

    Diagrams of atoms do not hold the distance of two atoms across a bond angle above 90 degrees:
    the smallest ball through both contains the atom between them. Half of this distance is that of
    the midpoints of their bonds to this atom, so that it is in diagrams of midpoints.

    With weights :math:`-w (r/2)^2` for a bond of length r, midpoints enter a filtration the later
    the longer their bonds are, so that births tell the lengths of bonds, too.

    Parameters
    ----------
    frame
        Periodic where its ``pbc`` says so.
    cutoff
        Longest bond, Angstrom; None: 1.25 times the sum of both atoms' covalent radii [1]_.
    weight
        The number w, 0 or greater.

    Returns
    -------
    ase.Atoms
        A point without element (``"X"``) for each bond, a bond to another image of the same atom
        among them; in the same cell with the same ``pbc``, the shortest bond first. Midpoints that
        coincide, as those of the diagonals of a square can, are one point. The array ``"weight"``
        holds the weights, Angstrom^2.

    Raises
    ------
    ConfigError
        If `cutoff` is not a positive number, or `weight` a negative one.

    References
    ----------
    .. [1] Cordero, Gómez, Platero-Prats, Revés, Echeverría, Cremades, Barragán and Alvarez, Dalton
       Trans. 2832 (2008), as ASE has them.

    Examples
    --------
    >>> from ase.build import bulk
    >>> len(bond_midpoints(bulk("C")))
    4
    """
    if not weight >= 0:
        raise ConfigError(f"bond_weight is {weight}; give a number that is not negative")
    if cutoff is None:
        reach = BOND_STRETCH * np.asarray(covalent_radii)[frame.numbers]
    elif 0 < cutoff < np.inf:
        reach = np.full(len(frame), cutoff / 2)
    else:
        raise ConfigError(f"bond_cutoff is {cutoff}; give a positive number of Angstrom")
    first, second, vectors, lengths = neighbor_list("ijDd", frame, reach)
    # Both directions of a bond to another image of the same atom are here: their midpoints are one.
    once = np.flatnonzero(first <= second)
    once = once[np.argsort(lengths[once], kind="stable")]
    points = frame.positions[first[once]] + np.asarray(vectors)[once] / 2
    kept = _distinct(points, frame)
    midpoints = Atoms(np.zeros(kept.sum(), int), points[kept], cell=frame.cell, pbc=frame.pbc)
    midpoints.set_array("weight", -weight * (lengths[once][kept] / 2) ** 2, float)
    return midpoints


def _distinct(points: NDArray[np.float64], frame: Atoms) -> NDArray[np.bool_]:
    """Mark the first of the points that coincide, in any image, bool (n_points,)."""
    cell = np.asarray(frame.cell.complete())
    fractions = frame.cell.scaled_positions(points)
    # Twice: a tiny negative number modulo 1 is rounded to 1.
    fractions[:, frame.pbc] = fractions[:, frame.pbc] % 1.0 % 1.0
    # The ball, in fractions of the cell, that holds all that is so near in space.
    reach = SAME / np.linalg.svd(cell, compute_uv=False)[-1]
    tree = cKDTree(fractions, boxsize=frame.pbc.astype(float))  # 0: not periodic
    first, second = tree.query_pairs(reach, output_type="ndarray").T
    steps = fractions[second] - fractions[first]
    steps[:, frame.pbc] -= np.round(steps[:, frame.pbc])
    kept = np.ones(len(points), dtype=bool)
    kept[second[np.linalg.norm(steps @ cell, axis=1) < SAME]] = False
    return kept
