"""Kernel ridge regression with lengths of the kernel that the training set itself chooses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from amorphology.models.combined_kernel import combined_model
from amorphology.models.kernels import gaussian, rmse, solve, squared_distances
from amorphology.models.projection import Projection
from amorphology.models.ridge import FittedRidge

__all__ = [
    "Criterion",
    "Hyperparameters",
    "Noise",
    "find_hyperparameters",
    "fit_searched_kernel",
    "improbability",
    "left_out_error",
]

Criterion: TypeAlias = Literal["likelihood", "leave_one_out"]
Noise: TypeAlias = Literal["constant", "exponential"]

Vector: TypeAlias = NDArray[np.float64]
Matrix: TypeAlias = NDArray[np.float64]

CONSTANT = 100.0
"""Kernel of the mean of the energies: so large beside 1 that the mean is free."""

SEARCH_FRAMES = 2000
"""Frames that lengths are found on; with more it takes minutes, and they hardly change."""

ITERATIONS = 60
"""Steps from a start; most end before."""

TOLERANCE = 1e-5
"""A step that gains less than this part of the value is the last one."""

PENALTIES = (1e-12, 1.0)
LENGTHS = (0.1, 1e6)
GROWTH = (-3.0, 3.0)
"""Bounds of the search; lengths in units of the root mean square distance of a part."""

LEAST_PENALTY = 1e-11
"""Part of every penalty: with less, rounding of the kernel shows in predictions."""


@dataclass(frozen=True)
class Hyperparameters:
    """
    What decides a fit.

    Attributes
    ----------
    penalty
        Added to the diagonal of the kernel for a frame of mean energy, beside `LEAST_PENALTY`.
    growth
        By how many factors of e it grows with each standard deviation of the energies.
    lengths
        Of each part of the kernel, float64 (n_parts,).
    """

    penalty: float
    growth: float
    lengths: Vector

    def penalties(self, targets: Vector) -> Vector:
        """
        Penalty of each frame.

        Parameters
        ----------
        targets
            Energies less their mean, float64 (n,).

        Returns
        -------
        numpy.ndarray
            float64 (n,).
        """
        return _penalties(self.penalty, self.growth, targets)


def improbability(at: Vector, squares: Sequence[Matrix], targets: Vector) -> tuple[float, Vector]:
    r"""
    Tell how improbable energies are under a product kernel, whatever their scale.

    Of a Gaussian process [1]_ with covariance :math:`s A`,
    :math:`A_{ij} = K_{ij} + 100 + (\lambda e^{\beta y_i / \sigma} + 10^{-11}) \delta_{ij}`, the
    negative logarithm of the probability density of n targets y is lowest at
    :math:`s = y \cdot A^{-1} y / n`, where it is n times

    .. math:: \tfrac12 \ln s + \tfrac1{2n} \ln \det A + \tfrac12 (1 + \ln 2 \pi)

    Parameters
    ----------
    at
        Natural logarithm of the penalty :math:`\lambda`, its growth :math:`\beta`, and natural
        logarithms of the length of each part, float64 (2 + n_parts,).
    squares
        For each part squared distances between frames, float64 (n, n).
    targets
        Energies less their mean, float64 (n,); their standard deviation is :math:`\sigma`.

    Returns
    -------
    value : float
        The formula's, less its last term; infinite where A is singular to rounding.
    gradient : numpy.ndarray
        Its derivatives by `at`, float64 (2 + n_parts,).

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 5.4.1.
    """
    n = len(targets)
    known = _inverse(at, squares, targets)
    if known is None:
        return np.inf, np.zeros_like(at)
    kernel, inverse, half_determinant = known
    solution = inverse @ targets
    product = float(targets @ solution)
    by_covariance = inverse / (2 * n) - np.outer(solution, solution) / (2 * product)
    value = 0.5 * np.log(product / n) + half_determinant / n
    return value, _by_place(by_covariance, at, squares, targets, kernel)


def left_out_error(at: Vector, squares: Sequence[Matrix], targets: Vector) -> tuple[float, Vector]:
    r"""
    Tell how far off each energy is when it is predicted from all others.

    With A as for `improbability`, the residual of target i under the fit to the others is
    :math:`r_i = [A^{-1} y]_i / [A^{-1}]_{ii}` [1]_; no fit is done anew.

    Parameters
    ----------
    at, squares, targets
        As for `improbability`.

    Returns
    -------
    value : float
        Natural logarithm of the root-mean-square residual; infinite where A is singular to
        rounding.
    gradient : numpy.ndarray
        Its derivatives by `at`, float64 (2 + n_parts,).

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 5.4.2.
    """
    known = _inverse(at, squares, targets)
    if known is None:
        return np.inf, np.zeros_like(at)
    kernel, inverse, _ = known
    solution, diagonal = inverse @ targets, np.diag(inverse)
    residuals = solution / diagonal
    total = float(residuals @ residuals)
    slopes = residuals / diagonal
    by_covariance = (inverse * (slopes * residuals)) @ inverse
    by_covariance -= np.outer(inverse @ slopes, solution)
    by_covariance = (by_covariance + by_covariance.T) / (2 * total)
    value = 0.5 * np.log(total / len(targets))
    return value, _by_place(by_covariance, at, squares, targets, kernel)


CRITERIA: dict[Criterion, Callable[[Vector, Sequence[Matrix], Vector], tuple[float, Vector]]] = {
    "likelihood": improbability,
    "leave_one_out": left_out_error,
}
"""What is to be low, as a function of the hyperparameters."""


def find_hyperparameters(
    squares: Sequence[Matrix],
    targets: Vector,
    criterion: Criterion = "likelihood",
    noise: Noise = "constant",
    starts: int = 3,
    seed: int = 0,
) -> Hyperparameters:
    """
    Find the penalty and the lengths that suit energies best.

    Gradient descent (L-BFGS-B) of a criterion from several starts, for it has several minima; each
    ends after `ITERATIONS` steps at the latest.

    Parameters
    ----------
    squares
        For each part squared distances between frames, of mean 1, float64 (n, n).
    targets
        Energies less their mean, float64 (n,).
    criterion
        ``"likelihood"``: those under which energies are most probable, see `improbability`.
        ``"leave_one_out"``: those with the smallest `left_out_error`.
    noise
        ``"constant"``: one penalty for all frames. ``"exponential"``: one that grows, or falls,
        with their energy.
    starts
        Number of starts: a usual one, and others around it.
    seed
        Decides the others.

    Returns
    -------
    Hyperparameters
        The best that were found.
    """
    rng = np.random.default_rng(seed)
    growth = GROWTH if noise == "exponential" else (0.0, 0.0)
    lengths = [tuple(np.log(LENGTHS))] * len(squares)
    bounds = [tuple(np.log(PENALTIES)), growth, *lengths]
    found = []
    for number in range(starts):
        length, penalty = (10.0, 1e-5) * 10 ** (rng.uniform((-0.4, -1), (0.4, 1)) * (number > 0))
        first = [np.log(penalty), 0.0, *[np.log(length * np.sqrt(len(squares)))] * len(squares)]
        found.append(
            minimize(
                CRITERIA[criterion],
                first,
                (squares, targets),
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": ITERATIONS, "ftol": TOLERANCE},
            )
        )
    best = min(found, key=lambda one: one.fun).x
    return Hyperparameters(float(np.exp(best[0])), float(best[1]), np.exp(best[2:]))


def fit_searched_kernel(
    train: Sequence[NDArray[np.float32]],
    train_targets: NDArray[np.float64],
    validation: Sequence[NDArray[np.float32]],
    validation_targets: NDArray[np.float64],
    projections: Sequence[Projection],
    criterion: Criterion = "likelihood",
    noise: Noise = "constant",
    starts: int = 3,
    seed: int = 0,
) -> FittedRidge:
    """
    Fit ridge regression with a product kernel, chosen by the training set alone.

    The validation error decides nothing. Beside the matrices that `fit_combined_kernel` needs, as
    many of `SEARCH_FRAMES` frames are in memory.

    Parameters
    ----------
    train, validation
        For each part, projected features, float32 (n_frames, n_axes).
    train_targets, validation_targets
        Energies, float64 (n_frames,).
    projections
        For each part what made them.
    criterion, noise, starts, seed
        As for `find_hyperparameters`; the seed also chooses the frames where there are more than
        `SEARCH_FRAMES`.

    Returns
    -------
    FittedRidge
        With a `CombinedKernelRidge`.
    """
    mean = float(train_targets.mean())
    squares = [squared_distances(known, known) for known in train]
    units = np.sqrt([float(matrix.mean()) for matrix in squares])
    chosen = np.arange(len(train_targets))
    if len(chosen) > SEARCH_FRAMES:
        chosen = np.random.default_rng(seed).choice(chosen, SEARCH_FRAMES, replace=False)
    some = [
        matrix[np.ix_(chosen, chosen)] / unit**2
        for matrix, unit in zip(squares, units, strict=True)
    ]
    found = find_hyperparameters(some, train_targets[chosen] - mean, criterion, noise, starts, seed)
    scales = found.lengths * units
    kernel = _product(squares, scales**-2) + CONSTANT
    coefficients = solve(kernel, train_targets - mean, found.penalties(train_targets - mean))
    intercept = mean + CONSTANT * float(coefficients.sum())
    seen = [squared_distances(new, known) for known, new in zip(train, validation, strict=True)]
    predictions = _product(seen, scales**-2) @ coefficients + intercept
    model, settings = combined_model(
        train, projections, coefficients, intercept, scales, np.ones(len(train)), "product"
    )
    return FittedRidge(
        model,
        settings,
        {"penalty": found.penalty, "growth": found.growth, "lengths": found.lengths.tolist()},
        rmse(predictions, validation_targets),
    )


def _penalties(penalty: float, growth: float, targets: Vector) -> Vector:
    factors: Vector = np.exp(growth * targets / targets.std())
    return penalty * factors + LEAST_PENALTY


def _inverse(
    at: Vector, squares: Sequence[Matrix], targets: Vector
) -> tuple[Matrix, Matrix, float] | None:
    """Kernel, inverse of the covariance, half the logarithm of its determinant; or none."""
    n = len(targets)
    kernel = _product(squares, np.exp(-2 * at[2:]))
    covariance = kernel + CONSTANT
    covariance.ravel()[:: n + 1] += _penalties(np.exp(at[0]), at[1], targets)
    factor, failed = lapack.dpotrf(covariance, lower=1, overwrite_a=1)
    if failed:
        return None
    half_determinant = float(np.log(np.diag(factor)).sum())
    lower = np.tril(lapack.dpotri(factor, lower=1, overwrite_c=1)[0])
    return kernel, lower + np.tril(lower, -1).T, half_determinant


def _by_place(
    by_covariance: Matrix, at: Vector, squares: Sequence[Matrix], targets: Vector, kernel: Matrix
) -> Vector:
    """Chain rule, from the covariance to penalty, growth and lengths as the criteria take them."""
    by_penalty = np.diag(by_covariance) * (
        _penalties(np.exp(at[0]), at[1], targets) - LEAST_PENALTY
    )
    by_kernel = by_covariance * kernel
    gradient = [by_penalty.sum(), by_penalty @ targets / targets.std()]
    for weight, matrix in zip(np.exp(-2 * at[2:]), squares, strict=True):
        gradient.append(weight * np.einsum("ij,ij", by_kernel, matrix))
    return np.array(gradient)


def _product(squares: Sequence[Matrix], weights: NDArray[np.float64]) -> Matrix:
    total = np.zeros_like(squares[0])
    for matrix, weight in zip(squares, weights, strict=True):
        total += weight * matrix
    return gaussian(total, 1.0)
