from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from amorphology.models import Both
from amorphology.models import kernel_search as module
from amorphology.models.combined_kernel import fit_combined_kernel
from amorphology.models.kernel_search import (
    CONSTANT,
    find_lengths,
    fit_searched_kernel,
    improbability,
    left_out_error,
)
from amorphology.models.kernels import squared_distances
from amorphology.models.projection import Projection

Criterion = Callable[[np.ndarray, list[np.ndarray], np.ndarray], tuple[float, np.ndarray]]

N = 80


def data(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Three parts: one matters at a short length, one at a long one, one not at all."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(n, 1)).astype(np.float32) for _ in range(3)]
    first, second, _ = (part[:, 0].astype(np.float64) for part in parts)
    return parts, -8 + np.sin(2 * first) + 0.3 * second + rng.normal(0, 0.01, n)


TRAIN, TEST = data(N, 0), data(200, 1)
KEPT = [Projection(np.arange(1))] * 3
TARGETS = TRAIN[1] - TRAIN[1].mean()
SQUARES = [squared_distances(part, part) for part in TRAIN[0]]


def reference(logarithms: np.ndarray, scale: float) -> GaussianProcessRegressor:
    """The same Gaussian process, of scikit-learn."""
    penalty, lengths = np.exp(logarithms[0]), np.exp(logarithms[1:])
    kernel = ConstantKernel(scale) * (RBF(lengths) + ConstantKernel(CONSTANT))
    kernel += WhiteKernel(scale * penalty)
    process = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None)
    return process.fit(np.hstack(TRAIN[0]).astype(np.float64), TARGETS)


@pytest.mark.parametrize("logarithms", [[-4.0, 0.0, 0.5, 1.0], [-7.0, -0.5, 2.0, 1.5]])
def test_it_is_the_likelihood_of_scikit_learn(logarithms: list[float]):
    at = np.array(logarithms)
    value, _ = improbability(at, SQUARES, TARGETS)

    def density(scale: float) -> float:
        return reference(at, scale).log_marginal_likelihood_value_

    def ours(scale: float) -> float:
        # With the scale that is best, whose part of the logarithm is known, at any other scale.
        unit = np.exp(2 * value - log_determinant / N)
        return -0.5 * (N * unit / scale + N * np.log(2 * np.pi * scale) + log_determinant)

    covariance = reference(at, 1.0).kernel_(np.hstack(TRAIN[0]).astype(np.float64))
    log_determinant = np.linalg.slogdet(covariance)[1]
    best = np.exp(2 * value - log_determinant / N)
    for scale in (best, 2 * best):
        assert ours(scale) == pytest.approx(density(scale), rel=1e-8)
    assert density(best) > max(density(1.05 * best), density(best / 1.05))
    assert -N * (value + 0.5 * (1 + np.log(2 * np.pi))) == pytest.approx(density(best), rel=1e-8)


def test_residuals_are_those_of_fits_to_the_other_frames():
    at = np.array([-5.0, 0.3, 1.0, 0.8])
    features = np.hstack(TRAIN[0]).astype(np.float64)
    process = reference(at, 1.0)
    residuals = []
    for left_out in range(N):
        others = np.delete(np.arange(N), left_out)
        process.fit(features[others], TARGETS[others])
        residuals.append(process.predict(features[[left_out]])[0] - TARGETS[left_out])
    expected = 0.5 * np.log(np.mean(np.square(residuals)))
    assert left_out_error(at, SQUARES, TARGETS)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("criterion", [improbability, left_out_error])
def test_the_gradient_is_that_of_finite_differences(criterion: Criterion):
    at = np.array([-5.0, 0.3, 1.0, 0.8])
    _, gradient = criterion(at, SQUARES, TARGETS)
    for place, found in enumerate(gradient):
        step = 1e-5 * np.eye(4)[place]
        ahead, behind = (criterion(at + s, SQUARES, TARGETS)[0] for s in (step, -step))
        assert found == pytest.approx((ahead - behind) / 2e-5, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("criterion", [improbability, left_out_error])
def test_what_cannot_be_factorised_is_infinitely_bad(criterion: Criterion):
    twice = [np.zeros((N, N))]
    value, gradient = criterion(np.array([-60.0, 0.0]), twice, TARGETS)
    assert value == np.inf
    assert not gradient.any()


@pytest.mark.filterwarnings("ignore:The optimal value found")  # of the part without effect
def test_lengths_tell_which_parts_matter():
    penalty, lengths = find_lengths(SQUARES, TARGETS, starts=2)
    assert lengths[0] < 2
    assert lengths[1] > 2 * lengths[0]
    assert lengths[2] > 20
    noise, signal = 0.01**2, TARGETS.var()
    assert penalty < 100 * noise / signal
    at = np.log([penalty, *lengths])
    value, _ = improbability(at, SQUARES, TARGETS)
    # No worse than what scikit-learn finds from its own starts.
    kernel = ConstantKernel(1.0) * (RBF([1.0] * 3, (0.1, 1e4)) + ConstantKernel(CONSTANT, "fixed"))
    kernel += WhiteKernel(1e-3, (1e-9, 1.0))
    process = GaussianProcessRegressor(kernel, alpha=0.0, n_restarts_optimizer=2, random_state=0)
    process.fit(np.hstack(TRAIN[0]).astype(np.float64), TARGETS)
    ours = -N * (value + 0.5 * (1 + np.log(2 * np.pi)))
    assert ours > process.log_marginal_likelihood_value_ - 0.1


def test_frames_that_are_hard_do_not_lead_leaving_one_out_astray():
    # Most frames are of one kind and hardly differ: under the likelihood they decide.
    rng = np.random.default_rng(5)
    spread = np.where(np.arange(N) % 4 == 0, 1.0, 0.02)
    shared = (rng.normal(size=(N, 1)) * spread[:, np.newaxis]).astype(np.float32)
    other = rng.normal(size=(N, 1)).astype(np.float32)
    targets = shared[:, 0] + spread * rng.normal(0, 0.1, N)
    squares = [squared_distances(part, part) for part in (shared, other)]
    ends = {
        criterion: left_out_error(np.log([penalty, *lengths]), squares, targets)[0]
        for criterion in ("likelihood", "leave_one_out")
        for penalty, lengths in [find_lengths(squares, targets, criterion)]
    }
    assert ends["leave_one_out"] < ends["likelihood"]


def test_the_model_predicts_what_the_process_does():
    fitted = fit_searched_kernel(*TRAIN, *TEST, KEPT)
    units = np.sqrt([matrix.mean() for matrix in SQUARES])
    lengths = np.multiply(fitted.chosen["lengths"], units)
    process = reference(np.log([fitted.chosen["penalty"], *lengths]), 1.0)
    expected = process.predict(np.hstack(TEST[0]).astype(np.float64)) + TRAIN[1].mean()
    nested = Both(Both(*map(torch.from_numpy, TEST[0][:2])), torch.from_numpy(TEST[0][2]))
    with torch.inference_mode():
        found = fitted.model(nested).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-5)
    error = np.sqrt(np.mean((expected - TEST[1]) ** 2))
    assert fitted.validation_rmse == pytest.approx(error, rel=1e-3)
    lists = {"penalties": [1e-6, 1e-4, 1e-2], "lengths": [0.5, 2.0, 8.0]}
    coarse = fit_combined_kernel(*TRAIN, *data(40, 2), KEPT, **lists)
    with torch.inference_mode():
        coarse_error = np.sqrt(np.mean((coarse.model(nested).numpy() - TEST[1]) ** 2))
    assert error < coarse_error


def test_the_seed_decides(monkeypatch: pytest.MonkeyPatch):
    once, again = (find_lengths(SQUARES, TARGETS, starts=2, seed=1) for _ in range(2))
    assert once[0] == again[0]
    np.testing.assert_array_equal(once[1], again[1])
    # More starts never end higher.
    values = [
        improbability(np.log([penalty, *lengths]), SQUARES, TARGETS)[0]
        for penalty, lengths in (find_lengths(SQUARES, TARGETS, starts=n) for n in (1, 3))
    ]
    assert values[1] <= values[0]
    # Many frames: lengths are found on some of them, all are learned from.
    monkeypatch.setattr(module, "SEARCH_FRAMES", 50)
    some, same = (fit_searched_kernel(*TRAIN, *TEST, KEPT, seed=3) for _ in range(2))
    assert some.chosen == same.chosen
    assert some.settings["n_frames"] == N
    assert some.chosen != fit_searched_kernel(*TRAIN, *TEST, KEPT, seed=4).chosen
