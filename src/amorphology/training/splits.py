"""Division of frames into training, validation and test sets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import ConfigError

__all__ = ["SUBSETS", "Split", "exclude_energies", "reduce_training", "split_frames"]

SUBSETS = ("train", "validation", "test", "excluded", "excluded_test")
"""Subsets that errors are reported of, in this order."""

UNUSED = "unused"
"""Frames of the training set that a learning curve leaves out."""

SUBSET_TYPE = "<U13"


@dataclass(frozen=True)
class Split:
    """
    A division of frames.

    Attributes
    ----------
    name
        How it was made: ``"by run"``, ``"by near-copies"`` or ``"random"``.
    subset
        str (n_frames,): one of `SUBSETS`, or `UNUSED`.
    """

    name: str
    subset: NDArray[np.str_]

    def indices(self, subset: str) -> NDArray[np.intp]:
        """
        Frames of one subset.

        Parameters
        ----------
        subset
            One of `SUBSETS`, or `UNUSED`.

        Returns
        -------
        numpy.ndarray
            Frame indices, rising, (n,).
        """
        return np.flatnonzero(self.subset == subset)


def split_frames(
    runs: NDArray[np.str_],
    *,
    by: Literal["run", "near_copies", "random"],
    validation: float,
    test: float,
    seed: int,
) -> Split:
    """
    Divide frames into training, validation and test sets.

    Parameters
    ----------
    runs
        Run of each frame, str (n_frames,); see `amorphology.structures.run_labels`. Or the name of
        its group; see `amorphology.training.near_copies`.
    by
        ``"run"`` and ``"near_copies"``: all frames of a run, or of a group, go to the same subset.
        ``"random"``: each frame for itself.
    validation, test
        Fractions of the runs (or frames), rounded, but at least one where not zero.
    seed
        Decides the division, together with the set of runs (or the number of frames).

    Returns
    -------
    Split
        The division.

    Raises
    ------
    ConfigError
        If there are too few runs (or frames) to fill the subsets.
    """
    units, unit_of_frame = (
        np.unique(runs, return_inverse=True)
        if by != "random"
        else (np.arange(len(runs)), np.arange(len(runs)))
    )
    n_units = len(units)
    n_test = max(1, round(test * n_units)) if test > 0 else 0
    n_validation = max(1, round(validation * n_units)) if validation > 0 else 0
    if n_units - n_test - n_validation < 1:
        least = 1 + (test > 0) + (validation > 0)
        what = {"run": "runs", "near_copies": "groups of near-copies", "random": "frames"}[by]
        mend = " or set split.by to random" if by != "random" and len(runs) >= least else ""
        raise ConfigError(
            f"a split {_name(by)} needs at least {least} {what} for these fractions, but there "
            f"{'is' if n_units == 1 else 'are'} {n_units}; give more {what}{mend}"
        )
    order = np.random.default_rng(seed).permutation(n_units)
    subset_of_unit = np.full(n_units, "train", dtype=SUBSET_TYPE)
    subset_of_unit[order[:n_test]] = "test"
    subset_of_unit[order[n_test : n_test + n_validation]] = "validation"
    return Split(_name(by), subset_of_unit[unit_of_frame])


def exclude_energies(
    split: Split, energies: NDArray[np.float64], window: tuple[float, float]
) -> Split:
    """
    Take the frames of a range of energies out of all subsets.

    Parameters
    ----------
    split
        The division.
    energies
        Mean energies per atom, float64 (n_frames,), eV/atom.
    window
        First and last energy that is taken out, eV/atom.

    Returns
    -------
    Split
        Frames of the training and validation sets in the window are ``"excluded"``, those of the
        test set ``"excluded_test"``.

    Raises
    ------
    ConfigError
        If no frame is taken out, or none is left for training or validation.
    """
    low, high = window
    inside = (energies >= low) & (energies <= high)
    if not inside.any():
        raise ConfigError(
            f"data.exclude_energies: no frame has an energy in [{low:g}, {high:g}] eV/atom; they "
            f"are from {energies.min():.3f} to {energies.max():.3f}"
        )
    subset = split.subset.astype(SUBSET_TYPE)
    subset[inside] = np.where(subset[inside] == "test", "excluded_test", "excluded")
    for name in ("train", "validation"):
        if not (subset == name).any():
            raise ConfigError(
                f"data.exclude_energies: [{low:g}, {high:g}] eV/atom leaves no {name} frames; "
                "make it narrower"
            )
    return Split(split.name, subset)


def reduce_training(
    split: Split, *, fraction: float | None = None, n_train: int | None = None, seed: int
) -> Split:
    """
    Make the training set smaller, for a learning curve.

    Parameters
    ----------
    split
        The division.
    fraction
        Part of the training frames that is kept, rounded, but at least one frame.
    n_train
        Or the number of them.
    seed
        Decides which; with the same seed a smaller set is part of every larger one.

    Returns
    -------
    Split
        The others are `UNUSED`. The same division if neither number is given.

    Raises
    ------
    ConfigError
        If there are fewer training frames than `n_train`.
    """
    train = split.indices("train")
    if fraction is not None:
        n_train = max(1, round(fraction * len(train)))
    if n_train is None:
        return split
    if n_train > len(train):
        raise ConfigError(
            f"data.n_train is {n_train}, but the training set has {len(train)} frames; make it "
            "smaller"
        )
    # A sequence of its own: not that of the split, which starts from the same seed.
    order = np.random.default_rng((seed, 1)).permutation(train)
    subset = split.subset.astype(SUBSET_TYPE)
    subset[order[n_train:]] = UNUSED
    return Split(split.name, subset)


def _name(by: str) -> str:
    return {"run": "by run", "near_copies": "by near-copies", "random": "random"}[by]
