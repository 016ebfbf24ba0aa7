"""Descriptors whose features are kept on disk, a row for each frame or for each atom."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from amorphology.descriptors.diagram_input import Diagrams
from amorphology.descriptors.frame_descriptor import FrameDescriptor
from amorphology.descriptors.local_environment import LocalEnvironment
from amorphology.errors import ConfigError
from amorphology.parallel import available_cores
from amorphology.training.feature_store import FeatureRows, features_in_blocks, features_on_disk
from amorphology.training.inputs import EnvironmentInputs, VectorInputs
from amorphology.training.progress import timed
from amorphology.training.readers import Reader, Workplace

__all__ = ["EnvironmentReader", "RowReader", "VectorReader"]

ATOMS_A_PROCESS = 250_000
"""Atoms from which on another process pays off: about a minute of SOAP."""

FRAMES_AT_A_TIME = 64
"""Frames in memory while statistics are taken."""


class RowReader(Reader):
    """
    Base of the readers of a `FrameDescriptor`.

    Parameters
    ----------
    descriptor
        The descriptor; fitted, unless `fit` will be called.
    standardisation
        ``"z_score"``: each feature gets mean 0 and standard deviation 1 over the training set.
        None: it is left as it is.
    location, scale
        What is subtracted and divided by, float64; found by `fit`.
    """

    each_atom: bool

    def __init__(
        self,
        descriptor: FrameDescriptor,
        standardisation: Literal["z_score"] | None = "z_score",
        location: NDArray[np.float64] | None = None,
        scale: NDArray[np.float64] | None = None,
    ) -> None:
        self.descriptor = descriptor
        self.standardisation = standardisation
        self.location = np.zeros(0) if location is None else location
        self.scale = np.zeros(0) if scale is None else scale
        self._n_jobs: int | None = getattr(descriptor, "n_jobs", None)

    def fit(
        self, frames: Sequence[Atoms], train: NDArray[np.intp], place: Workplace
    ) -> FeatureRows:
        """Describe all frames, or take what is on disk; see `Reader.fit`."""
        self.descriptor.fit([frames[index] for index in train])
        place.begin()
        self._choose_jobs(frames)
        with timed(place.seconds, "descriptors"):
            rows = features_on_disk(
                self.descriptor,
                frames,
                place.folder,
                each_atom=self.each_atom,
                console=place.console,
            )
            self._learn(rows, train)
        return rows

    def stream(
        self,
        frames: Sequence[Atoms | Diagrams],
        device: torch.device,
        cache: Path | None = None,  # noqa: ARG002
    ) -> Iterator[Any]:
        """Describe some at a time; see `Reader.stream`."""
        self._choose_jobs(frames)
        # What is no frame gets its error from the descriptor.
        known: Any = frames
        for rows in features_in_blocks(self.descriptor, known, each_atom=self.each_atom):
            yield self.inputs(rows, device)

    def _choose_jobs(self, frames: Sequence[Atoms | Diagrams]) -> None:
        if isinstance(self.descriptor, LocalEnvironment) and self._n_jobs is None:
            n_atoms = sum(len(frame) for frame in frames if isinstance(frame, Atoms))
            self.descriptor.n_jobs = min(available_cores(), 1 + n_atoms // ATOMS_A_PROCESS)

    def _learn(self, rows: FeatureRows, train: NDArray[np.intp]) -> None:
        """Find mean and standard deviation of each feature, for each group of rows."""
        n_features = rows.rows.shape[1]
        groups = self._groups()
        self.location = np.zeros((len(groups), n_features))
        self.scale = np.ones((len(groups), n_features))
        if self.standardisation is None:
            return
        counts = np.zeros(len(groups))
        squares = np.zeros((len(groups), n_features))
        for start in range(0, len(train), FRAMES_AT_A_TIME):
            chosen = train[start : start + FRAMES_AT_A_TIME]
            block, numbers = rows.of_frames(chosen), rows.numbers_of(chosen)
            for group, number in enumerate(groups):
                some = block[numbers == number] if len(groups) > 1 else block
                n, before = len(some), counts[group]
                if n == 0:
                    continue
                # Moments of parts put together as by Chan, Golub and LeVeque, Am. Stat. 37, 242
                # (1983): sums of squares would lose digits.
                delta = some.mean(axis=0, dtype=np.float64) - self.location[group]
                squares[group] += some.var(axis=0, dtype=np.float64) * n
                squares[group] += delta**2 * (before * n / (before + n))
                self.location[group] += delta * (n / (before + n))
                counts[group] += n
        self.scale = np.sqrt(squares / np.maximum(counts, 1)[:, np.newaxis])
        # What is the same everywhere but for rounding is left alone.
        self.scale[self.scale <= 1e-6 * np.abs(self.location)] = 1.0

    def _groups(self) -> list[int]:
        """Atomic numbers of rows that have statistics of their own; one of all, where just one."""
        return [0]


class VectorReader(RowReader):
    """One vector a frame."""

    each_atom = False

    def inputs(self, features: Any, device: torch.device) -> VectorInputs:  # noqa: ARG002
        """Read when they are asked for; see `Reader.inputs`."""
        return VectorInputs(features, self.location[0], self.scale[0])

    def sizes(self) -> dict[str, int]:
        """Features; see `Reader.sizes`."""
        return {"n_features": len(self.descriptor.get_feature_names_out())}


class EnvironmentReader(RowReader):
    """One vector an atom; features are standardised for each species by itself."""

    each_atom = True
    descriptor: LocalEnvironment

    def fit(
        self, frames: Sequence[Atoms], train: NDArray[np.intp], place: Workplace
    ) -> FeatureRows:
        """Describe all atoms, or take what is on disk; see `Reader.fit`."""
        present = {symbol for index in train for symbol in frames[index].symbols}
        missing = [symbol for symbol in self.descriptor.species or () if symbol not in present]
        if missing:
            raise ConfigError(
                f"species names {', '.join(missing)}, of which the training set has no atom to "
                "learn from; leave it out"
            )
        return super().fit(frames, train, place)

    def inputs(self, features: Any, device: torch.device) -> EnvironmentInputs:  # noqa: ARG002
        """Read when they are asked for; see `Reader.inputs`."""
        return EnvironmentInputs(features, self.location, self.scale, self._groups())

    def sizes(self) -> dict[str, int]:
        """Features and species; see `Reader.sizes`."""
        return {
            "n_features": len(self.descriptor.get_feature_names_out()),
            "n_species": len(self.descriptor.species_),
        }

    @property
    def species(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the descriptor; see `Reader`."""
        return self.descriptor.species_

    def _groups(self) -> list[int]:
        return [atomic_numbers[symbol] for symbol in self.descriptor.species_]
