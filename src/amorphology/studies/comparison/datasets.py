"""Frames that descriptors are compared on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.errors import StructureError
from amorphology.structures import mean_energy_per_atom, read_frames
from amorphology.studies.energy_study.study_frames import StudyFrames
from amorphology.training.near_copies import near_copies

__all__ = [
    "CARBON",
    "DFT",
    "GRAPHENE",
    "SENSITIVITY",
    "Dataset",
    "read_dft",
    "read_simulations",
    "sizes_text",
]

CARBON, GRAPHENE, DFT, SENSITIVITY = "carbon", "graphene", "dft", "sensitivity"
"""Keys of data sets. The last one is a part of the frames of carbon, for the sweeps."""


@dataclass(frozen=True)
class Dataset:
    """
    Frames with energies: those learned from, then larger cells.

    Attributes
    ----------
    key
        One of `CARBON`, `GRAPHENE`, `DFT`, `SENSITIVITY`.
    files
        Where the frames come from; those learned from first.
    frames
        All frames.
    energies
        Mean energies per atom, float64 (n_frames,), eV/atom.
    runs
        Simulation of each frame, str (n_frames,); of frames that nothing is known of, the name of
        a group of near-copies.
    n_learned
        So many of them, the first, are learned from.
    """

    key: str
    files: tuple[Path, ...]
    frames: list[Atoms] = field(repr=False)
    energies: NDArray[np.float64] = field(repr=False)
    runs: NDArray[np.str_] = field(repr=False)
    n_learned: int

    @cached_property
    def n_atoms(self) -> NDArray[np.intp]:
        """Atoms of each frame, (n_frames,)."""
        return np.array([len(frame) for frame in self.frames])

    @cached_property
    def learned_sizes(self) -> list[int]:
        """Numbers of atoms of the cells that are learned from, rising."""
        return [int(size) for size in np.unique(self.n_atoms[: self.n_learned])]

    @cached_property
    def larger_sizes(self) -> list[int]:
        """Those of the larger cells."""
        return [int(size) for size in np.unique(self.n_atoms[self.n_learned :])]

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Number of the run of each frame, int64 (n_frames,)."""
        return np.unique(self.runs, return_inverse=True)[1].astype(np.int64)

    def learned(self) -> "Dataset":
        """
        Leave the larger cells out.

        Returns
        -------
        Dataset
            Of the other frames.
        """
        return self._part(np.arange(self.n_learned), self.key)

    def thinned(self, at_most: int, key: str) -> "Dataset":
        """
        Take evenly spaced frames.

        Parameters
        ----------
        at_most
            How many of those learned from; of larger cells a tenth as many.
        key
            Key of what is left.

        Returns
        -------
        Dataset
            All of them where there are no more.
        """
        learned = _even(self.n_learned, at_most)
        larger = self.n_learned + _even(len(self.frames) - self.n_learned, max(1, at_most // 10))
        thinned = self._part(np.concatenate([learned, larger]), key)
        return replace(thinned, n_learned=len(learned))

    def without_images(self) -> "Dataset":
        """
        Take the atoms of each cell without their periodic images.

        Returns
        -------
        Dataset
            Of the same frames, copied.
        """
        copies = [frame.copy() for frame in self.frames]
        for copy in copies:
            copy.pbc = False
        return Dataset(self.key, self.files, copies, self.energies, self.runs, self.n_learned)

    def _part(self, chosen: NDArray[np.intp], key: str) -> "Dataset":
        frames = [self.frames[index] for index in chosen]
        return Dataset(
            key, self.files, frames, self.energies[chosen], self.runs[chosen], len(chosen)
        )


def read_simulations(key: str, folder: Path) -> Dataset:
    """
    Read a folder of simulations: the smallest cells are learned from, the others only predicted.

    Parameters
    ----------
    key
        Key of the data set.
    folder
        Folder that ``amorph generate`` filled.

    Returns
    -------
    Dataset
        Its frames.

    Raises
    ------
    StructureError
        If there are no frames with energies.
    """
    paths = sorted(folder.glob("*.extxyz"))
    if not paths:
        raise StructureError(
            f"{folder}: holds no *.extxyz; name a folder that `amorph generate` has filled"
        )
    sizes = {path: len(read_frames(path)[0]) for path in paths}
    smallest = min(sizes.values())
    learned = [path for path in paths if sizes[path] == smallest]
    larger = [path for path in paths if sizes[path] > smallest]
    found = StudyFrames.read(learned, larger)
    files = (*learned, *larger)
    return Dataset(key, files, found.frames, found.energy, found.run, found.n_learned)


def read_dft(path: Path) -> Dataset:
    """
    Read frames of which nothing is known but what they hold; near-copies become groups.

    Parameters
    ----------
    path
        Structure file with energies.

    Returns
    -------
    Dataset
        Without larger cells.

    Raises
    ------
    StructureError
        If it cannot be read, or carries no energies.
    """
    frames = read_frames(path)
    energies = mean_energy_per_atom(frames)
    runs = np.array([f"group {group}" for group in near_copies(frames)])
    return Dataset(DFT, (path,), frames, energies, runs, len(frames))


def _even(n: int, at_most: int) -> NDArray[np.intp]:
    """Evenly spaced numbers below n."""
    some = min(at_most, n)
    return np.arange(some) * n // max(some, 1)


def sizes_text(sizes: Sequence[int]) -> str:
    """
    Write numbers of atoms.

    Parameters
    ----------
    sizes
        Rising.

    Returns
    -------
    str
        For example ``"216"``, or ``"27 to 125"`` where there are many.
    """
    if len(sizes) > 2:
        return f"{sizes[0]:,} to {sizes[-1]:,}"
    return " and ".join(f"{size:,}" for size in sizes)
