"""Ridge models of a run, with the settings that predict its validation set best."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amorphology.models import Both
from amorphology.models.combined_kernel import fit_combined_kernel, parts_of
from amorphology.models.kernel_search import fit_searched_kernel
from amorphology.models.projection import Projection, principal_projection
from amorphology.models.ridge import FittedRidge, fit_kernel_ridge, fit_ridge, varying_features
from amorphology.training.checkpoint import Checkpoint, save_checkpoint
from amorphology.training.config import TrainingConfig
from amorphology.training.data import LabelledFrames
from amorphology.training.inputs import Inputs
from amorphology.training.model_config import KernelRidgeConfig, RidgeConfig
from amorphology.training.readers import Reader
from amorphology.training.run import BEST

__all__ = ["fit_ridge_model"]

CPU = torch.device("cpu")

FRAMES_AT_A_TIME = 256


def fit_ridge_model(
    config: TrainingConfig,
    model: RidgeConfig | KernelRidgeConfig,
    data: LabelledFrames,
    reader: Reader,
    features: Any,
    checkpoint: Checkpoint,
) -> dict[str, Any]:
    """
    Fit a ridge model, and write it.

    Parameters
    ----------
    config, model
        Settings of the run, and those of its model.
    data, reader, features
        All frames, what was fitted to them, and what it made of them.
    checkpoint
        What is known of a checkpoint before training.

    Returns
    -------
    dict
        How it was chosen, for ``metrics.json``.

    Raises
    ------
    StructureError
        If all training frames look the same.
    """
    energies = (data.energies - checkpoint.target_mean) / checkpoint.target_scale
    train, validation = (data.split.indices(subset) for subset in ("train", "validation"))
    targets = energies[train], energies[validation]
    inputs = reader.inputs(features, CPU)
    sets = inputs.subset(train), inputs.subset(validation)
    kind: str = model.kind
    if isinstance(model, KernelRidgeConfig) and model.kernel != "single":
        kind = "combined_kernel_ridge"
        fitted = _fit_combined(model, model.kernel, sets, targets, config.seed)
    else:
        fitted = _fit_one(model, sets, targets)
    save_checkpoint(
        Path(config.out) / BEST,
        replace(
            checkpoint,
            model_settings={"kind": kind, **fitted.settings},
            model_state=fitted.model.state_dict(),
        ),
    )
    return {"chosen": fitted.chosen}


def _fit_one(
    model: RidgeConfig | KernelRidgeConfig,
    sets: tuple[Inputs, Inputs],
    targets: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> FittedRidge:
    kept = varying_features(_batches(sets[0], None))
    train, validation = (_matrix(some, None, Projection(kept)) for some in sets)
    known = (train, targets[0], validation, targets[1], kept)
    if isinstance(model, RidgeConfig):
        return fit_ridge(*known, model.penalties)
    return fit_kernel_ridge(*known, model.penalties, model.lengths)


def _fit_combined(
    model: KernelRidgeConfig,
    combination: Literal["product", "sum"],
    sets: tuple[Inputs, Inputs],
    targets: tuple[NDArray[np.float64], NDArray[np.float64]],
    seed: int,
) -> FittedRidge:
    n_parts = len(parts_of(sets[0][torch.arange(1)]))
    projections = [
        principal_projection(partial(_batches, sets[0], part)) for part in range(n_parts)
    ]
    train, validation = (
        [_matrix(some, part, projections[part]) for part in range(n_parts)] for some in sets
    )
    known = (train, targets[0], validation, targets[1], projections)
    if model.search != "lists":
        return fit_searched_kernel(*known, model.search, model.noise, model.starts, seed)
    return fit_combined_kernel(
        *known,
        model.penalties,
        model.lengths,
        model.weights,
        combination,
    )


def _batches(inputs: Inputs, part: int | None) -> Iterator[NDArray[np.float32]]:
    """Features of some frames at a time, float32 (n, ...); or one of the parts they have."""
    for batch in torch.split(torch.arange(len(inputs)), FRAMES_AT_A_TIME):
        found: Tensor | Both[Tensor] = inputs[batch]
        chosen = found if part is None else parts_of(found)[part]
        assert isinstance(chosen, Tensor)
        yield chosen.numpy()


def _matrix(inputs: Inputs, part: int | None, projection: Projection) -> NDArray[np.float32]:
    """Project the features of all frames, float32 (n_frames, n_axes)."""
    return np.concatenate([projection(batch) for batch in _batches(inputs, part)])
