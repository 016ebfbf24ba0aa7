"""What a finished training leaves: predictions of all frames, and their errors."""

import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.structures import whole_file
from amorphology.training.calibration import calibration, recalibration_factor
from amorphology.training.config import TrainingConfig
from amorphology.training.data import LabelledFrames
from amorphology.training.metrics import error_metrics
from amorphology.training.run import METRICS, Run
from amorphology.training.splits import SUBSETS

__all__ = ["PREDICTIONS", "saved_outcome"]

PREDICTIONS = "predictions.csv"


def saved_outcome(
    run: Run,
    config: TrainingConfig,
    data: LabelledFrames,
    features: Any,
    seconds: dict[str, float],
    details: dict[str, Any],
) -> list[str]:
    """
    Predict all frames; write ``predictions.csv`` and, last of all, ``metrics.json``.

    Parameters
    ----------
    run
        The trained run.
    config
        Its settings.
    data, features
        All frames, and what the reader of the run made of them.
    seconds
        What took how long.
    details
        More numbers for ``metrics.json``.

    Returns
    -------
    list of str
        A line for people on each subset.
    """
    start = time.perf_counter()
    members = run.predict_features(features, len(data.frames))
    predictions = members.mean(axis=0)
    columns = [("prediction_ev_per_atom", predictions)]
    errors = {}
    for subset in SUBSETS:
        chosen = data.split.indices(subset)
        if len(chosen):
            apart = subset == "test" and config.data.test
            name = f"{subset}, {'separate files' if apart else data.split.name}"
            errors[subset] = error_metrics(data.energies[chosen], predictions[chosen], name)
    metrics: dict[str, Any] = {name: error.as_dict() for name, error in errors.items()}
    if "test" in errors:
        # What a model without any descriptor reaches; a useful one must be far below.
        chosen = data.split.indices("test")
        mean = np.full(len(chosen), run.target_mean)
        name = f"{errors['test'].split}, training mean as prediction"
        metrics["mean_predictor"] = error_metrics(data.energies[chosen], mean, name).as_dict()
    metrics |= {
        "seed": config.seed,
        "descriptor": config.descriptor.kind,
        **({"local": config.local.kind} if config.local else {}),
        **({"also": [section.kind for section in config.also]} if config.also else {}),
        "model": config.model.kind,
        "parameters": sum(parameter.numel() for parameter in run.model.parameters()),
        **details,
    }
    lines = [str(error) for error in errors.values()]
    if len(members) > 1:
        spread = members.std(axis=0, ddof=1)
        columns.append(("spread_ev_per_atom", spread))
        metrics["calibration"] = _calibration(data, predictions, spread)
        for row, member in zip(details["members"], members, strict=True):
            row["rmse_mev_per_atom"] = {
                subset: error_metrics(data.energies[chosen], member[chosen], subset).rmse
                for subset in errors
                for chosen in [data.split.indices(subset)]
            }
        lines.append(f"spread times {metrics['calibration']['factor']:.2f} fits validation errors")
    metrics["seconds"] = {**seconds, "predicting": time.perf_counter() - start}
    with whole_file(run.path / PREDICTIONS) as unfinished:
        unfinished.write_text(data.table(*columns), encoding="utf-8")
    # Last of all: its presence says that the run has ended.
    with whole_file(run.path / METRICS) as unfinished:
        unfinished.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    return lines


def _calibration(
    data: LabelledFrames, predictions: NDArray[np.float64], spread: NDArray[np.float64]
) -> dict[str, Any]:
    """Spread beside error on all frames the networks were not fitted to."""
    held_out = {subset: data.split.indices(subset) for subset in SUBSETS if subset != "train"}
    chosen = held_out["validation"]
    factor = recalibration_factor(data.energies[chosen], predictions[chosen], spread[chosen])
    return {"factor": factor} | {
        subset: {
            name: calibration(
                data.energies[chosen], predictions[chosen], times * spread[chosen]
            ).as_dict()
            for name, times in (("spread", 1.0), ("recalibrated", factor))
        }
        for subset, chosen in held_out.items()
        if len(chosen)
    }
