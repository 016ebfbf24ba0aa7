"""Trained models on disk."""

import pickle
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import amorphology
from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import RunError
from amorphology.models import build_model
from amorphology.structures import whole_file
from amorphology.training.descriptor_kinds import build_descriptor, descriptor_settings
from amorphology.training.readers import BothReader, HistogramReader, Reader
from amorphology.training.row_readers import EnvironmentReader, RowReader, VectorReader

__all__ = ["FORMAT_VERSION", "Checkpoint", "load_checkpoint", "save_checkpoint"]

FORMAT_VERSION = 5
"""Raised whenever older versions could no longer read what is written."""

HISTOGRAM = "persistence_histogram"

READABLE = (1, 2, 3, 4, FORMAT_VERSION)
"""Version 1 had one kind of model, and one homology degree; version 2 one kind of descriptor;
version 3 two descriptors of a frame at most; version 4 neither axes of kernels nor histograms with
paired essential classes or weights of bond midpoints."""

Statistics: TypeAlias = float | list[float] | torch.Tensor
"""Of the training set: for a histogram a number, or one a degree; else one a feature."""


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
        Arguments of `PersistenceHistogram`; for another kind, what `descriptor_settings` writes.
    descriptor_location, descriptor_scale
        Its statistics: a number for `PersistenceHistogram`, or a list where `homology` is several
        degrees; else float64 (n_features,) or (n_species, n_features).
    target_mean, target_scale
        Mean and standard deviation of the training energies, eV/atom.
    training
        State of the training loop; empty where it is not needed.
    ensemble
        Number of models this one is a member of.
    local
        Settings, location and scale of a second descriptor; empty without one.
    also
        The same of further descriptors.
    """

    model_settings: dict[str, Any]
    model_state: dict[str, torch.Tensor]
    descriptor_settings: dict[str, Any]
    descriptor_location: Statistics
    descriptor_scale: Statistics
    target_mean: float
    target_scale: float
    training: dict[str, Any] = field(default_factory=dict)
    ensemble: int = 1
    local: dict[str, Any] = field(default_factory=dict)
    also: list[dict[str, Any]] = field(default_factory=list)

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
        Build the persistence histogram.

        Returns
        -------
        PersistenceHistogram
            With the stored statistics.

        Raises
        ------
        RunError
            If the descriptor is another one.
        """
        kind = self.descriptor_settings.get("kind", HISTOGRAM)
        if kind != HISTOGRAM:
            raise RunError(f"the model reads {kind}, no persistence histogram; train one that does")
        return _histogram(
            self.descriptor_settings, self.descriptor_location, self.descriptor_scale
        ).descriptor

    def reader(self) -> Reader:
        """
        Build what turns frames into inputs of the model.

        Returns
        -------
        Reader
            Fitted.
        """
        first = _reader(self.descriptor_settings, self.descriptor_location, self.descriptor_scale)
        others = [_reader(**other) for other in (self.local, *self.also) if other]
        return reduce(BothReader, others, first)

    @staticmethod
    def statistics_of(reader: Reader) -> dict[str, Any]:
        """
        Write down what turns frames into inputs.

        Parameters
        ----------
        reader
            Fitted.

        Returns
        -------
        dict
            The attributes of a checkpoint from which `reader` builds it again.
        """
        others: list[dict[str, Any]] = []
        while isinstance(reader, BothReader):
            others = [_written(reader.local), *others]
            reader = reader.whole
        first = {f"descriptor_{name}": value for name, value in _written(reader).items()}
        return first | ({"local": others[0], "also": others[1:]} if others else {})


def _written(reader: Reader) -> dict[str, Any]:
    if isinstance(reader, HistogramReader):
        settings = reader.descriptor.get_params()
        del settings["n_jobs"]  # of this machine, not of the descriptor
        location, scale = reader.descriptor.location_, reader.descriptor.scale_
        return {"settings": settings, "location": _plain(location), "scale": _plain(scale)}
    assert isinstance(reader, RowReader)
    return {
        "settings": descriptor_settings(reader.descriptor, each_atom=reader.each_atom),
        "location": torch.from_numpy(reader.location),
        "scale": torch.from_numpy(reader.scale),
    }


def _plain(value: float | NDArray[np.float64]) -> float | list[float]:
    return value if isinstance(value, float) else value.tolist()


def _reader(settings: dict[str, Any], location: Statistics, scale: Statistics) -> Reader:
    if "kind" not in settings:
        return _histogram(settings, location, scale)
    each_atom = settings["each_atom"]
    kind = EnvironmentReader if each_atom else VectorReader
    found = [np.asarray(value, dtype=np.float64) for value in (location, scale)]
    return kind(build_descriptor(settings), None, *found)


def _histogram(
    settings: dict[str, Any], location: Statistics, scale: Statistics
) -> HistogramReader:
    descriptor = PersistenceHistogram(**settings)
    for name, value in (("location_", location), ("scale_", scale)):
        setattr(descriptor, name, np.array(value) if isinstance(value, list) else value)
    return HistogramReader(descriptor)


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
