"""Kernel ridge regression with a Gaussian for each part of what is known of a frame."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from amorphology.errors import ConfigError
from amorphology.models.joint import Both
from amorphology.models.kernels import gaussian, rmse, solve, squared_distances
from amorphology.models.projection import Projection
from amorphology.models.ridge import FittedRidge

__all__ = [
    "Combination",
    "CombinedKernelRidge",
    "combined_model",
    "fit_combined_kernel",
    "parts_of",
]

Combination: TypeAlias = Literal["product", "sum"]

Matrix: TypeAlias = NDArray[np.float64]


def parts_of(x: Tensor | Both[Tensor]) -> list[Tensor]:
    """
    Take apart what is known of frames.

    Parameters
    ----------
    x
        Histograms (n_frames, channels, bins, bins), features (n_frames, n), or both.

    Returns
    -------
    list of torch.Tensor
        (n_frames, ...) each: a part for each channel, that is each homology degree, or all
        features; behind them those of the second descriptor.
    """
    if isinstance(x, Both):
        return [*parts_of(x.whole), *parts_of(x.local)]
    if x.ndim == 4:
        return [channel.flatten(1) for channel in x.unbind(dim=1)]
    return [x]


class CombinedKernelRidge(nn.Module):
    r"""
    Sum over the training frames of a kernel that several parts of a descriptor make together.

    With :math:`k_p = \exp(-|x_p - x_{ip}|^2 / 2 l_p^2)` for each part p of what is known of a frame
    (see `parts_of`), the kernel with training frame i is the product of all :math:`k_p`, which is
    one Gaussian that sees the parts at scales of their own, or their mean with weights
    :math:`w_p`.

    Parameters
    ----------
    n_frames
        Training frames.
    n_features
        For each part, features that count, out of all of them.
    combination
        ``"product"`` or ``"sum"``.
    n_axes
        For each part, axes that its features are projected on; None: they are not.

    Raises
    ------
    ConfigError
        If there is no such combination.
    """

    def __init__(
        self,
        n_frames: int,
        n_features: Sequence[int],
        combination: Combination = "product",
        n_axes: Sequence[int | None] | None = None,
    ) -> None:
        super().__init__()
        if combination not in ("product", "sum"):
            raise ConfigError(f"combination is {combination}; choose product or sum")
        self.combination = combination
        self.n_parts = len(n_features)
        self.coefficients: Tensor
        self.lengths: Tensor
        self.weights: Tensor
        self.intercept: Tensor
        self.n_axes = list(n_axes or [None] * self.n_parts)
        for part, (n, axes) in enumerate(zip(n_features, self.n_axes, strict=True)):
            self.register_buffer(f"kept_{part}", torch.zeros(n, dtype=torch.int64))
            if axes is not None:
                self.register_buffer(f"axes_{part}", torch.zeros(n, axes))
            self.register_buffer(f"frames_{part}", torch.zeros(n_frames, axes or n))
        self.register_buffer("coefficients", torch.zeros(n_frames, dtype=torch.float64))
        self.register_buffer("lengths", torch.ones(self.n_parts, dtype=torch.float64))
        self.register_buffer("weights", torch.ones(self.n_parts, dtype=torch.float64))
        self.register_buffer("intercept", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor | Both[Tensor]) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Standardised histograms or features of frames, or both, float32.

        Returns
        -------
        torch.Tensor
            float32 (n_frames,), in standard deviations of the training energies from their mean.
        """
        exponents = []
        for part, features in enumerate(parts_of(x)):
            # In double precision: coefficients of opposite sign cancel by several digits.
            seen = features[:, self.get_buffer(f"kept_{part}")].double()
            if self.n_axes[part] is not None:
                seen = seen @ self.get_buffer(f"axes_{part}").double()
            distances = torch.cdist(seen, self.get_buffer(f"frames_{part}").double())
            exponents.append(-0.5 * (distances / self.lengths[part]) ** 2)
        stacked = torch.stack(exponents)
        if self.combination == "product":
            kernel = stacked.sum(dim=0).exp()
        else:
            weights = self.weights / self.weights.sum()
            kernel = torch.tensordot(weights, stacked.exp(), dims=1)
        return (kernel @ self.coefficients + self.intercept).float()


def fit_combined_kernel(
    train: Sequence[NDArray[np.float32]],
    train_targets: NDArray[np.float64],
    validation: Sequence[NDArray[np.float32]],
    validation_targets: NDArray[np.float64],
    projections: Sequence[Projection],
    penalties: Sequence[float],
    lengths: Sequence[float],
    weights: Sequence[float] = (1.0,),
    combination: Combination = "product",
) -> FittedRidge:
    """
    Fit ridge regression with a kernel of several parts, chosen by the validation error.

    The penalty, the length of each part and, in a sum, its weight are chosen one after the other,
    beginning in the middle of each list, until nothing changes. One matrix of n x n double numbers
    for each part and two more are in memory at a time for n training frames.

    Parameters
    ----------
    train, validation
        For each part, projected features, float32 (n_frames, n_axes).
    train_targets, validation_targets
        Energies, float64 (n_frames,).
    projections
        For each part what made them.
    penalties
        Values to try.
    lengths
        Values to try for each part, in units of its root mean square distance between training
        frames.
    weights
        Values to try for each part; only their ratios count, and only in a sum.
    combination
        ``"product"`` or ``"sum"``.

    Returns
    -------
    FittedRidge
        With a `CombinedKernelRidge`.
    """
    n_parts = len(train)
    squares = [squared_distances(known, known) for known in train]
    seen = [squared_distances(new, known) for known, new in zip(train, validation, strict=True)]
    units = [float(np.sqrt(matrix.mean())) for matrix in squares]
    mean = float(train_targets.mean())
    if combination == "product" or n_parts == 1:
        weights = (1.0,)

    def kernel(matrices: Sequence[Matrix], at: tuple[float, ...]) -> Matrix:
        scales = np.multiply(at[1 : 1 + n_parts], units)
        if combination == "product":
            total = sum(matrix / scale**2 for matrix, scale in zip(matrices, scales, strict=True))
            return gaussian(np.asarray(total), 1.0)
        shares = np.array(at[1 + n_parts :]) / sum(at[1 + n_parts :])
        summed = np.zeros_like(matrices[0])
        for matrix, scale, share in zip(matrices, scales, shares, strict=True):
            summed += share * gaussian(matrix, float(scale))
        return summed

    def fit(at: tuple[float, ...]) -> tuple[float, Matrix]:
        coefficients = solve(kernel(squares, at), train_targets - mean, at[0])
        return rmse(kernel(seen, at) @ coefficients + mean, validation_targets), coefficients

    choices = [penalties, *[lengths] * n_parts, *[weights] * n_parts]
    best = tuple(sorted(values)[len(values) // 2] for values in choices)
    tried = {best: fit(best)}
    before: tuple[float, ...] = ()
    while best != before:
        before = best
        for place, values in enumerate(choices):
            near = [(*best[:place], value, *best[place + 1 :]) for value in values]
            tried |= {at: fit(at) for at in near if at not in tried}
            best = min(near, key=lambda at: tried[at][0])
    error, coefficients = tried[best]
    found = best[1 : 1 + n_parts], best[1 + n_parts :]
    model, settings = combined_model(
        train,
        projections,
        coefficients,
        mean,
        np.multiply(found[0], units),
        np.array(found[1]),
        combination,
    )
    return FittedRidge(
        model,
        settings,
        {"penalty": best[0], "lengths": list(found[0]), "weights": list(found[1])},
        error,
    )


def combined_model(
    train: Sequence[NDArray[np.float32]],
    projections: Sequence[Projection],
    coefficients: Matrix,
    intercept: float,
    lengths: NDArray[np.float64],
    weights: NDArray[np.float64],
    combination: Combination,
) -> tuple[CombinedKernelRidge, dict[str, Any]]:
    """
    Build the model of coefficients that were found.

    Parameters
    ----------
    train
        For each part, projected features of the training frames, float32 (n_frames, n_axes).
    projections
        For each part what made them.
    coefficients
        Of the training frames, float64 (n_frames,).
    intercept
        Prediction far from all training frames.
    lengths, weights
        Of each part, float64 (n_parts,).
    combination
        ``"product"`` or ``"sum"``.

    Returns
    -------
    model : CombinedKernelRidge
        The model.
    settings : dict
        Arguments that make an empty one of its kind.
    """
    settings: dict[str, Any] = {
        "n_frames": len(coefficients),
        "n_features": [len(one.kept) for one in projections],
        "combination": combination,
        "n_axes": [None if one.axes is None else one.n_axes for one in projections],
    }
    model = CombinedKernelRidge(**settings)
    for part, (projection, features) in enumerate(zip(projections, train, strict=True)):
        model.get_buffer(f"kept_{part}").copy_(torch.from_numpy(projection.kept))
        if projection.axes is not None:
            model.get_buffer(f"axes_{part}").copy_(torch.from_numpy(projection.axes))
        model.get_buffer(f"frames_{part}").copy_(torch.from_numpy(features))
    model.coefficients.copy_(torch.from_numpy(coefficients))
    model.lengths.copy_(torch.from_numpy(lengths))
    model.weights.copy_(torch.from_numpy(weights))
    model.intercept.fill_(intercept)
    return model, settings
