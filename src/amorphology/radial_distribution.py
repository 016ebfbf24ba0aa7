"""Radial distribution function of periodic structures, and the shell of nearest neighbours."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from amorphology.errors import ConfigError, StructureError

__all__ = ["FirstShell", "first_shell", "number_density", "radial_distribution"]


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
    dimension = _dimension(frames)
    edges = np.linspace(0.0, r_max, n_bins + 1)
    counts = np.zeros(n_bins)
    by_chance = 0.0
    for atoms in frames:
        counts += np.histogram(_distances(atoms, r_max), edges)[0]
        by_chance += len(atoms) * number_density(atoms)
    return (edges[1:] + edges[:-1]) / 2, counts / (by_chance * _shells(edges, dimension))


@dataclass(frozen=True)
class FirstShell:
    """
    What the first peak of a radial distribution function says about nearest neighbours.

    Attributes
    ----------
    peak
        Distance where the first peak is highest, Angstrom.
    minimum
        Distance of the first minimum after it, Angstrom.
    neighbours
        Mean number of atoms up to there.
    """

    peak: float
    minimum: float
    neighbours: float


def first_shell(r: ArrayLike, g: ArrayLike, density: float, *, dimension: int = 3) -> FirstShell:
    r"""
    Find the shell of nearest neighbours.

    The peak is the highest bin between the first one with g > 1, at distance r, and 1.35 r: short
    of the second shell of close packings, at 1.41 r, and of diamond and graphene, at 1.63 r and
    1.73 r. The minimum is the lowest bin between the peak and 1.5 times its distance, or the middle
    of the first ones where several in a row are equally low. The number of neighbours is the
    integral of g up to and with that bin, :math:`\rho \int g\, dv`.

    Parameters
    ----------
    r, g
        Radial distribution function as `radial_distribution` gives it, (n_bins,) each; r in
        Angstrom.
    density
        What `number_density` says of the frames.
    dimension
        Number of periodic directions of the frames, 3 or 2.

    Returns
    -------
    FirstShell

    Raises
    ------
    ConfigError
        If the distances end before the first minimum.
    StructureError
        If no distance is likelier than by chance.
    """
    r, g = np.asarray(r, np.float64), np.asarray(g, np.float64)
    likelier = np.flatnonzero(g > 1)
    if not len(likelier):
        raise StructureError(
            f"no distance up to {r[-1]:.2f} Angstrom is likelier than by chance: there are no "
            "nearest neighbours; look at the frames, or raise r_max"
        )
    start = likelier[0]
    peak = start + int(np.argmax(g[start : np.searchsorted(r, 1.35 * r[start])]))
    end = int(np.searchsorted(r, 1.5 * r[peak]))
    if end == len(r):
        raise ConfigError(
            f"distances end at {r[-1]:.2f} Angstrom: with the first peak at {r[peak]:.2f} r_max "
            f"must be above {1.5 * r[peak]:.2f}"
        )
    valley = g[peak:end]
    first = last = int(np.argmin(valley))
    while last + 1 < len(valley) and valley[last + 1] == valley[first]:
        last += 1
    lowest = peak + (first + last) // 2
    edges = (r[1] - r[0]) * np.arange(lowest + 2)
    neighbours = density * g[: lowest + 1] @ _shells(edges, dimension)
    return FirstShell(float(r[peak]), float(r[lowest]), float(neighbours))


def number_density(atoms: Atoms) -> float:
    """
    Count the atoms in a unit of space, or of a sheet.

    Parameters
    ----------
    atoms
        Periodic in three directions, or in two.

    Returns
    -------
    float
        Atoms per Angstrom^3, or where two directions are periodic per Angstrom^2 of their plane.

    Raises
    ------
    StructureError
        If fewer directions are periodic.
    """
    if _dimension([atoms]) == 3:
        return len(atoms) / float(atoms.get_volume())
    first, second = np.asarray(atoms.cell)[atoms.pbc]
    return len(atoms) / float(np.linalg.norm(np.cross(first, second)))


def _distances(atoms: Atoms, r_max: float) -> NDArray[np.float64]:
    """Distances of all ordered pairs of atoms and images up to `r_max`; (n_pairs,), Angstrom."""
    # One row of differences after another: many times faster than a neighbour list where nearly
    # every atom is a neighbour.
    cell = np.asarray(atoms.cell.complete())
    inverse = np.linalg.inv(cell)
    # Between nearest images, differences are at most half of a cell vector; then so many images to
    # each side can still be in reach. The columns of the inverse have one over the distance between
    # opposite faces as their lengths.
    reach = np.floor(r_max * np.linalg.norm(inverse, axis=0) + 0.5).astype(int) * atoms.pbc
    shifts = np.array(list(itertools.product(*(range(-n, n + 1) for n in reach)))) @ cell
    to_own_images = np.linalg.norm(shifts, axis=1)
    to_own_images = to_own_images[(to_own_images > 0) & (to_own_images < r_max)]
    found = [np.tile(to_own_images, len(atoms))]
    scaled = atoms.positions @ inverse
    for k in range(len(scaled) - 1):
        between = scaled[k + 1 :] - scaled[k]
        between -= np.round(between) * atoms.pbc
        squared = (((between @ cell)[:, None] + shifts) ** 2).sum(axis=2)
        distances = np.sqrt(squared[squared < r_max**2])
        found += [distances, distances]
    return np.concatenate(found)


def _dimension(frames: Sequence[Atoms]) -> int:
    """Count the periodic directions, the same for all frames."""
    directions = {int(atoms.pbc.sum()) for atoms in frames}
    if len(directions) > 1 or not directions <= {2, 3}:
        listed = ", ".join(str(n) for n in sorted(directions))
        raise StructureError(
            f"frames are periodic in {listed} directions: without a density there is no radial "
            "distribution function; give frames that are all periodic in 3 directions, or all in 2"
        )
    return directions.pop()


def _shells(edges: NDArray[np.float64], dimension: int) -> NDArray[np.float64]:
    """Volumes between spheres, or areas between circles, of given radii; (n_edges - 1,)."""
    unit = np.pi if dimension == 2 else 4 / 3 * np.pi
    return np.asarray(unit * np.diff(edges**dimension))
