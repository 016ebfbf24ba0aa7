"""What a kernel keeps of features: those that vary, and of these the axes they vary along."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from amorphology.models.ridge import varying_features

__all__ = ["Projection", "principal_projection"]

TOLERANCE = 1e-8
"""Part of the variance that axes left out may hold together: what float32 cannot tell anyway."""

MOST_FEATURES = 6000
"""Axes of more are not looked for: their covariances would take gigabytes and minutes."""


@dataclass(frozen=True)
class Projection:
    """
    A linear map of features that leaves their distances as they are.

    Attributes
    ----------
    kept
        Features that vary, int64 (n_kept,).
    axes
        Orthonormal axes as columns, float32 (n_kept, n_axes); None: the features themselves.
    """

    kept: NDArray[np.int64]
    axes: NDArray[np.float32] | None = None

    @property
    def n_axes(self) -> int:
        """Numbers that a frame becomes."""
        return len(self.kept) if self.axes is None else self.axes.shape[1]

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """
        Project features.

        Parameters
        ----------
        batch
            float32 (n, ...), as many numbers a frame as there were.

        Returns
        -------
        numpy.ndarray
            float32 (n, n_axes).
        """
        kept = batch.reshape(len(batch), -1)[:, self.kept]
        if self.axes is None:
            return kept
        # In double precision, as the model does it: frames differ by little of what they have.
        return (kept.astype(np.float64) @ self.axes.astype(np.float64)).astype(np.float32)


def principal_projection(
    batches: Callable[[], Iterable[NDArray[np.float32]]], tolerance: float = TOLERANCE
) -> Projection:
    """
    Find the axes along which features vary.

    Neighbouring bins of blurred histograms rise and fall together, so that histograms of 64 x 64
    bins vary along some ten to some hundred axes, and kernels between frames take a tenth of the
    time and memory.

    Parameters
    ----------
    batches
        Gives features of the training set, float32 (n, ...), some frames at a time; called twice.
    tolerance
        Part of the variance that may be lost.

    Returns
    -------
    Projection
        Without axes where it would not be smaller, or there are more than `MOST_FEATURES`.

    Raises
    ------
    StructureError
        If all frames have the same features.
    """
    kept = varying_features(batches())
    if len(kept) > MOST_FEATURES:
        return Projection(kept)
    n, total, products = 0, np.zeros(len(kept)), np.zeros((len(kept), len(kept)))
    first = None
    for batch in batches():
        some = batch.reshape(len(batch), -1)[:, kept].astype(np.float64)
        first = some[0].copy() if first is None else first
        some -= first
        n += len(some)
        total += some.sum(axis=0)
        products += some.T @ some
    products -= np.outer(total, total / n)
    variances, axes = eigh(products, overwrite_a=True, check_finite=False)
    lost = np.cumsum(np.maximum(variances, 0.0)) <= tolerance * variances.sum()
    if not lost.any():
        return Projection(kept)
    return Projection(kept, np.ascontiguousarray(axes[:, ~lost], dtype=np.float32))
