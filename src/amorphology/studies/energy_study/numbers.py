"""The numbers of a study: what ``report.json`` holds of its results."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from amorphology.studies.energy_study.results import LARGER, Outcome, Results, networks
from amorphology.studies.energy_study.trainings import OPTIONS
from amorphology.training import calibration, error_metrics
from amorphology.training.splits import SUBSETS

__all__ = ["calibrations", "learning_curves", "result_numbers", "shown", "stage_errors"]

MEASURES = ("rmse", "mae")


def shown(mean: float, spread: float | None = None) -> str:
    """
    Round an error as it is shown.

    Parameters
    ----------
    mean
        Of all seeds, meV/atom.
    spread
        Standard deviation over the seeds, meV/atom; None where there is one seed.

    Returns
    -------
    str
        For example ``"38.2 ± 1.1"``.
    """
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {spread:.1f}"


def result_numbers(results: Results) -> dict[str, Any]:
    """
    Collect all numbers.

    Parameters
    ----------
    results
        What was found.

    Returns
    -------
    dict
        JSON types only. ``trainings`` has each training by name, ``families`` the mean and the
        standard deviation of those that differ in the seed only. ``values`` are the errors as they
        are shown, by ``"FAMILY SUBSET rmse"``.
    """
    main = results.main
    families = {name: _family(outcomes) for name, outcomes in results.families().items()}
    liquid, quenched = results.examples()
    larger = main.made_on["n_larger_frames"]
    milliseconds = 1000 * main.made_on["seconds_larger_diagrams"] / larger if larger else None
    return {
        "n_frames": len(results.data.frames),
        "n_learned_frames": results.data.n_learned,
        "n_larger_frames": len(results.data.frames) - results.data.n_learned,
        "n_runs": len(np.unique(results.data.run)),
        "learned_atoms": results.study.learned_size,
        "larger_atoms": [
            int(size) for size in np.unique(results.data.n_atoms[results.data.n_learned :])
        ],
        "simulations": _simulations(results),
        "published": dict(results.study.material.published),
        "main": main.training.family,
        "best": results.best().training.family,
        "missing": [one.name for one in results.missing],
        "values": {
            f"{name} {subset} {measure}": family[f"{subset}_{measure}_shown"]
            for name, family in families.items()
            for subset in (*SUBSETS, LARGER)
            for measure in MEASURES
            if f"{subset}_{measure}_shown" in family
        },
        "families": families,
        "trainings": {outcome.training.name: _training(outcome) for outcome in results.outcomes},
        "n_learning_curves": len(networks(results)),
        "learning_curves": learning_curves(results),
        "by_stage": stage_errors(results),
        "interpolation": _interpolation(results),
        "calibration": calibrations(results),
        "examples": {
            "liquid": _example(results, liquid),
            "quenched": _example(results, quenched),
        },
        "milliseconds_per_larger_diagram": milliseconds,
    }


def _family(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Mean and spread over seeds."""
    training = outcomes[0].training
    family: dict[str, Any] = {
        "model": training.title,
        "option": training.option,
        "histogram": OPTIONS[training.option],
        "shows": training.shows,
        "split": outcomes[0].errors["test"].metrics.split.removeprefix("test, "),
        "seeds": [outcome.training.seed for outcome in outcomes],
        "n_train": outcomes[0].n_train,
        "seconds": float(np.mean([sum(x.metrics["seconds"].values()) for x in outcomes])),
    }
    for subset in (*SUBSETS, LARGER):
        if not all(subset in outcome.errors for outcome in outcomes):
            continue
        for measure in MEASURES:
            values = [getattr(x.errors[subset].metrics, measure) for x in outcomes]
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
            key = f"{subset}_{measure}"
            family[f"{key}_mev_per_atom"] = float(np.mean(values))
            family[f"{key}_spread_mev_per_atom"] = spread
            family[f"{key}_shown"] = shown(float(np.mean(values)), spread)
        family[f"{subset}_frames"] = outcomes[0].errors[subset].metrics.n_frames
        family[f"{subset}_runs"] = len(outcomes[0].errors[subset].runs)
    return family


def _training(outcome: Outcome) -> dict[str, Any]:
    metrics, training = outcome.metrics, outcome.training
    of_model = ("parameters", "device", "precision", "epochs", "best_epoch", "members", "chosen")
    return {
        "family": training.family,
        "seed": training.seed,
        **{subset: error.as_dict() for subset, error in outcome.errors.items()},
        **{key: metrics[key] for key in of_model if key in metrics},
        "seconds": metrics["seconds"],
        **outcome.made_on,
        "settings": {
            "descriptors": [one.model_dump(mode="json") for one in training.descriptors],
            "split": training.split.model_dump(mode="json"),
            "model": training.model.model_dump(mode="json"),
            "optimisation": training.optimisation.model_dump(mode="json"),
        },
    }


def _simulations(results: Results) -> list[dict[str, Any]]:
    """Count runs and frames of each size at each density or rate, and say what they are for."""
    data, shade = results.data, results.study.material.shade
    values = shade.of(data.frames)
    rows = []
    for n_atoms, value in sorted({*zip(data.n_atoms.tolist(), values.tolist(), strict=True)}):
        chosen = (data.n_atoms == n_atoms) & (values == value)
        subset = results.main.subset
        rows.append(
            {
                "n_atoms": n_atoms,
                shade.info: value,
                "n_frames": int(chosen.sum()),
                "n_runs": len(np.unique(data.run[chosen])),
                **{
                    f"{name}_runs": len(np.unique(data.run[chosen & (subset == name)]))
                    for name in ("train", "validation", "test", LARGER)
                },
            }
        )
    return rows


def learning_curves(results: Results) -> dict[str, list[dict[str, Any]]]:
    """
    Find errors against the number of training frames.

    Parameters
    ----------
    results
        What was found.

    Returns
    -------
    dict
        For each model and histogram of which several sizes of the training set were tried, by
        ``"kind option"``, one row a size, rising; all with the first seed.
    """
    curves: dict[str, list[dict[str, Any]]] = {}
    for outcome in results.outcomes:
        training = outcome.training
        first = training.seed == results.main.training.seed
        special = training.without_middle or training.ensemble > 1 or training.split.by != "run"
        if not first or special:
            continue
        row = {"n_train": outcome.n_train, "training": training.name}
        for subset in ("train", "test", LARGER):
            if subset in outcome.errors:
                row[f"{subset}_rmse_mev_per_atom"] = outcome.errors[subset].metrics.rmse
                row[f"{subset}_rmse_shown"] = shown(outcome.errors[subset].metrics.rmse)
        curves.setdefault(f"{training.model.kind} {training.option}", []).append(row)
    return {
        name: sorted(rows, key=lambda row: int(row["n_train"]))
        for name, rows in curves.items()
        if len(rows) > 1
    }


def stage_errors(results: Results) -> list[dict[str, Any]]:
    """
    Find errors on unseen runs at each stage of the simulations.

    Parameters
    ----------
    results
        What was found.

    Returns
    -------
    list of dict
        One row a stage, in the order of a simulation: ``stage``, the number of ``frames`` that are
        learned from or tested on, the standard deviation of their energies, and errors of the
        paper's way (``main``) and of the ``best`` model.
    """
    data, families = results.data, results.families()
    stage = np.array([frame.info["stage"] for frame in data.frames])
    time = np.array([frame.info["time_fs"] for frame in data.frames])
    learned = np.arange(len(data.frames)) < data.n_learned
    rows = []
    for name in sorted(set(stage[learned].tolist()), key=lambda one: time[stage == one].mean()):
        here = learned & (stage == name)
        spread = 1000 * float(data.energy[here].std())
        row = {"stage": name, "frames": int(here.sum()), "energy_spread_mev_per_atom": spread}
        row["energy_spread_shown"] = shown(spread)
        for key, one in (("main", results.main), ("best", results.best())):
            rmse = [
                error_metrics(data.energy[some], outcome.prediction[some], "").rmse
                for outcome in families[one.training.family]
                if (some := here & (outcome.subset == "test")).any()
            ]
            if rmse:
                deviation = float(np.std(rmse, ddof=1)) if len(rmse) > 1 else None
                row[f"{key}_rmse_mev_per_atom"] = float(np.mean(rmse))
                row[f"{key}_rmse_shown"] = shown(float(np.mean(rmse)), deviation)
        rows.append(row)
    return rows


def _interpolation(results: Results) -> list[dict[str, Any]]:
    """Errors in the middle of the range of energies, with and without having learned it."""
    rows = []
    for outcome in results.outcomes:
        if not outcome.training.without_middle:
            continue
        low, high = results.data.middle()
        row: dict[str, Any] = {
            "training": outcome.training.name,
            "model": outcome.training.title,
            "histogram": OPTIONS[outcome.training.option],
            "low_ev_per_atom": low,
            "high_ev_per_atom": high,
            "n_train": outcome.n_train,
        }
        chosen = outcome.subset == "excluded_test"
        row["n_test_frames"] = int(chosen.sum())
        for other in results.outcomes:
            twin = other.training.family + "_without_middle" == outcome.training.family
            if twin and other.training.seed == outcome.training.seed and chosen.any():
                errors = error_metrics(results.data.energy[chosen], other.prediction[chosen], "")
                row["with_rmse_mev_per_atom"] = errors.rmse
                row["with_rmse_shown"] = shown(errors.rmse)
        for key, subset in (("without", "excluded_test"), ("outside", "test")):
            if subset in outcome.errors:
                row[f"{key}_rmse_mev_per_atom"] = outcome.errors[subset].metrics.rmse
                row[f"{key}_rmse_shown"] = shown(outcome.errors[subset].metrics.rmse)
        rows.append(row)
    return rows


def calibrations(results: Results) -> dict[str, dict[str, Any]]:
    """
    Compare spread and error of each ensemble, on each subset it did not learn from.

    Parameters
    ----------
    results
        What was found.

    Returns
    -------
    dict
        By training: ``factor``, which fits the spread to the errors of the validation set; and by
        ``"SUBSET_spread"`` and ``"SUBSET_recalibrated"`` (the spread times the factor) what
        `amorphology.training.Calibration` says.
    """
    found: dict[str, dict[str, Any]] = {}
    for outcome in results.outcomes:
        if outcome.spread is None:
            continue
        factor = float(outcome.metrics["calibration"]["factor"])
        rows: dict[str, Any] = {"factor": factor, "factor_shown": f"{factor:.2f}"}
        for subset in ("validation", "test", LARGER):
            chosen = outcome.subset == subset
            if not chosen.any():
                continue
            for name, times in (("spread", 1.0), ("recalibrated", factor)):
                one = calibration(
                    results.data.energy[chosen],
                    outcome.prediction[chosen],
                    times * outcome.spread[chosen],
                )
                rows[f"{subset}_{name}"] = {
                    **one.as_dict(),
                    "within_one_shown": f"{100 * one.within_one:.0f} %",
                    "within_two_shown": f"{100 * one.within_two:.0f} %",
                }
        found[outcome.training.name] = rows
    return found


def _example(results: Results, index: int) -> dict[str, Any]:
    frame, shade = results.data.frames[index], results.study.material.shade
    return {
        "run": str(results.data.run[index]),
        "time_fs": float(frame.info["time_fs"]),
        "temperature_k": float(frame.info["temperature"]),
        shade.info: float(frame.info[shade.info]),
        "energy_ev_per_atom": float(results.data.energy[index]),
        "prediction_ev_per_atom": float(results.main.prediction[index]),
    }
