import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from gudhi.hera import wasserstein_distance
from gudhi.representations import PersistenceImage as GudhiImage
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from amorphology.descriptors.persistence_image import PersistenceImage
from amorphology.errors import ConfigError, StructureError
from amorphology.homology import PersistenceDiagram, alpha_persistence, alpha_persistence_many
from amorphology.store_writer import write_diagrams

# Inside, outside on each side, nearly on the diagonal; beyond: essential, without length.
PAIRS = [
    (0.9, 2.3),
    (1.2, 2.31),
    (2.6, 2.9),
    (0.3, 2.1),
    (1.0, 3.6),
    (1.5, 1.7),
    (2.2, 2.2 + 1e-9),
    (0.8, math.inf),
    (2.0, 2.0),
]


def diagram(pairs, dimension: int = 1) -> PersistenceDiagram:
    births, deaths = np.array(pairs, dtype=float).reshape(-1, 2).T
    return PersistenceDiagram.from_pairs(dimension, births, deaths, n_atoms=8)


def random_diagram(seed: int, n_pairs: int = 20) -> PersistenceDiagram:
    rng = np.random.default_rng(seed)
    births = rng.uniform(0.4, 3.2, n_pairs)
    return diagram(np.column_stack([births, births + rng.exponential(0.5, n_pairs)]))


def small(**settings) -> PersistenceImage:
    return PersistenceImage(**{"mesh": (12, 9), "sigma": 0.2} | settings)


def formula(pairs, descriptor: PersistenceImage, weight) -> list[float]:
    """Equation 1 of the paper, one bin and one pair at a time."""
    (b_low, b_high), (d_low, d_high) = descriptor.birth_range, descriptor.death_range
    n_birth, n_death = descriptor.mesh
    values = []
    for i in range(n_birth):
        for j in range(n_death):
            left = b_low + i * (b_high - b_low) / n_birth
            top = d_low + (j + 1) * (d_high - d_low) / n_death
            if descriptor.triangle and top <= left:
                continue
            x = left + (b_high - b_low) / n_birth / 2
            y = top - (d_high - d_low) / n_death / 2
            value = 0.0
            for b, d in pairs:
                if b < d < math.inf:
                    squared = (b - x) ** 2 + (d - y) ** 2
                    value += weight(b, d) * math.exp(-squared / (2 * descriptor.sigma**2))
            values.append(value)
    return values


@pytest.mark.parametrize("triangle", [True, False])
@pytest.mark.parametrize(
    ("settings", "weight"),
    [
        ({"weight": "constant"}, lambda b, d: 1.0),
        ({"weight": "linear"}, lambda b, d: d - b),
        (
            {"weight": "arctan", "arctan_scale": 3.0, "arctan_power": 2.5},
            lambda b, d: math.atan(3.0 * (d - b) ** 2.5),
        ),
        ({"weight": lambda b, d: b - d**2}, lambda b, d: b - d**2),
    ],
)
def test_is_the_formula(settings: dict, weight, triangle: bool):
    diagrams = [PAIRS, [], PAIRS[:1], PAIRS[-2:]]
    descriptor = small(triangle=triangle, **settings)
    features = descriptor.transform([diagram(pairs) for pairs in diagrams])
    expected = [formula(pairs, descriptor, weight) for pairs in diagrams]
    assert features.dtype == np.float64
    np.testing.assert_allclose(features, expected, rtol=1e-12, atol=0.0)
    assert not features[[1, 3]].any()


def test_far_tails_are_not_cut_off():
    descriptor = small(sigma=0.05)
    features = descriptor.transform([diagram(PAIRS)])[0]
    expected = np.array(formula(PAIRS, descriptor, lambda b, d: 1.0))
    far = (expected < 1e-30) & (expected > 1e-290)
    assert far.sum() > 10
    np.testing.assert_allclose(features[far], expected[far], rtol=1e-11)


def test_a_frame_agrees_with_gudhi(copper_frames: list[Atoms]):
    descriptor = PersistenceImage(
        birth_range=(1.5, 3.0), death_range=(1.6, 4.0), mesh=(30, 20), triangle=False
    )
    pairs = alpha_persistence(copper_frames[7])[1].finite().pairs
    assert len(pairs) > 20
    centres = [
        (edges[1:] + edges[:-1]) / 2 for edges in (descriptor.birth_edges, descriptor.death_edges)
    ]
    gudhi = GudhiImage(
        bandwidth=descriptor.sigma,
        weight=lambda pair: pair[1] - pair[0],
        resolution=[30, 20],
        im_range=[centres[0][0], centres[0][-1], centres[1][0], centres[1][-1]],
    )
    # GUDHI draws birth and persistence, so that its persistence has to be our death; its Gaussians
    # are densities; its births run along the rows.
    shifted = np.column_stack([pairs[:, 0], pairs.sum(axis=1)])
    expected = gudhi.fit_transform([shifted]).reshape(20, 30).T * 2 * np.pi * descriptor.sigma**2
    descriptor.set_params(weight="linear")
    image = descriptor.to_images(descriptor.transform([copper_frames[7]]))[0]
    assert image.max() > 0.1
    np.testing.assert_allclose(image, expected, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("weight", ["constant", "linear", "arctan"])
def test_the_image_of_a_union_is_the_sum(weight: str):
    first, second = random_diagram(1), random_diagram(2, n_pairs=7)
    union = diagram(np.concatenate([first.pairs, second.pairs]))
    a, b, both = small(weight=weight).transform([first, second, union])
    np.testing.assert_allclose(both, a + b, rtol=1e-12)


# The height of a Gaussian changes at most by exp(-1/2) / sigma times the distance its pair moves,
# the linear weight by sqrt(2) times. A pair that moves to the diagonal, as far as its persistence
# over sqrt(2), takes away at most its weight. Hence, in the way of Adams et al. (2017) and with the
# constants of these axes,
# greatest change <= (sqrt(2) + greatest weight * exp(-1/2) / sigma) * Wasserstein distance.
@pytest.mark.parametrize("scale", [1e-4, 1e-2, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_is_stable_with_a_linear_weight(seed: int, scale: float):
    rng = np.random.default_rng(seed)
    before = random_diagram(seed).pairs
    after = before + scale * rng.normal(size=before.shape)
    after[:, 1] = np.maximum(after[:, 1], after[:, 0])
    births = rng.uniform(2.0, 3.0, 5)
    after = np.vstack([after, np.column_stack([births, births + scale * rng.random(5)])])
    distance = wasserstein_distance(before, after, order=1, internal_p=2, delta=1e-3)
    descriptor = small(weight="linear")
    features = descriptor.transform([diagram(before), diagram(after)])
    change = np.abs(features[1] - features[0]).max()
    greatest_weight = max(np.ptp(pairs, axis=1).max() for pairs in (before, after))
    bound = (math.sqrt(2) + greatest_weight * math.exp(-0.5) / descriptor.sigma) * distance
    assert 0.01 * bound < change <= bound


def test_is_not_stable_with_a_constant_weight():
    descriptor = small(birth_range=(1.9, 2.1), death_range=(1.9, 2.1), mesh=(5, 5))
    without, short = descriptor.transform([diagram([]), diagram([(2.0, 2.0 + 1e-9)])])
    assert np.abs(short - without).max() > 0.9


def test_default_length_is_the_papers():
    # In steps of 0.0005 Angstrom^2 the edges are whole numbers.
    above = [(i, j) for i in range(200) for j in range(100) if 1000 + 28 * i < 3900 + 27 * (j + 1)]
    assert len(above) == 15278
    descriptor = PersistenceImage()
    names = descriptor.get_feature_names_out()
    assert names.shape == (15278,)
    assert names[0] == "h1_birth0.507_death1.95675"
    i, j = above[-1]
    assert names[-1] == f"h1_birth{0.507 + 0.014 * i:.6g}_death{1.95675 + 0.0135 * j:.6g}"
    assert PersistenceImage(triangle=False).transform([diagram(PAIRS)]).shape == (1, 20000)


def test_edges_that_meet_on_the_diagonal_are_below_it():
    for n in range(1, 40):  # bins along both axes of a square region
        descriptor = small(birth_range=(0.1, 0.7), death_range=(0.1, 0.7), mesh=(n, n))
        assert len(descriptor.get_feature_names_out()) == n * (n + 1) // 2


def test_every_pair_is_in_a_bin_that_is_kept():
    rng = np.random.default_rng(0)
    births, deaths = rng.uniform(0.5, 3.3, 20000), rng.uniform(1.95, 3.3, 20000)
    descriptor = PersistenceImage()
    edges = descriptor.birth_edges, descriptor.death_edges
    above = deaths > births
    counts, _, _ = np.histogram2d(births[above], deaths[above], edges)
    images = descriptor.to_images(np.ones((1, 15278)), below_diagonal=0.0)
    assert not counts[images[0] == 0].any()
    assert counts[images[0] == 1].sum() == above.sum()


def test_images_hold_the_features_in_the_plane():
    descriptor = small()
    features = descriptor.transform([diagram(PAIRS), random_diagram(0)])
    images = descriptor.to_images(features)
    assert images.shape == (2, 12, 9)
    np.testing.assert_array_equal(images[~np.isnan(images)].reshape(2, -1), features)
    whole = small(triangle=False).transform([diagram(PAIRS), random_diagram(0)])
    np.testing.assert_array_equal(
        descriptor.to_images(features, below_diagonal=0.0),
        np.where(np.isnan(images), 0.0, whole.reshape(2, 12, 9)),
    )
    below = descriptor.birth_edges[:-1, None] >= descriptor.death_edges[1:]
    np.testing.assert_array_equal(np.isnan(images[0]), below)
    peak = np.unravel_index(
        np.nanargmax(small().to_images(small().transform([diagram([(0.9, 2.3)])]))[0]), (12, 9)
    )
    assert peak == (1, 2)  # birth first: 0.733 to 0.967, death 2.25 to 2.4


@pytest.mark.parametrize("homology", [0, 1, 2])
def test_frames_diagrams_and_stores_give_the_same(
    copper_frames: list[Atoms], homology: int, tmp_path: Path
):
    frames = copper_frames[:3]
    descriptor = small(homology=homology, death_range=(1.0, 4.0), birth_range=(0.0, 4.0))
    expected = descriptor.fit_transform(frames)
    assert expected.any(axis=1).all()
    diagrams = alpha_persistence_many(frames)
    np.testing.assert_array_equal(descriptor.transform(diagrams), expected)
    np.testing.assert_array_equal(descriptor.transform([d[homology] for d in diagrams]), expected)
    write(tmp_path / "copper.traj", frames)
    store = write_diagrams(tmp_path / "copper.traj", tmp_path / "copper.zarr").store
    np.testing.assert_array_equal(descriptor.transform(store), expected)
    descriptor.set_params(n_jobs=1)
    np.testing.assert_array_equal(descriptor.transform(frames), expected)


def test_memory_beside_the_result_does_not_grow_with_frames():
    diagrams = [random_diagram(seed) for seed in range(40)]
    descriptor = PersistenceImage()
    tracemalloc.start()
    features = descriptor.transform(diagrams)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - features.nbytes < 8 * 20000 * features.itemsize


def test_single_precision_is_rounded_once():
    diagrams = [diagram(PAIRS), random_diagram(3)]
    features = small(dtype="float32").transform(diagrams)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, small().transform(diagrams).astype(np.float32))


def test_input_is_left_alone(copper_frames: list[Atoms]):
    frame = copper_frames[0].copy()
    pairs = diagram(PAIRS)
    small().fit_transform([frame])
    small().fit_transform([pairs])
    assert frame == copper_frames[0]
    np.testing.assert_array_equal(pairs.pairs, np.array(PAIRS))


def test_parameters_clone_and_pipeline():
    descriptor = small(weight="arctan", arctan_power=2.0)
    copy = clone(descriptor)
    assert copy.get_params() == descriptor.get_params()
    assert copy.set_params(mesh=(3, 2)).fit([]).transform([]).shape == (0, 6)
    assert not get_tags(descriptor).input_tags.two_d_array
    diagrams = [random_diagram(seed) for seed in range(5)]
    pipeline = make_pipeline(small(), PCA(2))
    assert pipeline.fit_transform(diagrams).shape == (5, 2)
    assert pipeline[0].get_feature_names_out()[0] == "h1_birth0.616667_death2.025"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"homology": 3}, "homology is 3"),
        ({"birth_range": (3.3, 0.5)}, "birth_range is .* rising"),
        ({"death_range": (1.0, np.nan)}, "death_range is .* rising"),
        ({"death_range": 3.0}, "death_range is 3.0; give two rising"),
        ({"mesh": 200}, "mesh is 200; give two numbers of bins"),
        ({"mesh": (200, 0)}, "mesh, death, is 0"),
        ({"mesh": (2.5, 10)}, "mesh, birth, is 2.5"),
        ({"sigma": 0.0}, "sigma is 0.0; give a positive"),
        ({"sigma": math.nan}, "sigma is nan"),
        ({"sigma": "wide"}, "sigma is 'wide'"),
        ({"weight": "square"}, "choose constant, linear, arctan"),
        ({"weight": "arctan", "arctan_scale": -1.0}, "arctan_scale is -1.0"),
        ({"weight": "arctan", "arctan_power": math.inf}, "arctan_power is inf"),
        ({"dtype": "float16"}, "choose float64 or float32"),
        ({"birth_range": (4.0, 5.0)}, "no bin is above the diagonal"),
    ],
)
def test_meaningless_parameters(settings: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        small(**settings).fit([diagram(PAIRS)])
    with pytest.raises(ConfigError, match=message):
        small(**settings).transform([diagram(PAIRS)])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (lambda b, d: 1.0, r"shape \(\), .* for 7 pairs"),
        (lambda b, d: np.log(b - d.min()), "finite: False, for 7 pairs"),
    ],
)
def test_a_weight_without_sense(weight, message: str):
    with pytest.raises(ConfigError, match=message), np.errstate(invalid="ignore"):
        small(weight=weight).transform([diagram(PAIRS)])


def test_features_of_another_length():
    with pytest.raises(ConfigError, match=r"shape \(1, 108\), but the descriptor makes \(n, 89\)"):
        small().to_images(np.zeros((1, 108)))


@pytest.mark.parametrize(
    ("x", "message"),
    [
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
        small().transform(x)


class RowsAsDiagrams(PersistenceImage):
    """
    Each row of a matrix read as a diagram with births 0 and the row's values as deaths.

    scikit-learn's checks feed matrices of numbers. With this door in front, they test all of the
    transformer but its reading of frames.
    """

    def fit(self, X, y=None):
        validate_data(self, X, dtype=np.float64)
        return super().fit(X, y)

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return super().transform([diagram([(0.0, abs(value)) for value in row]) for row in X])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        tags.requires_fit = True
        return tags


@parametrize_with_checks(
    [RowsAsDiagrams(mesh=(4, 3)), RowsAsDiagrams(mesh=(4, 3), weight="linear")]
)
def test_scikit_learn_checks_on_matrices(estimator, check):
    check(estimator)
