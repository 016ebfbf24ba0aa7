"""What the trainings of the comparison found: errors of each row on each data set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import RunError
from amorphology.studies.comparison.datasets import Dataset
from amorphology.studies.comparison.pieces import ComparisonFolder
from amorphology.studies.comparison.trainings import ComparedTraining
from amorphology.studies.energy_study.results import LARGER
from amorphology.training import error_metrics

__all__ = ["Outcome", "collect_outcomes", "errors_of", "row_numbers"]


@dataclass(frozen=True)
class Outcome:
    """
    What one training found.

    Attributes
    ----------
    training
        Which.
    energy, prediction
        Mean energies per atom, float64 (n_frames,), eV/atom.
    guess
        Mean energy of its training set, eV/atom.
    subset
        Of each frame, str (n_frames,).
    metrics, made_on
        What the training says of itself, and where it was made.
    """

    training: ComparedTraining
    energy: NDArray[np.float64]
    prediction: NDArray[np.float64]
    guess: float
    subset: NDArray[np.str_]
    metrics: dict[str, Any]
    made_on: dict[str, Any]

    @property
    def n_train(self) -> int:
        """Frames that were learned from."""
        return int((self.subset == "train").sum())

    @property
    def training_seconds(self) -> float:
        """Time of the fit, choice of its hyperparameters included; no descriptors."""
        return float(self.metrics["seconds"]["training"])


def collect_outcomes(
    trainings: Iterable[ComparedTraining], data: Dataset, folder: ComparisonFolder
) -> list[Outcome]:
    """
    Read what the finished trainings on a data set left.

    Parameters
    ----------
    trainings
        Of this data set.
    data
        The data set.
    folder
        Where they are.

    Returns
    -------
    list of Outcome
        Of those that are finished.

    Raises
    ------
    ConfigError
        If one was made with other settings.
    RunError
        If one was trained on other frames.
    """
    return [
        _outcome(training, data, folder)
        for training in trainings
        if folder.piece(training).is_finished
    ]


def _outcome(training: ComparedTraining, data: Dataset, folder: ComparisonFolder) -> Outcome:
    piece = folder.piece(training)
    piece.check(training.config(piece.folder, data, folder.features(training)))
    found = piece.learned()
    expected = training.labelled(data)
    assert found.subset is not None
    if not (
        np.array_equal(found.energy, expected.energies)
        and np.array_equal(found.subset, expected.split.subset)
    ):
        raise RunError(
            f"{piece.folder}: was trained on other frames than are there now; delete this folder "
            "to train anew"
        )
    guess = float(found.energy[found.subset == "train"].mean())
    return Outcome(
        training,
        found.energy,
        found.prediction,
        guess,
        found.subset,
        piece.metrics(),
        piece.made_on(),
    )


def errors_of(
    outcomes: Sequence[Outcome], subset: str, *, guess: bool = False
) -> dict[str, Any] | None:
    """
    Put together the errors of trainings that differ in the seed or the fold.

    Folds are pooled: the error is taken over all frames that were left out once. Of seeds, the mean
    of their errors is given, with the standard deviation.

    Parameters
    ----------
    outcomes
        The trainings.
    subset
        Which frames.
    guess
        Whether to take the mean energy of the training set as the prediction.

    Returns
    -------
    dict or None
        ``rmse_mev_per_atom``, ``mae_mev_per_atom``, ``n_frames``, and with several seeds
        ``rmse_spread_mev_per_atom``; None where no training has such frames.
    """
    outcomes = [one for one in outcomes if (one.subset == subset).any()]
    if not outcomes:
        return None
    in_folds = outcomes[0].training.fold is not None
    sets = [outcomes] if in_folds else [[one] for one in outcomes]
    errors = []
    for some in sets:
        pairs = [(one, one.subset == subset) for one in some]
        predicted = [
            np.full(chosen.sum(), one.guess) if guess else one.prediction[chosen]
            for one, chosen in pairs
        ]
        energy = np.concatenate([one.energy[chosen] for one, chosen in pairs])
        errors.append(error_metrics(energy, np.concatenate(predicted), subset))
    rmse = [error.rmse for error in errors]
    numbers: dict[str, Any] = {
        "rmse_mev_per_atom": float(np.mean(rmse)),
        "mae_mev_per_atom": float(np.mean([error.mae for error in errors])),
        "n_frames": errors[0].n_frames,
    }
    if len(rmse) > 1:
        numbers["rmse_spread_mev_per_atom"] = float(np.std(rmse, ddof=1))
    return numbers


def row_numbers(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """
    Make the rows of the table of a data set.

    Parameters
    ----------
    outcomes
        Of the data set.

    Returns
    -------
    list of dict
        For each row ``name``, ``descriptor``, ``model``, and for each kind of split ``n_train``,
        ``n_offered``, ``trainings``, ``folds_missing``, ``test``, ``train`` and ``larger`` (see
        `errors_of`); and of all its trainings the mean ``training_seconds`` and the median
        ``cpu_seconds_a_frame`` and ``fitted_numbers``. JSON types only.
    """
    by_row: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_row.setdefault(outcome.training.row.name, []).append(outcome)
    return [_row(some) for some in by_row.values()]


def _row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    row = outcomes[0].training.row
    splits: dict[str, Any] = {}
    for split in dict.fromkeys(one.training.split for one in outcomes):
        some = [one for one in outcomes if one.training.split == split]
        splits[split] = {
            "n_train": round(float(np.mean([one.n_train for one in some]))),
            "n_offered": round(float(np.mean([one.made_on["n_offered"] for one in some]))),
            "trainings": [one.training.name for one in some],
            "folds_missing": some[0].training.folds - len(some) if some[0].training.folds else 0,
            "mean_predictor": errors_of(some, "test", guess=True),
            **{subset: errors_of(some, subset) for subset in ("train", "test", LARGER)},
        }
    return {
        "name": row.name,
        "descriptor": row.descriptor_title,
        "model": row.model_title,
        "one_size": row.one_size,
        "without_images": row.without_images,
        "splits": splits,
        "training_seconds": float(np.mean([one.training_seconds for one in outcomes])),
        "cpu_seconds_a_frame": _median(outcomes, "cpu_seconds_a_frame"),
        "fitted_numbers": round(_median(outcomes, "fitted_numbers")),
    }


def _median(outcomes: Sequence[Outcome], key: str) -> float:
    return float(np.median([one.made_on[key] for one in outcomes]))
