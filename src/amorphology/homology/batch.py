"""Persistence diagrams of many frames, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import ase

from amorphology.homology.alpha import alpha_persistence
from amorphology.homology.diagram import PersistenceDiagram
from amorphology.parallel import available_cores
from amorphology.structures import frame_name

__all__ = ["alpha_persistence_many"]


def alpha_persistence_many(
    frames: Sequence[ase.Atoms],
    *,
    n_jobs: int | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[int, PersistenceDiagram]]:
    """Compute the persistence diagrams of many frames on several threads.

    The kernel releases Python's global lock, so that threads run truly side by side.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The structures, each periodic as its own ``pbc`` says.
    n_jobs : int, optional
        Threads; default: the processor cores this process may use.
    dims : sequence of int
        Homology dimensions wanted, out of 0, 1 and 2.
    min_persistence : float
        As for `alpha_persistence`, Angstrom^2.
    progress : callable, optional
        Called with the numbers of finished and of all frames after each frame.

    Returns
    -------
    list of dict of int to PersistenceDiagram
        In the order of ``frames``.

    Raises
    ------
    StructureError
        For the first frame of which no diagram can be made; names the frame.
    """

    def diagrams_of(index: int) -> dict[int, PersistenceDiagram]:
        frame = frames[index]
        return alpha_persistence(
            frame, dims=dims, min_persistence=min_persistence, name=frame_name(frame, index)
        )

    results: list[dict[int, PersistenceDiagram]] = []
    pool = ThreadPoolExecutor(n_jobs or available_cores())
    try:
        for result in pool.map(diagrams_of, range(len(frames))):
            results.append(result)
            if progress is not None:
                progress(len(results), len(frames))
    finally:
        # After an error or Ctrl-C the frames that have not begun are dropped.
        pool.shutdown(cancel_futures=True)
    return results
