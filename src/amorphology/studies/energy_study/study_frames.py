"""All frames of a study, and what their energies span."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.structures import mean_energy_per_atom, read_frames, run_labels

__all__ = ["StudyFrames"]

OUTLIERS = 0.01
"""Part of the frames at each end that does not count for the range of energies."""


@dataclass(frozen=True)
class StudyFrames:
    """
    All frames of a study: those learned from, then the larger cells.

    Attributes
    ----------
    frames
        All frames.
    run
        Run of each frame, str (n_frames,).
    energy
        Mean energies per atom, float64 (n_frames,), eV/atom.
    n_atoms
        Atoms of each frame, (n_frames,).
    n_learned
        So many of them, the first, are learned from.
    """

    frames: list[Atoms]
    run: NDArray[np.str_]
    energy: NDArray[np.float64]
    n_atoms: NDArray[np.intp]
    n_learned: int

    @classmethod
    def read(cls, learned: Sequence[Path], larger: Sequence[Path]) -> "StudyFrames":
        """
        Read them.

        Parameters
        ----------
        learned, larger
            Their files.

        Returns
        -------
        StudyFrames
            In the order of the files.
        """
        first = read_frames(learned)
        frames = first + (read_frames(larger) if larger else [])
        n_atoms = np.array([len(frame) for frame in frames])
        return cls(frames, run_labels(frames), mean_energy_per_atom(frames), n_atoms, len(first))

    def middle(self) -> tuple[float, float]:
        """
        Find the middle third of the range of energies.

        The hundredth of the learned frames at either end does not count: the first frames of a
        heated crystal are far from all others.

        Returns
        -------
        tuple of float
            Where it begins and ends, eV/atom, to 0.001.
        """
        learned = self.energy[: self.n_learned]
        low, high = (float(x) for x in np.quantile(learned, (OUTLIERS, 1 - OUTLIERS)))
        third = (high - low) / 3
        return round(low + third, 3), round(high - third, 3)
