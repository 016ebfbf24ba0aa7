"""Input on which other programs abort, hang or give wrong diagrams without a word."""

import numpy as np
import pytest
from ase.build import bulk, fcc111, graphene

from amorphology import _kernel
from amorphology.errors import StructureError
from amorphology.homology import alpha_persistence

from .complexes import largest_difference, sorted_pairs
from .random_structures import BETTI

EVERYWHERE = (True, True, True)
SLAB = (True, True, False)


def betti(diagrams) -> tuple[int, ...]:
    return tuple(int(diagrams[dim].essential.sum()) for dim in range(3))


def assert_same(diagrams, others, tolerance: float = 1e-9) -> None:
    for dim in range(3):
        a, b = (sorted_pairs(d[dim], tolerance) for d in (diagrams, others))
        assert largest_difference(a, b) < tolerance


def scattered(n: int, cell, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 3)) @ np.asarray(cell, dtype=float)


def assert_supercell_repeats(positions, cell, axis: int) -> None:
    """Two cells side by side hold every simplex twice, with the same value."""
    wide = cell.copy()
    wide[axis] *= 2
    both = np.vstack([positions, positions + cell[axis]])
    once = _kernel.alpha_complex(np.ascontiguousarray(positions), cell, EVERYWHERE)
    twice = _kernel.alpha_complex(both, wide, EVERYWHERE)
    for (values, *_), (repeated, *_) in zip(once, twice, strict=True):
        assert len(repeated) == 2 * len(values)
        assert np.abs(np.repeat(np.sort(values), 2) - np.sort(repeated)).max() < 1e-8


@pytest.mark.parametrize("aspect", [1.5, 1.75, 3, 10, 100])
def test_elongated_cells(aspect):
    cell = np.diag([1, 1, aspect]) * (216 / 0.1 / aspect) ** (1 / 3)
    positions = scattered(216, cell)
    diagrams = alpha_persistence(positions, cell=cell)
    assert betti(diagrams) == BETTI[3]
    assert len(diagrams[0]) == 216
    assert_supercell_repeats(positions, cell, axis=0)


def test_slab_with_vacuum():
    slab = fcc111("Al", size=(4, 4, 3), vacuum=15.0)
    slab.rattle(0.05, seed=0)
    slab.pbc = EVERYWHERE
    wrapped_in_vacuum = alpha_persistence(slab)
    assert betti(wrapped_in_vacuum) == BETTI[3]
    slab.pbc = SLAB
    free_surfaces = alpha_persistence(slab)
    assert betti(free_surfaces) == BETTI[2]
    # All atoms join through the metal, whatever is above it; the loop across the vacuum closes
    # when balls from both sides of its 30 Angstrom meet.
    components = (sorted_pairs(d[0]) for d in (wrapped_in_vacuum, free_surfaces))
    assert largest_difference(*components) < 1e-10
    loops = wrapped_in_vacuum[1].birth[wrapped_in_vacuum[1].essential]
    assert loops.max() == pytest.approx(15**2, rel=0.05)
    assert np.sort(loops)[-2] < 3


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 20, 40])
def test_few_atoms(n):
    cell = np.array([[5, 0.3, 0], [0, 6, 0.2], [0.4, 0, 5.5]])
    positions = scattered(n, cell, seed=n)
    diagrams = alpha_persistence(positions, cell=cell)
    assert betti(diagrams) == BETTI[3]
    assert len(diagrams[0]) == n
    for axis in range(3):
        assert_supercell_repeats(positions, cell, axis)


def test_triclinic_cell_is_the_lattice_not_the_box():
    conventional = bulk("Cu", cubic=True)
    conventional.rattle(0.1, seed=0)
    sheared = conventional.copy()
    a, b, c = conventional.cell
    sheared.set_cell([a + 3 * b, b - 2 * c, c])
    assert_same(alpha_persistence(conventional), alpha_persistence(sheared))


@pytest.mark.parametrize("pbc", [SLAB, (False, False, False)], ids=["periodic", "free"])
@pytest.mark.parametrize("tilted", [False, True])
def test_flat_sheet_in_space(pbc, tilted):
    sheet = graphene(size=(5, 4, 1), vacuum=8.0)
    sheet.pbc = pbc
    in_plane = alpha_persistence(sheet.positions[:, :2], cell=sheet.cell[:2, :2], pbc=pbc[:2])
    if tilted:
        sheet.rotate(40, (1, 3, 2), rotate_cell=True)
    diagrams = alpha_persistence(sheet)
    assert len(diagrams[1]) >= 15
    assert_same(diagrams, in_plane)


def test_flat_sheet_stacked_by_the_third_vector():
    sheet = graphene(size=(3, 3, 1), vacuum=4.0)
    sheet.pbc = EVERYWHERE
    diagrams = alpha_persistence(sheet)
    assert betti(diagrams) == BETTI[3]
    # The loop along the third vector closes when balls span the distance between the sheets.
    assert diagrams[1].birth[diagrams[1].essential].max() == pytest.approx(16, abs=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cell", [None, [5, 5, 5]], ids=["free", "periodic"])
def test_not_a_number(value, cell):
    positions = scattered(10, np.eye(3) * 5)
    positions[7, 1] = value
    with pytest.raises(StructureError, match="atom 7"):
        alpha_persistence(positions, cell=cell)
    with pytest.raises(StructureError, match="cell vector 1"):
        alpha_persistence(scattered(10, np.eye(3)), cell=[5, value, 5])
    with pytest.raises(StructureError, match="weight"):
        alpha_persistence(scattered(3, np.eye(3)), cell=cell, weights=[1, value, 1])


@pytest.mark.parametrize("shift", [-1e-3, -1e-12, -7.3, 1e4])
def test_coordinate_outside_the_box(shift):
    positions = scattered(50, np.eye(3) * 7)
    positions[0, 2] = 0
    outside, inside = positions.copy(), positions.copy()
    outside[0, 2] = shift
    inside[0, 2] = shift % 7 if shift % 7 < 7 else 0
    assert_same(alpha_persistence(outside, cell=[7, 7, 7]), alpha_persistence(inside, cell=[7] * 3))


@pytest.mark.parametrize("n_cells", [0, 1, -2])
@pytest.mark.parametrize("cell", [[6, 7, 8], [[6, 1, 0], [-3, 7, 0], [2, 2, 8]]])
def test_duplicates_are_named(n_cells, cell):
    vectors = np.diag(cell) if np.ndim(cell) == 1 else np.array(cell)
    positions = scattered(30, vectors)
    positions = np.vstack([positions, positions[11] + n_cells * vectors[0]])
    with pytest.raises(StructureError, match="atoms 11 and 30 lie on one place"):
        alpha_persistence(positions, cell=cell)


def test_free_duplicates_are_named():
    positions = scattered(30, 6 * np.eye(3))
    with pytest.raises(StructureError, match="atoms 11 and 30 lie on one place"):
        alpha_persistence(np.vstack([positions, positions[11]]))


@pytest.mark.parametrize("crystal", ["sc", "fcc", "bcc", "diamond"])
@pytest.mark.parametrize("repeats", [1, 3])
def test_perfect_crystals_have_no_pairs_of_rounding_size(crystal, repeats):
    atoms = bulk("C", crystal, a=3.567, cubic=True).repeat(repeats)
    diagrams = alpha_persistence(atoms)
    assert betti(diagrams) == BETTI[3]
    for diagram in diagrams.values():
        assert (diagram.persistence > 1e-3).all()


def test_edges_see_through_the_boundary():
    """Periodic gradients rest on this: an edge names the images between which it is."""
    cell = 9.0 * np.eye(3)
    positions = scattered(216, cell)
    diagram = alpha_persistence(positions, cell=cell)[1].finite()
    assert (diagram.birth_offset != 0).any(axis=(1, 2)).mean() > 0.1
    ends = positions[diagram.birth_simplex] + diagram.birth_offset @ cell
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    assert np.abs(lengths**2 / 4 - diagram.birth).max() < 1e-10


@pytest.mark.parametrize("seed", [9, 10, 14, 15, 16, 18, 31])
def test_wires_a_billion_times_longer_than_thick(seed):
    """Their cells are so thin that no grid point near the middle need lie inside."""
    rng = np.random.default_rng(seed)
    along = np.array([-0.6, 0.6, 0.53])
    along *= 1e6 / np.linalg.norm(along)
    positions = np.arange(10)[:, None] / 10 * along
    beside = positions[[3, 7]] + 1e-3 * rng.choice([-1, 1], (2, 3))
    cell = [along, [0, 1, 0], [0, 0, 1]]
    diagrams = alpha_persistence(
        np.vstack([positions, beside]), cell=cell, pbc=[True, False, False]
    )
    assert betti(diagrams) == BETTI[1]
    distances = np.linalg.norm(beside - positions[[3, 7]], axis=1)
    np.testing.assert_allclose(
        np.sort(diagrams[0].death)[:2], np.sort(distances) ** 2 / 4, rtol=1e-4
    )


def test_a_chain_with_an_atom_many_periods_away():
    """Far-away coordinates are rounded so that the atoms lie beside their line."""
    cell = [9.612461098435157e-07, -1.127198654147851e-07, 5.019661767464176e-07]
    positions = [
        [-9.355778869599589e-07, -2.873204300483002e-07, -4.892710818725308e-07],
        [-0.0015280254290221255, 0.00017878582299652148, -0.0007979410852144296],
    ]
    diagrams = alpha_persistence(
        positions, cell=[cell, [0, 1, 0], [0, 0, 1]], pbc=[True, False, False]
    )
    assert betti(diagrams) == BETTI[1]
    assert len(diagrams[0]) == 2
