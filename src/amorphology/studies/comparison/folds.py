"""Folds of a cross-validation: every frame is predicted once, by a model that never saw it."""

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import ConfigError
from amorphology.training.splits import Split, split_frames

__all__ = ["assign_folds", "fold_split"]

VALIDATION = 0.1
"""Part of what a fold leaves that hyperparameters and the last epoch are chosen by."""


def assign_folds(groups: NDArray[np.int64], n_folds: int, seed: int) -> NDArray[np.int64]:
    """
    Share frames out to folds of about the same size, frames of a group to the same one.

    Parameters
    ----------
    groups
        Group of each frame, int64 (n_frames,); for single frames their own numbers.
    n_folds
        Number of folds.
    seed
        Decides which groups of the same size meet in a fold.

    Returns
    -------
    numpy.ndarray
        int64 (n_frames,), from 0.

    Raises
    ------
    ConfigError
        If there are fewer groups than folds, or fewer than two folds.
    """
    names, group_of_frame, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if not 2 <= n_folds <= len(names):
        raise ConfigError(
            f"{len(names)} groups of frames cannot be shared out to {n_folds} folds; give more "
            "independent frames"
        )
    shuffled = np.random.default_rng(seed).permutation(len(names))
    # The largest first, each into the fold that has fewest frames so far: no fold is left behind.
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    fold_of_group = np.zeros(len(names), np.int64)
    filled = np.zeros(n_folds, np.int64)
    for group in order:
        fold = int(filled.argmin())
        fold_of_group[group] = fold
        filled[fold] += sizes[group]
    return fold_of_group[group_of_frame]


def fold_split(groups: NDArray[np.int64], folds: NDArray[np.int64], fold: int, seed: int) -> Split:
    """
    Hold out a fold.

    Parameters
    ----------
    groups
        As for `assign_folds`.
    folds
        What `assign_folds` returned.
    fold
        The one to test on.
    seed
        Decides the validation set, whole groups of the other folds.

    Returns
    -------
    Split
        Of all frames.

    Raises
    ------
    ConfigError
        If the other folds hold fewer than two groups.
    """
    others = np.flatnonzero(folds != fold)
    inner = split_frames(
        groups[others].astype(np.str_), by="run", validation=VALIDATION, test=0.0, seed=seed
    )
    subset = np.full(len(folds), "test", inner.subset.dtype)
    subset[others] = inner.subset
    return Split(f"fold {fold + 1} of {folds.max() + 1}", subset)
