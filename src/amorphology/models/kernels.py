"""Matrices of kernels between frames, and the equations of ridge regression with them."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

__all__ = ["gaussian", "products", "rmse", "solve", "squared_distances"]

FEATURES_AT_A_TIME = 1024


def products(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float64]:
    """
    Scalar products in double precision.

    Parameters
    ----------
    left, right
        Features, float32 (n_left, n_features) and (n_right, n_features).

    Returns
    -------
    numpy.ndarray
        float64 (n_left, n_right).
    """
    result = np.zeros((len(left), len(right)))
    for start in range(0, left.shape[1], FEATURES_AT_A_TIME):
        some = slice(start, start + FEATURES_AT_A_TIME)
        result += left[:, some].astype(np.float64) @ right[:, some].T.astype(np.float64)
    return result


def squared_distances(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float64]:
    """
    Squared Euclidean distances.

    Parameters
    ----------
    left, right
        Features, float32 (n_left, n_features) and (n_right, n_features).

    Returns
    -------
    numpy.ndarray
        float64 (n_left, n_right).
    """
    squares = products(left, right)
    squares *= -2
    squares += np.einsum("ij,ij->i", left, left, dtype=np.float64)[:, np.newaxis]
    squares += np.einsum("ij,ij->i", right, right, dtype=np.float64)
    return np.maximum(squares, 0.0, out=squares)


def gaussian(squares: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """
    Gaussian kernel.

    Parameters
    ----------
    squares
        Squared distances, float64.
    length
        Standard deviation of the Gaussian.

    Returns
    -------
    numpy.ndarray
        float64, of the same shape.
    """
    exponents: NDArray[np.float64] = squares * (-0.5 / length**2)
    return np.exp(exponents, out=exponents)


def solve(
    kernel: NDArray[np.float64],
    targets: NDArray[np.float64],
    penalty: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Solve ``(kernel + penalty) c = targets``.

    Parameters
    ----------
    kernel
        Symmetric, positive semi-definite, float64 (n, n); it is overwritten.
    targets
        float64 (n,).
    penalty
        Added to the diagonal: a number, or one for each target, float64 (n,).

    Returns
    -------
    numpy.ndarray
        The coefficients c, float64 (n,).
    """
    kernel.ravel()[:: len(kernel) + 1] += penalty
    # Symmetric: its transpose is the same matrix, in the order of axes that LAPACK works in place.
    factor = cho_factor(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    solution: NDArray[np.float64] = cho_solve(factor, targets, check_finite=False)
    return solution


def rmse(predictions: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """
    Root-mean-square error.

    Parameters
    ----------
    predictions, targets
        float64 (n,).

    Returns
    -------
    float
        In their unit.
    """
    return float(np.sqrt(np.mean((predictions - targets) ** 2)))
