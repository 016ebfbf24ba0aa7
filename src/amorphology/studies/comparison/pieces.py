"""One training of the comparison: a piece that may run anywhere, and be stopped at any time."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from ase import Atoms
from rich.console import Console
from torch import nn

from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock
from amorphology.models.combined_kernel import CombinedKernelRidge
from amorphology.models.ridge import KernelRidge, Ridge
from amorphology.studies.comparison.datasets import Dataset
from amorphology.studies.comparison.trainings import ComparedTraining
from amorphology.studies.energy_study.pieces import Piece
from amorphology.training.config import DescriptorConfig
from amorphology.training.pipeline import train_on
from amorphology.training.progress import message
from amorphology.training.run import Run

__all__ = ["ComparisonFolder", "cpu_seconds_a_frame", "fitted_numbers"]

MODELS, FEATURES = "models", "features"

TIMED, TIMES = 8, 3
"""Frames that are described to see how long one takes, and how often: the least time counts."""


class ComparisonFolder:
    """
    The folder of a comparison: a folder for each training, and features they share.

    Parameters
    ----------
    out
        The folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out

    def piece(self, training: ComparedTraining) -> Piece:
        """
        Find a training.

        Parameters
        ----------
        training
            Which.

        Returns
        -------
        Piece
            Its folder, which need not exist.
        """
        return Piece(self.out / MODELS / training.name)

    def features(self, training: ComparedTraining) -> Path:
        """
        Name the folder of the features that a training reads.

        Parameters
        ----------
        training
            Which.

        Returns
        -------
        pathlib.Path
            Shared by all trainings on the same data with the same descriptor.
        """
        # Histograms are never kept on disk: diagrams are found in less time than SOAP is read.
        settings = [
            section.model_dump(exclude={"standardisation", "n_jobs"})
            for section in training.row.sections
            if not isinstance(section, DescriptorConfig)
        ]
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        kinds = [str(one["kind"]) for one in settings] or ["none"]
        return self.out / FEATURES / "_".join([training.data, *kinds, digest[:8]])

    def finish(
        self, training: ComparedTraining, data: Dataset, console: Console | None = None
    ) -> bool:
        """
        Carry out a training, or go on with it; nothing is done twice.

        Parameters
        ----------
        training
            Which.
        data
            Its data set.
        console
            Where to show progress.

        Returns
        -------
        bool
            Whether it is finished; False where another process is at it, or at its features.

        Raises
        ------
        ConfigError
            If the folder holds something else.
        RunError
            If it holds a training on other frames, or the training diverges.
        """
        piece, features = self.piece(training), self.features(training)
        config = training.config(piece.folder, data, features)
        if piece.is_finished:
            piece.check(config)
            return True
        with ExitStack() as held:
            for place in (piece.folder, features):
                try:
                    lock = held.enter_context(ExitStack())
                    lock.enter_context(folder_lock(place, "choose another folder"))
                except ConfigError:
                    if not place.is_dir():
                        raise
                    message(console, f"{training.name}: another process is at it, or at {features}")
                    return False
            lock.close()  # the features are locked again while they are written, and free after
            labelled = training.labelled(data)
            run = train_on(config, labelled, console)
            frames = labelled.frames[: data.n_learned]
            sample = [frames[index] for index in np.arange(TIMED) * len(frames) // TIMED]
            numbers = {
                "cpu_seconds_a_frame": cpu_seconds_a_frame(run, sample),
                "fitted_numbers": fitted_numbers(run.model),
                # Training frames there would be without a bound on memory.
                "n_offered": len(training.split_of(data).indices("train")),
            }
            piece.finish(run, numbers)
        return True

    def drop_features(self, trainings: Iterable[ComparedTraining]) -> None:
        """
        Delete features that no training needs any more.

        Parameters
        ----------
        trainings
            All trainings of the comparison.
        """
        finished: dict[Path, bool] = {}
        for one in trainings:
            folder = self.features(one)
            finished[folder] = finished.get(folder, True) and self.piece(one).is_finished
        for folder in (folder for folder, done in finished.items() if done and folder.is_dir()):
            try:
                with folder_lock(folder, "wait"):
                    shutil.rmtree(folder)
            except ConfigError:  # another process reads its last training from it
                continue


def cpu_seconds_a_frame(run: Run, frames: list[Atoms]) -> float:
    """
    Measure how long the inputs of a model take to make.

    Parameters
    ----------
    run
        A trained model.
    frames
        Frames to describe.

    Returns
    -------
    float
        Seconds of processor time a frame: what else the machine does plays no part.
    """
    device, threads = torch.device("cpu"), torch.get_num_threads()

    def describe(some: list[Atoms]) -> float:
        start = time.process_time()
        for inputs in run.reader.stream(some, device):
            inputs[torch.arange(len(inputs))]
        return time.process_time() - start

    torch.set_num_threads(1)  # threads that wait for work would count as work
    try:
        describe(frames[:1])  # the first one also loads libraries
        return min(describe(frames) for _ in range(TIMES)) / len(frames)
    finally:
        torch.set_num_threads(threads)


def fitted_numbers(model: nn.Module) -> int:
    """
    Count the parameters of a model.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    int
        Weights of a network; of ridge regression a weight for each feature that is not the same in
        all training frames, of kernel ridge regression a coefficient for each training frame, and
        the intercept.
    """
    if isinstance(model, Ridge):
        return model.weights.numel() + 1
    if isinstance(model, KernelRidge | CombinedKernelRidge):
        return model.coefficients.numel() + 1
    return sum(parameter.numel() for parameter in model.parameters())
