"""The mean histogram of a run's training frames: what integrated gradients start from."""

import csv
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.errors import RunError
from amorphology.explain.histogram_map import as_images
from amorphology.structures import mean_energy_per_atom, read_frames, whole_file
from amorphology.training import Run, load_config

__all__ = ["MEAN_HISTOGRAM", "training_mean"]

MEAN_HISTOGRAM = "mean_histogram.npy"


def training_mean(run: Run) -> NDArray[np.float64]:
    """
    Mean histogram of the training frames of a run.

    The first call reads the frames that ``split.csv`` of the run folder names, where it names them
    or, if the run was moved together with them, in the same place beside it. The result is kept in
    the run folder as ``mean_histogram.npy`` where that may be written to.

    Parameters
    ----------
    run
        The run.

    Returns
    -------
    numpy.ndarray
        Blurred, not standardised, float64 (n_degrees, bins, bins).

    Raises
    ------
    RunError
        If the training frames are not there any more, or are others.
    """
    kept = run.path / MEAN_HISTOGRAM
    bins = run.descriptor.bins
    shape = (len(run.descriptor.degrees), bins, bins)
    if kept.is_file():
        mean: NDArray[np.float64] = np.load(kept)
        if mean.shape != shape:
            raise RunError(f"{kept}: of another descriptor; delete this file")
        return mean
    mean = _mean_of_frames(run, shape)
    if os.access(run.path, os.W_OK):
        with whole_file(kept) as unfinished, unfinished.open("wb") as file:
            np.save(file, mean)
    return mean


def _mean_of_frames(run: Run, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    wanted = _training_frames(run)
    total, n_frames = np.zeros(int(np.prod(shape))), 0
    for path, rows in wanted.items():
        frames = read_frames(path)
        if max(rows) >= len(frames):
            raise RunError(f"{run.path}: {path} has fewer frames than when it was trained on")
        chosen = [frames[index] for index in rows]
        if not np.allclose(mean_energy_per_atom(chosen), list(rows.values()), rtol=0, atol=1e-9):
            raise RunError(f"{run.path}: {path} holds other frames than when it was trained on")
        binned = run.descriptor.bin_pairs(chosen)
        total += np.bincount(binned.places, binned.values, minlength=len(total))
        n_frames += len(chosen)
    # Blur is linear: the mean is blurred, not every frame.
    mean = (total / n_frames).astype(np.float32)
    places = np.flatnonzero(mean)
    only = BinnedDiagrams(shape, np.array([0, len(places)]), places.astype(np.int32), mean[places])
    blurred: NDArray[np.float64] = as_images(run.descriptor, only)[0]
    return blurred


def _training_frames(run: Run) -> dict[Path, dict[int, float]]:
    """Energies (eV/atom) of the training frames by file and by place in it."""
    table = run.path / "split.csv"
    if not table.is_file():
        raise RunError(
            f"{table}: missing, so that the training frames are not known; pass a baseline"
        )
    found: dict[Path, dict[int, float]] = {}
    roots = [Path(), _start_folder(run)]
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["subset"] != "train":
                continue
            name, _, index = row["source"].rpartition(" frame ")
            path = next((root / name for root in roots if (root / name).is_file()), None)
            if path is None:
                raise RunError(
                    f"{run.path}: the training frames of {name} are not there; work in the folder "
                    "where it was trained, or pass a baseline"
                )
            found.setdefault(path, {})[int(index)] = float(row["energy_ev_per_atom"])
    return found


def _start_folder(run: Run) -> Path:
    """Folder in which the training was started, if the run and all else moved together."""
    folder = run.path.resolve()
    config = run.path / "config.yaml"
    if config.is_file():
        out = Path(load_config(config).out)
        if not out.is_absolute() and folder.parts[-len(out.parts) :] == out.parts:
            return Path(*folder.parts[: -len(out.parts)])
    return folder.parent
