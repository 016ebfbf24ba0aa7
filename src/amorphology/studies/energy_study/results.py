"""What the trainings of a study found: every frame with its predictions, and the errors."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import RunError
from amorphology.structures import frame_name
from amorphology.studies.energy_study.pieces import Piece
from amorphology.studies.energy_study.plan import EnergyStudy
from amorphology.studies.energy_study.study_frames import StudyFrames
from amorphology.studies.energy_study.trainings import Training
from amorphology.training import ErrorMetrics, error_metrics
from amorphology.training.splits import SUBSETS

__all__ = [
    "LARGER",
    "Outcome",
    "Results",
    "SubsetErrors",
    "collect_results",
    "networks",
]

LARGER = "larger"
"""Subset of the cells that are larger than those learned from."""


@dataclass(frozen=True)
class SubsetErrors:
    """
    Errors of one training on one subset.

    Attributes
    ----------
    metrics
        Of the model.
    baseline
        Of the mean energy of the training set as the prediction for every frame.
    runs
        Names of the runs these frames come from.
    """

    metrics: ErrorMetrics
    baseline: ErrorMetrics
    runs: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            JSON types only.
        """
        return {
            **self.metrics.as_dict(),
            "baseline_rmse_mev_per_atom": self.baseline.rmse,
            "baseline_mae_mev_per_atom": self.baseline.mae,
            "n_runs": len(self.runs),
        }


@dataclass(frozen=True)
class Outcome:
    """
    What one training found.

    Attributes
    ----------
    training
        Which.
    piece
        Where it is.
    subset
        Subset of each frame, str (n_frames,).
    prediction
        Mean energies per atom, float64 (n_frames,), eV/atom.
    spread
        Of an ensemble, float64 (n_frames,), eV/atom; None without.
    errors
        By subset, for each that has frames.
    metrics
        What the training says of itself.
    made_on
        Where it was made.
    """

    training: Training
    piece: Piece
    subset: NDArray[np.str_]
    prediction: NDArray[np.float64]
    spread: NDArray[np.float64] | None
    errors: Mapping[str, SubsetErrors]
    metrics: dict[str, Any]
    made_on: dict[str, Any]

    @property
    def n_train(self) -> int:
        """Frames that were learned from."""
        return self.errors["train"].metrics.n_frames


@dataclass(frozen=True)
class Results:
    """
    Everything that was found.

    Attributes
    ----------
    study
        What was asked.
    data
        All frames.
    outcomes
        Of the finished trainings, in their order.
    missing
        The others.
    """

    study: EnergyStudy
    data: StudyFrames
    outcomes: tuple[Outcome, ...]
    missing: tuple[Training, ...]

    @property
    def main(self) -> Outcome:
        """The paper's way; where it is missing, the first that is there."""
        return self.outcomes[0]

    def families(self) -> dict[str, list[Outcome]]:
        """
        Collect what differs in the seed only.

        Returns
        -------
        dict
            Outcomes by name of the family.
        """
        families: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            families.setdefault(outcome.training.family, []).append(outcome)
        return families

    def best(self) -> Outcome:
        """
        Choose the model to go on with.

        Returns
        -------
        Outcome
            First seed of the family with the lowest mean RMSE on its validation sets, of those that
            learn from all training frames and hold out whole runs.
        """
        complete = [
            outcomes
            for outcomes in self.families().values()
            if _is_complete(outcomes[0].training) and outcomes[0].training.split.by == "run"
        ] or [[self.main]]
        lowest = min(
            complete,
            key=lambda outcomes: np.mean([x.errors["validation"].metrics.rmse for x in outcomes]),
        )
        return lowest[0]

    def examples(self) -> tuple[int, int]:
        """
        Choose a liquid and a quenched frame to look at.

        Returns
        -------
        tuple of int
            The frames of highest and of lowest energy in that unseen run which has most frames.
        """
        unseen, counts = np.unique(self.data.run[self.main.subset == "test"], return_counts=True)
        chosen = np.flatnonzero(self.data.run == unseen[counts.argmax()])
        energy = self.data.energy[chosen]
        return int(chosen[energy.argmax()]), int(chosen[energy.argmin()])

    def as_csv(self) -> str:
        """
        List all frames.

        Returns
        -------
        str
            CSV with one line a frame, energies in full precision; for each training the subset and
            the prediction, of an ensemble its spread.
        """
        shade = self.study.material.shade
        infos = {shade.info: shade.info, "temperature_k": "temperature", "time_fs": "time_fs"}
        numbers = {
            name: [frame.info[key] for frame in self.data.frames] for name, key in infos.items()
        }
        columns: dict[str, Any] = {
            "source": [frame_name(frame) for frame in self.data.frames],
            "run": self.data.run,
            "n_atoms": self.data.n_atoms,
            **numbers,
            "energy_ev_per_atom": [repr(float(x)) for x in self.data.energy],
        }
        for outcome in self.outcomes:
            name = outcome.training.name
            columns[f"subset:{name}"] = outcome.subset
            # repr: every digit, so that errors can be recomputed exactly.
            columns[f"prediction_ev_per_atom:{name}"] = [repr(float(x)) for x in outcome.prediction]
            if outcome.spread is not None:
                columns[f"spread_ev_per_atom:{name}"] = [repr(float(x)) for x in outcome.spread]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return text.getvalue()


def collect_results(study: EnergyStudy, data: StudyFrames, pieces: Mapping[str, Piece]) -> Results:
    """
    Read what the finished trainings left.

    Parameters
    ----------
    study
        What was asked.
    data
        All frames.
    pieces
        Folder of each training, by its name.

    Returns
    -------
    Results
        Everything found.

    Raises
    ------
    RunError
        If no training is finished, or one was trained on other frames.
    """
    finished = [one for one in study.trainings if pieces[one.name].is_finished]
    if not finished:
        raise RunError("no training of this study is finished: there is nothing to report yet")
    return Results(
        study,
        data,
        tuple(_outcome(training, pieces[training.name], data) for training in finished),
        tuple(one for one in study.trainings if one not in finished),
    )


def networks(results: Results) -> list[Outcome]:
    """
    Find the networks whose learning curves are shown.

    Parameters
    ----------
    results
        What was found.

    Returns
    -------
    list of Outcome
        One of each histogram, the first seed, with all training frames and whole runs held out.
    """
    return [
        outcomes[0]
        for outcomes in results.families().values()
        for training in [outcomes[0].training]
        if training.model.kind == "cnn"
        and training.split.by == "run"
        and training.ensemble == 1
        and _is_complete(training)
    ]


def _is_complete(training: Training) -> bool:
    return training.fraction is None and not training.without_middle


def _outcome(training: Training, piece: Piece, data: StudyFrames) -> Outcome:
    learned, larger = piece.learned(), piece.larger()
    if not np.array_equal(np.concatenate([learned.energy, larger.energy]), data.energy):
        raise RunError(
            f"{piece.folder}: was trained on other frames than are there now; delete this folder "
            "to train anew"
        )
    assert learned.subset is not None
    subset = np.full(len(data.frames), LARGER, dtype="<U13")
    subset[: data.n_learned] = learned.subset
    spread = None
    if learned.spread is not None:
        none = np.empty(0) if larger.spread is None else larger.spread
        spread = np.concatenate([learned.spread, none])
    metrics = piece.metrics()
    prediction = np.concatenate([learned.prediction, larger.prediction])
    return Outcome(
        training,
        piece,
        subset,
        prediction,
        spread,
        _errors(metrics, data, subset, prediction),
        metrics,
        piece.made_on(),
    )


def _errors(
    metrics: dict[str, Any],
    data: StudyFrames,
    subset: NDArray[np.str_],
    prediction: NDArray[np.float64],
) -> dict[str, SubsetErrors]:
    mean = data.energy[subset == "train"].mean()
    errors = {}
    for name in (*SUBSETS, LARGER):
        chosen = subset == name
        if not chosen.any():
            continue
        energy = data.energy[chosen]
        split = "larger cells" if name == LARGER else str(metrics[name]["split"])
        errors[name] = SubsetErrors(
            error_metrics(energy, prediction[chosen], split),
            error_metrics(energy, np.full(len(energy), mean), f"{split}, training mean"),
            tuple(str(run) for run in np.unique(data.run[chosen])),
        )
    return errors
