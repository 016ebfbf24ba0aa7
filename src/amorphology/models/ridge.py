"""Ridge regression of energies on descriptors of frames, linear and with a Gaussian kernel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amorphology.errors import StructureError
from amorphology.models.kernels import gaussian, products, rmse, solve, squared_distances

__all__ = [
    "FittedRidge",
    "KernelRidge",
    "Ridge",
    "fit_kernel_ridge",
    "fit_ridge",
    "varying_features",
]

# Features whose spread over the training frames is below this part of the largest one are left
# out: together they change no squared distance by more than rounding of the histograms does.
NEGLIGIBLE = 1e-4


class Ridge(nn.Module):
    """
    Linear model of all bins of a histogram, or of all features of another descriptor.

    Parameters
    ----------
    n_features
        Bins or features that count, out of all of them.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.kept: Tensor
        self.weights: Tensor
        self.intercept: Tensor
        self.register_buffer("kept", torch.zeros(n_features, dtype=torch.int64))
        self.register_buffer("weights", torch.zeros(n_features, dtype=torch.float64))
        self.register_buffer("intercept", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Standardised histograms, float32 (n_frames, channels, bins, bins), or features, float32
            (n_frames, n).

        Returns
        -------
        torch.Tensor
            float32 (n_frames,), in standard deviations of the training energies from their mean.
        """
        energies = x.flatten(1)[:, self.kept].double() @ self.weights + self.intercept
        return energies.float()


class KernelRidge(nn.Module):
    """
    Sum of Gaussians around the training frames.

    Parameters
    ----------
    n_frames
        Training frames.
    n_features
        Bins or features that count, out of all of them.
    """

    def __init__(self, n_frames: int, n_features: int) -> None:
        super().__init__()
        self.kept: Tensor
        self.frames: Tensor
        self.coefficients: Tensor
        self.length: Tensor
        self.intercept: Tensor
        self.register_buffer("kept", torch.zeros(n_features, dtype=torch.int64))
        self.register_buffer("frames", torch.zeros(n_frames, n_features))
        self.register_buffer("coefficients", torch.zeros(n_frames, dtype=torch.float64))
        self.register_buffer("length", torch.ones((), dtype=torch.float64))
        self.register_buffer("intercept", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Standardised histograms, float32 (n_frames, channels, bins, bins), or features, float32
            (n_frames, n).

        Returns
        -------
        torch.Tensor
            float32 (n_frames,), in standard deviations of the training energies from their mean.
        """
        # In double precision: coefficients of opposite sign cancel by several digits.
        features = x.flatten(1)[:, self.kept].double()
        kernel = (-0.5 * (torch.cdist(features, self.frames.double()) / self.length) ** 2).exp()
        return (kernel @ self.coefficients + self.intercept).float()


@dataclass(frozen=True)
class FittedRidge:
    """
    A fitted model and how it was chosen.

    Attributes
    ----------
    model
        The model.
    settings
        Arguments that make an empty one of its kind.
    chosen
        The penalty, and what else the kernel has, that had the lowest validation error.
    validation_rmse
        This error, in the unit of the targets.
    """

    model: nn.Module
    settings: dict[str, Any]
    chosen: dict[str, Any]
    validation_rmse: float


def varying_features(batches: Iterable[NDArray[np.float32]]) -> NDArray[np.int64]:
    """
    Find the bins or features that differ between training frames.

    Parameters
    ----------
    batches
        Standardised histograms or features of the training set, float32 (n, ...), some frames at a
        time.

    Returns
    -------
    numpy.ndarray
        int64 (n_features,): places in a flat image, rising.

    Raises
    ------
    StructureError
        If all training frames have the same ones.
    """
    n, total, squares, first = 0, np.zeros(1), np.zeros(1), None
    for batch in batches:
        flat = batch.reshape(len(batch), -1).astype(np.float64)
        first = flat[0].copy() if first is None else first
        flat -= first  # sums of squares of what is left lose no digits that matter here
        n += len(flat)
        total = total + flat.sum(axis=0)
        squares = squares + np.einsum("ij,ij->j", flat, flat)
    variance = np.maximum(squares / n - (total / n) ** 2, 0.0)
    if not variance.any():
        raise StructureError(
            "all training frames have the same histogram or the same features; check "
            "descriptor.range, and the frames"
        )
    return np.flatnonzero(variance > NEGLIGIBLE**2 * variance.max())


def fit_ridge(
    train: NDArray[np.float32],
    train_targets: NDArray[np.float64],
    validation: NDArray[np.float32],
    validation_targets: NDArray[np.float64],
    kept: NDArray[np.int64],
    penalties: Sequence[float],
) -> FittedRidge:
    r"""
    Fit linear ridge regression, with the penalty that predicts the validation set best.

    The weights minimise :math:`\sum_i (y_i - w \cdot x_i - b)^2 + \lambda n^{-1} \mathrm{tr}(K)
    |w|^2`, with features x and targets y less their means, n frames and the matrix K of scalar
    products of their features.

    Parameters
    ----------
    train, validation
        Features, float32 (n_frames, n_features).
    train_targets, validation_targets
        Energies, float64 (n_frames,).
    kept
        What `varying_features` found: where the features are in an image.
    penalties
        Values of :math:`\lambda` to try.

    Returns
    -------
    FittedRidge
        With a `Ridge`.
    """
    centre = train.mean(axis=0, dtype=np.float64)
    features, seen = ((x - centre.astype(np.float32)) for x in (train, validation))
    kernel = products(features, features)
    unit = float(np.trace(kernel)) / len(kernel)
    kernel /= unit
    mean = float(train_targets.mean())
    tried = []
    for penalty in penalties:
        coefficients = solve(kernel.copy(), train_targets - mean, penalty) / unit
        weights = coefficients.astype(np.float32) @ features
        error = rmse((seen @ weights).astype(np.float64) + mean, validation_targets)
        tried.append((error, penalty, weights.astype(np.float64)))
    error, penalty, weights = min(tried, key=lambda one: one[0])
    model = Ridge(len(kept))
    model.kept.copy_(torch.from_numpy(kept))
    model.weights.copy_(torch.from_numpy(weights))
    model.intercept.fill_(mean - float(centre @ weights))
    return FittedRidge(model, {"n_features": len(kept)}, {"penalty": penalty}, error)


def fit_kernel_ridge(
    train: NDArray[np.float32],
    train_targets: NDArray[np.float64],
    validation: NDArray[np.float32],
    validation_targets: NDArray[np.float64],
    kept: NDArray[np.int64],
    penalties: Sequence[float],
    lengths: Sequence[float],
) -> FittedRidge:
    r"""
    Fit ridge regression with a Gaussian kernel, chosen by the validation error.

    The prediction is :math:`\sum_i c_i \exp(-|x - x_i|^2 / 2 l^2) + b` with
    :math:`(K + \lambda) c = y - b` and b the mean of the targets y. Two matrices of n x n double
    numbers are in memory at a time, 1.3 GB for 9,072 frames.

    Parameters
    ----------
    train, validation
        Features, float32 (n_frames, n_features).
    train_targets, validation_targets
        Energies, float64 (n_frames,).
    kept
        What `varying_features` found: where the features are in an image.
    penalties
        Values of :math:`\lambda` to try.
    lengths
        Values of l to try, in units of the root mean square distance between training frames.

    Returns
    -------
    FittedRidge
        With a `KernelRidge`.
    """
    squares = squared_distances(train, train)
    squares_seen = squared_distances(validation, train)
    unit = float(np.sqrt(squares.mean()))
    mean = float(train_targets.mean())
    tried = []
    for length in lengths:
        kernel_seen = gaussian(squares_seen, length * unit)
        for penalty in penalties:
            # The kernel is made anew, for the solver destroys it: a copy would cost more memory.
            kernel = gaussian(squares, length * unit)
            coefficients = solve(kernel, train_targets - mean, penalty)
            error = rmse(kernel_seen @ coefficients + mean, validation_targets)
            tried.append((error, penalty, length, coefficients))
    error, penalty, length, coefficients = min(tried, key=lambda one: one[0])
    settings = {"n_frames": len(train), "n_features": len(kept)}
    model = KernelRidge(**settings)
    model.kept.copy_(torch.from_numpy(kept))
    model.frames.copy_(torch.from_numpy(train))
    model.coefficients.copy_(torch.from_numpy(coefficients))
    model.length.fill_(length * unit)
    model.intercept.fill_(mean)
    return FittedRidge(model, settings, {"penalty": penalty, "length": length}, error)
