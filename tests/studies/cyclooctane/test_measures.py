import numpy as np
import pytest

from amorphology.studies.cyclooctane.measures import (
    Labelled,
    count_groups,
    count_places,
    distance_correlation,
    label_gap,
    label_silhouette,
    neighbour_purity,
    spread,
)


def blob(centre, n=60, width=0.1, seed=0):
    return np.random.default_rng(seed).normal(centre, width, size=(n, 2))


def labelled(**points):
    scores = np.concatenate(list(points.values()))
    names = np.concatenate([np.full(len(values), name) for name, values in points.items()])
    return scores, names


def test_spread_is_the_root_mean_square_distance_from_the_mean():
    points = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 4.0], [0.0, -4.0]])
    assert spread(points) == pytest.approx(np.sqrt((9 + 9 + 16 + 16) / 4))
    assert spread(10 * points + 5) == pytest.approx(10 * spread(points))


def test_purity_of_separate_and_of_mixed_labels():
    separate = labelled(chair=blob((0, 0)), boat=blob((5, 0), seed=1))
    assert neighbour_purity(*separate, "chair", "boat") == 1.0
    mixed = labelled(chair=blob((0, 0), 400), boat=blob((0, 0), 100, seed=1))
    # Random neighbours: the rarer label finds itself in one of five.
    assert neighbour_purity(*mixed, "chair", "boat") == pytest.approx(0.2, abs=0.06)
    assert neighbour_purity(*mixed, "boat", "chair") == neighbour_purity(*mixed, "chair", "boat")


def test_purity_does_not_care_for_the_shape_of_a_label():
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    assert neighbour_purity(*labelled(chair=ring, boat=blob((0, 0))), "chair", "boat") == 1.0


def test_purity_ignores_other_labels_and_counts_no_point_as_its_own_neighbour():
    on_one_place = np.zeros((30, 2))
    scores, names = labelled(chair=on_one_place, boat=on_one_place + 1.0, between=blob((0, 0), 500))
    assert neighbour_purity(scores, names, "chair", "boat") == 1.0
    # Six of each on one place: five of the eleven others carry the own label, six the other one.
    scores, names = labelled(chair=np.zeros((6, 2)), boat=np.zeros((6, 2)))
    assert neighbour_purity(scores, names, "chair", "boat", n_neighbours=11 - 1) < 0.55


def test_gap_in_spreads():
    scores, names = labelled(
        chair=np.array([[0.0, 0.0], [1.0, 0.0]]), boat=np.array([[3.0, 0.0], [4.0, 0.0]])
    )
    assert label_gap(scores, names, "chair", "boat") == pytest.approx(2.0 / spread(scores))


def test_silhouette_of_tight_and_of_overlapping_labels():
    tight = labelled(chair=blob((0, 0)), boat=blob((9, 0)), crown=blob((0, 9)))
    overlapping = labelled(
        chair=blob((0, 0), seed=1), boat=blob((0, 0), seed=2), crown=blob((0, 0), seed=3)
    )
    names = ("chair", "boat", "crown")
    assert label_silhouette(*tight, names) > 0.9
    assert abs(label_silhouette(*overlapping, names)) < 0.1
    # Each label counts the same: a large tight one does not hide a small scattered one.
    lopsided = labelled(
        chair=blob((0, 0), 2000), boat=blob((9, 0), 2000), crown=blob((4, 0), 20, 4.0)
    )
    assert label_silhouette(*lopsided, names) < 0.75


@pytest.mark.parametrize("n_groups", [1, 2, 3, 4, 8])
def test_groups_of_separate_blobs(n_groups):
    turns = 2 * np.pi * np.arange(n_groups) / n_groups
    points = np.concatenate(
        [blob((np.cos(turn), np.sin(turn)), 40, 0.04, seed) for seed, turn in enumerate(turns)]
    )
    groups = count_groups(points, 1.0)
    assert groups.count == n_groups
    assert groups.shortest < groups.longest


def test_groups_may_be_long_and_thin():
    along = np.linspace(-1, 1, 80)
    arcs = np.concatenate([[[x, 0.3 + 0.1 * x**2], [x, -0.3 - 0.1 * x**2]] for x in along])
    assert count_groups(arcs, 1.0).count == 2


def test_a_few_stragglers_are_no_group():
    points = np.concatenate([blob((0, 0), 100, 0.05), blob((1, 0), 100, 0.05), [[5.0, 5.0]]])
    assert count_groups(points, 1.0).count == 2


def test_points_that_touch_in_the_figure_are_one_group():
    pairs = np.concatenate([blob((0, 0), 50, 1e-5), blob((0.004, 0), 50, 1e-5)])
    assert count_groups(pairs, 1.0).count == 1
    assert count_groups(np.zeros((20, 2)), 1.0).count == 1


def test_places():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1e-9], [0.0, 1.0], [0.0, 0.0]])
    assert count_places(points, 1.0) == 3
    assert count_places(points, 1.0, tolerance=1e-12) == 4
    assert count_places(points[:1], 1.0) == 1


def test_planes_that_differ_by_rotation_mirror_and_scale_correlate():
    points = blob((0, 0), 100)
    turned = 7 * points @ np.array([[0.6, 0.8], [0.8, -0.6]])
    assert distance_correlation(points, turned) == pytest.approx(1.0)
    assert abs(distance_correlation(points, blob((0, 0), 100, seed=9))) < 0.2


def test_enough_conformations_of_every_label():
    scores, names = labelled(chair=blob((0, 0), 50), boat=blob((0, 0), 50), crown=blob((0, 0), 49))
    plane = Labelled(scores, names)
    assert plane.enough(("chair", "boat"))
    assert not plane.enough()
