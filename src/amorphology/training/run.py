"""Run folders: trained networks that predict energies of frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.diagram_input import Diagrams
from amorphology.errors import RunError
from amorphology.models import PersistenceCNN
from amorphology.structures import mean_energy_per_atom, write_frames
from amorphology.training.checkpoint import load_checkpoint
from amorphology.training.loop import choose_device, predict_standardised
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.metrics import ErrorMetrics, error_metrics

__all__ = ["BEST", "LAST", "METRICS", "Run", "evaluate", "load_run", "predict", "write_predictions"]

BEST = "best.pt"
LAST = "last.pt"
METRICS = "metrics.json"


@dataclass(frozen=True)
class Run:
    """
    A trained network with all it needs to predict.

    Attributes
    ----------
    path
        Folder it was loaded from.
    model
        The network, with the weights of the best epoch.
    descriptor
        The fitted descriptor.
    target_mean, target_scale
        Mean and standard deviation of the training energies, eV/atom.
    """

    path: Path
    model: PersistenceCNN
    descriptor: PersistenceHistogram
    target_mean: float
    target_scale: float

    def predict(self, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
        """
        Predict energies.

        Parameters
        ----------
        frames
            Frames, or their persistence diagrams.

        Returns
        -------
        numpy.ndarray
            Mean energy per atom, float64 (n_frames,), eV/atom.

        Raises
        ------
        StructureError
            If a frame cannot be used.
        """
        if len(frames) == 0:
            return np.empty(0)
        return self.predict_histograms(self.descriptor.transform(frames))

    def predict_histograms(self, histograms: NDArray[np.float32]) -> NDArray[np.float64]:
        """
        Predict energies from what the descriptor made.

        Parameters
        ----------
        histograms
            Standardised histograms, float32 (n_frames, bins, bins).

        Returns
        -------
        numpy.ndarray
            Mean energy per atom, float64 (n_frames,), eV/atom.
        """
        device = choose_device("auto")
        inputs = torch.from_numpy(histograms)[:, None]
        with keeping_freed_memory():
            standardised = predict_standardised(self.model.to(device), inputs, device)
        energies: NDArray[np.float64] = standardised.double().numpy()
        return energies * self.target_scale + self.target_mean

    def metrics(self) -> dict[str, Any]:
        """
        Errors and sizes that were saved at the end of training.

        Returns
        -------
        dict
            Contents of ``metrics.json``.

        Raises
        ------
        RunError
            If the training has not ended.
        """
        path = self.path / METRICS
        if not path.is_file():
            raise RunError(f"{path}: not there yet; run `amorph train` again to finish the run")
        contents: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return contents


def load_run(path: str | Path) -> Run:
    """
    Load the best network of a run.

    Parameters
    ----------
    path
        Folder that `amorphology.training.train` wrote.

    Returns
    -------
    Run
        Ready to predict.

    Raises
    ------
    RunError
        If there is no run, or it was written by a version with another checkpoint format.
    """
    path = Path(path)
    if not path.is_dir():
        raise RunError(f"{path}: no such run folder; train first, or check the path")
    checkpoint = load_checkpoint(path / BEST)
    return Run(
        path=path,
        model=checkpoint.model(),
        descriptor=checkpoint.descriptor(),
        target_mean=checkpoint.target_mean,
        target_scale=checkpoint.target_scale,
    )


def predict(run: Run | str | Path, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
    """
    Predict energies of frames.

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames, or their persistence diagrams.

    Returns
    -------
    numpy.ndarray
        Mean energy per atom, float64 (n_frames,), eV/atom.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used.
    """
    return _loaded(run).predict(frames)


def evaluate(run: Run | str | Path, frames: Sequence[Atoms]) -> ErrorMetrics:
    """
    Compare predicted with reference energies of frames.

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames with energies.

    Returns
    -------
    ErrorMetrics
        RMSE and MAE in meV/atom.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used or has no energy.
    """
    run = _loaded(run)
    energies = mean_energy_per_atom(frames)  # first: labels are found missing in no time
    return error_metrics(energies, run.predict(frames), "given frames")


def write_predictions(run: Run | str | Path, frames: Sequence[Atoms], out: str | Path) -> None:
    """
    Write frames with their predicted energies as extended XYZ.

    Labels the frames came with stay as they are; the predictions are added as
    ``predicted_energy_per_atom`` (eV/atom) and ``predicted_energy`` (eV).

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames to predict; they are left unchanged.
    out
        File to write; it appears only once it is complete.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used, or the folder of `out` does not exist.
    """
    labelled = []
    for frame, energy in zip(frames, predict(run, frames), strict=True):
        copy = frame.copy()
        copy.calc = frame.calc
        copy.info["predicted_energy_per_atom"] = float(energy)
        copy.info["predicted_energy"] = float(energy) * len(frame)
        labelled.append(copy)
    write_frames(out, labelled)


def _loaded(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else load_run(run)
