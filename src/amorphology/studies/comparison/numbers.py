"""The numbers of the comparison, as ``report.json`` holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from amorphology.studies.comparison.datasets import SENSITIVITY, Dataset
from amorphology.studies.comparison.results import Outcome, row_numbers
from amorphology.studies.comparison.trainings import ComparisonPlan

__all__ = ["sensitivity_numbers", "table_numbers"]


def table_numbers(
    plan: ComparisonPlan, data: Mapping[str, Dataset], outcomes: Mapping[str, Sequence[Outcome]]
) -> dict[str, Any]:
    """
    Make the tables.

    Parameters
    ----------
    plan
        What was asked.
    data
        Data sets by key.
    outcomes
        Their finished trainings.

    Returns
    -------
    dict
        For each data set with finished trainings ``n_frames``, ``n_learned``, ``n_runs``,
        ``thinned``, ``learned_atoms``, ``larger_atoms``, ``splits`` and ``rows``.
    """
    return {
        key: {
            "n_frames": len(data[key].frames),
            "n_learned": data[key].n_learned,
            "n_runs": len(set(data[key].runs[: data[key].n_learned].tolist())),
            "thinned": data[key].n_learned == plan.scale.n_frames.get(key),
            "learned_atoms": data[key].learned_sizes,
            "larger_atoms": data[key].larger_sizes,
            "splits": list(dict.fromkeys(one.training.split for one in some)),
            "rows": row_numbers(some),
        }
        for key, some in outcomes.items()
        if some and key != SENSITIVITY
    }


def sensitivity_numbers(
    plan: ComparisonPlan, data: Dataset, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """
    Make the curves of the sensitivity.

    Parameters
    ----------
    plan
        What was asked.
    data
        Its data set.
    outcomes
        Its finished trainings.

    Returns
    -------
    dict
        ``n_frames``, ``n_train``, ``epochs``, ``epochs_of_atoms`` and ``sweeps``: for each of them
        its settings, each with ``rmse``, one for each finished seed, meV/atom.
    """
    rmse: dict[str, list[float]] = {}
    for one in outcomes:
        rmse.setdefault(one.training.row.name, []).append(one.metrics["test"]["rmse_mev_per_atom"])
    return {
        "n_frames": data.n_learned,
        "n_train": outcomes[0].n_train,
        "epochs": plan.scale.epochs[SENSITIVITY],
        "epochs_of_atoms": plan.scale.epochs_of_atoms[SENSITIVITY],
        "sweeps": [
            {
                "key": sweep.key,
                "title": sweep.title,
                "method": sweep.method,
                "settings": [
                    {
                        "label": setting.label,
                        "name": setting.row.name,
                        "is_paper": setting.is_paper,
                        "rmse": rmse.get(setting.row.name, []),
                    }
                    for setting in sweep.settings
                ],
            }
            for sweep in plan.sweeps
            if any(setting.row.name in rmse for setting in sweep.settings)
        ],
    }
