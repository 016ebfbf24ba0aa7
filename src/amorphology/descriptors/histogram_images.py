"""Blur and statistics of many histograms, as images with a channel for each homology degree."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from amorphology.descriptors.diagram_input import bin_centres

__all__ = ["blur_matrix", "blurred", "ends", "moments"]


def blur_matrix(edges: NDArray[np.float64], sigma: float) -> NDArray[np.float32]:
    """
    Gaussian blur along one axis.

    Parameters
    ----------
    edges
        Edges of the bins, float64 (bins + 1,).
    sigma
        Standard deviation, in the unit of `edges`.

    Returns
    -------
    numpy.ndarray
        float32 (bins, bins): part of a count in one bin (column) that goes to another (row).
    """
    steps = np.subtract.outer(edges, bin_centres(edges)) / sigma
    matrix: NDArray[np.float64] = np.diff(ndtr(steps), axis=0)
    return matrix.astype(np.float32)


def blurred(
    images: NDArray[np.float32], matrices: Sequence[NDArray[np.float32] | None]
) -> NDArray[np.float32]:
    """
    Blur images in place.

    Parameters
    ----------
    images
        float32 (n, channels, bins, bins).
    matrices
        For each channel float32 (bins, bins), or None to leave it as it is.

    Returns
    -------
    numpy.ndarray
        `images`.
    """
    for channel, matrix in enumerate(matrices):
        if matrix is not None:
            images[:, channel] = matrix @ images[:, channel] @ matrix.T
    return images


def ends(
    chunks: Iterable[NDArray[np.float32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Smallest value of all bins of all images, and how far the largest is above it.

    Parameters
    ----------
    chunks
        Images, float32 (n, channels, bins, bins).

    Returns
    -------
    smallest, spans : numpy.ndarray
        float64 (channels,).
    """
    found = [(chunk.min(axis=(0, 2, 3)), chunk.max(axis=(0, 2, 3))) for chunk in chunks]
    smallest = np.min([low for low, _ in found], axis=0).astype(np.float64)
    return smallest, np.max([high for _, high in found], axis=0).astype(np.float64) - smallest


def moments(
    chunks: Iterable[NDArray[np.float32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Mean and standard deviation of each channel, from a part of the frames at a time.

    Moments of parts are put together as by Chan, Golub and LeVeque, Am. Stat. 37, 242 (1983): sums
    of squares would lose digits.

    Parameters
    ----------
    chunks
        Parts, float32 (n, channels, bins, bins) each.

    Returns
    -------
    mean, standard_deviation : numpy.ndarray
        float64 (channels,).
    """
    n, mean, squares = 0, np.zeros(1), np.zeros(1)
    for chunk in chunks:
        size = chunk[:, 0].size
        delta = chunk.mean(axis=(0, 2, 3), dtype=np.float64) - mean
        squares = squares + size * chunk.var(axis=(0, 2, 3), dtype=np.float64)
        squares = squares + delta**2 * (n * size / (n + size))
        mean = mean + delta * (size / (n + size))
        n += size
    return mean, np.sqrt(squares / n)
