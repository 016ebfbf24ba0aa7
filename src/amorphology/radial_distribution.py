"""Radial distribution function of periodic structures."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from amorphology.errors import ConfigError, StructureError

__all__ = ["radial_distribution"]


def radial_distribution(
    frames: Sequence[Atoms], *, r_max: float = 6.0, n_bins: int = 120
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""
    Compute how much likelier than by chance two atoms are at each distance from each other.

    In a bin from :math:`r_0` to :math:`r_1`, :math:`g = P / \sum N \rho v`: P counts ordered pairs
    in all frames, N is the number of atoms of a frame, :math:`\rho` its number density and v the
    measure of the shell (Allen and Tildesley, Computer Simulation of Liquids, 2nd edition, section
    8.2). Frames that are periodic in space have the density per volume and
    :math:`v = \frac{4}{3} \pi (r_1^3 - r_0^3)`; sheets, periodic in two directions, the density per
    area and :math:`v = \pi (r_1^2 - r_0^2)`, with distances in space all the same.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        All periodic in three directions, or all in two. The function is that of all of them
        together.
    r_max : float
        Largest distance, Angstrom; it may be larger than the cell.
    n_bins : int
        Number of bins of equal width from 0 to `r_max`.

    Returns
    -------
    r : ndarray of float64, shape (n_bins,)
        Middles of the bins, Angstrom.
    g : ndarray of float64, shape (n_bins,)
        Radial distribution function; 1 where distances are as in an ideal gas.

    Raises
    ------
    ConfigError
        When `r_max` or `n_bins` is not positive.
    StructureError
        When there is no frame, or frames are not periodic as said above.
    """
    if not (0 < r_max < np.inf and n_bins >= 1):
        raise ConfigError(f"r_max is {r_max} and n_bins {n_bins}: both must be positive")
    if not len(frames):
        raise StructureError("no frame to compute a radial distribution function of")
    directions = {int(atoms.pbc.sum()) for atoms in frames}
    if len(directions) > 1 or not directions <= {2, 3}:
        listed = ", ".join(str(n) for n in sorted(directions))
        raise StructureError(
            f"frames are periodic in {listed} directions: without a density there is no radial "
            "distribution function; give frames that are all periodic in 3 directions, or all in 2"
        )
    (dimension,) = directions
    edges = np.linspace(0.0, r_max, n_bins + 1)
    counts = np.zeros(n_bins)
    by_chance = 0.0
    for atoms in frames:
        counts += np.histogram(neighbor_list("d", atoms, r_max), edges)[0]
        by_chance += len(atoms) ** 2 / _measure(atoms)
    unit = np.pi if dimension == 2 else 4 / 3 * np.pi
    shells = unit * np.diff(edges**dimension)
    return (edges[1:] + edges[:-1]) / 2, counts / (by_chance * shells)


def _measure(atoms: Atoms) -> float:
    """Volume of a cell, or area of the periodic directions of a sheet."""
    if atoms.pbc.all():
        return float(atoms.get_volume())
    first, second = np.asarray(atoms.cell)[atoms.pbc]
    return float(np.linalg.norm(np.cross(first, second)))
