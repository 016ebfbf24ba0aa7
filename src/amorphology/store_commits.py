"""Appending to a store on disk so that a process may be killed at any moment.

A commit appends what has come in to the arrays, and as its last step writes the number of frames
into the attributes of the store. Each file of the store is replaced in one piece (written beside,
then renamed), and a commit changes nothing that earlier commits wrote. So whatever a killed process
leaves behind, the attributes tell how much of it counts; the next one cuts the arrays to that
length and goes on from there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from amorphology.errors import ConfigError, StructureError
from amorphology.store import FORMAT, FORMAT_VERSION, PAIRS_READ_AHEAD, layout, open_group

__all__ = ["NewEntries", "StoreAppender", "fingerprints"]

COMMIT_BYTES = 2**26
"""Memory that results may take before they are committed."""

COMMIT_SECONDS = 10.0
"""Work that a killed process may lose."""

PAIRS_A_FILE = 2**20
"""Pairs in a file of an array: at 216 atoms 1,600 to 4,900 frames, by dimension."""

FRAMES_A_FILE = 2**14
"""Frames in a file of labels."""


@dataclass(frozen=True)
class NewEntries:
    """
    What came of a batch of frames.

    Attributes
    ----------
    next : tuple of int
        File and frame at which reading goes on behind the batch.
    columns : dict of str to ndarray
        New entries of arrays, by path in the store; for ``offsets`` the numbers of pairs.
    failures : list of (int, int, str)
        File, frame and reason of each frame that could not be done.
    """

    next: tuple[int, int]
    columns: dict[str, NDArray[Any]]
    failures: list[tuple[int, int, str]]


class StoreAppender:
    """
    A store that is being written, by the one process that holds it.

    Parameters
    ----------
    out
        Folder of the store, held; begun where it is empty, else gone on with.
    settings
        What decides the diagrams; JSON types only.
    inputs
        What `fingerprints` says of the input files.
    report
        Called with a line of text after each commit.

    Attributes
    ----------
    complete : bool
        Whether all frames are in the store.
    next : tuple of int
        File and frame with which to go on.

    Raises
    ------
    ConfigError
        If the store was begun with other settings, inputs or package version.
    RunError
        If `out` is something else, or a store of another format version.
    """

    def __init__(
        self,
        out: Path,
        settings: dict[str, Any],
        inputs: list[dict[str, Any]],
        report: Callable[[str], None] | None,
    ) -> None:
        self._out = out
        self._report = report
        self._layout = layout(settings["dims"], settings["simplices"])
        for leftover in out.rglob("*.partial"):  # of a write that was killed before its rename
            leftover.unlink()
        if not any(out.iterdir()):
            self._begin(settings)
        self._root = open_group(out, "r+")
        attributes: dict[str, Any] = dict(self._root.attrs)
        _check_settings(out, attributes, settings)
        self.complete: bool = attributes.get("complete", False)
        self.next: tuple[int, int] = tuple(attributes.get("next", (0, 0)))
        self._n_frames: int = attributes.get("frames", 0)
        self._n_failures: int = attributes.get("failures", 0)
        if "frames" not in attributes:
            self._make_arrays(inputs)
        _check_inputs(out, self._root, inputs)
        self._arrays: dict[str, Any] = {path: self._root[path] for path in self._layout}
        self._waiting: dict[str, list[NDArray[Any]]] = defaultdict(list)
        self._bytes = 0
        self._last_commit = time.monotonic()
        self._speed = (self._last_commit, self.n_done)
        if not self.complete:
            self._cut_to_last_commit()

    @property
    def n_done(self) -> int:
        """Frames that are committed, failures included."""
        return self._n_frames + self._n_failures

    def add(self, done: NewEntries) -> None:
        """
        Take what came of the next batch, and commit now and then.

        Parameters
        ----------
        done
            It; batches come in order.
        """
        for path, column in done.columns.items():
            self._waiting[path].append(column)
            self._bytes += column.nbytes
        self.next = done.next
        late = time.monotonic() - self._last_commit > COMMIT_SECONDS
        if late or self._bytes > COMMIT_BYTES:
            self.commit()

    def commit(self, complete: bool = False) -> None:
        """
        Append what has come in, and then say so in the attributes.

        Interrupted, it is not to be called again: a new appender cuts off what it left.

        Parameters
        ----------
        complete
            Whether that was all.
        """
        lengths = self._lengths()
        for path, columns in self._waiting.items():
            new = np.concatenate(columns)
            if path.endswith("/offsets"):
                # Counts become offsets, behind the one that ends the last frame.
                new = np.cumsum(new) + self._arrays[path][lengths[path] - 1]
            start, stop = lengths[path], lengths[path] + len(new)
            self._arrays[path].resize((stop, *self._layout[path].shape))
            self._arrays[path][start:stop] = new
        self._n_frames += sum(map(len, self._waiting["frames/n_atoms"]))
        self._n_failures += sum(map(len, self._waiting["failures/file"]))
        self.complete = complete
        self._record()
        self._waiting.clear()
        self._bytes = 0
        self._last_commit = time.monotonic()
        if self._report is not None:
            since, before = self._speed
            rate = (self.n_done - before) / max(self._last_commit - since, 1e-9)
            self._report(f"{self._n_frames} frames, {self._n_failures} failed, {rate:.0f} frames/s")

    def _begin(self, settings: dict[str, Any]) -> None:
        zarr.create_group(
            self._out,
            zarr_format=3,
            attributes={
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "made_with": _versions(),
                "settings": settings,
            },
        )

    def _make_arrays(self, inputs: list[dict[str, Any]]) -> None:
        self._root.create_group("inputs", overwrite=True, attributes={"files": inputs})
        for path, array in self._layout.items():
            by_frame = array.counted in ("frame", "failure")
            compressor = BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle")
            # Pairs: files of many chunks (shards), so that a frame is read without the whole file.
            self._root.create_array(
                path,
                shape=(0, *array.shape),
                dtype=array.dtype,
                chunks=(FRAMES_A_FILE if by_frame else PAIRS_READ_AHEAD, *array.shape),
                shards=None if by_frame else (PAIRS_A_FILE, *array.shape),
                compressors="auto" if array.dtype is str else compressor,
                overwrite=True,
            )
            if path.endswith("/offsets"):
                offsets: Any = self._root[path]
                offsets.resize((1,))
                offsets[:] = 0
        self._record()

    def _record(self) -> None:
        # In one write: `attrs.update` would make one of each attribute.
        self._root.update_attributes(
            {
                "frames": self._n_frames,
                "failures": self._n_failures,
                "next": list(self.next),
                "complete": self.complete,
            }
        )

    def _cut_to_last_commit(self) -> None:
        for path, length in self._lengths().items():
            if self._arrays[path].shape[0] > length:
                self._arrays[path].resize((length, *self._layout[path].shape))

    def _lengths(self) -> dict[str, int]:
        """Length of each array as of the last commit."""
        lengths = {"frame": self._n_frames, "failure": self._n_failures}
        for path in self._layout:
            if path.endswith("/offsets"):
                lengths[path.split("/")[0]] = int(self._arrays[path][self._n_frames])
        return {
            path: lengths[array.counted] + path.endswith("/offsets")
            for path, array in self._layout.items()
        }


def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("amorphology", "ase", "numpy", "zarr")}


def fingerprints(files: Sequence[Path]) -> list[dict[str, Any]]:
    """
    Describe files so that a change shows; their contents, which may be terabytes, are not read.

    Parameters
    ----------
    files
        The files.

    Returns
    -------
    list of dict
        Path, size and time of modification (ns) of each.

    Raises
    ------
    StructureError
        If one is missing or a folder.
    """
    described = []
    for path in files:
        if not path.exists():
            raise StructureError(f"{path}: no such file; check the path")
        if path.is_dir():
            raise StructureError(f"{path}: is a folder; name the files in it")
        status = path.stat()
        described.append(
            {"path": str(path), "size": status.st_size, "modified": status.st_mtime_ns}
        )
    return described


def _check_settings(out: Path, attributes: dict[str, Any], settings: dict[str, Any]) -> None:
    there = attributes["settings"]
    for key, value in settings.items():
        if there.get(key) != value:
            raise ConfigError(
                f"{out}: begun with {key}={there.get(key)}, called with {key}={value}; use the "
                "same settings or another --out"
            )
    found, now = attributes["made_with"]["amorphology"], version("amorphology")
    if not attributes.get("complete", False) and found != now:
        raise ConfigError(
            f"{out}: begun by amorphology {found}, and this is {now}; finish it with {found}, or "
            "use another --out"
        )


def _check_inputs(out: Path, root: zarr.Group, inputs: list[dict[str, Any]]) -> None:
    there: Any = root["inputs"].attrs["files"]
    if [entry["path"] for entry in there] != [entry["path"] for entry in inputs]:
        raise ConfigError(
            f"{out}: begun with other input files ({len(there)} there, {len(inputs)} here); name "
            "the same ones in the same order, or use another --out"
        )
    for before, now in zip(there, inputs, strict=True):
        if before != now:
            raise ConfigError(
                f"{out}: {now['path']} has changed since its frames were read; use another --out"
            )
