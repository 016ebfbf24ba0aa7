"""Persistence diagrams of many frames, side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Literal, TypeVar, overload

import ase

from amorphology.errors import ConfigError, StructureError
from amorphology.homology.alpha import alpha_persistence
from amorphology.homology.diagram import PersistenceDiagram
from amorphology.parallel import available_cores
from amorphology.structures import frame_name

__all__ = ["alpha_persistence_many", "map_in_order"]

T = TypeVar("T")
R = TypeVar("R")
Diagrams = dict[int, PersistenceDiagram]

FRAMES_A_TASK = 16
"""Frames handed to a worker at a time: at 216 atoms 30 ms of work, to 1 ms of handing over."""


@overload
def alpha_persistence_many(
    frames: Sequence[ase.Atoms],
    *,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    on_error: Literal["stop"] = "stop",
    progress: Callable[[int, int], None] | None = None,
) -> list[Diagrams]: ...


@overload
def alpha_persistence_many(
    frames: Sequence[ase.Atoms],
    *,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    on_error: Literal["skip"],
    progress: Callable[[int, int], None] | None = None,
) -> list[Diagrams | StructureError]: ...


def alpha_persistence_many(
    frames: Sequence[ase.Atoms],
    *,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    on_error: Literal["stop", "skip"] = "stop",
    progress: Callable[[int, int], None] | None = None,
) -> list[Diagrams] | list[Diagrams | StructureError]:
    """Compute the persistence diagrams of many frames, by default on several threads.

    The kernel releases Python's global lock, so that threads run truly side by side. More frames
    than memory holds are a task for `amorphology.store_writer.write_diagrams`.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The structures, each periodic as its own ``pbc`` says.
    n_jobs : int, optional
        Threads, or workers of `executor`; default: the processor cores this process may use.
    executor : concurrent.futures.Executor, optional
        Does the work instead of threads: a process pool, or Dask's ``client.get_executor()``. It
        is left open.
    dims : sequence of int
        Homology dimensions wanted, out of 0, 1, 2 and 3, see `alpha_persistence`.
    min_persistence : float
        As for `alpha_persistence`, Angstrom^2.
    on_error : {"stop", "skip"}
        What to do about a frame of which no diagram can be made: raise its error, or put the
        error in the place of its diagrams.
    progress : callable, optional
        Called with the numbers of finished and of all frames after each frame.

    Returns
    -------
    list of dict of int to PersistenceDiagram
        In the order of ``frames``; with ``on_error="skip"`` a `StructureError` for each frame of
        which no diagram can be made.

    Raises
    ------
    StructureError
        For the first frame of which no diagram can be made; names the frame.
    ConfigError
        If ``dims``, ``n_jobs`` or ``on_error`` have no meaning.
    """
    if on_error not in ("stop", "skip"):
        raise ConfigError(f"on_error is {on_error!r}; choose stop or skip")
    # Threads share the frames: one at a time keeps all of them busy to the end.
    size = 1 if executor is None else FRAMES_A_TASK
    work = partial(_diagrams_of, dims=tuple(dims), min_persistence=min_persistence)
    tasks = (
        [(frame, frame_name(frame, i)) for i, frame in enumerate(frames[k : k + size], k)]
        for k in range(0, len(frames), size)
    )
    results: list[Diagrams | StructureError] = []
    for done in map_in_order(work, tasks, executor, n_jobs):
        for result in done:
            if on_error == "stop" and isinstance(result, StructureError):
                raise result
            results.append(result)
            if progress is not None:
                progress(len(results), len(frames))
    return results


def map_in_order(
    work: Callable[[T], R],
    tasks: Iterable[T],
    executor: Executor | None = None,
    n_jobs: int | None = None,
) -> Iterator[R]:
    """Do tasks side by side, with no more of them in hand than keep the workers busy.

    Other than by ``executor.map``, `tasks` are taken only as fast as results are: memory is
    bounded however many there are.

    Parameters
    ----------
    work : callable
        What to do with a task; can be pickled where `executor` needs that.
    tasks : iterable
        The tasks.
    executor : concurrent.futures.Executor, optional
        Who does the work; default: a pool of `n_jobs` threads.
    n_jobs : int, optional
        Threads, or workers of `executor`; default: the processor cores this process may use.

    Yields
    ------
    object
        Results in the order of `tasks`.

    Raises
    ------
    ConfigError
        If ``n_jobs`` is below 1.
    """
    n_jobs = available_cores() if n_jobs is None else n_jobs
    if n_jobs < 1:
        raise ConfigError(f"n_jobs is {n_jobs}; give 1 or more")
    if executor is None:
        with ThreadPoolExecutor(n_jobs) as threads:
            yield from map_in_order(work, tasks, threads, n_jobs)
        return
    in_hand: deque[Future[R]] = deque()
    try:
        for task in tasks:
            in_hand.append(executor.submit(work, task))
            # Two for each worker, so that it finds the next one when it is done, and room for
            # one slow task at the head of the queue.
            if len(in_hand) > 2 * n_jobs + 2:
                yield in_hand.popleft().result()
        while in_hand:
            yield in_hand.popleft().result()
    finally:
        # After an error or Ctrl-C the tasks that have not begun are dropped.
        for future in in_hand:
            future.cancel()


def _diagrams_of(
    named_frames: Sequence[tuple[ase.Atoms, str]], dims: Sequence[int], min_persistence: float
) -> list[Diagrams | StructureError]:
    results: list[Diagrams | StructureError] = []
    for frame, name in named_frames:
        try:
            results.append(
                alpha_persistence(
                    frame, dims=dims, min_persistence=min_persistence, n_jobs=1, name=name
                )
            )
        except StructureError as error:
            results.append(error)
    return results
