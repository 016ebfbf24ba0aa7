"""Atoms in a plane, on a line, at a point."""

import gudhi
import numpy as np
import pytest
from ase.build import graphene

from amorphology.homology import alpha_persistence

from .complexes import alpha_complex, largest_difference, persistence_by_matrix, sorted_pairs
from .random_structures import NOISE, moved, unimodular

BETTI = {2: (1, 2, 1), 1: (1, 1, 0), 0: (1, 0, 0)}


def turned(rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
    """Points of the plane as points of some plane in space."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return points @ turn[: points.shape[1]]


@pytest.mark.parametrize("n", [3, 4, 10, 100, 1000])
def test_free_cloud_in_the_plane_agrees_with_gudhi(n):
    rng = np.random.default_rng(n)
    points = rng.uniform(-5, 5, (n, 2))
    tree = gudhi.AlphaComplex(points=points, precision="exact").create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2, min_persistence=1e-9)
    in_plane = alpha_persistence(points, min_persistence=1e-9)
    in_space = alpha_persistence(turned(rng, points) + 3, min_persistence=1e-9)
    for dim in range(2):
        expected = np.reshape(tree.persistence_intervals_in_dimension(dim), (-1, 2))
        assert largest_difference(sorted_pairs(in_plane[dim]), expected) < 1e-9
        assert largest_difference(sorted_pairs(in_space[dim]), expected) < 1e-9
    assert len(in_plane[2]) == 0


@pytest.mark.parametrize("tilted", [False, True])
def test_closed_form_of_graphene(tilted):
    bond = 1.42
    sheet = graphene(a=bond * 3**0.5, size=(4, 3, 1), vacuum=5.0)
    sheet.pbc = (True, True, False)
    if tilted:
        sheet.rotate(31, (1, 2, 3), rotate_cell=True)
    diagrams = alpha_persistence(sheet)
    n = len(sheet)
    bonded, filled = bond**2 / 4, bond**2  # a bond's midpoint, a hexagon's centre
    expected = {
        0: (n - 1) * [(0, bonded)] + [(0, np.inf)],
        1: (n // 2 - 1) * [(bonded, filled)] + 2 * [(bonded, np.inf)],
        2: [(filled, np.inf)],
    }
    for dim in range(3):
        assert largest_difference(sorted_pairs(diagrams[dim]), np.array(expected[dim])) < 1e-9


def test_a_slightly_rippled_sheet_is_nearly_a_flat_one():
    rng = np.random.default_rng(0)
    flat = np.column_stack([rng.uniform(0, 20, (150, 2)), np.zeros(150)])
    rippled = flat + [0, 0, 1] * rng.normal(0, 1e-6, (150, 1))
    pbc = (True, True, False)
    one = alpha_persistence(flat, cell=[20, 20, 0], pbc=pbc)
    other = alpha_persistence(rippled, cell=[20, 20, 0], pbc=pbc)
    for dim in range(3):
        a, b = sorted_pairs(one[dim], 1e-3), sorted_pairs(other[dim], 1e-3)
        assert largest_difference(a, b) < 1e-5


def random_sheet(rng: np.random.Generator, degenerate: bool):
    while True:
        cell = rng.normal(size=(2, 2)) * rng.uniform(1, 6) * rng.uniform(0.5, 3, (2, 1))
        if abs(np.linalg.det(cell)) > 0.05 * np.prod(np.linalg.norm(cell, axis=1)):
            break
    n = rng.integers(1, 40)
    if degenerate:
        fractional = np.unique(rng.integers(0, 5, (n, 2)), axis=0) / 5
    else:
        fractional = rng.random((n, 2))
    return fractional @ cell, cell


@pytest.mark.parametrize("degenerate", [False, True], ids=["random", "degenerate"])
@pytest.mark.parametrize("pbc", [(True, True), (True, False), (False, True), (False, False)])
def test_diagrams_of_moved_sheets(pbc, degenerate):
    rng = np.random.default_rng([*pbc, degenerate])
    for _ in range(100):
        positions, cell = random_sheet(rng, degenerate)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc)
        assert tuple(diagrams[dim].essential.sum() for dim in range(3)) == BETTI[sum(pbc)]
        in_space = np.column_stack([positions, np.zeros(len(positions))])
        cell_in_space = np.pad(cell, ((0, 1), (0, 1)))
        other_positions, other_cell, _ = moved(rng, in_space, cell_in_space, (*pbc, False))
        others = alpha_persistence(other_positions, cell=other_cell, pbc=(*pbc, False))
        for dim in range(3):
            a, b = sorted_pairs(diagrams[dim], NOISE), sorted_pairs(others[dim], NOISE)
            assert largest_difference(a, b) < 1e-7 * max(1, a[np.isfinite(a)].max(initial=0))


@pytest.mark.parametrize("pbc", [(True, True), (True, False), (False, False)])
def test_pairs_against_plain_matrix_reduction(pbc):
    rng = np.random.default_rng([*pbc, 7])
    for _ in range(12):
        positions, cell = random_sheet(rng, degenerate=False)
        positions = positions[:8]
        filtration = alpha_complex(
            np.column_stack([positions, np.zeros(len(positions))]),
            np.pad(cell, ((0, 1), (0, 1))),
            (*pbc, False),
        )
        euler = sum((-1) ** (len(simplex) - 1) for simplex in filtration)
        assert euler == (0 if any(pbc) else 1)
        expected = persistence_by_matrix(filtration)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc)
        for dim in range(3):
            pairs = np.array(expected[dim]).reshape(-1, 2)
            pairs = pairs[pairs[:, 1] - pairs[:, 0] > NOISE]
            assert largest_difference(sorted_pairs(diagrams[dim], NOISE), pairs) < 1e-10


def test_line():
    positions = np.outer([0.0, 5, 1, 3.5], [1, 2, 2]) / 3  # gaps 1, 2.5, 1.5
    diagrams = alpha_persistence(positions)
    expected = [(0, 0.25), (0, 0.5625), (0, 1.5625), (0, np.inf)]
    assert largest_difference(sorted_pairs(diagrams[0]), np.array(expected)) < 1e-10
    assert len(diagrams[1]) == len(diagrams[2]) == 0


def test_periodic_line():
    direction = np.array([1, 2, 2]) / 3
    positions = np.outer([0.0, 11, 1, 3.5], direction)  # 11 is 5 in a period of 6
    cell = np.array([[0, 0, 0], 6 * direction, [0, 0, 0]])
    diagrams = alpha_persistence(positions, cell=cell, pbc=(False, True, False))
    expected = [(0, 0.25), (0, 0.25), (0, 0.5625), (0, np.inf)]
    assert largest_difference(sorted_pairs(diagrams[0]), np.array(expected)) < 1e-10
    # The last and widest gap closes the circle.
    assert largest_difference(sorted_pairs(diagrams[1]), np.array([(1.5625, np.inf)])) < 1e-10
    assert diagrams[1].birth_simplex.tolist() == [[2, 3]]


def test_points_and_pairs():
    for dimension in (2, 3):
        one = alpha_persistence(np.ones((1, dimension)))
        assert sorted_pairs(one[0]).tolist() == [[0, np.inf]]
        two = alpha_persistence([[0] * dimension, [3] + [0] * (dimension - 1)])
        assert largest_difference(sorted_pairs(two[0]), np.array([(0, 2.25), (0, np.inf)])) < 1e-10


@pytest.mark.parametrize("pbc", [(True, False, False), (True, True, False), (True, True, True)])
def test_one_atom(pbc):
    cell = np.array([[2.0, 0, 0], [0.3, 3, 0], [0.1, 0.2, 4]])
    diagrams = alpha_persistence(np.ones((1, 3)), cell=cell, pbc=pbc)
    assert diagrams[1].birth.min() == pytest.approx(1)
    assert tuple(diagrams[dim].essential.sum() for dim in range(2)) == (1, sum(pbc))


def test_skewed_bases_of_a_line_of_atoms_in_a_sheet():
    rng = np.random.default_rng(4)
    cell = np.array([[3.0, 0], [0, 5]])
    positions = np.array([[0.2, 1.0], [1.7, 1.0]])
    expected = alpha_persistence(positions, cell=cell)
    for _ in range(10):
        basis = unimodular(rng, (True, True, False))[:2, :2]
        diagrams = alpha_persistence(positions, cell=basis @ cell)
        for dim in range(3):
            a, b = sorted_pairs(diagrams[dim]), sorted_pairs(expected[dim])
            assert largest_difference(a, b) < 1e-9
