from collections import Counter
from itertools import product
from math import comb

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import HealthCheck, given, settings
from scipy.spatial import Delaunay

from amorphology.errors import StructureError
from amorphology.homology import PersistenceDiagram, alpha_persistence, pair_essential_classes

from .strategies import structures

ALL = (0, 1, 2, 3)


def random_cell(seed: int, pbc=True, n_atoms: int = 12) -> Atoms:
    rng = np.random.default_rng(seed)
    cell = np.diag([5.0, 5.5, 6.0]) + rng.normal(0, 0.4, (3, 3))
    return Atoms(np.zeros(n_atoms, int), rng.random((n_atoms, 3)) @ cell, cell=cell, pbc=pbc)


def paired(frame: Atoms, **options) -> dict[int, PersistenceDiagram]:
    return pair_essential_classes(alpha_persistence(frame, dims=ALL, **options), (0, 1, 2))


def counts(diagrams: dict[int, PersistenceDiagram]) -> list[int]:
    return [len(diagrams[degree].finite()) for degree in (0, 1, 2)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 1, 0), (0, 1, 0)])
def test_a_repeated_cell_has_as_many_pairs_per_cell(seed: int, pbc: tuple[int, int, int]):
    frame = random_cell(seed, np.array(pbc, dtype=bool))
    repeats = tuple(3 if periodic else 1 for periodic in pbc)
    cells = int(np.prod(repeats))
    assert counts(paired(frame * repeats)) == [cells * n for n in counts(paired(frame))]


@pytest.mark.parametrize("seed", range(3))
def test_persistence_of_a_repeated_cell_is_nearer(seed: int):
    frame = random_cell(seed, n_atoms=30)
    one, many = (alpha_persistence(x, dims=ALL) for x in (frame, frame * 3))
    one_paired, many_paired = (pair_essential_classes(x, (0, 1, 2)) for x in (one, many))
    for degree in (0, 1, 2):
        plain, completed = (
            abs(27 * x[degree].finite().persistence.sum() - y[degree].finite().persistence.sum())
            for x, y in ((one, many), (one_paired, many_paired))
        )
        assert completed < 0.3 * plain


@pytest.mark.parametrize("seed", range(10))
def test_components_of_a_doubled_cell(seed: int):
    # Doubled along a direction in which the first ring around the cell goes an odd number of
    # times, the spanning tree is that of both copies and the edge that closed the ring.
    frame = random_cell(seed)
    diagrams = alpha_persistence(frame, dims=ALL, windings=True)
    rings = diagrams[1][diagrams[1].essential]
    along = int(np.flatnonzero(rings.winding[0] % 2)[0])
    repeats = [2 if axis == along else 1 for axis in range(3)]
    doubled = alpha_persistence(frame * repeats, dims=[0])[0].finite()
    once, both = diagrams[0].finite(), pair_essential_classes(diagrams, [0])[0]
    expected = np.sort([*once.death, *both.death])
    np.testing.assert_allclose(doubled.death, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_no_pair_dies_before_it_is_born(seed: int):
    frame = random_cell(seed, n_atoms=seed % 8 + 1)
    frame.set_cell(frame.cell * [[1], [1], [1 + seed % 5]], scale_atoms=True)
    for diagram in paired(frame).values():
        assert (diagram.persistence >= 0).all()
        assert diagram.essential.sum() == (0, 1, 2)[diagram.dimension]


@settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=300
)
@given(structures(max_atoms=20))
def test_pairs_of_any_structure(structure):
    diagrams = alpha_persistence(
        structure.positions,
        cell=structure.cell,
        pbc=structure.pbc,
        weights=structure.weights,
        dims=ALL,
    )
    periodic = sum(structure.pbc)
    assert [int(diagrams[d].essential.sum()) for d in ALL] == [comb(periodic, d) for d in ALL]
    for degree, diagram in pair_essential_classes(diagrams, (0, 1, 2)).items():
        assert (diagram.death >= diagram.birth).all()
        n_paired = comb(periodic - 1, degree) if periodic else 0
        assert diagram.essential.sum() == comb(periodic, degree) - n_paired


def test_simplices_of_a_pair_are_those_its_classes_are_born_with():
    frame = random_cell(0)
    before, after = alpha_persistence(frame, dims=ALL), paired(frame)
    for degree in (0, 1, 2):
        changed = before[degree].essential & ~after[degree].essential
        above = before[degree + 1]
        killers = {
            (time, tuple(atoms), *map(tuple, offsets))
            for time, atoms, offsets in zip(
                above.birth, above.birth_simplex, above.birth_offset, strict=True
            )
        }
        some = after[degree][changed]
        assert len(some) == (1, 2, 1)[degree]
        for time, atoms, offsets in zip(
            some.death, some.death_simplex, some.death_offset, strict=True
        ):
            assert (time, tuple(atoms), *map(tuple, offsets)) in killers
        same = after[degree][~changed]
        np.testing.assert_array_equal(same.pairs, before[degree][~changed].pairs)


def test_weights_and_one_atom():
    frame = random_cell(3)
    weights = np.random.default_rng(0).uniform(-0.5, 0.5, len(frame))
    one, many = paired(frame, weights=weights), paired(frame * 2, weights=np.tile(weights, 8))
    assert [8 * n for n in counts(one)] == counts(many)
    alone = paired(Atoms("C", cell=[2.0, 3.0, 4.0], pbc=True))
    assert alone[0].death.tolist() == [1.0]
    assert alone[1].pairs[~alone[1].essential].tolist() == [[2.25, 3.25], [4.0, 5.0]]
    np.testing.assert_allclose(alone[2].pairs[~alone[2].essential], [[6.25, 7.25]])


def test_structures_that_are_not_periodic_stay_as_they_are():
    before = alpha_persistence(random_cell(0, pbc=False), dims=ALL)
    after = pair_essential_classes(before, (0, 1, 2))
    for degree in (0, 1, 2):
        np.testing.assert_array_equal(after[degree].pairs, before[degree].pairs)
    assert len(before[3]) == 0


def test_space_is_filled_with_the_largest_empty_ball():
    for seed in range(5):
        frame = random_cell(seed)
        around = np.array(list(product(range(-2, 3), repeat=3))) @ frame.cell.array
        points = (frame.positions + around[:, None]).reshape(-1, 3)
        corners = points[Delaunay(points).simplices]
        edges, base = corners[:, 1:] - corners[:, :1], corners[:, 0]
        good = np.abs(np.linalg.det(edges)) > 1e-6
        centres = np.linalg.solve(edges[good], (edges[good] ** 2).sum(-1, keepdims=True) / 2)
        where = frame.cell.scaled_positions(base[good] + centres[..., 0])
        radii = (centres**2).sum((1, 2))[((where >= 0) & (where < 1)).all(1)]
        filled = alpha_persistence(frame, dims=[3])[3]
        assert filled.essential.tolist() == [True]
        np.testing.assert_allclose(filled.birth, radii.max(), rtol=1e-9)


def test_crystal():
    diagrams = paired(bulk("C", cubic=True))
    half_bond, hollow = 3 / 256 * 4 * 3.57**2, 3 / 16 * 3.57**2
    assert Counter(diagrams[0].death.round(6)) == {round(half_bond, 6): 8}
    np.testing.assert_allclose(alpha_persistence(bulk("C"), dims=[3])[3].birth, hollow, rtol=1e-9)


def test_unusable_diagrams():
    diagrams = alpha_persistence(random_cell(0), dims=ALL)
    with pytest.raises(StructureError, match=r"degrees \[0, 1, 2\] without 3"):
        pair_essential_classes({d: diagrams[d] for d in (0, 1, 2)}, [2])
    with pytest.raises(StructureError, match="0 essential classes of H2 and 1 of H3 are not those"):
        pair_essential_classes(diagrams | {2: diagrams[2].finite()}, [2])
