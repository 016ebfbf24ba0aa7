"""Groups of near-copies: frames of one simulation, found from the frames themselves."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from amorphology.descriptors.diagram_input import check_positive
from amorphology.errors import ConfigError

__all__ = ["displacements", "near_copies"]

CELL_DECIMALS = 5
"""Cells that differ from here on, Angstrom, are the same: files round them."""

FRAMES_AT_A_TIME = 64
"""Frames compared with one at a time: 0.3 MB for 216 atoms."""


def near_copies(
    frames: Sequence[Atoms], *, displacement: float = 1.5, common_cell: int = 10
) -> NDArray[np.int64]:
    """
    Find frames that come from one simulation, where nothing names it.

    Frames with the same atoms in the same order and the same cell are compared. If there are few
    of them, they are one group: a cell that is no usual one was made for one simulation. If there
    are many, as where simulations of one density share a cell, two frames belong together if their
    atoms are displaced by less than a bound, or if a chain of such steps joins them: atoms keep
    their numbers in a simulation, and have none in common with those of another one. Frames of a
    cell that changes (constant pressure) are not found.

    Parameters
    ----------
    frames
        Frames.
    displacement
        Largest root mean square displacement of a step of a chain, Angstrom; see `displacements`.
        Frames of independent simulations are displaced by about half of the cell.
    common_cell
        Cells of more frames than this are looked at frame by frame.

    Returns
    -------
    numpy.ndarray
        int64 (n_frames,): number of the group of each frame, in the order of the first frames.

    Raises
    ------
    ConfigError
        If `displacement` is not positive, or `common_cell` negative.
    """
    check_positive("displacement", displacement)
    if common_cell < 0:
        raise ConfigError(f"common_cell is {common_cell}; give 0 or more frames")
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        # Adding 0 turns a negative zero, which has other bytes, into a positive one.
        cell = np.round(frame.cell.array, CELL_DECIMALS) + 0.0
        alike[tuple(frame.pbc), cell.tobytes(), frame.numbers.tobytes()].append(index)
    first = np.arange(len(frames))  # lowest frame of the group of each
    for indices in alike.values():
        members = np.array(indices)
        labels = np.zeros(len(members), np.int64)
        if len(members) > common_cell:
            labels = _chains([frames[index] for index in indices], displacement)
        for label in np.unique(labels):
            group = members[labels == label]
            first[group] = group[0]
    return np.unique(first, return_inverse=True)[1].astype(np.int64)


def displacements(frame: Atoms, others: Sequence[Atoms]) -> NDArray[np.float64]:
    """
    Root mean square displacement of the atoms of a frame in others, less the drift of all atoms.

    Parameters
    ----------
    frame
        The frame.
    others
        Frames with the same atoms in the same order, and the same cell.

    Returns
    -------
    numpy.ndarray
        float64 (n_others,), Angstrom; each atom goes to its nearest image.
    """
    cell = np.asarray(frame.cell.complete())
    periodic = np.asarray(frame.pbc)
    positions = np.array([other.positions for other in others]).reshape(-1, len(frame), 3)
    steps = np.linalg.solve(cell.T, (positions - frame.positions).reshape(-1, 3).T).T
    steps = steps.reshape(positions.shape)
    steps[..., ~periodic] -= steps[..., ~periodic].mean(axis=1, keepdims=True)
    around = steps[..., periodic]
    # The mean of angles: fractions of a cell have none, for they go around.
    drift = np.angle(np.exp(2j * np.pi * around).mean(axis=1, keepdims=True)) / (2 * np.pi)
    around -= drift
    around -= np.round(around)
    around -= around.mean(axis=1, keepdims=True)
    steps[..., periodic] = around
    squares: NDArray[np.float64] = ((steps @ cell) ** 2).sum(axis=-1).mean(axis=-1)
    return np.sqrt(squares)


def _chains(frames: Sequence[Atoms], bound: float) -> NDArray[np.int64]:
    """Label frames that chains of small displacements join alike, (n_frames,)."""
    ends: list[tuple[int, int]] = []
    for index, frame in enumerate(frames):
        for start in range(index + 1, len(frames), FRAMES_AT_A_TIME):
            found = displacements(frame, frames[start : start + FRAMES_AT_A_TIME])
            ends += [(index, start + int(near)) for near in np.flatnonzero(found < bound)]
    one, other = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(frames), len(frames)))
    labels: NDArray[np.int64] = connected_components(links, directed=False)[1].astype(np.int64)
    return labels
