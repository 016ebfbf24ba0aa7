import re

import numpy as np
import pytest
from ase import Atoms
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Tags, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import ConfigError, StructureError
from amorphology.homology import PersistenceDiagram, alpha_persistence, alpha_persistence_many


def diagram(pairs: list[tuple[float, float]], dimension: int = 1, n_atoms: int = 10):
    birth, death = np.array(pairs, dtype=float).reshape(-1, 2).T
    n = len(birth)
    return PersistenceDiagram(
        dimension,
        birth,
        death,
        np.zeros((n, dimension + 1), np.int32),
        np.zeros((n, dimension + 1, 3), np.int32),
        np.zeros((n, dimension + 2), np.int32),
        np.zeros((n, dimension + 2, 3), np.int32),
        n_atoms,
    )


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


def test_in_a_pipeline(copper_frames: list[Atoms]):
    flatten = FunctionTransformer(lambda histograms: histograms.reshape(len(histograms), -1))
    features = make_pipeline(raw(), flatten).fit_transform(copper_frames[:2])
    assert features.shape == (2, 16)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"homology": 3}, "homology is 3"),
        ({"bins": 0}, "bins is 0"),
        ({"range": (4.0, 1.0)}, "rising"),
        ({"range": (0.0, np.nan)}, "rising"),
        ({"normalisation": "density"}, "probability or per_atom"),
        ({"standardisation": "robust"}, "max_min, z_score or None"),
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


class RowsAsDiagrams(PersistenceHistogram):
    """
    Each row of a matrix read as a diagram with births 0 and the row's values as deaths.

    scikit-learn's checks feed matrices of numbers. With this door in front, they test all of the
    transformer but its reading of frames.
    """

    def _diagrams(self, X):
        X = validate_data(self, X, reset=not hasattr(self, "location_"), dtype=np.float64)
        return [diagram([(0.0, abs(value)) for value in row]) for row in X]

    def fit(self, X, y=None):
        self.__dict__.pop("location_", None)  # a new fit may see another number of columns
        return super().fit(X, y)

    def fit_transform(self, X, y=None):
        self.__dict__.pop("location_", None)
        return super().fit_transform(X, y)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


def test_tags_say_that_matrices_are_not_taken():
    assert not get_tags(PersistenceHistogram()).input_tags.two_d_array


@parametrize_with_checks(
    [RowsAsDiagrams(bins=4, standardisation=standard) for standard in (None, "max_min", "z_score")],
)
def test_scikit_learn_checks_on_matrices(estimator, check):
    check(estimator)
