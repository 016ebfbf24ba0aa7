"""Errors on frames that a product kernel has not seen: five folds, lengths from training folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.models.kernel_search import CONSTANT, find_hyperparameters
from amorphology.models.kernels import gaussian, solve

Matrix = NDArray[np.float64]
FOLDS = 5


def folds_of(groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Deal groups to folds, the largest first, each to a fold with the fewest frames."""
    rng = np.random.default_rng(seed)
    names, counts = np.unique(groups, return_counts=True)
    sizes = np.zeros(FOLDS)
    fold = np.empty(len(groups), dtype=np.int64)
    for place in np.lexsort((rng.random(len(names)), -counts)):
        chosen = rng.choice(np.flatnonzero(sizes == sizes.min()))
        fold[groups == names[place]] = chosen
        sizes[chosen] += counts[place]
    return fold


def unseen(
    squares: Sequence[Matrix],
    energies: NDArray[np.float64],
    fold: NDArray[np.int64],
    n_train: int | None = None,
) -> tuple[NDArray[np.float64], list[float]]:
    """Predict each fold from the others; and what the kernel takes for noise, for each of them."""
    predictions = np.empty(len(energies))
    noise = []
    for number in range(FOLDS):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        train = np.random.default_rng(number).permutation(train)[:n_train]
        mean = energies[train].mean()
        targets = energies[train] - mean
        known = [matrix[np.ix_(train, train)] for matrix in squares]
        # Of all frames, all starts that were tried ended in the same place; of few frames not.
        best = find_hyperparameters(known, targets, starts=1 if n_train is None else 4)
        kernel, seen = (
            gaussian(
                np.asarray(sum(m / x**2 for m, x in zip(matrices, best.lengths, strict=True))), 1.0
            )
            for matrices in (known, [matrix[np.ix_(test, train)] for matrix in squares])
        )
        coefficients = solve(kernel + CONSTANT, targets, best.penalties(targets))
        predictions[test] = mean + (seen + CONSTANT) @ coefficients
        scale = float(targets @ coefficients) / len(train)
        noise.append(1000 * float(np.sqrt(best.penalty * scale)))
    return predictions, noise


def errors(
    predictions: Sequence[NDArray[np.float64]], energies: NDArray[np.float64]
) -> dict[str, float]:
    """RMSE and MAE of one or more divisions, meV/atom, and the spread of the RMSE over them."""
    residuals = 1000 * (np.array(predictions) - energies)
    each = np.sqrt((residuals**2).mean(axis=1))
    return {
        "rmse": round(float(each.mean()), 1),
        "spread": round(float(each.std()), 1),
        "mae": round(float(np.abs(residuals).mean()), 1),
    }


def by_class(
    predictions: Sequence[NDArray[np.float64]],
    energies: NDArray[np.float64],
    classes: NDArray[Any],
) -> dict[str, float]:
    """RMSE of the frames of each class, meV/atom."""
    squares = (1000 * (np.array(predictions) - energies)) ** 2
    return {
        str(name): round(float(np.sqrt(squares[:, classes == name].mean())), 1)
        for name in np.unique(classes)
    }
