"""From structure files to a store of their diagrams, stopped and started again at will.

A store is written by one process, in the order of the frames, whoever computes them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.folder_lock import folder_lock
from amorphology.frame_stream import FrameBatch, frame_batches
from amorphology.homology.alpha import alpha_persistence
from amorphology.homology.batch import map_in_order
from amorphology.store import DiagramStore, layout, source_name
from amorphology.store_commits import NewEntries, StoreAppender, fingerprints
from amorphology.structures import ENERGY_PLACES, LABELS, stored_result, structure_files

__all__ = ["StoreSummary", "write_diagrams"]

FAILURES_SHOWN = 10


@dataclass(frozen=True)
class StoreSummary:
    """
    What `write_diagrams` did.

    Attributes
    ----------
    store : DiagramStore
        The finished store.
    new_frames : int
        Frames done in this call, failures included.
    seconds : float
        Time it took.
    """

    store: DiagramStore
    new_frames: int
    seconds: float

    def __str__(self) -> str:
        failures = self.store.failures
        lines = [f"{self.store.path}: {self.store.label_summary}; {len(failures)} failed"]
        lines += [f"  {source}: {reason}" for source, reason in failures[:FAILURES_SHOWN]]
        if len(failures) > FAILURES_SHOWN:
            lines.append(f"  and {len(failures) - FAILURES_SHOWN} more")
        if self.new_frames:
            rate = self.new_frames / self.seconds
            lines.append(f"{self.new_frames} frames in {self.seconds:.1f} s, {rate:.0f} frames/s")
        else:
            lines.append("nothing left to do")
        return "\n".join(lines)


def write_diagrams(
    paths: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    simplices: bool = True,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    on_error: str = "stop",
    report: Callable[[str], None] | None = None,
) -> StoreSummary:
    """
    Compute the persistence diagrams of structure files into a Zarr store.

    Memory does not grow with the number of frames. Stopped at any moment, even by SIGKILL, and
    called again with the same arguments, it goes on from the last commit (at most some seconds
    back) and ends with the same store; a finished store is left as it is.

    Parameters
    ----------
    paths
        Files of any format ASE reads, or patterns, as for
        `amorphology.structures.read_frames`.
    out
        The store, a folder; its name should end in ``.zarr``.
    dims
        Homology dimensions wanted, out of 0, 1, 2 and 3, see `alpha_persistence`.
    min_persistence
        As for `alpha_persistence`, Angstrom^2.
    simplices
        Keep birth and death simplices and their lattice offsets: two thirds more space.
    n_jobs
        Threads, or workers of `executor`; default: the processor cores this process may use.
    executor
        Does the work instead of threads: a process pool, or Dask's ``client.get_executor()``. It
        is left open. Workers need neither the files nor the store.
    on_error
        What to do about a frame that cannot be done: ``"stop"`` raises its error, ``"skip"`` lists
        it in the store with the reason and goes on. A store that stopped can go on with
        ``"skip"``.
    report
        Called with a line of text after each commit.

    Returns
    -------
    StoreSummary
        The store; as text, how many frames it has, how many failed and why.

    Raises
    ------
    StructureError
        If a file is missing or, with ``on_error="stop"``, a frame cannot be done; names it.
    ConfigError
        If an argument has no meaning, `out` was begun with other settings, files or package
        version, the files have changed since (size or time of modification), `out` is something
        else, or another process writes it.
    RunError
        If `out` is of another format version, or a worker process died.
    """
    if on_error not in ("stop", "skip"):
        raise ConfigError(f"on_error is {on_error!r}; choose stop or skip")
    dims = tuple(sorted(set(dims)))
    if not dims or not set(dims) <= {0, 1, 2, 3}:
        raise ConfigError(f"dims={dims}: homology dimensions are 0, 1, 2 and 3")
    begun = time.monotonic()
    out = Path(out)
    files = structure_files(paths)
    settings: dict[str, Any] = {
        "dims": list(dims),
        "min_persistence": float(min_persistence),
        "simplices": bool(simplices),
    }
    with folder_lock(out, "choose another --out"):
        writer = StoreAppender(out, settings, fingerprints(files), report)
        before = writer.n_done
        if not writer.complete:
            work = partial(
                _diagrams_of, dims=dims, min_persistence=min_persistence, simplices=simplices
            )
            batches = frame_batches(files, writer.next)
            try:
                for done in map_in_order(work, batches, executor, n_jobs):
                    if done.failures and on_error == "stop":
                        file, index, reason = done.failures[0]
                        raise StructureError(f"{source_name(str(files[file]), index)}: {reason}")
                    writer.add(done)
            except StructureError:
                writer.commit()
                raise
            except BrokenExecutor:
                writer.commit()
                raise RunError(
                    f"{out}: a worker process died (out of memory?); {writer.n_done} frames are "
                    "safe, the same call goes on from there"
                ) from None
            writer.commit(complete=True)
        done_now = writer.n_done - before
    return StoreSummary(DiagramStore(out), done_now, time.monotonic() - begun)


def _diagrams_of(
    batch: FrameBatch, dims: tuple[int, ...], min_persistence: float, simplices: bool
) -> NewEntries:
    """Do a batch; runs in a worker."""
    entries: dict[str, list[Any]] = defaultdict(list)
    failures: list[tuple[int, int, str]] = []
    arrays = layout(dims, simplices)
    for place in range(len(batch.frames)):
        index = batch.first + place
        name = source_name(batch.path, index)
        try:
            frame = batch.read(place)
            diagrams = alpha_persistence(
                frame, dims=dims, min_persistence=min_persistence, name=name
            )
        except StructureError as error:
            failures.append((batch.file, index, str(error).removeprefix(f"{name}: ")))
            continue
        entries["frames/n_atoms"].append(len(frame))
        entries["frames/energy"].append(
            [_number(stored_result(frame, where, key)) for where, key in ENERGY_PLACES]
        )
        entries["frames/labels"].append(
            [
                stored_result(frame, "calculator", label) is not None or label in frame.info
                for label in LABELS
            ]
        )
        entries["frames/run"].append(str(frame.info.get("run", batch.path)))
        entries["frames/file"].append(batch.file)
        entries["frames/index"].append(index)
        for dim, diagram in diagrams.items():
            entries[f"h{dim}/offsets"].append(len(diagram))  # summed up when it is committed
            for path, array in arrays.items():
                if array.counted == f"h{dim}":
                    entries[path].append(getattr(diagram, path.split("/")[1]))
    if batch.broken is not None:
        # A file of which nothing can be read is named as such, without a frame number.
        index = batch.first + len(batch.frames)
        rest = "" if index == 0 else "; the rest of the file is left out"
        failures.append((batch.file, index or -1, batch.broken + rest))
    for file, index, reason in failures:
        entries["failures/file"].append(file)
        entries["failures/index"].append(index)
        entries["failures/reason"].append(reason)
    columns = {
        path: np.concatenate(values)
        if arrays[path].counted.startswith("h")
        else np.array(values, dtype=arrays[path].dtype)
        for path, values in entries.items()
    }
    return NewEntries(batch.next, columns, failures)


def _number(value: Any) -> float:
    try:
        return float("nan") if value is None else float(value)
    except (TypeError, ValueError):
        return float("nan")
