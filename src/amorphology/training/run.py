"""Run folders: trained models that predict energies of frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from torch import nn

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.descriptors.diagram_input import Diagrams
from amorphology.errors import RunError
from amorphology.structures import mean_energy_per_atom, write_frames
from amorphology.training.checkpoint import load_checkpoint
from amorphology.training.histograms import Histograms
from amorphology.training.loop import Inputs, choose_device, predict_standardised
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.metrics import ErrorMetrics, error_metrics

__all__ = [
    "BEST",
    "LAST",
    "METRICS",
    "Run",
    "evaluate",
    "load_run",
    "member_folder",
    "predict",
    "write_predictions",
]

BEST = "best.pt"
LAST = "last.pt"
METRICS = "metrics.json"


@dataclass(frozen=True)
class Run:
    """
    A trained model, or an ensemble, with all it needs to predict.

    Attributes
    ----------
    path
        Folder it was loaded from.
    models
        The model, a network with the weights of its best epoch; of an ensemble one for each member.
    descriptor
        The fitted descriptor.
    target_mean, target_scale
        Mean and standard deviation of the training energies, eV/atom.
    recalibration
        What the spread of an ensemble is multiplied with to become a standard deviation of its
        error, found on the validation set; None before the end of training, and without ensemble.
    """

    path: Path
    models: tuple[nn.Module, ...]
    descriptor: PersistenceHistogram
    target_mean: float
    target_scale: float
    recalibration: float | None = None

    @property
    def model(self) -> nn.Module:
        """The model; of an ensemble the first member."""
        return self.models[0]

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
            Mean energy per atom, float64 (n_frames,), eV/atom; of an ensemble the mean of its
            members.

        Raises
        ------
        StructureError
            If a frame cannot be used.
        """
        energies: NDArray[np.float64] = self.predict_members(frames).mean(axis=0)
        return energies

    def predict_with_spread(
        self, frames: Sequence[Atoms | Diagrams]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """
        Predict energies, and how much the members of an ensemble differ on them.

        Parameters
        ----------
        frames
            Frames, or their persistence diagrams.

        Returns
        -------
        energies : numpy.ndarray
            As `predict` gives them.
        spread : numpy.ndarray
            Sample standard deviation of the members, float64 (n_frames,), eV/atom. Times
            `recalibration` it estimates the standard deviation of the error.

        Raises
        ------
        RunError
            If this is no ensemble.
        StructureError
            If a frame cannot be used.
        """
        if len(self.models) < 2:
            raise RunError(
                f"{self.path}: holds one model, which has no spread; train with ensemble: 5"
            )
        members = self.predict_members(frames)
        return members.mean(axis=0), members.std(axis=0, ddof=1)

    def predict_members(self, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
        """
        Predict energies with every member of an ensemble.

        Parameters
        ----------
        frames
            Frames, or their persistence diagrams.

        Returns
        -------
        numpy.ndarray
            Mean energies per atom, float64 (n_members, n_frames), eV/atom.

        Raises
        ------
        StructureError
            If a frame cannot be used.
        """
        if len(frames) == 0:
            return np.empty((len(self.models), 0))
        return self.predict_binned(self.descriptor.bin_pairs(frames))

    def predict_binned(self, binned: BinnedDiagrams) -> NDArray[np.float64]:
        """
        Do `predict_members` with what ``descriptor.bin_pairs`` made.

        Parameters
        ----------
        binned
            Frames.

        Returns
        -------
        numpy.ndarray
            Mean energies per atom, float64 (n_members, n_frames), eV/atom.
        """
        return self._predict(Histograms(self.descriptor, binned, choose_device("auto")))

    def predict_histograms(self, histograms: NDArray[np.float32]) -> NDArray[np.float64]:
        """
        Predict energies from what ``descriptor.transform`` made.

        Parameters
        ----------
        histograms
            Standardised histograms, float32 (n_frames, bins, bins) or (n_frames, n_degrees, bins,
            bins).

        Returns
        -------
        numpy.ndarray
            Mean energy per atom, float64 (n_frames,), eV/atom.
        """
        inputs = torch.from_numpy(histograms)
        members = self._predict(inputs if inputs.ndim == 4 else inputs[:, None])
        energies: NDArray[np.float64] = members.mean(axis=0)
        return energies

    def _predict(self, inputs: Inputs) -> NDArray[np.float64]:
        device = choose_device("auto")
        with keeping_freed_memory():
            standardised = np.array(
                [
                    predict_standardised(model.to(device), inputs, device).double().numpy()
                    for model in self.models
                ]
            )
        energies: NDArray[np.float64] = standardised * self.target_scale + self.target_mean
        return energies

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
    Load the model of a run: a network of the best epoch, or all of an ensemble.

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
    several = member_folder(path, 0, 2)
    first = load_checkpoint((several if several.is_dir() else path) / BEST)
    others = [
        load_checkpoint(member_folder(path, member, first.ensemble) / BEST)
        for member in range(1, first.ensemble)
    ]
    run = Run(
        path=path,
        models=tuple(checkpoint.model() for checkpoint in (first, *others)),
        descriptor=first.descriptor(),
        target_mean=first.target_mean,
        target_scale=first.target_scale,
    )
    if not (path / METRICS).is_file():
        return run
    return replace(run, recalibration=run.metrics().get("calibration", {}).get("factor"))


def member_folder(path: Path, member: int, ensemble: int) -> Path:
    """
    Tell where the checkpoints and the log of a member of an ensemble are.

    Parameters
    ----------
    path
        Folder of the run.
    member
        Counted from 0.
    ensemble
        Number of members.

    Returns
    -------
    pathlib.Path
        ``member_1`` and so on in the folder of the run; this folder itself without an ensemble.
    """
    return path if ensemble == 1 else path / f"member_{member + 1}"


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
    ``predicted_energy_per_atom`` (eV/atom) and ``predicted_energy`` (eV). An ensemble adds
    ``predicted_energy_per_atom_spread``, the standard deviation of its members, and
    ``predicted_energy_per_atom_uncertainty``, the same times the factor that makes it fit the
    errors of the validation set (both eV/atom).

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
    run = _loaded(run)
    members = run.predict_members(frames)
    labelled = []
    for index, frame in enumerate(frames):
        copy = frame.copy()
        copy.calc = frame.calc
        energy = float(members[:, index].mean())
        copy.info["predicted_energy_per_atom"] = energy
        copy.info["predicted_energy"] = energy * len(frame)
        if len(members) > 1:
            spread = float(members[:, index].std(ddof=1))
            copy.info["predicted_energy_per_atom_spread"] = spread
            if run.recalibration is not None:
                uncertainty = run.recalibration * spread
                copy.info["predicted_energy_per_atom_uncertainty"] = uncertainty
        labelled.append(copy)
    write_frames(out, labelled)


def _loaded(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else load_run(run)
