"""What must not change a diagram, over random cells of every periodicity."""

from itertools import combinations

import numpy as np
import pytest

from amorphology.homology import alpha_persistence

from .complexes import (
    alpha_complex,
    canonical,
    largest_difference,
    persistence_by_matrix,
    sorted_pairs,
)
from .random_structures import BETTI, NOISE, PERIODICITIES, moved, random_cell, random_structure


@pytest.mark.parametrize("degenerate", [False, True], ids=["random", "degenerate"])
@pytest.mark.parametrize("pbc", PERIODICITIES, ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_diagrams_of_moved_structures(pbc, degenerate):
    rng = np.random.default_rng([*pbc, degenerate])
    for _ in range(100):
        positions, cell = random_structure(rng, pbc, degenerate)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc)
        assert tuple(diagrams[dim].essential.sum() for dim in range(3)) == BETTI[sum(pbc)]
        other_positions, other_cell, _ = moved(rng, positions, cell, pbc)
        others = alpha_persistence(other_positions, cell=other_cell, pbc=pbc)
        for dim in range(3):
            a, b = sorted_pairs(diagrams[dim], NOISE), sorted_pairs(others[dim], NOISE)
            assert largest_difference(a, b) < 1e-7 * max(1, a[np.isfinite(a)].max(initial=0))


@pytest.mark.parametrize("pbc", PERIODICITIES, ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_pairs_against_plain_matrix_reduction(pbc):
    """Small cells, where one atom is its own neighbour and faces coincide modulo the lattice."""
    rng = np.random.default_rng([*pbc, 7])
    for _ in range(12):
        positions, cell = random_structure(rng, pbc, degenerate=False)
        positions = positions[-rng.integers(1 if all(pbc) else 4, 9) :]
        filtration = alpha_complex(positions, cell, pbc)
        euler = sum((-1) ** (len(simplex) - 1) for simplex in filtration)
        assert euler == (0 if any(pbc) else 1)
        expected = persistence_by_matrix(filtration)
        assert len(expected[3]) == all(pbc)  # the torus itself
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc)
        for dim in range(3):
            pairs = np.array(expected[dim]).reshape(-1, 2)
            pairs = pairs[pairs[:, 1] - pairs[:, 0] > NOISE]
            assert largest_difference(sorted_pairs(diagrams[dim], NOISE), pairs) < 1e-10


@pytest.mark.parametrize("pbc", PERIODICITIES, ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_faces_enter_before_cofaces(pbc):
    rng = np.random.default_rng([*pbc, 8])
    positions, cell = random_structure(rng, pbc, degenerate=True)
    filtration = alpha_complex(positions, cell, pbc)
    for simplex, value in filtration.items():
        for face in combinations(simplex, len(simplex) - 1):
            if face:
                assert filtration[canonical(face)] <= value


def test_spheres_of_the_tetrahedra_are_empty():
    """The definition of the periodic Delaunay triangulation, checked against all images."""
    rng = np.random.default_rng(5)
    shifts = np.stack(np.meshgrid(*3 * [np.arange(-4, 5)]), axis=-1).reshape(-1, 3)
    for _ in range(10):
        cell = np.diag(rng.uniform(3, 6, 3)) + rng.uniform(-1, 1, (3, 3))
        positions = rng.random((rng.integers(1, 12), 3)) @ cell
        images = (positions[:, None] + shifts @ cell).reshape(-1, 3)
        volume = 0.0
        for simplex in alpha_complex(positions, cell, (True, True, True)):
            if len(simplex) < 4:
                continue
            corners = np.array([positions[atom] + offset @ cell for atom, offset in simplex])
            edges = corners[1:] - corners[0]
            centre = np.linalg.solve(2 * edges, (edges**2).sum(axis=1))
            radius = np.linalg.norm(centre)
            distances = np.linalg.norm(images - corners[0] - centre, axis=1)
            assert distances.min() > radius * (1 - 1e-9)
            volume += abs(np.linalg.det(edges)) / 6
        assert volume == pytest.approx(abs(np.linalg.det(cell)), rel=1e-10)


def test_supercell_has_the_same_simplices():
    rng = np.random.default_rng(6)
    cell = random_cell(rng)
    positions = rng.random((9, 3)) @ cell
    repeats = np.array([2, 3, 1])
    shifts = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), -1).reshape(-1, 3)
    supercell_positions = (positions[:, None] + shifts @ cell).reshape(-1, 3)
    pbc = (True, True, True)
    one = alpha_complex(positions, cell, pbc)
    six = alpha_complex(supercell_positions, repeats[:, None] * cell, pbc)
    for corners in (1, 2, 3, 4):
        values = np.sort([v for s, v in one.items() if len(s) == corners])
        repeated = np.sort([v for s, v in six.items() if len(s) == corners])
        assert np.abs(np.repeat(values, 6) - repeated).max() < 1e-9


@pytest.mark.parametrize(
    "cell",
    [
        np.diag([1.0, 1, 30]),
        np.diag([30.0, 30, 1]),
        np.diag([1.0, 1, 100]),
        [[4, 0, 0], [148, 4, 0], [-360, 91, 4]],
    ],
    ids=["needle", "plate", "aspect 100", "skewed"],
)
@pytest.mark.parametrize("n", [1, 2, 20])
def test_extreme_cells(cell, n):
    cell = np.array(cell, dtype=float)
    positions = np.random.default_rng(n).random((n, 3)) @ cell
    diagrams = alpha_persistence(positions, cell=cell)
    assert tuple(diagrams[dim].essential.sum() for dim in range(3)) == BETTI[3]
    assert len(diagrams[0]) == n


def test_slab_whose_layers_differ_by_rounding_alone():
    """A tilted crystal surface: slivers under it have circumcentres light years away."""
    rng = np.random.default_rng(9)
    grid = np.stack(np.meshgrid(*3 * [np.arange(4)], indexing="ij"), -1).reshape(-1, 3)
    for _ in range(30):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        cell = 2.0 * 4 * turn
        diagrams = alpha_persistence(2.0 * grid @ turn, cell=cell, pbc=(True, True, False))
        pairs = sorted_pairs(diagrams[1], NOISE)
        # Two directions around the torus; every square of the lattice fills at half its diagonal.
        assert np.isinf(pairs[:, 1]).sum() == 2
        assert np.abs(pairs[:, 0] - 1).max() < 1e-8
        assert np.abs(pairs[np.isfinite(pairs[:, 1]), 1] - 2).max() < 1e-8


@pytest.mark.parametrize("pbc", PERIODICITIES[:-1], ids=lambda pbc: "".join("FT"[p] for p in pbc))
def test_windings_of_essential_classes(pbc):
    """The rings of H1 span the lattice modulo 2, the channels of H2 likewise."""
    rng = np.random.default_rng([*pbc, 9])
    for _ in range(30):
        positions, cell = random_structure(rng, pbc, degenerate=False)
        diagrams = alpha_persistence(positions, cell=cell, pbc=pbc, windings=True)
        axes = np.flatnonzero(pbc)
        for dim in (1, 2) if all(pbc) else (1,):
            diagram = diagrams[dim]
            essential = diagram.winding[diagram.essential]
            assert (diagram.winding[~diagram.essential] == 0).all()
            assert (np.delete(essential, axes, axis=1) == 0).all()
            determinant = round(np.linalg.det(essential[:, axes]))
            assert determinant % 2 == 1
            assert diagram[diagram.essential].winding.tolist() == essential.tolist()


def test_windings_follow_the_basis():
    # Wires of close atoms along the second vector, layers of them, in a skewed basis.
    cell = np.array([[5.0, 0, 0], [0, 1, 0], [0, 0, 9]])
    atom = [[0.3, 0.2, 0.1]]
    straight = alpha_persistence(atom, cell=cell, windings=True)
    assert np.abs(straight[1].winding).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert straight[1].birth.tolist() == pytest.approx([0.25, 6.25, 20.25])
    # The first membrane to close stands across the direction of the widest gap.
    assert np.abs(straight[2].winding).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    basis = np.array([[1, 0, 0], [3, 1, 0], [0, -2, 1]])
    skewed = alpha_persistence(atom, cell=basis @ cell, windings=True)
    for dim in (1, 2):
        travelled = np.abs(straight[dim].winding @ cell)
        assert np.abs(skewed[dim].winding @ basis @ cell) == pytest.approx(travelled)
