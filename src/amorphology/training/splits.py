"""Division of frames into training, validation and test sets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import ConfigError

__all__ = ["SUBSETS", "Split", "split_frames"]

SUBSETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """
    A division of frames.

    Attributes
    ----------
    name
        How it was made: ``"by run"`` or ``"random"``.
    subset
        str (n_frames,): ``"train"``, ``"validation"`` or ``"test"``.
    """

    name: str
    subset: NDArray[np.str_]

    def indices(self, subset: str) -> NDArray[np.intp]:
        """
        Frames of one subset.

        Parameters
        ----------
        subset
            ``"train"``, ``"validation"`` or ``"test"``.

        Returns
        -------
        numpy.ndarray
            Frame indices, rising, (n,).
        """
        return np.flatnonzero(self.subset == subset)


def split_frames(
    runs: NDArray[np.str_],
    *,
    by: Literal["run", "random"],
    validation: float,
    test: float,
    seed: int,
) -> Split:
    """
    Divide frames into training, validation and test sets.

    Parameters
    ----------
    runs
        Run of each frame, str (n_frames,); see `amorphology.structures.run_labels`.
    by
        ``"run"``: all frames of a run go to the same subset. ``"random"``: each frame for itself.
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
        if by == "run"
        else (np.arange(len(runs)), np.arange(len(runs)))
    )
    n_units = len(units)
    n_test = max(1, round(test * n_units)) if test > 0 else 0
    n_validation = max(1, round(validation * n_units)) if validation > 0 else 0
    if n_units - n_test - n_validation < 1:
        least = 1 + (test > 0) + (validation > 0)
        what = "runs" if by == "run" else "frames"
        mend = " or set split.by to random" if by == "run" and len(runs) >= least else ""
        raise ConfigError(
            f"a split {_name(by)} needs at least {least} {what} for these fractions, but there "
            f"{'is' if n_units == 1 else 'are'} {n_units}; give more {what}{mend}"
        )
    order = np.random.default_rng(seed).permutation(n_units)
    subset_of_unit = np.full(n_units, "train", dtype="<U10")
    subset_of_unit[order[:n_test]] = "test"
    subset_of_unit[order[n_test : n_test + n_validation]] = "validation"
    return Split(_name(by), subset_of_unit[unit_of_frame])


def _name(by: str) -> str:
    return "by run" if by == "run" else by
