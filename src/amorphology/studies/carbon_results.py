"""What a study of amorphous carbon found: every frame with its prediction, and the errors."""

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.errors import RunError
from amorphology.homology import alpha_persistence_many
from amorphology.structures import frame_name, mean_energy_per_atom, read_frames, run_labels
from amorphology.studies.record import StageTime
from amorphology.training import ErrorMetrics, Run, error_metrics

__all__ = ["LARGER", "Results", "SubsetErrors", "collect_results"]

LARGER = "larger"
"""Subset of the cells that are larger than those learned from."""


@dataclass(frozen=True)
class SubsetErrors:
    """
    Errors of one subset.

    Attributes
    ----------
    subset
        ``"train"``, ``"validation"``, ``"test"`` or `LARGER`.
    metrics
        Of the network.
    baseline
        Of the mean energy of the training set as the prediction for every frame.
    runs
        Names of the runs these frames come from.
    """

    subset: str
    metrics: ErrorMetrics
    baseline: ErrorMetrics
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """
    Every frame with its prediction.

    Attributes
    ----------
    frames
        All frames.
    run, subset
        Run and subset of each frame, str (n_frames,).
    energy, prediction
        Mean energies per atom, float64 (n_frames,), eV/atom.
    network
        The trained run.
    history
        Columns of the training log by name, each float64 (n_epochs,).
    errors
        One for each subset that has frames.
    seconds_per_larger_diagram
        Wall-clock time of one diagram of a larger cell; None without such cells.
    """

    frames: list[Atoms]
    run: NDArray[np.str_]
    subset: NDArray[np.str_]
    energy: NDArray[np.float64]
    prediction: NDArray[np.float64]
    network: Run
    history: dict[str, NDArray[np.float64]]
    errors: list[SubsetErrors]
    seconds_per_larger_diagram: float | None

    @property
    def n_atoms(self) -> NDArray[np.intp]:
        """Atoms of each frame, (n_frames,)."""
        return np.array([len(frame) for frame in self.frames])

    def info(self, key: str) -> NDArray[np.float64]:
        """
        Collect one number of every frame.

        Parameters
        ----------
        key
            ``"density"`` (g/cm^3), ``"temperature"`` (K) or ``"time_fs"``.

        Returns
        -------
        numpy.ndarray
            float64 (n_frames,).
        """
        return np.array([frame.info[key] for frame in self.frames], dtype=np.float64)

    def examples(self) -> tuple[int, int]:
        """
        Choose a liquid and a quenched frame to look at.

        Returns
        -------
        tuple of int
            The frames of highest and of lowest energy in the first unseen run.
        """
        chosen = np.flatnonzero(self.run == self.run[self.subset == "test"][0])
        energy = self.energy[chosen]
        return int(chosen[energy.argmax()]), int(chosen[energy.argmin()])

    def as_csv(self) -> str:
        """
        List all frames.

        Returns
        -------
        str
            CSV with one line a frame, energies in full precision.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        numbers = {
            "density_g_per_cm3": self.info("density"),
            "temperature_k": self.info("temperature"),
            "time_fs": self.info("time_fs"),
            "energy_ev_per_atom": self.energy,
            "prediction_ev_per_atom": self.prediction,
        }
        writer.writerow(["source", "run", "subset", "n_atoms", *numbers])
        for index, frame in enumerate(self.frames):
            names = (frame_name(frame), self.run[index], self.subset[index], len(frame))
            # repr: every digit, so that errors can be recomputed exactly.
            writer.writerow([*names, *(repr(float(x[index])) for x in numbers.values())])
        return text.getvalue()

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Frames, runs, split, errors and what the training says of itself; JSON types only.
        """
        metrics = self.network.metrics()
        density, n_atoms = self.info("density"), self.n_atoms
        liquid, quenched = self.examples()
        return {
            "n_frames": len(self.frames),
            "runs": [
                {
                    "run": str(name),
                    "subset": str(self.subset[first]),
                    "n_atoms": int(n_atoms[first]),
                    "density_g_per_cm3": float(density[first]),
                    "n_frames": int(count),
                }
                for name, first, count in zip(
                    *np.unique(self.run, return_index=True, return_counts=True), strict=True
                )
            ],
            "errors": [
                {
                    "subset": error.subset,
                    **error.metrics.as_dict(),
                    "baseline_rmse_mev_per_atom": error.baseline.rmse,
                    "baseline_mae_mev_per_atom": error.baseline.mae,
                    "n_runs": len(error.runs),
                    "runs": list(error.runs),
                }
                for error in self.errors
            ],
            "training": {
                "epochs": metrics["epochs"],
                "best_epoch": metrics["best_epoch"],
                "parameters": metrics["parameters"],
                "device": metrics["device"],
                "precision": metrics["precision"],
                "mean_energy_ev_per_atom": self.network.target_mean,
                "energy_spread_ev_per_atom": self.network.target_scale,
            },
            "examples": {
                "liquid": self._example(liquid),
                "quenched": self._example(quenched),
            },
            "milliseconds_per_larger_diagram": (
                None
                if self.seconds_per_larger_diagram is None
                else 1000 * self.seconds_per_larger_diagram
            ),
        }

    def _example(self, index: int) -> dict[str, Any]:
        info = self.frames[index].info
        return {
            "run": str(self.run[index]),
            "time_fs": float(info["time_fs"]),
            "temperature_k": float(info["temperature"]),
            "density_g_per_cm3": float(info["density"]),
            "energy_ev_per_atom": float(self.energy[index]),
            "prediction_ev_per_atom": float(self.prediction[index]),
        }


def collect_results(
    network: Run, paths: Sequence[Path], learned_size: int, n_jobs: int | None
) -> tuple[Results, list[StageTime]]:
    """
    Read all frames, take over the predictions of training, and predict the larger cells.

    Parameters
    ----------
    network
        The trained run, in its folder.
    paths
        Files of all simulations.
    learned_size
        Atoms of the cells that were learned from.
    n_jobs
        Threads for the diagrams of the larger cells; None takes the cores of this process.

    Returns
    -------
    results : Results
        All frames: those of training in its order, then the larger ones.
    stages : list of StageTime
        What was done, and how long it took.

    Raises
    ------
    RunError
        If the network was trained on other frames.
    """
    clock = _Clock()
    frames = read_frames(paths)
    frames.sort(key=lambda frame: len(frame) != learned_size)  # stable: order is kept otherwise
    energy = mean_energy_per_atom(frames)
    run = run_labels(frames)
    clock.lap("Reading all frames again")

    rows = _read_csv(network.path / "predictions.csv")
    n_learned = sum(len(frame) == learned_size for frame in frames)
    known = np.array(rows["energy_ev_per_atom"], dtype=np.float64)
    if not np.array_equal(known, energy[:n_learned]):
        raise RunError(
            f"{network.path}: holds a network that was trained on other frames than are there "
            "now; delete this folder to train anew"
        )
    prediction = np.empty(len(frames))
    prediction[:n_learned] = np.array(rows["prediction_ev_per_atom"], dtype=np.float64)
    subset = np.full(len(frames), LARGER, dtype="<U13")
    subset[:n_learned] = rows["subset"]

    larger = frames[n_learned:]
    per_diagram = None
    if larger:
        what = " and ".join(str(size) for size in sorted({len(frame) for frame in larger}))
        clock.restart()
        degrees = network.descriptor.degrees
        diagrams = alpha_persistence_many(larger, n_jobs=n_jobs, dims=degrees)
        per_diagram = clock.lap(f"Persistence diagrams, {what} atoms") / len(larger)
        histograms = network.descriptor.transform(diagrams)
        clock.lap(f"Histograms, {what} atoms")
        prediction[n_learned:] = network.predict_histograms(histograms)
        clock.lap(f"Predicting these frames, {what} atoms")

    log = _read_csv(network.path / "log.csv")
    results = Results(
        frames=frames,
        run=run,
        subset=subset,
        energy=energy,
        prediction=prediction,
        network=network,
        history={name: np.array(values, dtype=np.float64) for name, values in log.items()},
        errors=_errors(network, run, subset, energy, prediction),
        seconds_per_larger_diagram=per_diagram,
    )
    return results, clock.laps


def _errors(
    network: Run,
    run: NDArray[np.str_],
    subset: NDArray[np.str_],
    energy: NDArray[np.float64],
    prediction: NDArray[np.float64],
) -> list[SubsetErrors]:
    split = {name: entry["split"] for name, entry in network.metrics().items() if name in subset}
    split[LARGER] = "larger cells, runs of their own"
    errors = []
    for name in ("train", "validation", "test", LARGER):
        chosen = subset == name
        if not chosen.any():
            continue
        mean = np.full(chosen.sum(), network.target_mean)
        errors.append(
            SubsetErrors(
                name,
                error_metrics(energy[chosen], prediction[chosen], split[name]),
                error_metrics(energy[chosen], mean, f"{split[name]}, training mean"),
                tuple(str(name) for name in np.unique(run[chosen])),
            )
        )
    return errors


def _read_csv(path: Path) -> dict[str, list[str]]:
    """Columns of a table with a header, by name."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


class _Clock:
    """Measures one stage after the other."""

    def __init__(self) -> None:
        self.laps: list[StageTime] = []
        self.restart()

    def restart(self) -> None:
        self._start = time.perf_counter()

    def lap(self, stage: str) -> float:
        """End a stage and begin the next; return what it took, in seconds."""
        seconds = time.perf_counter() - self._start
        self.laps.append(StageTime(stage, seconds, reused=False))
        self.restart()
        return seconds
