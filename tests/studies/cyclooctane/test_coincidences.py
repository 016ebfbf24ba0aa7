from itertools import permutations

import gudhi
import numpy as np
import pytest
from ase import Atoms

from amorphology.generate.cyclooctane import generate_cyclooctane, ring_images
from amorphology.homology import alpha_persistence
from amorphology.studies.cyclooctane.coincidences import (
    DIFFERENT,
    TOLERANCES,
    coinciding_pairs,
    find_coincidences,
    matching_distance,
    removed_atom_pairs,
    rings_of,
    set_distance,
    shape_distances,
    shapes_of,
)
from amorphology.studies.cyclooctane.conformers import canonical_conformers
from amorphology.studies.cyclooctane.exact_coincidences import make_exact

RANDOM = np.random.default_rng(3)


@pytest.fixture(scope="module")
def frames():
    return generate_cyclooctane(60, seed=4)


def diagram(n, seed):
    births = np.random.default_rng(seed).uniform(0, 1, n)
    return np.stack([births, births + 5.0], axis=1)  # so far from the diagonal that none vanishes


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_matching_distance_is_the_best_of_all_matchings(n):
    first, second = diagram(n, 1), diagram(n, 2)[::-1]
    best = min(np.abs(first - second[list(order)]).max() for order in permutations(range(n)))
    assert matching_distance(first, second) == best
    assert matching_distance(first, second) == pytest.approx(
        gudhi.bottleneck_distance(first, second)
    )
    assert matching_distance(first, first[::-1]) == 0.0


def test_diagrams_of_different_length_never_match():
    assert matching_distance(diagram(3, 0), diagram(4, 0)) == np.inf
    assert matching_distance(np.empty((0, 2)), np.empty((0, 2))) == 0.0


def test_sets_match_in_any_order():
    one = [diagram(n, n) for n in (1, 2, 2, 3)]
    moved = [one[i] + shift for i, shift in ((2, 0.0), (0, 0.25), (3, 0.0), (1, 0.0))]
    assert set_distance(one, moved) == 0.25
    assert set_distance(one, [*moved[:3], diagram(5, 0)]) == np.inf


def test_candidates_hold_all_pairs_that_coincide():
    base = [diagram(4, seed) for seed in range(6)]
    shuffled = [RANDOM.permutation(d) + RANDOM.uniform(-1, 1, d.shape) * 1e-3 for d in base]
    others = [diagram(n, 50 + n) for n in (0, 1, 3, 5)]
    diagrams = [[d] for d in (*base, *shuffled, *others)]
    expected = [
        [i, j]
        for i in range(len(diagrams))
        for j in range(i + 1, len(diagrams))
        if matching_distance(diagrams[i][0], diagrams[j][0]) <= 2e-3
    ]
    found = coinciding_pairs(diagrams, 2e-3).tolist()
    assert len(expected) >= 6
    assert all(pair in found for pair in expected)


def test_shape_distance_ignores_numbering_mirror_and_place(frames):
    rings = rings_of(frames)
    images = ring_images(rings[:1])
    turned = rings_of([Atoms("C8", positions=image @ rotation().T + 3.0) for image in images])
    both = np.concatenate([rings[:1], turned])
    pairs = np.stack([np.zeros(32, np.intp), np.arange(1, 33)], axis=1)
    np.testing.assert_allclose(shape_distances(both, pairs), 0.0, atol=1e-9)
    assert len(set(shapes_of(both))) == 1


def rotation():
    q, _ = np.linalg.qr(RANDOM.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def test_shape_distance_of_the_conformers():
    rings = rings_of(list(canonical_conformers().values()))
    distances = shape_distances(rings, np.array([[0, 1], [0, 2], [1, 2]]))
    assert (distances > 0.3).all()
    assert len(set(shapes_of(rings))) == 3
    assert len(shape_distances(rings, np.empty((0, 2), np.intp))) == 0


def test_removed_atom_diagrams_are_those_of_seven_atoms(frames):
    removed = removed_atom_pairs(frames[:2], n_jobs=1)
    assert [len(eight) for eight in removed] == [8, 8]
    left = np.delete(frames[1].positions, 5, axis=0)
    np.testing.assert_array_equal(removed[1][5], alpha_persistence(left)[1].pairs)


def test_coincidences_are_found_and_images_are_not(frames):
    rings = rings_of(frames)
    # Ring 1 is an image of ring 0; rings 2 and 3 differ and are given one diagram.
    rings[1] = ring_images(rings[:1])[7]
    h0, h2 = diagram(3, 100), diagram(2, 101)
    full = [[h0, diagram(4, i), h2] for i in range(len(rings))]
    removed = [[diagram(2, 1000 * i + j) for j in range(8)] for i in range(len(rings))]
    full[1] = full[0]
    full[3] = [h0, full[2][1] + 4e-4, h2]
    removed[3] = [pairs + 0.0015 for pairs in removed[2][::-1]]
    found = find_coincidences(rings, full, removed)
    distance = shape_distances(rings, np.array([[2, 3]]))
    assert distance > DIFFERENT
    for kind, difference in (("h1", 4e-4), ("all", 4e-4), ("removed_eight", 0.0015)):
        assert found[kind].pairs.tolist() == [[2, 3]]
        np.testing.assert_allclose(found[kind].difference, difference)
        np.testing.assert_allclose(found[kind].distance, distance)
        counts = [len(found[kind].within(tolerance).pairs) for tolerance in TOLERANCES]
        assert counts == [int(tolerance >= difference) for tolerance in TOLERANCES]


def test_a_pair_of_shapes_counts_once(frames):
    rings = np.concatenate([rings_of(frames[:2]), ring_images(rings_of(frames[1:2]))[1:5]])
    same = [[diagram(1, 0), diagram(3, 1), diagram(1, 2)]] * len(rings)
    removed = [[diagram(2, j) for j in range(8)]] * len(rings)
    found = find_coincidences(rings, same, removed)
    assert all(one.pairs.tolist() == [[0, 1]] for one in found.values())


def test_near_diagrams_become_equal_while_shapes_stay_apart():
    frames = generate_cyclooctane(900, seed=0)
    rings = rings_of(frames)
    h1 = [[alpha_persistence(frame, dims=(1,))[1].pairs] for frame in frames]
    pairs = coinciding_pairs(h1, 5e-3)
    pairs = pairs[np.argsort(-shape_distances(rings, pairs))][:10]
    exact = [make_exact(frames[i], frames[j]) for i, j in pairs]
    exact = [one for one in exact if one is not None and one.distance > DIFFERENT]
    assert exact
    for one in exact:
        first, second = (alpha_persistence(atoms)[1].pairs for atoms in (one.first, one.second))
        assert matching_distance(first, second) < 1e-8
        for atoms in (one.first, one.second):
            for apart, length in ((1, 1.52), (2, 3.04 * np.sin(np.radians(57.5)))):
                arms = np.roll(atoms.positions, -apart, axis=0) - atoms.positions
                np.testing.assert_allclose(np.linalg.norm(arms, axis=1), length, atol=1e-9)


def test_conformations_that_do_not_come_together_give_nothing():
    conformers = canonical_conformers()
    assert make_exact(conformers["chair"], conformers["crown"]) is None
