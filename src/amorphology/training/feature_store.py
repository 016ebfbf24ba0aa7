"""Features of many frames on disk: computed once, gone on with after a stop, read by batches."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.descriptors.frame_descriptor import FrameDescriptor
from amorphology.descriptors.local_environment import LocalEnvironment
from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock
from amorphology.structures import whole_file
from amorphology.training.descriptor_kinds import descriptor_settings
from amorphology.training.progress import message

__all__ = ["FeatureRows", "features_in_blocks", "features_on_disk", "name_of_features"]

BLOCK = 2**25
"""Bytes of features that are in memory before they are written."""

SECONDS = 20.0
"""Longest time between two commits: what a kill costs."""

FORMAT = 1
"""Raised when features on disk are laid out or computed in another way."""


@dataclass(frozen=True)
class FeatureRows:
    """
    Features of frames, for each frame one row, or one row an atom.

    Attributes
    ----------
    rows
        float32 (n_rows, n_features); in memory, or mapped from a file.
    offsets
        int64 (n_frames + 1,): frame i owns the rows from ``offsets[i]`` to ``offsets[i + 1]``.
    numbers
        Atomic number of the atom of each row, uint8 (n_rows,); 0 where a row is a whole frame.
    """

    rows: NDArray[np.float32]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def sizes(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Count the rows of frames.

        Parameters
        ----------
        frames
            Which frames, (n,).

        Returns
        -------
        numpy.ndarray
            int64 (n,).
        """
        return self.offsets[frames + 1] - self.offsets[frames]

    def of_frames(self, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        """
        Read the features of frames.

        Parameters
        ----------
        frames
            Which frames, (n,).

        Returns
        -------
        numpy.ndarray
            float32 (n_rows, n_features), a copy, frame after frame.
        """
        return np.concatenate([self.rows[:0], *(self.rows[some] for some in self._places(frames))])

    def numbers_of(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        """
        Look up the atomic numbers of frames.

        Parameters
        ----------
        frames
            Which frames, (n,).

        Returns
        -------
        numpy.ndarray
            uint8 (n_rows,), a copy, frame after frame.
        """
        places = self._places(frames)
        return np.concatenate([self.numbers[:0], *(self.numbers[some] for some in places)])

    def _places(self, frames: NDArray[np.int64]) -> list[slice]:
        starts, stops = self.offsets[frames].tolist(), self.offsets[frames + 1].tolist()
        return [slice(start, stop) for start, stop in zip(starts, stops, strict=True)]


def features_in_blocks(
    descriptor: FrameDescriptor, frames: Sequence[Atoms], *, each_atom: bool
) -> Iterator[FeatureRows]:
    """
    Describe frames, some at a time.

    Parameters
    ----------
    descriptor
        Fitted.
    frames
        Frames.
    each_atom
        One row an atom, for which it has to be a `LocalEnvironment`; else one row a frame.

    Yields
    ------
    FeatureRows
        Of consecutive frames, in memory: those that fill `BLOCK` bytes, and at least one.

    Raises
    ------
    StructureError
        If a frame cannot be described.
    """
    found: list[NDArray[np.float32]] = []
    size = first = 0
    for index, rows in enumerate(_described(descriptor, frames, each_atom), 1):
        found.append(rows.astype(np.float32))
        size += found[-1].nbytes
        if size >= BLOCK or index == len(frames):
            offsets, numbers = _layout(frames[first:index], each_atom)
            yield FeatureRows(np.concatenate(found), offsets, numbers)
            found, size, first = [], 0, index


def features_on_disk(
    descriptor: FrameDescriptor,
    frames: Sequence[Atoms],
    folder: Path,
    *,
    each_atom: bool,
    console: Console | None = None,
) -> FeatureRows:
    """
    Describe frames, or take what was described before.

    The file is named after the descriptor's settings and the frames, so that one folder serves any
    number of trainings. It grows with what has been computed; stopped at any moment, even by
    SIGKILL, and called again, it goes on from the last commit.

    Parameters
    ----------
    descriptor
        Fitted.
    frames
        Frames.
    folder
        Where to keep the features; made if need be.
    each_atom
        As for `features_in_blocks`.
    console
        Where to say how large they get and how far they are.

    Returns
    -------
    FeatureRows
        Mapped from the file: memory holds what is read, and the system takes it back at need.

    Raises
    ------
    StructureError
        If a frame cannot be described.
    ConfigError
        If the disk is too full, or another process writes into the folder.
    """
    offsets, numbers = _layout(frames, each_atom)
    n_features = len(descriptor.get_feature_names_out())
    path = folder / f"{_key(descriptor, frames, each_atom)}.float32"
    with folder_lock(folder, "name another folder as cache"):
        file = _FeatureFile(path, offsets, n_features)
        if file.done < len(frames):
            what = f"{len(numbers)} {'atoms' if each_atom else 'frames'} x {n_features} features"
            message(
                console,
                f"{type(descriptor).__name__} of {len(frames)} frames: {what} take "
                f"{4e-9 * len(numbers) * n_features:.3g} GB in {folder}"
                + (f"; {file.done} frames are there" if file.done else ""),
            )
            if shutil.disk_usage(folder).free < file.missing:
                raise ConfigError(
                    f"{folder}: {file.missing / 1e9:.3g} GB of features do not fit on this "
                    "disk; name a folder on another one as cache"
                )
            file.extend(_described(descriptor, frames[file.done :], each_atom), console)
    rows = np.memmap(path, np.float32, "r", shape=(len(numbers), n_features))
    return FeatureRows(rows, offsets, numbers)


class _FeatureFile:
    """A file of rows that grows frame by frame, and beside it how many frames can be trusted."""

    def __init__(self, path: Path, offsets: NDArray[np.int64], n_features: int) -> None:
        self.path = path
        self.commits = path.with_suffix(".json")
        self.bytes_before = offsets * 4 * n_features
        self.done = 0
        if path.is_file() and self.commits.is_file():
            self.done = int(json.loads(self.commits.read_text(encoding="utf-8"))["frames"])

    @property
    def missing(self) -> int:
        """Bytes to come."""
        return int(self.bytes_before[-1] - self.bytes_before[self.done])

    def extend(self, found: Iterator[NDArray[np.float64]], console: Console | None) -> None:
        """Append the rows of the frames to come."""
        waiting: list[NDArray[np.float32]] = []
        size = 0
        begun = committed = time.perf_counter()
        first, total = self.done, len(self.bytes_before) - 1
        with self.path.open("r+b" if self.done else "wb") as file:
            # What was written behind the last commit may be incomplete.
            file.truncate(self.bytes_before[self.done])
            file.seek(0, os.SEEK_END)
            for rows in found:
                waiting.append(rows.astype(np.float32))
                size += waiting[-1].nbytes
                now = time.perf_counter()
                last = self.done + len(waiting) == total
                if size < BLOCK and now - committed < SECONDS and not last:
                    continue
                file.writelines(block.data for block in waiting)
                file.flush()
                os.fsync(file.fileno())
                self.done += len(waiting)
                with whole_file(self.commits) as unfinished:
                    unfinished.write_text(json.dumps({"frames": self.done}), encoding="utf-8")
                waiting, size, committed = [], 0, time.perf_counter()
                rate = (self.done - first) / (committed - begun)
                message(console, f"{self.done} of {total} frames described, {rate:.3g} a second")


def _layout(
    frames: Sequence[Atoms], each_atom: bool
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Offsets and atomic numbers of the rows of frames."""
    sizes = [len(frame) if each_atom else 1 for frame in frames]
    offsets = np.cumsum([0, *sizes], dtype=np.int64)
    if not each_atom:
        return offsets, np.zeros(len(frames), np.uint8)
    numbers = [frame.numbers for frame in frames]
    return offsets, np.concatenate([np.empty(0), *numbers]).astype(np.uint8)


def _described(
    descriptor: FrameDescriptor, frames: Sequence[Atoms], each_atom: bool
) -> Iterator[NDArray[np.float64]]:
    """Rows of each frame, float64 (n, n_features)."""
    if each_atom:
        assert isinstance(descriptor, LocalEnvironment)
        return descriptor.per_atom(frames)
    return (vector[np.newaxis] for vector in descriptor.per_frame(frames))


def _key(descriptor: FrameDescriptor, frames: Sequence[Atoms], each_atom: bool) -> str:
    """Name what decides the features: the same name, the same features."""
    settings = descriptor_settings(descriptor, each_atom=each_atom)
    return name_of_features(repr((FORMAT, settings)), frames)


def name_of_features(settings: str, frames: Sequence[Atoms]) -> str:
    """
    Name features of frames: other settings or frames have another name.

    Parameters
    ----------
    settings
        All that decides the features of a frame.
    frames
        Frames.

    Returns
    -------
    str
        For the name of a file.
    """
    digest = hashlib.sha256(settings.encode())
    for frame in frames:
        digest.update(repr((len(frame), frame.pbc.tolist())).encode())
        for array in (frame.numbers, frame.positions, frame.cell.array):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:20]
