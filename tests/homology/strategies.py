"""Structures that are hard on a triangulation, drawn by Hypothesis.

The shape of a structure (periodicity, aspect, lattice, degeneracies) is drawn number by number, so
that failures shrink to something readable; plain random coordinates come from a seed.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

# Cells of the common degenerate lattices, lengths to be stretched.
LATTICES = {
    "cubic": np.eye(3),
    "face-centred": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2,
    "body-centred": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2,
    "hexagonal": np.array([[1, 0, 0], [-0.5, 0.75**0.5, 0], [0, 0, 1]]),
}


@dataclass(frozen=True)
class Structure:
    """Atoms, cell vectors, periodicity; weights or None."""

    positions: np.ndarray
    cell: np.ndarray
    pbc: tuple[bool, ...]
    weights: np.ndarray | None

    @property
    def size(self) -> float:
        """The largest length in it, Angstrom, which says how finely its numbers are rounded."""
        periods = np.linalg.norm(self.cell[list(self.pbc)], axis=1)
        return max(np.abs(self.positions).max(), periods.max(initial=0))

    def arguments(self):
        """Arguments of the kernel's functions."""
        return np.ascontiguousarray(self.positions), self.cell, self.pbc, self.weights


def distinct(positions, cell, pbc, separation):
    """Indices of atoms no two of which are within `separation`, periodic images included."""
    kept: list[int] = []
    reach = np.where(pbc, 1, 0)
    shifts = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach]), -1).reshape(-1, 3)
    fractional = np.linalg.solve(cell.T, positions.T).T
    wrapped = fractional - np.where(pbc, np.floor(fractional), 0)
    places = wrapped @ cell
    for i in range(len(places)):
        gaps = places[kept][:, None] - places[i] + shifts @ cell
        if (np.linalg.norm(gaps, axis=-1) > separation).all():
            kept.append(i)
    return kept


@st.composite
def cells(draw, scale: float) -> np.ndarray:
    """A well-formed basis of any aspect up to 100."""
    lattice = LATTICES[draw(st.sampled_from(sorted(LATTICES)))].copy()
    lattice *= (
        10.0 ** np.array([draw(st.sampled_from([0, 0, 0.1, 1, 2])) for _ in range(3)])[:, None]
    )
    if draw(st.booleans()):
        lattice += np.random.default_rng(draw(st.integers(0, 999))).uniform(-0.3, 0.3, (3, 3))
    return lattice * scale


@st.composite
def fractional_coordinates(draw, max_atoms: int) -> np.ndarray:
    """Coordinates of 1 to `max_atoms` atoms, generic or degenerate."""
    n = draw(st.integers(1, max_atoms))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    kind = draw(
        st.sampled_from(["random", "grid", "grid", "plane", "line", "sphere", "cluster", "faces"])
    )
    if kind == "random":
        return rng.random((n, 3))
    if kind == "grid":
        divisions = draw(st.sampled_from([1, 2, 3, 4]))
        return rng.integers(0, divisions, (n, 3)) / divisions
    if kind == "plane":
        normal = draw(st.sampled_from([0, 1, 2]))
        points = rng.integers(0, 5, (n, 3)) / 5 if draw(st.booleans()) else rng.random((n, 3))
        points[:, normal] = 0.25
        return points
    if kind == "line":
        direction = np.array(draw(st.sampled_from([(1, 0, 0), (0, 1, 1), (1, -1, 0), (1, 1, 1)])))
        return np.outer(rng.permutation(n) / n, direction)
    if kind == "sphere":
        points = rng.normal(size=(n, 3))
        return 0.5 + 0.3 * points / np.linalg.norm(points, axis=1, keepdims=True)
    if kind == "cluster":
        return 0.01 * rng.random((n, 3))
    return np.where(rng.random((n, 3)) < 0.5, 0.0, rng.random((n, 3)))  # on the cell's faces


@st.composite
def weights_for(draw, n: int, length: float):
    """Squared radii: none, alike up to rounding, alike up to noise, or most atoms hidden."""
    kind = draw(st.sampled_from(["none", "none", "rounding", "levels", "random", "wild"]))
    if kind == "none":
        return None
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    magnitude = 10.0 ** draw(st.integers(-30, 4)) * length**2
    if kind == "rounding":
        return length**2 * (1 + rng.integers(-2, 3, n) * 2.0**-52)
    if kind == "levels":
        return rng.integers(0, 3, n) * magnitude
    if kind == "random":
        return rng.random(n) * magnitude
    return length**2 * np.exp(rng.normal(0, 5, n))


@st.composite
def structures(draw, max_atoms: int = 64, weighted: bool = True) -> Structure:
    """Any structure the kernel must master."""
    scale = 10.0 ** draw(st.sampled_from([0, 0, 0, -3, 3, -6, 5]))
    pbc = tuple(draw(st.booleans()) for _ in range(3))
    cell = draw(cells(scale))
    fractional = draw(fractional_coordinates(max_atoms))
    if not any(pbc):
        fractional = fractional * draw(st.sampled_from([1, 1, 3]))
    positions = fractional @ cell
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    if draw(st.booleans()):
        noise = 10.0 ** draw(st.integers(-13, -2)) * scale
        directions = np.array(draw(st.sampled_from([(1, 1, 1), (0, 0, 1), (1, 0, 0)])))
        positions = positions + noise * rng.normal(size=positions.shape) * directions
    if draw(st.integers(0, 9)) == 0:  # atoms again, at a distance that is legal and no more
        again = positions[: max(1, len(positions) // 4)]
        step = max(10.0 ** draw(st.integers(-7, -3)), 1e-4 * scale if scale < 1e-2 else 0)
        positions = np.vstack([positions, again + step * rng.choice([-1, 1], again.shape)])
    # Below 1e-8 Angstrom atoms coincide; far below the size of the structure the grid joins them.
    size = max(np.abs(positions).max(), np.linalg.norm(cell, axis=1).max())
    positions = positions[distinct(positions, cell, pbc, separation=max(3e-8, 1e-11 * size))]
    if draw(st.booleans()):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        positions, cell = positions @ turn, cell @ turn
    length = (abs(np.linalg.det(cell)) / len(positions)) ** (1 / 3)
    if not any(pbc) and len(positions) > 1:  # two close atoms need no ball of a cell's size
        length = min(length, np.ptp(positions, axis=0).max())
    weights = draw(weights_for(len(positions), length)) if weighted else None
    return Structure(positions, cell, pbc, weights)


def skewed(rng: np.random.Generator, structure: Structure) -> np.ndarray:
    """A change of basis among the periodic vectors, its entries up to 100.

    The new basis stays so far from linear dependence that doubles still tell what it spans.
    """
    axes = np.flatnonzero(structure.pbc)
    matrix = np.eye(3, dtype=int)
    if len(axes) < 2:
        return matrix
    for _ in range(4):
        i, j = rng.choice(axes, 2, replace=False)
        further = matrix.copy()
        further[i] += rng.integers(-30, 31) * matrix[j]
        basis = (further @ structure.cell)[axes]
        basis /= np.linalg.norm(basis, axis=1, keepdims=True)
        volume = np.sqrt(np.linalg.det(basis @ basis.T))
        if np.abs(further).max() <= 100 and volume > 1e-6:
            matrix = further
    return matrix


def moved(rng: np.random.Generator, structure: Structure) -> tuple[Structure, np.ndarray]:
    """The same structure in a skewed basis, other images, permuted, turned or mirrored.

    Returns it with the permutation.
    """
    order = rng.permutation(len(structure.positions))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    images = rng.integers(-2, 3, structure.positions.shape) * structure.pbc
    positions = (structure.positions + images @ structure.cell)[order]
    cell = skewed(rng, structure) @ structure.cell
    weights = None if structure.weights is None else structure.weights[order]
    return Structure(positions @ turn, cell @ turn, structure.pbc, weights), order
