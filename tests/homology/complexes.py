"""Independent, slow and simple versions of what the kernel does, for comparison."""

from itertools import combinations

import numpy as np

from amorphology import _kernel

Simplex = tuple[tuple[int, tuple[int, int, int]], ...]  # ((atom, lattice offset), ...)


def canonical(corners) -> Simplex:
    """Sort the corners and move the first one to offset 0: one name for all translates."""
    ordered = sorted((int(atom), tuple(int(n) for n in offset)) for atom, offset in corners)
    origin = ordered[0][1]
    return tuple(
        (atom, tuple(n - o for n, o in zip(offset, origin, strict=True)))
        for atom, offset in ordered
    )


def alpha_complex(positions, cell=None, pbc=(False,) * 3, weights=None) -> dict[Simplex, float]:
    """Filtration values of all simplices of the kernel's alpha complex."""
    cell = np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=float)
    positions = np.ascontiguousarray(positions, dtype=float)
    parts = _kernel.alpha_complex(positions, cell, tuple(pbc), weights)
    return {
        canonical(zip(atoms, offsets, strict=True)): value
        for values, all_atoms, all_offsets in parts
        for value, atoms, offsets in zip(values, all_atoms, all_offsets, strict=True)
    }


def persistence_by_matrix(filtration: dict[Simplex, float]) -> dict[int, list]:
    """Reduce the whole boundary matrix of a filtered complex, without any shortcut.

    Returns the (birth, death) pairs of each dimension; faces of a simplex that coincide modulo
    the lattice cancel in pairs.
    """
    order = sorted(filtration, key=lambda s: (filtration[s], len(s), s))
    index = {simplex: i for i, simplex in enumerate(order)}
    pivots: dict[int, set[int]] = {}
    killed_by: dict[int, int] = {}
    positive = []
    for j, simplex in enumerate(order):
        column: set[int] = set()
        if len(simplex) > 1:
            for face in combinations(simplex, len(simplex) - 1):
                column ^= {index[canonical(face)]}
        while column and (pivot := max(column)) in pivots:
            column = column ^ pivots[pivot]
        if column:
            pivots[max(column)] = column
            killed_by[max(column)] = j
        else:
            positive.append(j)
    pairs: dict[int, list] = {0: [], 1: [], 2: [], 3: []}
    for i in positive:
        death = filtration[order[killed_by[i]]] if i in killed_by else np.inf
        pairs[len(order[i]) - 1].append((filtration[order[i]], death))
    return pairs


def squared_circumradius(corners: np.ndarray) -> float:
    """Squared radius of the smallest sphere through 1 to 4 points."""
    edges = corners[1:] - corners[0]
    if len(edges) == 0:
        return 0.0
    # The centre is sum_i x_i edge_i with 2 edge_j . centre = |edge_j|^2.
    x = np.linalg.solve(2 * edges @ edges.T, (edges**2).sum(axis=1))
    return float(((x @ edges) ** 2).sum())


def sorted_pairs(diagram, min_persistence: float = 0.0) -> np.ndarray:
    """Pairs (birth, death) longer than a threshold, sorted, as an array (n, 2)."""
    pairs = np.column_stack([diagram.birth, diagram.death])
    pairs = pairs[diagram.persistence > min_persistence]
    return pairs[np.lexsort(pairs.T[::-1])]


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Bottleneck-like distance of two diagrams of equal size, infinite pairs matched exactly.

    Births and deaths are compared in sorted order, each on its own: reordering among near-equal
    pairs then does no harm.
    """
    assert a.shape == b.shape
    worst = 0.0
    for column in (0, 1):
        x, y = np.sort(a[:, column]), np.sort(b[:, column])
        assert np.array_equal(np.isinf(x), np.isinf(y))
        finite = np.isfinite(x)
        worst = max(worst, np.abs(x[finite] - y[finite]).max(initial=0))
    return worst
