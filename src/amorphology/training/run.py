"""Run folders: trained models, loaded to predict energies of frames."""

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
from amorphology.training.checkpoint import load_checkpoint
from amorphology.training.histograms import Histograms
from amorphology.training.inputs import Inputs
from amorphology.training.loop import choose_device, predict_standardised
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.readers import HistogramReader, Reader

__all__ = [
    "BEST",
    "LAST",
    "METRICS",
    "Run",
    "load_run",
    "member_folder",
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
    reader
        What turns frames into inputs of the models.
    target_mean, target_scale
        Mean and standard deviation of the training energies, eV/atom.
    recalibration
        What the spread of an ensemble is multiplied with to become a standard deviation of its
        error, found on the validation set; None before the end of training, and without ensemble.
    """

    path: Path
    models: tuple[nn.Module, ...]
    reader: Reader
    target_mean: float
    target_scale: float
    recalibration: float | None = None

    @property
    def model(self) -> nn.Module:
        """The model; of an ensemble the first member."""
        return self.models[0]

    @property
    def descriptor(self) -> PersistenceHistogram:
        """
        The fitted persistence histogram of atoms, if that is all the model reads.

        Raises
        ------
        RunError
            If it reads something else.
        """
        if not isinstance(self.reader, HistogramReader):
            raise RunError(
                f"{self.path}: its model reads more or other things than a persistence histogram; "
                "only of such a histogram can predictions be explained, or made from diagrams"
            )
        if self.reader.descriptor.points != "atoms":
            raise RunError(
                f"{self.path}: its model reads diagrams of bond midpoints; only of atoms can "
                "predictions be explained, or made from diagrams"
            )
        return self.reader.descriptor

    def predict(self, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
        """
        Predict energies.

        Parameters
        ----------
        frames
            Frames; or, where the model reads nothing else, their persistence diagrams.

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

    def predict_members(
        self, frames: Sequence[Atoms | Diagrams], cache: Path | None = None
    ) -> NDArray[np.float64]:
        """
        Predict energies with every member of an ensemble.

        Parameters
        ----------
        frames
            Frames, or their persistence diagrams.
        cache
            Folder where pairs of diagrams that are counted are kept for other models.

        Returns
        -------
        numpy.ndarray
            Mean energies per atom, float64 (n_members, n_frames), eV/atom.

        Raises
        ------
        StructureError
            If a frame cannot be used.
        """
        found = [np.empty((len(self.models), 0))]
        if len(frames):
            device = choose_device("auto")
            found += [self._predict(inputs) for inputs in self.reader.stream(frames, device, cache)]
        return np.concatenate(found, axis=1)

    def predict_features(self, features: Any, n_frames: int) -> NDArray[np.float64]:
        """
        Do `predict_members` with what ``reader.fit`` returned.

        Parameters
        ----------
        features
            Of all frames of the training, learned from or not, and perhaps of others behind them.
        n_frames
            So many, the first, are predicted.

        Returns
        -------
        numpy.ndarray
            Mean energies per atom, float64 (n_members, n_frames), eV/atom.
        """
        inputs = self.reader.inputs(features, choose_device("auto"))
        return self._predict(inputs.subset(np.arange(n_frames)))

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
        histograms = Histograms(self.descriptor, binned, choose_device("auto"))
        return self._predict(histograms)

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
        reader=first.reader(),
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
