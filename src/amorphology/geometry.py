"""Whether atoms and cell can carry a filtration."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["geometry_problem"]

# Volume of the parallelepiped of the periodic unit vectors below which they count as dependent. A
# cell this flat is a typing error, never a crystal.
DEPENDENT = 1e-10


def geometry_problem(positions: ArrayLike, cell: ArrayLike, pbc: ArrayLike) -> str | None:
    """
    Say what keeps atoms and cell from carrying a filtration.

    Atoms on one place are not looked for: the triangulation finds them exactly, also modulo the
    lattice.

    Parameters
    ----------
    positions
        Cartesian positions, (n_atoms, 3), Angstrom.
    cell
        Cell vectors as rows, (3, 3), Angstrom.
    pbc
        Whether each cell vector is a period, (3,) bool.

    Returns
    -------
    str or None
        What is wrong and how to mend it: a wrong shape, no atoms, a number that is NaN or
        infinite, periodic cell vectors that are zero or linearly dependent. None if all is well.
    """
    positions = np.asarray(positions, dtype=np.float64)
    cell = np.asarray(cell, dtype=np.float64)
    pbc = np.asarray(pbc, dtype=bool)
    if positions.ndim != 2 or positions.shape[1] != 3:
        return f"positions have shape {positions.shape}, not (n_atoms, 3)"
    if len(positions) == 0:
        return "has no atoms; remove the frame"
    if cell.shape != (3, 3):
        return f"cell has shape {cell.shape}, not (3, 3)"
    if pbc.shape != (3,):
        return f"pbc has shape {pbc.shape}, not (3,)"
    if not np.isfinite(positions).all():
        broken = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        return (
            f"atom {broken[0]} is at {_triple(positions[broken[0]])} ({len(broken)} of "
            f"{len(positions)} positions are not finite); correct or remove the frame"
        )
    return _period_problem(cell, pbc)


def _period_problem(cell: NDArray[np.float64], pbc: NDArray[np.bool_]) -> str | None:
    # Numbers of Python: NumPy takes five times as long for three vectors, which is seen in the
    # time of a small frame's diagrams, and other threads wait for it.
    axes = [axis for axis, periodic in enumerate(pbc.tolist()) if periodic]
    vectors = cell.tolist()
    periods = [vectors[axis] for axis in axes]
    for axis, period in zip(axes, periods, strict=True):
        if not all(map(math.isfinite, period)):
            return f"cell vector {axis} is {_triple(period)}; correct the cell"
        if not any(period):
            return (
                f"pbc is true along cell vector {axis}, which is zero; give the cell vector or set "
                "pbc to false there"
            )
    units = [_unit(period) for period in periods]
    if len(units) == 3:
        volume = abs(sum(x * y for x, y in zip(units[0], _cross(*units[1:]), strict=True)))
    elif len(units) == 2:
        volume = math.hypot(*_cross(*units))
    else:
        return None
    if volume < DEPENDENT:
        named = " and ".join(_triple(period) for period in periods)
        return f"periodic cell vectors {named} are linearly dependent; correct the cell or pbc"
    return None


def _unit(vector: Sequence[float]) -> list[float]:
    # Scaled by the largest component first: lengths of 1e-200 or 1e200 would under- or overflow.
    largest = max(map(abs, vector))
    scaled = [x / largest for x in vector]
    length = math.hypot(*scaled)
    return [x / length for x in scaled]


def _cross(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _triple(vector: Iterable[float]) -> str:
    return "(" + ", ".join(f"{x:g}" for x in vector) + ")"
