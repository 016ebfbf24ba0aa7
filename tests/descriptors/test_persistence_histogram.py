import math
import re

import numpy as np
import pytest
from ase import Atoms
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from amorphology.bond_midpoints import bond_midpoints
from amorphology.descriptors import PersistenceHistogram, PersistenceImage
from amorphology.errors import ConfigError, StructureError
from amorphology.homology import PersistenceDiagram, alpha_persistence, alpha_persistence_many


def diagram(pairs: list[tuple[float, float]], dimension: int = 1, n_atoms: int = 10):
    birth, death = np.array(pairs, dtype=float).reshape(-1, 2).T
    return PersistenceDiagram.from_pairs(dimension, birth, death, n_atoms=n_atoms)


def raw(**settings) -> PersistenceHistogram:
    return PersistenceHistogram(
        **{"bins": 4, "range": (0.0, 4.0), "standardisation": None} | settings
    )


# Two pairs in one bin, one at the very end of the range; beyond: outside, essential, no length.
PAIRS = [(0.5, 1.5), (0.9, 1.0), (2.0, 4.0), (1.0, 4.5), (0.5, np.inf), (3.0, 3.0)]


def test_counts_by_hand():
    expected = np.zeros((1, 4, 4))
    expected[0, 0, 1] = 2 / 3  # birth along the first axis of the image, death along the second
    expected[0, 2, 3] = 1 / 3
    histogram = raw().fit_transform([diagram(PAIRS)])
    assert histogram.dtype == np.float32
    np.testing.assert_allclose(histogram, expected, rtol=1e-6)


def test_counts_per_atom():
    histogram = raw(normalisation="per_atom").fit_transform([diagram(PAIRS, n_atoms=10)])
    np.testing.assert_allclose(histogram[0, 0, 1], 0.2, rtol=1e-6)
    np.testing.assert_allclose(histogram.sum(), 0.3, rtol=1e-6)


def test_a_frame_agrees_with_numpy(copper_frames: list[Atoms]):
    settings = {"bins": 32, "range": (1.0, 5.0)}
    pairs = alpha_persistence(copper_frames[7])[1].finite()
    counts, _, _ = np.histogram2d(pairs.birth, pairs.death, bins=32, range=[(1, 5), (1, 5)])
    assert counts.sum() > 20
    histogram = raw(**settings).fit_transform([copper_frames[7]])[0]
    np.testing.assert_allclose(histogram, counts / counts.sum(), rtol=1e-6)


def test_diagrams_of_bond_midpoints(copper_frames: list[Atoms]):
    frame = copper_frames[3]
    settings = {"bins": 32, "range": (0.0, 4.0), "normalisation": "per_atom"}
    found = raw(homology=[0, 1], points="bond_midpoints", **settings).fit_transform([frame])
    points = bond_midpoints(frame)
    diagrams = alpha_persistence(points)
    expected = raw(homology=[0, 1], **settings).fit_transform([diagrams])
    assert len(points) > 2 * len(frame)
    # They count per atom, not per midpoint.
    np.testing.assert_allclose(found, expected * len(points) / len(frame), rtol=1e-6)
    shorter = raw(points="bond_midpoints", bond_cutoff=2.5, **settings).fit_transform([frame])
    assert shorter.sum() < found[0, 1].sum()
    with pytest.raises(StructureError, match=r"other points than atoms are needed; pass frames"):
        raw(points="bond_midpoints").fit([diagrams])


def test_shared_pairs_are_nearer_to_the_exact_gaussian(copper_frames: list[Atoms]):
    blur, settings = 0.12, {"bins": 40, "range": (0.5, 4.5), "normalisation": "per_atom"}
    pairs = alpha_persistence(copper_frames[5])[1].finite()
    centres = 0.55 + 0.1 * np.arange(40)
    gaussians = (
        np.exp(-0.5 * ((centres - values[:, None]) / blur) ** 2)
        for values in (pairs.birth, pairs.death)
    )
    rows, columns = gaussians
    exact = rows.T @ columns * 0.1**2 / (2 * np.pi * blur**2) / 32
    errors = [
        np.linalg.norm(
            raw(blur=blur, counting=way, **settings).fit_transform(copper_frames[5:6])[0] - exact
        )
        for way in ("shared", "whole")
    ]
    assert errors[0] < 0.25 * np.linalg.norm(exact)
    # A small move of the atoms moves the shared histogram by little, in proportion.
    moves = []
    for step in (1e-3, 2e-3):
        moved = copper_frames[5].copy()
        moved.positions += step * np.random.default_rng(0).normal(size=moved.positions.shape)
        images = raw(blur=blur, counting="shared", **settings).fit_transform(
            [copper_frames[5], moved]
        )
        moves.append(np.linalg.norm(images[1] - images[0]))
    assert moves[1] == pytest.approx(2 * moves[0], rel=0.1)
    assert raw(counting="shared").fit_transform([diagram(PAIRS)]).sum() == pytest.approx(1)


def test_a_frame_without_bonds_has_no_midpoints():
    far = Atoms("He2", [[0, 0, 0], [5, 0, 0]])
    assert not raw(homology=[0, 1, 2], points="bond_midpoints").fit_transform([far]).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"counting": "half"}, "counting is 'half'; choose whole or shared"),
        ({"points": "bonds"}, "points is 'bonds'; choose atoms or bond_midpoints"),
        ({"points": "bond_midpoints", "bond_cutoff": 0}, "bond_cutoff is 0; give a positive"),
        ({"bond_weight": -1}, "bond_weight is -1; give a number that is not negative"),
        ({"essential": "kept"}, "essential is 'kept'; choose left_out or paired"),
    ],
)
def test_points_without_meaning(copper_frames: list[Atoms], settings: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        raw(**settings).fit(copper_frames[:1])


def test_no_pairs_give_zeros():
    for normalisation in ("probability", "per_atom"):
        assert not raw(normalisation=normalisation).fit_transform([diagram([])]).any()


@pytest.mark.parametrize("homology", [0, 1, 2])
def test_frames_and_diagrams_give_the_same(copper_frames: list[Atoms], homology: int):
    frames = copper_frames[:3]
    descriptor = PersistenceHistogram(homology, bins=16, normalisation="per_atom").fit(frames)
    expected = descriptor.transform(frames)
    diagrams = alpha_persistence_many(frames)
    np.testing.assert_array_equal(descriptor.transform(diagrams), expected)
    np.testing.assert_array_equal(descriptor.transform([d[homology] for d in diagrams]), expected)


def test_probability_does_not_depend_on_size(copper_frames: list[Atoms]):
    frame = copper_frames[7]
    histograms = raw(bins=16).fit_transform([frame, frame.repeat((2, 1, 1))])
    # A larger torus has fewer of its pairs taken up by its own three essential classes.
    np.testing.assert_allclose(histograms[0], histograms[1], atol=0.02)


def test_max_min():
    train = [diagram([(0.5, 1.5), (0.5, 2.5)]), diagram([(0.5, 1.5)])]
    descriptor = raw(standardisation="max_min").fit(train)
    assert (descriptor.location_, descriptor.scale_) == (0.0, 1.0)
    descriptor = raw(standardisation="max_min", normalisation="per_atom").fit(train)
    assert descriptor.transform(train).min() == 0.0
    assert descriptor.transform(train).max() == 1.0


def test_z_score_uses_the_training_set_only():
    train = [diagram([(0.5, 1.5), (0.5, 2.5)]), diagram([(0.5, 1.5)])]
    test = [diagram([(0.5, 3.5)] * 3)]
    plain = raw().fit_transform(train)
    descriptor = raw(standardisation="z_score")
    standardised = descriptor.fit_transform(train)
    assert abs(standardised.mean()) < 1e-6
    assert standardised.std() == pytest.approx(1.0, rel=1e-6)
    np.testing.assert_allclose(
        descriptor.transform(test),
        (raw().fit_transform(test) - plain.mean()) / plain.std(),
        rtol=1e-5,
    )


@pytest.mark.parametrize("standardisation", ["max_min", "z_score"])
def test_a_constant_training_set_gives_no_nan(standardisation: str):
    histogram = raw(standardisation=standardisation).fit_transform([diagram([])])
    assert np.isfinite(histogram).all()


def test_several_degrees_are_the_single_ones_together(copper_frames: list[Atoms]):
    frames = copper_frames[:4]
    settings = {"bins": 16, "normalisation": "per_atom"}
    ranges, blurs = [(0.0, 3.0), (0.0, 5.0), (0.5, 6.0)], [0.0, 0.3, 0.1]
    for standardisation in (None, "max_min", "z_score"):
        settings["standardisation"] = standardisation
        together = PersistenceHistogram([2, 0, 1], range=ranges, blur=blurs, **settings)
        channels = together.fit_transform(frames)
        assert channels.shape == (4, 3, 16, 16)
        for channel, degree in enumerate((2, 0, 1)):
            alone = PersistenceHistogram(
                degree, range=ranges[channel], blur=blurs[channel], **settings
            )
            expected = alone.fit_transform(frames)
            np.testing.assert_allclose(channels[:, channel], expected, rtol=1e-6, atol=1e-7)
            assert together.location_[channel] == pytest.approx(alone.location_)
            assert together.scale_[channel] == pytest.approx(alone.scale_)
    np.testing.assert_array_equal(
        together.transform(alpha_persistence_many(frames)), together.transform(frames)
    )
    names = together.get_feature_names_out().reshape(3, 16, 16)
    assert [name.split("_")[0] for name in names[:, 0, 0]] == ["h2", "h0", "h1"]


def test_one_degree_in_a_list_keeps_the_axis_of_degrees():
    assert raw(homology=[1]).fit_transform([diagram(PAIRS)]).shape == (1, 1, 4, 4)


def test_several_degrees_need_all_of_them():
    with pytest.raises(StructureError, match="of degree 1, not 0"):
        raw(homology=[0, 1]).fit([diagram(PAIRS)])


def test_components_are_one_row_of_their_channel(copper_frames: list[Atoms]):
    image = PersistenceHistogram(
        [0, 1], normalisation="per_atom", standardisation=None
    ).fit_transform(copper_frames[:1])[0, 0]
    assert not image[1:].any()
    assert image.sum() == pytest.approx(31 / 32)  # 32 atoms, the last component never dies


def test_radii_are_roots():
    pairs = [(1.0, 4.0), (0.25, 9.0), (2.25, 6.25)]
    squared = raw(range=(0.0, 9.0), bins=3).fit_transform([diagram(pairs)])
    assert squared[0, 0].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    radius = raw(range=(0.0, 3.0), bins=3, axes="radius").fit_transform([diagram(pairs)])
    expected = np.zeros((3, 3))
    expected[1, 2] = 2 / 3  # (1, 2) and (1.5, 2.5)
    expected[0, 2] = 1 / 3  # (0.5, 3), at the end of the range
    np.testing.assert_allclose(radius[0], expected, rtol=1e-6)


def test_negative_squared_radii_become_negative_roots():
    histogram = raw(range=(-2.0, 2.0), axes="radius").fit_transform([diagram([(-2.25, 0.25)])])
    assert histogram[0, 0, 2] == 1.0


def test_blur_is_the_integral_of_a_gaussian_over_each_bin():
    histogram = raw(bins=8, range=(0.0, 8.0), blur=0.7).fit_transform([diagram([(2.1, 5.9)])])[0]

    def parts(centre: float) -> np.ndarray:
        ends = [0.5 * math.erf((edge - centre) / (0.7 * math.sqrt(2))) for edge in range(9)]
        return np.diff(ends)

    # From the centre of the pair's bin, whatever its place in it.
    np.testing.assert_allclose(histogram, np.outer(parts(2.5), parts(5.5)), atol=1e-7)


def test_blur_agrees_with_exact_images_when_bins_are_fine(copper_frames: list[Atoms]):
    frames = copper_frames[5:7]
    settings = {"bins": 300, "range": (0.0, 6.0), "normalisation": "per_atom"}
    blurred = raw(**settings, blur=0.3).fit_transform(frames)
    exact = PersistenceImage(
        birth_range=(0.0, 6.0), death_range=(0.0, 6.0), mesh=(300, 300), sigma=0.3, triangle=False
    ).fit_transform(frames)
    density = exact.reshape(-1, 300, 300) / (2 * np.pi * 0.3**2) * 0.02**2 / 32
    np.testing.assert_allclose(blurred, density, atol=0.01 * density.max())


def test_a_tiny_blur_is_none():
    blurred = raw(blur=1e-9).fit_transform([diagram(PAIRS)])
    np.testing.assert_array_equal(blurred, raw().fit_transform([diagram(PAIRS)]))


@pytest.mark.parametrize("blur", [0.0, 0.2])
def test_statistics_of_many_frames_are_those_of_all_at_once(blur: float):
    rng = np.random.default_rng(0)
    births = rng.uniform(0, 3, (230, 20))  # more than two chunks, of different size
    diagrams = [
        diagram(list(zip(row, row + rng.uniform(0.1, 1, 20), strict=True))) for row in births
    ]
    plain = raw(blur=blur).fit_transform(diagrams).astype(np.float64)
    descriptor = raw(blur=blur, standardisation="z_score").fit(diagrams)
    assert descriptor.location_ == pytest.approx(plain.mean(), rel=1e-12)
    assert descriptor.scale_ == pytest.approx(plain.std(), rel=1e-12)


def test_binned_frames_are_as_good_as_diagrams(copper_frames: list[Atoms]):
    frames = copper_frames[:6]
    settings = {"homology": [0, 1], "bins": 16, "blur": 0.2}
    whole = PersistenceHistogram(**settings).fit(frames[1:4])
    descriptor = PersistenceHistogram(**settings)
    binned = descriptor.bin_pairs(frames)
    assert len(binned.values) < 0.5 * 6 * 2 * 16**2
    descriptor.fit_binned(binned, [1, 2, 3])
    np.testing.assert_array_equal(descriptor.location_, whole.location_)
    np.testing.assert_array_equal(
        descriptor.transform_binned(binned, [5, 0]), whole.transform([frames[5], frames[0]])
    )
    with pytest.raises(StructureError, match="no frames"):
        descriptor.fit_binned(binned, [])


def test_input_is_left_alone(copper_frames: list[Atoms]):
    frame = copper_frames[0].copy()
    raw().fit_transform([frame])
    assert frame == copper_frames[0]


def test_feature_names_are_in_the_order_of_the_bins():
    descriptor = raw().fit([diagram(PAIRS)])
    names = descriptor.get_feature_names_out()
    assert names.shape == (16,)
    assert names[1] == "h1_birth0.5_death1.5"
    assert re.fullmatch(r"h1_birth2\.5_death3\.5", names.reshape(4, 4)[2, 3])


def test_parameters_and_clone():
    descriptor = raw(homology=2).fit([diagram([(0.5, 1.5)], dimension=2)])
    copy = clone(descriptor)
    assert copy.get_params() == descriptor.get_params()
    with pytest.raises(NotFittedError):
        copy.transform([diagram([(0.5, 1.5)], dimension=2)])
    with pytest.raises(NotFittedError):
        copy.get_feature_names_out()
    assert copy.set_params(bins=8).bins == 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"homology": 3}, "homology is 3"),
        ({"bins": 0}, "bins is 0"),
        ({"range": (4.0, 1.0)}, "rising"),
        ({"range": (0.0, np.nan)}, "rising"),
        ({"normalisation": "density"}, "probability or per_atom"),
        ({"standardisation": "robust"}, "max_min, z_score or None"),
        ({"axes": "diameter"}, "squared_radius or radius"),
        ({"homology": [0, 1, 1]}, "different degrees"),
        ({"homology": []}, "different degrees"),
        ({"homology": [1, 3]}, "homology is 3"),
        ({"homology": [1, 2], "range": [(0.0, 2.0)]}, "one for each degree"),
        ({"homology": [1, 2], "range": [(0.0, 2.0), (2.0, 0.0)]}, "rising"),
        ({"blur": -1.0}, "blur is -1.0"),
        ({"homology": [1, 2], "blur": [0.1, 0.1, 0.1]}, "one for each degree"),
    ],
)
def test_meaningless_parameters(settings: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        raw(**settings).fit([diagram(PAIRS)])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([], "no frames"),
        (["carbon.xyz"], "item 0: str"),
        ([diagram(PAIRS), Atoms("H")], "item 1: frames and diagrams are mixed"),
        ([Atoms("H"), diagram(PAIRS)], "item 1: frames and diagrams are mixed"),
        ([Atoms("H"), "carbon.xyz"], "item 1: str"),
        (diagram(PAIRS), "one PersistenceDiagram was passed on its own"),
        ({1: diagram(PAIRS)}, "one dict was passed on its own"),
        (Atoms("H"), "one Atoms was passed on its own"),
        ([diagram(PAIRS, dimension=2)], "of degree 2, not 1"),
        ([{0: diagram(PAIRS, dimension=0)}], r"degrees \[0\] without 1"),
    ],
)
def test_unusable_input(x, message: str):
    with pytest.raises(StructureError, match=message):
        raw().fit(x)
