"""The trainings of the comparison: a row of a table, a data set, a split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from amorphology.studies.comparison.datasets import (
    CARBON,
    DFT,
    GRAPHENE,
    SENSITIVITY,
    Dataset,
)
from amorphology.studies.comparison.folds import assign_folds, fold_split
from amorphology.studies.comparison.rows import SHEET, SPACE, Row, comparison_rows
from amorphology.studies.comparison.sweeps import Sweep, sensitivity_sweeps, settings_of
from amorphology.studies.energy_study.results import LARGER
from amorphology.training import TrainingConfig
from amorphology.training.config import DataConfig, OptimisationConfig, SplitConfig
from amorphology.training.data import LabelledFrames
from amorphology.training.descriptor_config import CoulombMatrixConfig
from amorphology.training.splits import Split, reduce_training, split_frames

__all__ = ["SCALES", "ComparedTraining", "ComparisonPlan", "Scale", "comparison"]

VALIDATION, TEST = 0.1, 0.2

KERNEL_BYTES = 7e9
"""Memory for all matrices of training frames by training frames that a kernel ridge needs."""

FEATURE_BYTES = 1e9
"""Memory for all features of the training set, where a frame has very many."""


@dataclass(frozen=True)
class Scale:
    """
    How much is done.

    Attributes
    ----------
    name
        ``"demo"`` or ``"paper"``.
    seeds
        Trainings of each row on unseen simulations, and of each setting of a sweep; at a random
        split there is one.
    folds
        Of the cross-validation.
    epochs, epochs_of_atoms
        By key of the data set: of networks that read images, and of those that read atoms alone,
        which cost less and need more.
    n_frames
        Frames to learn from at most, by key of the data set; those without a number take all.
    many
        Whether sweeps have many values.
    """

    name: str
    seeds: int
    folds: int
    epochs: dict[str, int]
    epochs_of_atoms: dict[str, int]
    n_frames: dict[str, int]
    many: bool

    def epochs_for(self, row: Row, key: str) -> int:
        """
        Say how long a network is trained.

        Parameters
        ----------
        row
            Descriptor and model.
        key
            Of the data set.

        Returns
        -------
        int
            Epochs at most.
        """
        return (self.epochs_of_atoms if row.reads_atoms else self.epochs)[key]


SCALES = {
    "demo": Scale(
        name="demo",
        seeds=1,
        folds=2,
        epochs={CARBON: 20, GRAPHENE: 20, DFT: 20, SENSITIVITY: 20},
        epochs_of_atoms={CARBON: 60, GRAPHENE: 60, DFT: 60, SENSITIVITY: 60},
        n_frames={CARBON: 300, GRAPHENE: 150, DFT: 360, SENSITIVITY: 200},
        many=False,
    ),
    "paper": Scale(
        name="paper",
        seeds=3,
        folds=5,
        epochs={CARBON: 30, GRAPHENE: 60, DFT: 40, SENSITIVITY: 20},
        epochs_of_atoms={CARBON: 60, GRAPHENE: 100, DFT: 100, SENSITIVITY: 40},
        n_frames={SENSITIVITY: 3240},
        many=True,
    ),
}


@dataclass(frozen=True)
class ComparedTraining:
    """
    One training.

    Attributes
    ----------
    data
        Key of the data set.
    row
        Descriptor and model.
    split
        ``"run"`` and ``"group"`` hold out whole simulations, ``"random"`` single frames.
    seed
        Of the split, the first weights and the order of frames.
    fold, folds
        Which of how many parts is tested on; None and 0 where a part is drawn instead.
    epochs
        Of a network.
    """

    data: str
    row: Row
    split: Literal["run", "group", "random"]
    seed: int
    epochs: int
    fold: int | None = None
    folds: int = 0

    @property
    def family(self) -> str:
        """Name without seed and fold."""
        parts = [self.data, self.row.name]
        return "_".join(parts if self.data == SENSITIVITY else [*parts, self.split])

    @property
    def name(self) -> str:
        """Name of the training and of its folder."""
        last = f"seed{self.seed}" if self.fold is None else f"fold{self.fold + 1}"
        return f"{self.family}_{last}"

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.row.descriptor_title}, {self.row.model_title}"

    @property
    def shows(self) -> str:
        """What it is for."""
        if self.data == SENSITIVITY:
            return "sensitivity to hyperparameters"
        held_out = {
            "run": "whole runs held out",
            "group": "groups of near-copies held out",
            "random": "single frames held out",
        }[self.split]
        return f"{self.data}, {held_out}"

    def labelled(self, data: Dataset) -> LabelledFrames:
        """
        Choose and divide the frames.

        Parameters
        ----------
        data
            Its data set.

        Returns
        -------
        LabelledFrames
            In the order of the data set; larger cells are of a subset of their own.

        Raises
        ------
        ConfigError
            If there are too few runs, groups or frames.
        """
        if self.row.one_size:
            data = data.learned()
        if self.row.without_images:
            data = data.without_images()
        split = self.split_of(data)
        train = len(split.indices("train"))
        most = self.most_frames(max(data.learned_sizes))
        if most < train:
            split = reduce_training(split, n_train=most, seed=self.seed)
        return LabelledFrames(data.frames, data.energies, data.runs, split)

    def split_of(self, data: Dataset) -> Split:
        """
        Divide frames.

        Parameters
        ----------
        data
            Its data set.

        Returns
        -------
        Split
            Before the training set is made smaller for want of memory.

        Raises
        ------
        ConfigError
            If there are too few runs, groups or frames.
        """
        if self.fold is not None:
            groups = data.groups if self.split == "group" else np.arange(data.n_learned)
            folds = assign_folds(groups, self.folds, self.seed)
            return fold_split(groups, folds, self.fold, self.seed)
        learned = split_frames(
            data.runs[: data.n_learned],
            by="random" if self.split == "random" else "run",
            validation=VALIDATION,
            test=TEST,
            seed=self.seed,
        )
        subset = np.full(len(data.frames), LARGER, learned.subset.dtype)
        subset[: data.n_learned] = learned.subset
        return Split(learned.name, subset)

    def most_frames(self, n_atoms: int) -> int:
        """
        Say how many frames can be learned from in bounded memory.

        Parameters
        ----------
        n_atoms
            Of the largest frame.

        Returns
        -------
        int
            Frames.
        """
        most = int((KERNEL_BYTES / 8 / self.row.kernels) ** 0.5)
        if isinstance(self.row.descriptor, CoulombMatrixConfig):
            most = min(most, int(FEATURE_BYTES / 4 / n_atoms**2))
        return most

    def config(self, folder: Path, data: Dataset, cache: Path) -> TrainingConfig:
        """
        Write down the settings.

        Parameters
        ----------
        folder
            Of the run.
        data
            Its data set.
        cache
            Where features are kept for other trainings.

        Returns
        -------
        TrainingConfig
            The split it names is how frames were divided; which went where is in ``split.csv``.
        """
        by: Any = "near_copies" if self.split == "group" else self.split
        test = TEST if self.fold is None else round(1 / self.folds, 6)
        return TrainingConfig.model_validate(
            {
                "out": str(folder),
                "seed": self.seed,
                "data": DataConfig(frames=[str(path) for path in data.files]),
                "split": SplitConfig(by=by, validation=VALIDATION, test=test),
                "cache": str(cache),
                # The whole cosine for all: a network that stops early has seen no low rates.
                "optimisation": OptimisationConfig(
                    epochs=self.epochs, patience=self.epochs, forces=self.row.forces
                ),
                **self.row.settings(),
            }
        )


@dataclass(frozen=True)
class ComparisonPlan:
    """
    Everything that is to be done.

    Attributes
    ----------
    scale
        How much.
    seed
        Of everything.
    trainings
        All of them: the first seed of everything, then the others.
    sweeps
        What the sensitivity is measured by.
    """

    scale: Scale
    seed: int
    trainings: tuple[ComparedTraining, ...]
    sweeps: tuple[Sweep, ...]

    def of(self, key: str) -> tuple[ComparedTraining, ...]:
        """
        Choose the trainings on a data set.

        Parameters
        ----------
        key
            Its key.

        Returns
        -------
        tuple of ComparedTraining
            In their order.
        """
        return tuple(one for one in self.trainings if one.data == key)


def comparison(
    scale: Scale, seed: int, keys: Sequence[str], *, one_size: bool = False
) -> ComparisonPlan:
    """
    Plan the comparison.

    Parameters
    ----------
    scale
        How much.
    seed
        The first seed.
    keys
        Data sets; the sweeps come with `CARBON`.
    one_size
        Whether all frames of `DFT` have the same number of atoms.

    Returns
    -------
    ComparisonPlan
        The plan.
    """
    found: list[ComparedTraining] = []
    for key in (CARBON, GRAPHENE):
        if key in keys:
            found += [
                ComparedTraining(key, row, split, one, scale.epochs_for(row, key))
                for split in ("run", "random")
                for one in range(seed, seed + (scale.seeds if split == "run" else 1))
                for row in comparison_rows(SPACE if key == CARBON else SHEET)
            ]
    if DFT in keys:
        found += [
            ComparedTraining(DFT, row, split, seed, scale.epochs_for(row, DFT), fold, scale.folds)
            for split in ("group", "random")
            for row in comparison_rows(SPACE)
            if one_size or not row.one_size
            for fold in range(scale.folds)
        ]
    sweeps = sensitivity_sweeps(many=scale.many) if CARBON in keys else ()
    found += [
        ComparedTraining(SENSITIVITY, row, "run", one, scale.epochs_for(row, SENSITIVITY))
        for row in settings_of(sweeps)
        for one in range(seed, seed + scale.seeds)
    ]
    found.sort(key=lambda training: training.seed)
    return ComparisonPlan(scale, seed, tuple(found), sweeps)
