"""Kernel ridge regression with the lengths under which the training energies are most probable."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from amorphology.models.combined_kernel import combined_model
from amorphology.models.kernels import gaussian, rmse, solve, squared_distances
from amorphology.models.projection import Projection
from amorphology.models.ridge import FittedRidge

__all__ = ["fit_probable_kernel", "improbability", "most_probable"]

Matrix = NDArray[np.float64]

CONSTANT = 100.0
"""Kernel of the mean of the energies: so large beside 1 that the mean is free."""

SEARCH_FRAMES = 2000
"""Frames that lengths are found on; with more it takes minutes, and they hardly change."""

ITERATIONS = 60
"""Steps from a start; most end before."""

TOLERANCE = 1e-5
"""A step that gains less than this part of the value is the last one."""

PENALTIES = (1e-9, 1.0)
LENGTHS = (0.1, 1e4)
"""Bounds of the search; lengths in units of the root mean square distance of a part."""


def improbability(
    logarithms: NDArray[np.float64], squares: Sequence[Matrix], targets: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    r"""
    Tell how improbable energies are under a product kernel, whatever their scale.

    Of a Gaussian process [1]_ with covariance :math:`s A`,
    :math:`A = K + 100 + \lambda`, the negative logarithm of the probability density of n targets y
    is lowest at :math:`s = y \cdot A^{-1} y / n`, where it is n times

    .. math:: \tfrac12 \ln s + \tfrac1{2n} \ln \det A + \tfrac12 (1 + \ln 2 \pi)

    Parameters
    ----------
    logarithms
        Natural logarithms of the penalty :math:`\lambda` and of the length of each part, float64
        (1 + n_parts,).
    squares
        For each part squared distances between frames, float64 (n, n).
    targets
        float64 (n,).

    Returns
    -------
    value : float
        The formula's, less its last term; infinite where A is singular to rounding.
    gradient : numpy.ndarray
        Its derivatives by `logarithms`, float64 (1 + n_parts,).

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 5.4.1.
    """
    n = len(targets)
    penalty, weights = np.exp(logarithms[0]), np.exp(-2 * logarithms[1:])
    kernel = _product(squares, weights)
    covariance = kernel + CONSTANT
    covariance.ravel()[:: n + 1] += penalty
    factor, failed = lapack.dpotrf(covariance, lower=1, overwrite_a=1)
    if failed:
        return np.inf, np.zeros_like(logarithms)
    half_determinant = float(np.log(np.diag(factor)).sum())
    lower = np.tril(lapack.dpotri(factor, lower=1, overwrite_c=1)[0])
    inverse = lower + np.tril(lower, -1).T
    solution = inverse @ targets
    product = float(targets @ solution)
    by_covariance = inverse / (2 * n) - np.outer(solution, solution) / (2 * product)
    by_kernel = by_covariance * kernel
    gradient = [penalty * np.trace(by_covariance)]
    for weight, matrix in zip(weights, squares, strict=True):
        gradient.append(weight * np.einsum("ij,ij", by_kernel, matrix))
    return 0.5 * np.log(product / n) + half_determinant / n, np.array(gradient)


def most_probable(
    squares: Sequence[Matrix], targets: NDArray[np.float64], starts: int = 3, seed: int = 0
) -> tuple[float, NDArray[np.float64]]:
    """
    Find the penalty and the lengths under which energies are most probable.

    Gradient descent (L-BFGS-B) of `improbability` from several starts, for it has several minima;
    each ends after `ITERATIONS` steps at the latest.

    Parameters
    ----------
    squares
        For each part squared distances between frames, of mean 1, float64 (n, n).
    targets
        float64 (n,).
    starts
        Number of starts: a usual one, and others around it.
    seed
        Decides the others.

    Returns
    -------
    penalty : float
        Added to the diagonal of the kernel.
    lengths : numpy.ndarray
        float64 (n_parts,).
    """
    rng = np.random.default_rng(seed)
    bounds = [PENALTIES, *[LENGTHS] * len(squares)]
    found = []
    for number in range(starts):
        length, penalty = (10.0, 1e-5) * 10 ** (rng.uniform((-0.4, -1), (0.4, 1)) * (number > 0))
        first = np.log([penalty, *[length * np.sqrt(len(squares))] * len(squares)])
        found.append(
            minimize(
                improbability,
                first,
                (squares, targets),
                jac=True,
                method="L-BFGS-B",
                bounds=np.log(bounds),
                options={"maxiter": ITERATIONS, "ftol": TOLERANCE},
            )
        )
    best = np.exp(min(found, key=lambda one: one.fun).x)
    return float(best[0]), best[1:]


def fit_probable_kernel(
    train: Sequence[NDArray[np.float32]],
    train_targets: NDArray[np.float64],
    validation: Sequence[NDArray[np.float32]],
    validation_targets: NDArray[np.float64],
    projections: Sequence[Projection],
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
    starts, seed
        As for `most_probable`; the seed also chooses the frames where there are more than
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
    penalty, lengths = most_probable(some, train_targets[chosen] - mean, starts, seed)
    scales = lengths * units
    kernel = _product(squares, scales**-2) + CONSTANT
    coefficients = solve(kernel, train_targets - mean, penalty)
    intercept = mean + CONSTANT * float(coefficients.sum())
    seen = [squared_distances(new, known) for known, new in zip(train, validation, strict=True)]
    predictions = _product(seen, scales**-2) @ coefficients + intercept
    model, settings = combined_model(
        train, projections, coefficients, intercept, scales, np.ones(len(train)), "product"
    )
    return FittedRidge(
        model,
        settings,
        {"penalty": penalty, "lengths": lengths.tolist()},
        rmse(predictions, validation_targets),
    )


def _product(squares: Sequence[Matrix], weights: NDArray[np.float64]) -> Matrix:
    total = np.zeros_like(squares[0])
    for matrix, weight in zip(squares, weights, strict=True):
        total += weight * matrix
    return gaussian(total, 1.0)
