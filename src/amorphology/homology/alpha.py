"""Persistence diagrams of one structure, from its alpha complex."""

from __future__ import annotations

from collections.abc import Sequence

import ase
import numpy as np
import numpy.typing as npt

from amorphology import _kernel
from amorphology.errors import ConfigError, StructureError
from amorphology.homology.diagram import PersistenceDiagram
from amorphology.structures import check_geometry, frame_name

__all__ = ["alpha_persistence"]


def alpha_persistence(
    structure: ase.Atoms | npt.ArrayLike,
    *,
    cell: npt.ArrayLike | None = None,
    pbc: bool | Sequence[bool] | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    name: str | None = None,
) -> dict[int, PersistenceDiagram]:
    """Compute the persistence diagrams of a structure's alpha filtration.

    The alpha complex of radius r holds a simplex of the Delaunay triangulation when the balls
    of radius r around its atoms, cut to their Voronoi cells, meet [1]_. Where the structure is
    periodic, so are the triangulation and its homology: in three directions the space is a
    torus. Any cell will do, skewed, elongated, or of a single atom. The triangulation is exact,
    and for periodic structures certified, so that a result is never approximate.

    Parameters
    ----------
    structure : ase.Atoms or array_like of float, shape (n_atoms, 3)
        Atoms, or their positions in Angstrom. Atoms may lie outside the cell.
    cell : array_like, shape (3, 3) or (3,), optional
        Cell vectors as rows (or lengths of a rectangular cell) in Angstrom. Replaces the cell
        of ``structure``. Vectors of directions that are not periodic are not read.
    pbc : bool or sequence of 3 bool, optional
        Directions that are periodic. Default: ``structure.pbc``; for an array, all directions
        when a cell is given and none otherwise.
    dims : sequence of int
        Homology dimensions wanted, out of 0, 1 and 2.
    min_persistence : float
        Leave out pairs with death - birth <= this, Angstrom^2. Pairs that are nothing but
        rounding (about 1e-11) are always left out.
    name : str, optional
        What to call the structure in an error message.

    Returns
    -------
    dict of int to PersistenceDiagram
        One diagram for each of ``dims``; births and deaths are squared radii in Angstrom^2.

    Raises
    ------
    StructureError
        If a position is not finite, two atoms coincide (also across a periodic boundary), a
        periodic cell vector is zero or depends on the others, or all atoms lie in one plane.
    ConfigError
        If ``dims`` holds anything else than 0, 1 and 2.

    References
    ----------
    .. [1] H. Edelsbrunner and E. P. Mücke, "Three-dimensional alpha shapes", ACM Transactions
       on Graphics 13, 43 (1994).

    Examples
    --------
    >>> from ase.build import bulk
    >>> alpha_persistence(bulk("C"))[2]
    PersistenceDiagram(H2: 5 finite and 3 essential pairs, 2 atoms)
    """
    if not set(dims) <= {0, 1, 2}:
        raise ConfigError(f"dims={tuple(dims)}: homology dimensions are 0, 1 and 2")
    if isinstance(structure, ase.Atoms):
        name = name or frame_name(structure)
        positions = structure.positions
        cell = structure.cell.array if cell is None else cell
        pbc = structure.pbc if pbc is None else pbc
    else:
        name = name or "the structure"
        positions = np.asarray(structure)
        pbc = cell is not None if pbc is None else pbc
    cell = np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=np.float64)
    if cell.shape == (3,):
        cell = np.diag(cell)
    periodic = np.broadcast_to(np.asarray(pbc, dtype=bool), 3)
    check_geometry(positions, cell, periodic, name)
    try:
        results = _kernel.alpha_diagrams(
            np.ascontiguousarray(positions, dtype=np.float64),
            np.ascontiguousarray(cell),
            tuple(periodic.tolist()),
            min_persistence,
        )
    except _kernel.InputError as error:
        raise StructureError(f"{name}: {error}") from None
    n_atoms = len(positions)
    return {dim: PersistenceDiagram(dim, *results[dim], n_atoms) for dim in dims}
