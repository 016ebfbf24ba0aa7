"""Random structures of every periodicity, and the same structures given differently."""

import numpy as np

PERIODICITIES = [
    (True, True, True),
    (True, True, False),
    (False, True, True),
    (True, False, False),
    (False, False, False),
]
BETTI = {3: (1, 3, 3), 2: (1, 2, 1), 1: (1, 1, 0), 0: (1, 0, 0)}
NOISE = 1e-8  # pairs shorter than this may come from rounding the moved input


def random_cell(rng: np.random.Generator) -> np.ndarray:
    """A triclinic cell of any aspect up to about 6, neither flat nor tiny."""
    while True:
        cell = rng.normal(size=(3, 3)) * rng.uniform(1, 6) * rng.uniform(0.5, 3, (3, 1))
        if abs(np.linalg.det(cell)) > 0.05 * np.prod(np.linalg.norm(cell, axis=1)):
            return cell


def random_structure(rng: np.random.Generator, pbc: tuple[bool, ...], degenerate: bool):
    cell = random_cell(rng)
    if degenerate:
        # Points of a quarter grid: many on common spheres, planes and lines.
        fractional = np.unique(rng.integers(0, 4, (rng.integers(1, 40), 3)), axis=0) / 4
    else:
        fractional = rng.random((rng.integers(1, 40), 3))
    if sum(pbc) < 3:
        # Four atoms that span space whatever the others do.
        fractional = np.vstack([fractional, [[1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0]]])
        wrapped = np.where(pbc, fractional % 1, fractional)
        fractional = fractional[np.unique(wrapped, axis=0, return_index=True)[1]]
    return fractional @ cell, cell


def unimodular(rng: np.random.Generator, pbc: tuple[bool, ...]) -> np.ndarray:
    """A change of basis among the periodic vectors."""
    matrix = np.eye(3, dtype=int)
    axes = np.flatnonzero(pbc)
    for _ in range(3 if len(axes) > 1 else 0):
        i, j = rng.choice(axes, 2, replace=False)
        matrix[i] += rng.integers(-2, 3) * matrix[j]
    return matrix


def moved(rng: np.random.Generator, positions, cell, pbc):
    """The same structure in another basis, other images, permuted, shifted, turned, mirrored.

    Returns positions, cell and the permutation.
    """
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    images = rng.integers(-2, 3, positions.shape) * pbc
    order = rng.permutation(len(positions))
    elsewhere = (positions + images @ cell)[order] + rng.normal(size=3)
    return elsewhere @ turn, unimodular(rng, pbc) @ cell @ turn, order
