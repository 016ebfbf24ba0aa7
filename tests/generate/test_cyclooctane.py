import gudhi
import numpy as np
import pytest
from ase import Atoms
from scipy.spatial import cKDTree

from amorphology.errors import ConfigError, StructureError
from amorphology.generate import generate_cyclooctane
from amorphology.generate.cyclooctane import (
    BOND_ANGLE,
    BOND_LENGTH,
    close_rings,
    ring_images,
    ring_positions,
    superpose,
)
from amorphology.generate.cyclooctane_variety import evenness, on_sphere
from amorphology.studies.cyclooctane.conformers import canonical_conformers, torsion_angles


@pytest.fixture(scope="module")
def conformations() -> list[Atoms]:
    return generate_cyclooctane()


@pytest.fixture(scope="module")
def few() -> list[Atoms]:
    return generate_cyclooctane(1500, seed=3)


def plain_random(n: int, seed: int) -> list[Atoms]:
    """Random positions, nothing known of a ring, moved onto the constraints."""
    starts = np.random.default_rng(seed).normal(scale=BOND_LENGTH, size=(3 * n // 2, 8, 3))
    closed, converged = close_rings(starts)
    return [Atoms("C8", positions=ring) for ring in closed[converged][:n]]


def constraints(flat: np.ndarray) -> np.ndarray:
    """Lengths and angles of one ring, from 24 coordinates; written without the package's tables."""
    ring = flat.reshape(8, 3)
    values = []
    for i in range(8):
        before, after = ring[i - 1] - ring[i], ring[(i + 1) % 8] - ring[i]
        lengths = np.linalg.norm(before), np.linalg.norm(after)
        values += [lengths[1], np.degrees(np.arccos(before @ after / np.prod(lengths)))]
    return np.array(values)


def jacobian(flat: np.ndarray) -> np.ndarray:
    """By central differences."""
    step = 1e-5
    rows = [(constraints(flat + d) - constraints(flat - d)) / (2 * step) for d in step * np.eye(24)]
    return np.array(rows).T


def test_bonds_and_angles_of_all_default_conformations(conformations):
    assert len(conformations) == 6040
    for frame in conformations:
        values = constraints(frame.positions.ravel())
        np.testing.assert_allclose(values[::2], BOND_LENGTH, rtol=0, atol=1e-9)
        np.testing.assert_allclose(values[1::2], BOND_ANGLE, rtol=0, atol=1e-9)
        assert frame.get_chemical_symbols() == ["C"] * 8
        assert not frame.pbc.any()


def test_second_neighbours_are_where_the_published_set_has_them(conformations):
    ring = ring_positions(conformations)
    second = np.linalg.norm(ring - np.roll(ring, 2, axis=1), axis=2)
    np.testing.assert_allclose(second, 2.5639, atol=5e-5)


def test_alternating_torsions_are_as_frequent_as_in_the_published_set(conformations):
    # 908 of the 6,040 of Martin et al. have torsion angles of alternating sign.
    signs = np.sign(torsion_angles(ring_positions(conformations))) * np.tile([1, -1], 4)
    alternating = int((np.abs(signs.sum(axis=1)) == 8).sum())
    assert alternating == pytest.approx(908, rel=0.03)


def test_no_hole_is_larger_than_the_spacing(conformations):
    # Witnesses that owe nothing to the sample: plain random projections with all their images,
    # which fill all but the tips of the crowns, and the crowns.
    crown = canonical_conformers()["crown"]
    found = superpose(ring_positions([*plain_random(1500, seed=8), crown]))
    witnesses = [Atoms("C8", positions=ring) for ring in ring_images(found)]
    measured = evenness(conformations, witnesses)
    assert measured.nearest_ratio > 0.7
    assert measured.covering_ratio < 1.1
    assert measured.separation > 0.85 * measured.nearest_50


def test_far_more_even_than_random_projection(conformations, few):
    even = evenness(few, conformations)
    random = evenness(plain_random(1500, seed=1), conformations)
    assert even.nearest_ratio > 10 * random.nearest_ratio
    assert even.covering_radius < random.covering_radius / 3


def test_every_beginning_of_the_sample_is_even(conformations):
    for n in (100, 750, 2000):
        measured = evenness(conformations[:n], conformations)
        assert measured.nearest_ratio > 0.6
        assert measured.covering_ratio < 1.2


def test_all_images_are_covered_alike(conformations):
    # The images of a small patch around a point without symmetry are 32 patches of one size.
    tree = cKDTree(superpose(ring_positions(conformations)).reshape(-1, 24))
    patches = ring_images(superpose(ring_positions(plain_random(20, seed=2)))).reshape(-1, 24)
    counts = tree.query_ball_point(patches, 0.6, return_length=True).reshape(32, 20).sum(axis=1)
    assert counts.min() > 300
    assert counts == pytest.approx(counts.mean(), rel=0.08)


@pytest.mark.parametrize(
    ("part", "prime", "betti"),
    [
        ("sphere", 2, [1, 0, 1]),
        ("sphere", 3, [1, 0, 1]),
        ("Klein bottle", 2, [1, 2, 1]),
        ("Klein bottle", 3, [1, 1, 0]),
        ("all", 2, [1, 1, 2]),
    ],
)
def test_topology_is_that_of_the_variety(few, part, prime, betti):
    # A sphere and a Klein bottle that meet in two circles (Martin et al. 2010); a sample with a
    # hole, or with a part missing, has other Betti numbers. 0.3 Angstrom is three times the spacing
    # and half of what fills the sphere.
    chosen = {"sphere": on_sphere(few), "Klein bottle": ~on_sphere(few), "all": np.full(1500, True)}
    points = superpose(ring_positions(few)).reshape(1500, 24)[chosen[part]] / np.sqrt(8)
    complex_ = gudhi.RipsComplex(points=points, max_edge_length=0.3)
    tree = complex_.create_simplex_tree(max_dimension=1)
    tree.collapse_edges(nb_iterations=5)
    tree.expansion(3)
    tree.compute_persistence(homology_coeff_field=prime)
    assert tree.betti_numbers()[:3] == betti


def test_parts_have_the_shares_of_their_areas(conformations):
    # Areas by the density of points that were never thinned: each stands for the area of the disc
    # to its tenth neighbour in its own part, over ten.
    random = np.random.default_rng(4)
    turns = np.arange(8) * np.pi / 4
    octagon = 2.0 * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    closed, converged = close_rings(octagon + random.normal(scale=1.2, size=(5000, 8, 3)))
    on = on_sphere([Atoms("C8", positions=ring) for ring in closed[converged]])
    points = superpose(closed[converged]).reshape(-1, 24)
    discs = [cKDTree(p).query(p, k=11)[0][:, 10] ** 2 for p in (points[on], points[~on])]
    share = discs[0].sum() / (discs[0].sum() + discs[1].sum())
    assert on_sphere(conformations).mean() == pytest.approx(share, abs=0.02)


def test_variety_has_two_dimensions(few):
    random = np.random.default_rng(0)
    for index in random.choice(len(few), 40, replace=False):
        values = np.linalg.svd(jacobian(few[index].positions.ravel()), compute_uv=False)
        # 24 coordinates, 6 rigid motions: 16 independent constraints leave two.
        assert (values > 1e-3).sum() == 16


def test_constraints_depend_on_each_other_only_where_the_parts_meet(few):
    points = superpose(ring_positions(few)).reshape(1500, 24)
    on = on_sphere(few)
    sphere, bottle = points[on][:200], points[~on]
    smallest = np.array([np.linalg.svd(jacobian(p), compute_uv=False)[-1] for p in sphere])
    gap = cKDTree(bottle).query(sphere)[0]
    singular = smallest < np.quantile(smallest, 0.1)
    assert gap[singular].max() < np.median(gap[~singular])


def test_seed_decides():
    first, again, other = (generate_cyclooctane(60, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(ring_positions(first), ring_positions(again))
    assert np.abs(ring_positions(first) - ring_positions(other)).max() > 0.1


@pytest.mark.parametrize("n", [1, 2, 3, 33])
def test_any_number(n):
    ring = ring_positions(generate_cyclooctane(n))
    assert len(np.unique(ring.round(3), axis=0)) == n


def test_orientation_is_unique_and_carries_the_symmetries(few):
    ring = ring_positions([frame for frame in few if not on_sphere([frame])][:100])
    assert np.abs(ring.mean(axis=1)).max() < 1e-12
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    np.testing.assert_allclose(superpose(ring @ rotation + 5.0), ring, atol=1e-10)
    # Images by hand: renumbered or mirrored, then superposed again.
    images = ring_images(ring).reshape(32, 100, 8, 3)
    numberings = [np.roll(order, -s) for s in range(8) for order in (np.arange(8), -np.arange(8))]
    renumbered = [ring[:, order % 8] for order in numberings]
    by_hand = [superpose(r) for r in renumbered] + [superpose(-r) for r in renumbered]
    as_set = [{tuple(image[0].ravel().round(6) + 0.0) for image in a} for a in (images, by_hand)]
    assert len(as_set[0]) == 32
    assert as_set[0] == as_set[1]


def test_superposition_is_the_best_rotation(few):
    reference = few[0].positions
    ring = superpose(ring_positions(few[1:20]), reference)
    best = ((ring - reference) ** 2).sum(axis=(1, 2))
    for turn in np.random.default_rng(0).normal(scale=0.1, size=(100, 3)):
        x, y, z = turn
        generator = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        half = np.linalg.solve(np.eye(3) - generator / 2, np.eye(3) + generator / 2)
        assert (((ring @ half - reference) ** 2).sum(axis=(1, 2)) > best).all()


def test_reference_turns_the_conformations_only():
    reference = canonical_conformers()["crown"].positions[:, [1, 2, 0]]
    octagon, turned = generate_cyclooctane(40), generate_cyclooctane(40, reference=reference)
    np.testing.assert_allclose(
        superpose(ring_positions(octagon), reference), ring_positions(turned), atol=1e-12
    )


def test_symmetry_survives_closing():
    start = np.array([[2, 0, 0.7], [1.4, 1.4, 0.1], [0, 2, -0.7], [-1.4, 1.4, -0.1]])
    start = np.concatenate([start, start * [-1, -1, 1]])
    closed, converged = close_rings(start[None])
    assert converged.all()
    assert on_sphere([Atoms("C8", positions=closed[0])], tolerance=1e-10).all()


def test_a_start_that_cannot_be_closed_is_reported():
    closed, converged = close_rings(np.zeros((1, 8, 3)))
    assert not converged.any()
    assert np.isfinite(closed).all()


def test_settings_without_meaning():
    with pytest.raises(ConfigError, match="at least one"):
        generate_cyclooctane(0)
    with pytest.raises(ConfigError, match="must not be negative"):
        generate_cyclooctane(10, seed=-1)
    with pytest.raises(StructureError, match=r"\(8, 3\)"):
        generate_cyclooctane(10, reference=np.zeros((7, 3)))
    with pytest.raises(StructureError, match="on a line"):
        generate_cyclooctane(10, reference=np.arange(8)[:, None] * np.ones(3))


def test_frames_that_are_no_rings(few):
    with pytest.raises(StructureError, match="frame 1: 7 atoms"):
        ring_positions([few[0], Atoms("C7", positions=np.zeros((7, 3)))])
    broken = few[0].copy()
    broken.positions[3, 1] = np.nan
    with pytest.raises(StructureError, match="frame 0: a position is not finite"):
        on_sphere([broken])
    with pytest.raises(ConfigError, match="at least two"):
        evenness(few[:1], few)
