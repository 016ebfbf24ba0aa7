"""Five points in the plane whose alpha filtration has two rings: the smallest worked example."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "PAIRS", "POINTS", "SIMPLICES_OF_PAIRS", "alpha_complex"]

NAMES = ("a", "b", "c", "d", "e")

POINTS: NDArray[np.float64] = np.array(
    [[-1.561, -0.327], [0.0, 0.858], [0.0, -0.717], [1.460, 1.115], [1.297, -0.928]]
)
"""Positions of the points of `NAMES`, Angstrom, float64 (5, 2)."""

PAIRS = {"A": (0.96, 1.02), "B": (1.05, 1.30)}
"""Birth and death of the two rings, Angstrom^2, as in figure 1 of Minamitani et al. (2023)."""

SIMPLICES_OF_PAIRS = {"A": ((0, 1), (0, 1, 2)), "B": ((3, 4), (1, 3, 4))}
"""Edge that closes each ring, and triangle that fills it last, as places in `NAMES`."""


def alpha_complex(
    points: NDArray[np.float64],
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int, int], float]]:
    """
    Find all simplices of a few points in the plane, by trying every one.

    Parameters
    ----------
    points
        Positions in general position, (n_points, 2), Angstrom.

    Returns
    -------
    edges, triangles : dict
        Squared radius, Angstrom^2, at which each edge and each triangle enters the alpha complex,
        by the points it joins, in rising order.
    """
    triangles = {}
    for corners in combinations(range(len(points)), 3):
        centre, squared_radius = _circle(points[list(corners)])
        if not _holds_another(points, corners, centre, squared_radius):
            triangles[corners] = squared_radius
    edges = {}
    for ends in combinations(range(len(points)), 2):
        cofaces = [value for corners, value in triangles.items() if set(ends) < set(corners)]
        if cofaces:
            first, second = points[list(ends)]
            centre, squared_radius = (first + second) / 2, float(np.sum((first - second) ** 2)) / 4
            # An edge whose own circle holds another point enters with its first triangle.
            blocked = _holds_another(points, ends, centre, squared_radius)
            edges[ends] = min(cofaces) if blocked else squared_radius
    return edges, triangles


def _circle(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Centre and squared radius of the circle through three points."""
    sides = corners[1:] - corners[0]
    centre = np.linalg.solve(2 * sides, np.sum(sides**2, axis=1))
    return corners[0] + centre, float(np.sum(centre**2))


def _holds_another(
    points: NDArray[np.float64],
    own: tuple[int, ...],
    centre: NDArray[np.float64],
    squared_radius: float,
) -> bool:
    others = np.delete(points, own, axis=0)
    return bool((np.sum((others - centre) ** 2, axis=1) < squared_radius).any())
