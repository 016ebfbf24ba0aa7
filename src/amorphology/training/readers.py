"""From frames to what a model reads: descriptors with the statistics of a training set."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.descriptors.diagram_input import Diagrams
from amorphology.training.histogram_store import binned_on_disk
from amorphology.training.histograms import Histograms
from amorphology.training.inputs import BothInputs
from amorphology.training.progress import timed

__all__ = ["BothReader", "HistogramReader", "Reader", "Workplace"]

NOTHING: Any = ()
"""What a stream of inputs has after its end."""


@dataclass(frozen=True)
class Workplace:
    """
    Where features of a training set are made.

    Attributes
    ----------
    folder
        For features that are kept on disk.
    cache
        The same folder, if it is there for other trainings, too; else None.
    begin
        To be called before anything is written there, and once frames are known to be usable.
    console
        Where to show progress.
    seconds
        What took how long; filled on the way.
    """

    folder: Path
    cache: Path | None
    begin: Callable[[], None]
    console: Console | None = None
    seconds: dict[str, float] = field(default_factory=dict)


class Reader(ABC):
    """
    Turns frames into the inputs of a model.

    What `fit` returns, features of frames without standardisation, is only to be handed to
    `inputs`.

    Attributes
    ----------
    species
        Chemical symbols of the atoms that are read one by one; empty where frames are.
    """

    species: tuple[str, ...] = ()

    @abstractmethod
    def fit(self, frames: Sequence[Atoms], train: NDArray[np.intp], place: Workplace) -> Any:
        """
        Describe all frames, and learn from the training set what there is to learn.

        Parameters
        ----------
        frames
            All frames.
        train
            Which of them are learned from.
        place
            Where to work.

        Returns
        -------
        object
            Features of all frames.

        Raises
        ------
        ConfigError, StructureError, MissingDependencyError
            If they cannot be described.
        """

    @abstractmethod
    def inputs(self, features: Any, device: torch.device) -> Any:
        """
        Make inputs.

        Parameters
        ----------
        features
            What `fit` returned.
        device
            Where they will be used.

        Returns
        -------
        Inputs
            Of the same frames, with a method ``subset``.
        """

    @abstractmethod
    def stream(
        self,
        frames: Sequence[Atoms | Diagrams],
        device: torch.device,
        cache: Path | None = None,
    ) -> Iterator[Any]:
        """
        Make inputs of other frames, as many at a time as memory should hold.

        Parameters
        ----------
        frames
            The frames.
        device
            Where they will be used.
        cache
            Folder where readers of diagrams keep what they counted for other models.

        Yields
        ------
        Inputs
            Of consecutive frames.

        Raises
        ------
        StructureError
            If a frame cannot be described.
        """

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Arguments of a network that follow from the inputs."""


class HistogramReader(Reader):
    """
    Persistence histograms.

    Parameters
    ----------
    descriptor
        The descriptor; fitted, unless `fit` will be called.
    """

    def __init__(self, descriptor: PersistenceHistogram) -> None:
        self.descriptor = descriptor

    def fit(self, frames: Sequence[Atoms], train: NDArray[np.intp], place: Workplace) -> Any:
        """Count pairs of all frames; see `Reader.fit`."""
        with timed(place.seconds, "diagrams"):
            binned = self._binned(frames, place.cache)
        with timed(place.seconds, "descriptors"):
            self.descriptor.fit_binned(binned, train)
        return binned

    def inputs(self, features: Any, device: torch.device) -> Histograms:
        """Draw images when they are asked for; see `Reader.inputs`."""
        return Histograms(self.descriptor, features, device)

    def stream(
        self,
        frames: Sequence[Atoms | Diagrams],
        device: torch.device,
        cache: Path | None = None,
    ) -> Iterator[Histograms]:
        """Count pairs of all frames at once, which take little memory; see `Reader.stream`."""
        yield self.inputs(self._binned(frames, cache), device)

    def _binned(self, frames: Sequence[Atoms | Diagrams], cache: Path | None) -> BinnedDiagrams:
        atoms = [frame for frame in frames if isinstance(frame, Atoms)]
        if cache is None or len(atoms) < len(frames):
            return self.descriptor.bin_pairs(frames)
        return binned_on_disk(self.descriptor, atoms, cache)

    def sizes(self) -> dict[str, int]:
        """Bins and channels; see `Reader.sizes`."""
        return {"bins": self.descriptor.bins, "in_channels": len(self.descriptor.degrees)}


class BothReader(Reader):
    """
    A descriptor of whole frames and another descriptor.

    Parameters
    ----------
    whole, local
        What reads each of them. The first may itself be a reader of two, and so on.
    """

    def __init__(self, whole: Reader, local: Reader) -> None:
        self.whole = whole
        self.local = local

    @property
    def species(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the second descriptor; see `Reader`."""
        return self.local.species

    def fit(self, frames: Sequence[Atoms], train: NDArray[np.intp], place: Workplace) -> Any:
        """Describe all frames in both ways; see `Reader.fit`."""
        return self.whole.fit(frames, train, place), self.local.fit(frames, train, place)

    def inputs(self, features: Any, device: torch.device) -> BothInputs:
        """Pair them; see `Reader.inputs`."""
        whole, local = features
        return BothInputs(self.whole.inputs(whole, device), self.local.inputs(local, device))

    def stream(
        self,
        frames: Sequence[Atoms | Diagrams],
        device: torch.device,
        cache: Path | None = None,
    ) -> Iterator[BothInputs]:
        """As many at a time as both descriptors have; see `Reader.stream`."""
        streams = [part.stream(frames, device, cache) for part in (self.whole, self.local)]
        whole, local = (next(stream, NOTHING) for stream in streams)
        while n := min(len(whole), len(local)):
            yield BothInputs(*(part.subset(np.arange(n)) for part in (whole, local)))
            whole, local = (
                part.subset(np.arange(n, len(part))) if len(part) > n else next(stream, NOTHING)
                for part, stream in zip((whole, local), streams, strict=True)
            )

    def sizes(self) -> dict[str, int]:
        """Those of both; see `Reader.sizes`."""
        return self.whole.sizes() | self.local.sizes()
