"""Trained models on disk."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import amorphology
from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import RunError
from amorphology.models import build_model
from amorphology.structures import whole_file

__all__ = ["FORMAT_VERSION", "Checkpoint", "load_checkpoint", "save_checkpoint"]

FORMAT_VERSION = 2
"""Raised whenever older versions could no longer read what is written."""

READABLE = (1, FORMAT_VERSION)
"""Version 1 had one kind of model, and one homology degree."""


@dataclass(frozen=True)
class Checkpoint:
    """
    All that predictions need, and what a stopped training needs to go on.

    Attributes
    ----------
    model_settings
        Kind of the model (``"cnn"`` where it is not said) and its arguments; see `build_model`.
    model_state
        Its weights.
    descriptor_settings
        Arguments of `PersistenceHistogram`.
    descriptor_location, descriptor_scale
        Its fitted statistics; a list where `homology` is several degrees.
    target_mean, target_scale
        Mean and standard deviation of the training energies, eV/atom.
    training
        State of the training loop; empty where it is not needed.
    ensemble
        Number of models this one is a member of.
    """

    model_settings: dict[str, Any]
    model_state: dict[str, torch.Tensor]
    descriptor_settings: dict[str, Any]
    descriptor_location: float | list[float]
    descriptor_scale: float | list[float]
    target_mean: float
    target_scale: float
    training: dict[str, Any] = field(default_factory=dict)
    ensemble: int = 1

    def model(self) -> nn.Module:
        """
        Build the model.

        Returns
        -------
        torch.nn.Module
            With the stored weights, on the CPU.
        """
        model = build_model(self.model_settings)
        model.load_state_dict(self.model_state)
        return model

    def descriptor(self) -> PersistenceHistogram:
        """
        Build the descriptor.

        Returns
        -------
        PersistenceHistogram
            With the stored statistics.
        """
        descriptor = PersistenceHistogram(**self.descriptor_settings)
        for name, value in (
            ("location_", self.descriptor_location),
            ("scale_", self.descriptor_scale),
        ):
            setattr(descriptor, name, np.array(value) if isinstance(value, list) else value)
        return descriptor


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """
    Write a checkpoint; the file appears only once it is complete.

    Parameters
    ----------
    path
        File to make or replace.
    checkpoint
        What to write.
    """
    contents = {
        "format_version": FORMAT_VERSION,
        "amorphology_version": amorphology.__version__,
        **{name: getattr(checkpoint, name) for name in checkpoint.__dataclass_fields__},
    }
    with whole_file(path) as unfinished:
        torch.save(contents, unfinished)


def load_checkpoint(path: Path) -> Checkpoint:
    """
    Read a checkpoint.

    Parameters
    ----------
    path
        File written by `save_checkpoint`.

    Returns
    -------
    Checkpoint
        What it holds, on the CPU.

    Raises
    ------
    RunError
        If the file is missing, not a checkpoint of this package, or of another format version.
    """
    if not path.is_file():
        raise RunError(f"{path}: no such checkpoint; train first, or name the folder of a run")
    try:
        # weights_only: a checkpoint may come from anyone, and must not be able to run code.
        contents = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise RunError(f"{path}: not a readable checkpoint; train again") from error
    if not isinstance(contents, dict) or "format_version" not in contents:
        raise RunError(f"{path}: not a checkpoint of amorphology; name the folder of a run")
    found = contents.pop("format_version")
    writer = contents.pop("amorphology_version", "of unknown number")
    if found not in READABLE:
        raise RunError(
            f"{path}: made by another version, amorphology {writer} with checkpoint format "
            f"{found}, but this version reads up to {FORMAT_VERSION}; train again or install "
            f"amorphology {writer}"
        )
    return Checkpoint(**contents)
