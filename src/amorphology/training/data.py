"""Labelled frames, read and divided as a config says."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.errors import ConfigError
from amorphology.structures import (
    frame_name,
    label_summary,
    mean_energy_per_atom,
    read_frames,
    run_labels,
)
from amorphology.training.config import TrainingConfig
from amorphology.training.near_copies import near_copies
from amorphology.training.progress import message
from amorphology.training.splits import (
    SUBSETS,
    UNUSED,
    Split,
    exclude_energies,
    reduce_training,
    split_frames,
)

__all__ = ["LabelledFrames", "csv_text", "read_labelled"]

_UNIT = {"run": "run", "near_copies": "group"}


@dataclass(frozen=True)
class LabelledFrames:
    """
    Labelled frames, divided.

    Attributes
    ----------
    frames
        All frames.
    energies
        Mean energy per atom, float64 (n_frames,), eV/atom.
    runs
        Simulation run of each, str (n_frames,); by near-copies, its group.
    split
        Subset of each.
    """

    frames: list[Atoms]
    energies: NDArray[np.float64]
    runs: NDArray[np.str_]
    split: Split

    def table(self, *columns: tuple[str, NDArray[np.float64]]) -> str:
        """
        List all frames.

        Parameters
        ----------
        *columns
            Names and numbers, float64 (n_frames,), to add.

        Returns
        -------
        str
            CSV with one line a frame; numbers in full precision.
        """
        names = ["index", "source", "run", "n_atoms", "subset", "energy_ev_per_atom"]
        rows = (
            [
                index,
                frame_name(frame, index),
                self.runs[index],
                len(frame),
                self.split.subset[index],
                repr(float(self.energies[index])),
                *(repr(float(values[index])) for _, values in columns),
            ]
            for index, frame in enumerate(self.frames)
        )
        return csv_text([*names, *(name for name, _ in columns)], rows)

    def __str__(self) -> str:
        """One line on the split for people."""
        parts = [
            f"{subset} {len(chosen)} frames of {len(np.unique(self.runs[chosen]))} runs"
            for subset in (*SUBSETS, UNUSED)
            if len(chosen := self.split.indices(subset))
        ]
        return f"split {self.split.name}: {', '.join(parts)}"


def read_labelled(config: TrainingConfig, console: Console | None = None) -> LabelledFrames:
    """
    Read frames and labels, and divide them.

    Parameters
    ----------
    config
        Which, and how.
    console
        Where to say what labels there are.

    Returns
    -------
    LabelledFrames
        Those of ``data.frames``, then those of ``data.test``.

    Raises
    ------
    ConfigError
        If they cannot be divided as the config says.
    StructureError
        If frames cannot be read, or carry no energies.
    """
    frames = read_frames(config.data.frames)
    tests = read_frames(config.data.test) if config.data.test else []
    message(console, label_summary(frames + tests))
    energies = mean_energy_per_atom(frames + tests)
    runs = _labels(config, frames + tests)
    split = split_frames(
        runs[: len(frames)],
        by=config.split.by,
        validation=config.split.validation,
        test=config.split.test,
        seed=config.seed,
    )
    if tests:
        shared = np.intersect1d(runs[: len(frames)], runs[len(frames) :])
        if config.split.by != "random" and len(shared):
            raise ConfigError(
                f"data.test: {_UNIT[config.split.by]} {shared[0]} is also in data.frames; take its "
                "frames out of one, or set split.by to random"
            )
        subset = np.concatenate([split.subset, np.full(len(tests), "test")])
        split = Split(split.name, subset)
    if config.data.exclude_energies:
        split = exclude_energies(split, energies, config.data.exclude_energies)
    split = reduce_training(
        split, fraction=config.data.fraction, n_train=config.data.n_train, seed=config.seed
    )
    return LabelledFrames(frames + tests, energies, runs, split)


def _labels(config: TrainingConfig, frames: Sequence[Atoms]) -> NDArray[np.str_]:
    """Name what the frames are divided by, str (n_frames,)."""
    if config.split.by != "near_copies":
        return run_labels(frames)
    groups = near_copies(frames)
    # Of one length, so that they are in the order of frames also where they are sorted as words.
    return np.array([f"near_copies{group:06d}" for group in groups], dtype=np.str_)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """
    Write a table.

    Parameters
    ----------
    header
        Names of the columns.
    rows
        Entries of each line.

    Returns
    -------
    str
        CSV.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()
