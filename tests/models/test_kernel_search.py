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
    LEAST_PENALTY,
    Hyperparameters,
    Noise,
    find_hyperparameters,
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


def place(found: Hyperparameters) -> np.ndarray:
    """Where the criteria have them."""
    return np.array([np.log(found.penalty), found.growth, *np.log(found.lengths)])


def reference(at: np.ndarray, scale: float) -> GaussianProcessRegressor:
    """The same Gaussian process, of scikit-learn."""
    noise = scale * np.exp(at[0] + at[1] * TARGETS / TARGETS.std())
    kernel = ConstantKernel(scale) * (RBF(np.exp(at[2:])) + ConstantKernel(CONSTANT))
    process = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
    return process.fit(np.hstack(TRAIN[0]).astype(np.float64), TARGETS)


@pytest.mark.parametrize("at", [[-4.0, 0.0, 0.0, 0.5, 1.0], [-7.0, 0.9, -0.5, 2.0, 1.5]])
def test_it_is_the_likelihood_of_scikit_learn(at: list[float]):
    at = np.array(at)
    value, _ = improbability(at, SQUARES, TARGETS)

    def density(scale: float) -> float:
        return reference(at, scale).log_marginal_likelihood_value_

    def ours(scale: float) -> float:
        # With the scale that is best, whose part of the logarithm is known, at any other scale.
        unit = np.exp(2 * value - log_determinant / N)
        return -0.5 * (N * unit / scale + N * np.log(2 * np.pi * scale) + log_determinant)

    process = reference(at, 1.0)
    covariance = process.kernel_(np.hstack(TRAIN[0]).astype(np.float64)) + np.diag(process.alpha)
    log_determinant = np.linalg.slogdet(covariance)[1]
    best = np.exp(2 * value - log_determinant / N)
    for scale in (best, 2 * best):
        assert ours(scale) == pytest.approx(density(scale), rel=1e-8)
    assert density(best) > max(density(1.05 * best), density(best / 1.05))
    assert -N * (value + 0.5 * (1 + np.log(2 * np.pi))) == pytest.approx(density(best), rel=1e-8)


def test_residuals_are_those_of_fits_to_the_other_frames():
    at = np.array([-5.0, 0.6, 0.3, 1.0, 0.8])
    features = np.hstack(TRAIN[0]).astype(np.float64)
    process = reference(at, 1.0)
    noise = process.alpha
    residuals = []
    for left_out in range(N):
        others = np.delete(np.arange(N), left_out)
        process.set_params(alpha=noise[others]).fit(features[others], TARGETS[others])
        residuals.append(process.predict(features[[left_out]])[0] - TARGETS[left_out])
    expected = 0.5 * np.log(np.mean(np.square(residuals)))
    assert left_out_error(at, SQUARES, TARGETS)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("criterion", [improbability, left_out_error])
def test_the_gradient_is_that_of_finite_differences(criterion: Criterion):
    at = np.array([-5.0, 0.6, 0.3, 1.0, 0.8])
    _, gradient = criterion(at, SQUARES, TARGETS)
    for place, found in enumerate(gradient):
        step = 1e-4 * np.eye(5)[place]
        ahead, behind = (criterion(at + s, SQUARES, TARGETS)[0] for s in (step, -step))
        assert found == pytest.approx((ahead - behind) / 2e-4, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("criterion", [improbability, left_out_error])
def test_what_cannot_be_factorised_is_infinitely_bad(
    criterion: Criterion, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LEAST_PENALTY", 0.0)
    twice = [np.zeros((N, N))]
    value, gradient = criterion(np.array([-60.0, 0.0, 0.0]), twice, TARGETS)
    assert value == np.inf
    assert not gradient.any()


@pytest.mark.filterwarnings("ignore:The optimal value found")  # of the part without effect
def test_lengths_tell_which_parts_matter():
    found = find_hyperparameters(SQUARES, TARGETS, starts=2)
    assert found.lengths[0] < 2
    assert found.lengths[1] > 2 * found.lengths[0]
    assert found.lengths[2] > 20
    noise, signal = 0.01**2, TARGETS.var()
    assert found.penalty < 100 * noise / signal
    value, _ = improbability(place(found), SQUARES, TARGETS)
    # No worse than what scikit-learn finds from its own starts.
    kernel = ConstantKernel(1.0) * (RBF([1.0] * 3, (0.1, 1e4)) + ConstantKernel(CONSTANT, "fixed"))
    kernel += WhiteKernel(1e-3, (1e-9, 1.0))
    process = GaussianProcessRegressor(kernel, alpha=0.0, n_restarts_optimizer=2, random_state=0)
    process.fit(np.hstack(TRAIN[0]).astype(np.float64), TARGETS)
    ours = -N * (value + 0.5 * (1 + np.log(2 * np.pi)))
    assert ours > process.log_marginal_likelihood_value_ - 0.1


@pytest.mark.parametrize("growth", [1.5, -1.5])
def test_noise_that_grows_with_the_energy_is_found(growth: float):
    rng = np.random.default_rng(5)
    n = 400
    parts = [rng.normal(size=(n, 1)).astype(np.float32) for _ in range(2)]
    smooth = parts[0][:, 0].astype(np.float64)
    scale = np.sqrt(np.exp(growth * smooth / smooth.std()))
    targets = smooth + 0.03 * scale * rng.normal(size=n)
    targets -= targets.mean()
    squares = [squared_distances(part, part) for part in parts]
    found = find_hyperparameters(squares, targets, noise="exponential")
    assert found.growth == pytest.approx(growth, abs=0.3)
    logarithms = np.log(found.penalties(targets) - LEAST_PENALTY)
    expected = np.log(found.penalty) + found.growth * targets / targets.std()
    np.testing.assert_allclose(logarithms, expected, rtol=1e-6)
    left_out = [
        left_out_error(
            place(find_hyperparameters(squares, targets, criterion, "exponential")),
            squares,
            targets,
        )[0]
        for criterion in ("leave_one_out", "likelihood")
    ]
    assert left_out[0] <= left_out[1]
    assert find_hyperparameters(squares, targets).growth == 0


@pytest.mark.parametrize("noise", ["constant", "exponential"])
def test_the_model_predicts_what_the_process_does(noise: Noise):
    fitted = fit_searched_kernel(*TRAIN, *TEST, KEPT, noise=noise)
    units = np.sqrt([matrix.mean() for matrix in SQUARES])
    chosen = fitted.chosen
    lengths = np.multiply(chosen["lengths"], units)
    process = reference(place(Hyperparameters(chosen["penalty"], chosen["growth"], lengths)), 1.0)
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
    once, again = (find_hyperparameters(SQUARES, TARGETS, starts=2, seed=1) for _ in range(2))
    np.testing.assert_array_equal(place(once), place(again))
    # More starts never end higher.
    values = [
        improbability(place(find_hyperparameters(SQUARES, TARGETS, starts=n)), SQUARES, TARGETS)[0]
        for n in (1, 3)
    ]
    assert values[1] <= values[0]
    # Many frames: lengths are found on some of them, all are learned from.
    monkeypatch.setattr(module, "SEARCH_FRAMES", 50)
    some, same = (fit_searched_kernel(*TRAIN, *TEST, KEPT, seed=3) for _ in range(2))
    assert some.chosen == same.chosen
    assert some.settings["n_frames"] == N
    assert some.chosen != fit_searched_kernel(*TRAIN, *TEST, KEPT, seed=4).chosen
