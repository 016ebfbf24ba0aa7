from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from scipy.stats import spearmanr

from amorphology.errors import RunError, StructureError
from amorphology.explain import activation_map, input_gradients
from amorphology.explain.sanity import (
    rank_correlation,
    structural_similarity,
    weight_randomisation,
)
from amorphology.training import load_run

from .runs import ONE_DEGREE, run_with


def test_random_weights_destroy_the_map(trained_run: Path, copper_frames: list[Atoms]):
    run = load_run(trained_run)
    before = activation_map(run, copper_frames[0]).map
    frames = [copper_frames[0], copper_frames[7]]
    of_map = weight_randomisation(run, frames, draws=6)
    of_gradients = weight_randomisation(
        run, frames, explanation=lambda run, frame: input_gradients(run, frame).values, draws=6
    )
    for left in (of_map, of_gradients):
        assert [step.layers for step in left] == [
            "second fully connected",
            "first fully connected",
            "third convolution",
            "second convolution",
            "first convolution",
        ]
        # The last layer alone often turns the sign of the map and not much else.
        assert all(abs(step.rank_correlation) < 0.6 for step in left)
        assert all(step.similarity < 0.6 for step in left[1:])
    assert of_gradients[-1].rank_correlation_size < 0.1
    np.testing.assert_array_equal(activation_map(run, copper_frames[0]).map, before)


def test_a_map_of_the_input_survives(trained_run: Path, copper_frames: list[Atoms]):
    left = weight_randomisation(
        trained_run,
        copper_frames[:1],
        explanation=lambda run, frame: input_gradients(run, frame).histogram,
        draws=1,
    )
    for step in left:
        numbers = step.as_dict()
        numbers.pop("layers")
        assert list(numbers.values()) == pytest.approx([1.0] * 4)


def test_the_seed_decides(trained_run: Path, copper_frames: list[Atoms]):
    one, same, other = (
        weight_randomisation(trained_run, copper_frames[:1], draws=1, seed=seed)
        for seed in (0, 0, 1)
    )
    assert one == same
    assert one != other


def test_rank_correlation_is_spearmans():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 6, 6)).round(1)  # with ties
    assert rank_correlation(one, other) == pytest.approx(
        spearmanr(one.ravel(), other.ravel()).statistic
    )
    assert rank_correlation(one, np.exp(one)) == pytest.approx(1.0)
    assert rank_correlation(one, np.ones_like(one)) == 0.0


def test_structural_similarity_at_one_place():
    random = np.random.default_rng(0)
    x, y = random.uniform(-1, 1, size=(2, 11, 11))
    x[0, 0] = y[0, 0] = 1.0  # both have the range 2
    steps = np.arange(11) - 5
    window = np.exp(-np.add.outer(steps**2, steps**2) / (2 * 1.5**2))
    window /= window.sum()
    total = 0.0
    for row in range(11):
        for column in range(11):
            # Mirrored at the edges, as the filter does: d c b a | a b c d | d c b a.
            i, j = (_mirrored(steps + place) for place in (row, column))
            a, b = x[np.ix_(i, j)], y[np.ix_(i, j)]
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            variance_a = (window * (a - mean_a) ** 2).sum()
            variance_b = (window * (b - mean_b) ** 2).sum()
            covariance = (window * (a - mean_a) * (b - mean_b)).sum()
            total += (
                (2 * mean_a * mean_b + 4e-4)
                * (2 * covariance + 3.6e-3)
                / ((mean_a**2 + mean_b**2 + 4e-4) * (variance_a + variance_b + 3.6e-3))
            )
    assert structural_similarity(x, y) == pytest.approx(total / 121)
    assert structural_similarity(x, 7 * x) == pytest.approx(1.0)


def _mirrored(places: np.ndarray) -> np.ndarray:
    places = np.where(places < 0, -1 - places, places)
    return np.where(places > 10, 21 - places, places)


def test_what_cannot_be_randomised(copper_frames: list[Atoms], trained_run: Path):
    ridge = run_with("ridge", copper_frames[:8], **ONE_DEGREE)
    with pytest.raises(RunError, match="Ridge has no layers to randomise"):
        weight_randomisation(ridge, copper_frames[:1])
    with pytest.raises(StructureError, match="no frames"):
        weight_randomisation(trained_run, [])
