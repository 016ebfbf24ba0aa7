"""Power diagrams: atoms of different size."""

import gudhi
import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from amorphology.errors import ConfigError, StructureError
from amorphology.homology import alpha_persistence

from .complexes import alpha_complex, largest_difference, persistence_by_matrix, sorted_pairs
from .random_structures import NOISE, PERIODICITIES, moved, random_structure


def gudhi_tree(points: np.ndarray, weights: np.ndarray) -> gudhi.SimplexTree:
    complex_ = gudhi.AlphaComplex(points=points, weights=weights, precision="exact")
    return complex_.create_simplex_tree()


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("n", [6, 60, 500])
def test_free_cloud_agrees_with_gudhi(dimension, spread, n):
    rng = np.random.default_rng(n)
    points = rng.uniform(-4, 4, (n, dimension))
    weights = rng.uniform(-1, spread, n)
    tree = gudhi_tree(points, weights)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=1e-9)
    diagrams = alpha_persistence(points, weights=weights, min_persistence=1e-9)
    visible = {simplex[0] for simplex, _ in tree.get_skeleton(0)}
    assert set(diagrams[0].hidden_atoms) == set(range(n)) - visible
    for dim in range(dimension):
        expected = np.reshape(tree.persistence_intervals_in_dimension(dim), (-1, 2))
        assert largest_difference(sorted_pairs(diagrams[dim]), expected) < 1e-9


def test_something_is_hidden_in_the_comparison_above():
    rng = np.random.default_rng(500)
    points, weights = rng.uniform(-4, 4, (500, 3)), rng.uniform(-1, 3, 500)
    assert len(alpha_persistence(points, weights=weights)[0].hidden_atoms) > 50


def test_line_agrees_with_gudhi_in_the_plane():
    # GUDHI has no weighted line; a far point to the side makes it a plane without changing it.
    rng = np.random.default_rng(0)
    along = np.sort(rng.uniform(0, 30, 40))
    weights = rng.uniform(0, 2, 40)
    diagrams = alpha_persistence(np.outer(along, [1, 2, 2]) / 3, weights=weights)
    points = np.vstack([np.column_stack([along, np.zeros(40)]), [[15, 1000]]])
    tree = gudhi_tree(points, np.append(weights, 0.0))
    tree.compute_persistence(homology_coeff_field=2, min_persistence=1e-9)
    expected = tree.persistence_intervals_in_dimension(0)
    expected = expected[(expected < 1e4).all(axis=1) | np.isinf(expected[:, 1])]
    expected = expected[
        ~((expected[:, 0] == 0) & (expected[:, 1] > 1e4) & np.isfinite(expected[:, 1]))
    ]
    assert largest_difference(sorted_pairs(diagrams[0], 1e-9), expected) < 1e-9


@pytest.mark.parametrize("degenerate", [False, True], ids=["random", "degenerate"])
@pytest.mark.parametrize("pbc", PERIODICITIES, ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_diagrams_of_moved_structures(pbc, degenerate):
    rng = np.random.default_rng([*pbc, degenerate])
    for _ in range(60):
        positions, cell = random_structure(rng, pbc, degenerate)
        n = len(positions)
        scale = (abs(np.linalg.det(cell)) / n) ** (2 / 3)
        weights = rng.integers(0, 3, n) * scale / 2 if degenerate else rng.uniform(0, scale, n)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc, weights=weights)
        other_positions, other_cell, order = moved(rng, positions, cell, pbc)
        others = alpha_persistence(
            other_positions, cell=other_cell, pbc=pbc, weights=weights[order]
        )
        for dim in range(3):
            a, b = sorted_pairs(diagrams[dim], NOISE), sorted_pairs(others[dim], NOISE)
            assert largest_difference(a, b) < 1e-7 * max(1, a[np.isfinite(a)].max(initial=0))
        if not degenerate:
            hidden = set(diagrams[0].hidden_atoms)
            assert hidden == set(order[others[0].hidden_atoms])


@pytest.mark.parametrize("pbc", PERIODICITIES, ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_pairs_against_plain_matrix_reduction(pbc):
    from amorphology import _kernel

    rng = np.random.default_rng([*pbc, 7])
    for _ in range(10):
        positions, cell = random_structure(rng, pbc, degenerate=False)
        positions = positions[-rng.integers(2 if all(pbc) else 4, 9) :]
        weights = rng.uniform(0, 2, len(positions))
        assert alpha_complex(positions, cell, pbc)  # the same without weights is sound too
        parts = _kernel.alpha_complex(np.ascontiguousarray(positions), cell, pbc, weights)
        filtration = alpha_complex(positions, cell, pbc, weights)
        assert sum(len(values) for values, _, _ in parts) == len(filtration)
        expected = persistence_by_matrix(filtration)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc, weights=weights)
        for dim in range(3):
            pairs = np.array(expected[dim]).reshape(-1, 2)
            pairs = pairs[pairs[:, 1] - pairs[:, 0] > NOISE]
            assert largest_difference(sorted_pairs(diagrams[dim], NOISE), pairs) < 1e-10


def test_spheres_of_the_tetrahedra_are_orthogonal_and_empty():
    """The definition of the periodic power diagram's dual, checked against all images."""
    rng = np.random.default_rng(5)
    shifts = np.stack(np.meshgrid(*3 * [np.arange(-4, 5)]), axis=-1).reshape(-1, 3)
    for _ in range(10):
        cell = np.diag(rng.uniform(3, 6, 3)) + rng.uniform(-1, 1, (3, 3))
        n = rng.integers(2, 12)
        positions, weights = rng.random((n, 3)) @ cell, rng.uniform(0, 2, n)
        images = (positions[:, None] + shifts @ cell).reshape(-1, 3)
        image_weights = np.repeat(weights, len(shifts))
        volume = 0.0
        for simplex, value in alpha_complex(positions, cell, 3 * (True,), weights).items():
            if len(simplex) < 4:
                continue
            corners = np.array([positions[atom] + offset @ cell for atom, offset in simplex])
            w = weights[[atom for atom, _ in simplex]]
            edges = corners[1:] - corners[0]
            lifts = (edges**2).sum(axis=1) - w[1:] + w[0]
            centre = np.linalg.solve(2 * edges, lifts)
            assert value == pytest.approx((centre**2).sum() - w[0], abs=1e-8)
            power = ((images - corners[0] - centre) ** 2).sum(axis=1) - image_weights
            assert power.min() > value - 1e-8
            volume += abs(np.linalg.det(edges)) / 6
        assert volume == pytest.approx(abs(np.linalg.det(cell)), rel=1e-10)


def test_equal_weights_shift_all_values():
    points = np.random.default_rng(0).uniform(0, 6, (50, 3))
    plain = alpha_persistence(points, cell=[6, 6, 6])
    shifted = alpha_persistence(points, cell=[6, 6, 6], weights=np.full(50, 0.7))
    for dim in range(3):
        assert np.abs(shifted[dim].birth - plain[dim].birth + 0.7).max() < 1e-12
        assert np.array_equal(shifted[dim].death_simplex, plain[dim].death_simplex)


def test_radii_by_element():
    rng = np.random.default_rng(1)
    atoms = Atoms("Si8O16", positions=rng.uniform(0, 7, (24, 3)), cell=[7, 7, 7], pbc=True)
    by_table = alpha_persistence(atoms, radii="covalent")
    squared = covalent_radii[[atomic_numbers[s] for s in atoms.symbols]] ** 2
    by_weight = alpha_persistence(atoms, weights=squared)
    by_mapping = alpha_persistence(atoms, radii={"Si": covalent_radii[14], "O": covalent_radii[8]})
    for dim in range(3):
        assert np.array_equal(by_table[dim].death, by_weight[dim].death)
        assert np.array_equal(by_table[dim].death, by_mapping[dim].death)


def test_bad_weights():
    atoms = Atoms("SiO", positions=[[0, 0, 0], [1, 1, 1]])
    with pytest.raises(ConfigError, match="radii lack O"):
        alpha_persistence(atoms, radii={"Si": 1.1})
    with pytest.raises(ConfigError, match="not both"):
        alpha_persistence(atoms, radii="covalent", weights=[1, 1])
    with pytest.raises(ConfigError, match="radii='ionic'"):
        alpha_persistence(atoms, radii="ionic")
    with pytest.raises(ConfigError, match="radii go by element"):
        alpha_persistence(atoms.positions, radii="covalent")
    with pytest.raises(ConfigError, match=r"shape \(3,\), not \(2,\)"):
        alpha_persistence(atoms, weights=[1, 1, 1])
    with pytest.raises(StructureError, match="weight is not finite"):
        alpha_persistence(atoms, weights=[1, np.nan])


def test_weights_that_differ_by_rounding_alone():
    """A crystal's ties must be broken alike everywhere, whatever the last bits of its weights."""
    grid = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), -1).reshape(-1, 3) * 2.5
    plain = alpha_persistence(grid, cell=[10, 10, 10])
    for exponent in (-10, -16, -24, -30):
        weights = np.random.default_rng(1).random(64) * 10.0**exponent
        diagrams = alpha_persistence(grid, cell=[10, 10, 10], weights=weights)
        free = alpha_persistence(grid, weights=weights)
        assert [d.essential.sum() for d in free.values()] == [1, 0, 0]
        for dim in range(3):
            a, b = (sorted_pairs(d[dim], 1e-8) for d in (plain, diagrams))
            assert largest_difference(a, b) < 1e-8


@pytest.mark.parametrize("weight", [1e30, 1e150, -1e300])
def test_weights_beyond_all_measure(weight):
    weights = np.zeros(20)
    weights[3] = weight
    points = np.random.default_rng(0).random((20, 3))
    with pytest.raises(StructureError, match="weights differ too much"):
        alpha_persistence(points, cell=[1, 1, 1], weights=weights)


@pytest.mark.parametrize("pbc", [(False, False, True), (False, True, True), (False, False, False)])
def test_weights_that_coarsen_the_grid_below_the_thickness(pbc):
    """Atoms of a plane up to rounding, with balls far larger than the cell."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = rng.integers(3, 12)
        in_plane = rng.permutation(144)[:n]
        positions = np.column_stack([rng.normal(0, 1e-12, n), in_plane // 12, in_plane % 12]) / 12
        weights = rng.integers(0, 3, n) * 3000.0
        diagrams = alpha_persistence(positions, cell=[1, 1, 1], pbc=pbc, weights=weights)
        assert diagrams[1].essential.sum() == sum(pbc)
