"""One training of a study, with the larger cells predicted by it: a piece that may run anywhere."""

import csv
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.errors import ConfigError, RunError
from amorphology.folder_lock import folder_lock
from amorphology.homology import alpha_persistence_many
from amorphology.structures import frame_name, mean_energy_per_atom, read_frames, write_text
from amorphology.studies.record import machine
from amorphology.training import Run, TrainingConfig, load_config, train
from amorphology.training.data import csv_text
from amorphology.training.progress import message
from amorphology.training.readers import HistogramReader
from amorphology.training.run import METRICS

__all__ = ["Piece", "Predictions", "finish_piece"]

CONFIG, PREDICTIONS = "config.yaml", "predictions.csv"
LARGER_CELLS = "larger_cells.csv"

MADE_ON = "made_on.json"
"""File that is written last: its presence says that a training is finished."""

AT_A_TIME = 256  # larger cells whose diagrams are in memory


@dataclass(frozen=True)
class Predictions:
    """
    Energies of frames beside what was predicted for them.

    Attributes
    ----------
    energy, prediction
        Mean energies per atom, float64 (n_frames,), eV/atom.
    spread
        Standard deviation of an ensemble, float64 (n_frames,), eV/atom; None without ensemble.
    subset
        Subset of each frame, str (n_frames,); None for the larger cells.
    """

    energy: NDArray[np.float64]
    prediction: NDArray[np.float64]
    spread: NDArray[np.float64] | None
    subset: NDArray[np.str_] | None


@dataclass(frozen=True)
class Piece:
    """
    A finished training.

    Attributes
    ----------
    folder
        Where it is.
    """

    folder: Path

    @property
    def record(self) -> list[Path]:
        """Files that say what was found; the weights are not among them."""
        names = (CONFIG, PREDICTIONS, METRICS, LARGER_CELLS, MADE_ON)
        return [self.folder / name for name in names]

    @property
    def is_finished(self) -> bool:
        """Whether all of it is there."""
        return (self.folder / MADE_ON).is_file()

    def check(self, config: TrainingConfig) -> None:
        """
        Refuse a training with other settings; where its frames lie does not matter.

        Parameters
        ----------
        config
            The settings it should have.

        Raises
        ------
        ConfigError
            If it has others.
        """
        there, wanted = (_settings(one) for one in (load_config(self.folder / CONFIG), config))
        changed = [key for key in {**wanted, **there} if there.get(key) != wanted.get(key)]
        if changed:
            raise ConfigError(
                f"{self.folder}: holds a run with other settings ({', '.join(changed)}); choose "
                "another folder, or delete this one to train anew"
            )

    def learned(self) -> Predictions:
        """
        Read what is predicted for the frames of the training.

        Returns
        -------
        Predictions
            In the order of its files.
        """
        return _predictions(self.folder / PREDICTIONS)

    def larger(self) -> Predictions:
        """
        Read what is predicted for larger cells.

        Returns
        -------
        Predictions
            In the order of their files; of no frames where there are no such cells.
        """
        return _predictions(self.folder / LARGER_CELLS)

    def metrics(self) -> dict[str, Any]:
        """
        Read what the training says of itself.

        Returns
        -------
        dict
            Contents of ``metrics.json``.
        """
        contents: dict[str, Any] = json.loads((self.folder / METRICS).read_text(encoding="utf-8"))
        return contents

    def made_on(self) -> dict[str, Any]:
        """
        Read where it was made.

        Returns
        -------
        dict
            ``machine``, and the numbers that `finish` was given.
        """
        contents: dict[str, Any] = json.loads((self.folder / MADE_ON).read_text(encoding="utf-8"))
        return contents

    def finish(self, run: Run, numbers: Mapping[str, Any]) -> None:
        """
        Say where it was made, and so that all of it is there.

        Parameters
        ----------
        run
            The training.
        numbers
            What else is to be kept; JSON types only.
        """
        here: dict[str, Any] = machine().as_dict()
        if run.metrics().get("device") == "cuda":
            here["gpu"] = torch.cuda.get_device_name()
        made_on = {"machine": here, **numbers}
        write_text(self.folder / MADE_ON, json.dumps(made_on, indent=2) + "\n")

    def history(self) -> dict[str, NDArray[np.float64]]:
        """
        Read the log of a network, of an ensemble that of its first one.

        Returns
        -------
        dict
            Columns by name, each float64 (n_epochs,); empty for a model without epochs.
        """
        for path in (self.folder / "log.csv", self.folder / "member_1" / "log.csv"):
            if path.is_file():
                columns = _columns(path)
                return {name: np.array(column, np.float64) for name, column in columns.items()}
        return {}


def finish_piece(
    config: TrainingConfig,
    larger: Sequence[Path],
    *,
    n_jobs: int | None = None,
    console: Console | None = None,
) -> bool:
    """
    Train, or go on with it, and predict the larger cells; nothing is done twice.

    Parameters
    ----------
    config
        Settings of the training.
    larger
        Files of the larger cells.
    n_jobs
        Threads for the diagrams of the larger cells; None takes the cores of this process.
    console
        Where to show progress.

    Returns
    -------
    bool
        Whether it is finished; False where another process is at it.

    Raises
    ------
    ConfigError
        If the folder holds something else.
    RunError
        If it holds a training of other frames, or the training diverges.
    """
    piece = Piece(Path(config.out))
    if piece.is_finished:
        piece.check(config)
        return True
    with ExitStack() as held:
        try:
            held.enter_context(folder_lock(piece.folder, "choose another folder"))
        except ConfigError:
            if not piece.folder.is_dir():
                raise
            message(console, f"{piece.folder}: another process is at it")
            return False
        cache = Path(config.cache) if config.cache else None
        _finish(piece, train(config, console), larger, n_jobs, cache)
    return True


def _finish(
    piece: Piece, run: Run, larger: Sequence[Path], n_jobs: int | None, cache: Path | None
) -> None:
    """Predict the larger cells, and say where."""
    frames = read_frames(larger) if larger else []
    energies = mean_energy_per_atom(frames) if frames else np.empty(0)
    seconds = {"seconds_larger_diagrams": 0.0, "seconds_larger_prediction": 0.0}
    if isinstance(run.reader, HistogramReader):
        members = _predict_diagrams(run, frames, n_jobs, seconds)
    else:
        start = time.perf_counter()
        members = run.predict_members(frames, cache)
        seconds["seconds_larger_prediction"] = time.perf_counter() - start
    columns = [energies, members.mean(axis=0)]
    names = ["energy_ev_per_atom", "prediction_ev_per_atom"]
    if len(members) > 1:
        columns.append(members.std(axis=0, ddof=1))
        names.append("spread_ev_per_atom")
    rows = [
        [frame_name(frame), *(repr(float(column[index])) for column in columns)]
        for index, frame in enumerate(frames)
    ]
    write_text(piece.folder / LARGER_CELLS, csv_text(["source", *names], rows))
    piece.finish(run, {"n_larger_frames": len(frames), **seconds})


def _predict_diagrams(
    run: Run, frames: Sequence[Atoms], n_jobs: int | None, seconds: dict[str, float]
) -> NDArray[np.float64]:
    """Predict frames from their diagrams, to know how long each takes."""
    degrees = run.descriptor.needed_degrees
    parts = [run.predict_members([])]
    for first in range(0, len(frames), AT_A_TIME):
        start = time.perf_counter()
        some = frames[first : first + AT_A_TIME]
        diagrams = alpha_persistence_many(some, n_jobs=n_jobs, dims=degrees)
        found = time.perf_counter()
        parts.append(run.predict_members(diagrams))
        seconds["seconds_larger_diagrams"] += found - start
        seconds["seconds_larger_prediction"] += time.perf_counter() - found
    return np.concatenate(parts, axis=1)


def _settings(config: TrainingConfig) -> dict[str, Any]:
    """List settings by key, with frames by the names of their files alone."""
    settings: dict[str, Any] = {}
    for section, values in config.model_dump(exclude={"out", "cache"}).items():
        if isinstance(values, dict):
            settings |= {f"{section}.{name}": value for name, value in values.items()}
        else:
            settings[section] = values
    settings["data.frames"] = [Path(path).name for path in settings["data.frames"]]
    return settings


def _predictions(path: Path) -> Predictions:
    columns = _columns(path)
    try:
        energy, prediction = (
            np.array(columns[f"{name}_ev_per_atom"], np.float64)
            for name in ("energy", "prediction")
        )
    except (KeyError, ValueError) as error:
        raise RunError(
            f"{path}: not a table of predictions; delete {path.parent} to train anew"
        ) from error
    spread, subset = columns.get("spread_ev_per_atom"), columns.get("subset")
    return Predictions(
        energy,
        prediction,
        None if spread is None else np.array(spread, np.float64),
        None if subset is None else np.array(subset, np.str_),
    )


def _columns(path: Path) -> dict[str, list[str]]:
    """Columns of a table with a header, by name."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return dict(zip(header, map(list, columns), strict=True))
