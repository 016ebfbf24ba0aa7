"""Persistence diagrams of one structure, from its alpha complex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import ase
import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers, covalent_radii

from amorphology import _kernel
from amorphology.errors import ConfigError, StructureError
from amorphology.geometry import geometry_problem
from amorphology.homology.diagram import PersistenceDiagram
from amorphology.parallel import available_cores
from amorphology.structures import frame_name

__all__ = ["Radii", "alpha_persistence", "kernel_arguments"]

_LARGE = 20_000  # atoms from which starting threads is nothing beside what they save

Radii = Literal["covalent"] | Mapping[str, float]


def alpha_persistence(
    structure: ase.Atoms | npt.ArrayLike,
    *,
    cell: npt.ArrayLike | None = None,
    pbc: bool | Sequence[bool] | None = None,
    weights: npt.ArrayLike | None = None,
    radii: Radii | None = None,
    dims: Sequence[int] = (0, 1, 2),
    min_persistence: float = 0.0,
    windings: bool = False,
    n_jobs: int | None = None,
    name: str | None = None,
) -> dict[int, PersistenceDiagram]:
    """Compute the persistence diagrams of a structure's alpha filtration.

    The alpha complex of radius r holds a simplex of the Delaunay triangulation when the balls
    of radius r around its atoms, cut to their Voronoi cells, meet [1]_. Where the structure is
    periodic, so are the triangulation and its homology: in three directions the space is a
    torus. Any cell will do, skewed, elongated, or of a single atom. The triangulation is exact,
    and for periodic structures certified, so that a result is never approximate.

    Atoms in one plane (a flat sheet, whichever way it lies) or on one line are triangulated
    there; a sheet that is periodic in its plane closes to a torus, an essential class of H2.

    With weights the balls differ in size: around atom i its squared radius is alpha + w_i at the
    filtration value alpha, and Voronoi cells are those of the power diagram [2]_. An atom whose
    cell is empty is hidden: it takes no part.

    Parameters
    ----------
    structure : ase.Atoms or array_like of float, shape (n_atoms, 3) or (n_atoms, 2)
        Atoms, or their positions in Angstrom, in space or in the plane. Atoms may lie outside
        the cell.
    cell : array_like, shape (3, 3) or (3,), optional
        Cell vectors as rows (or lengths of a rectangular cell) in Angstrom; for positions in the
        plane (2, 2) or (2,). Replaces the cell of ``structure``. Vectors of directions that are
        not periodic are not read.
    pbc : bool or sequence of bool, optional
        Directions that are periodic. Default: ``structure.pbc``; for an array, all directions
        when a cell is given and none otherwise.
    weights : array_like of float, shape (n_atoms,), optional
        Squared radii w_i of the atoms, Angstrom^2. Equal weights shift all births and deaths.
    radii : "covalent" or mapping of str to float, optional
        Weights by element instead: ASE's covalent radii, or a radius in Angstrom for each
        chemical symbol. Needs ``structure`` to be ``ase.Atoms``.
    dims : sequence of int
        Homology dimensions wanted, out of 0, 1, 2 and 3; others are not computed where that saves
        time. H3 is empty but where the structure is periodic in three directions: there it holds
        one essential class, born when the balls fill space.
    min_persistence : float
        Leave out pairs with death - birth <= this, Angstrom^2. Pairs that are nothing but
        rounding (about 1e-11) are always left out.
    windings : bool
        Also find out which way around the periodic cell each essential class goes
        (`PersistenceDiagram.winding`). Takes about 5 % more time.
    n_jobs : int, optional
        Threads for this one structure. Default: the processor cores this process may use from
        20,000 atoms on, else one; for many structures `alpha_persistence_many` uses them better.
    name : str, optional
        What to call the structure in an error message.

    Returns
    -------
    dict of int to PersistenceDiagram
        One diagram for each of ``dims``; births and deaths are squared radii in Angstrom^2.

    Raises
    ------
    StructureError
        If a position or weight is not finite, two atoms coincide (also across a periodic
        boundary), or a periodic cell vector is zero or depends on the others.
    ConfigError
        If ``dims`` holds anything else than 0 to 3, or weights and radii do not fit.

    References
    ----------
    .. [1] H. Edelsbrunner and E. P. Mücke, "Three-dimensional alpha shapes", ACM Transactions
       on Graphics 13, 43 (1994).
    .. [2] H. Edelsbrunner, "The union of balls and its dual shape", Discrete & Computational
       Geometry 13, 415 (1995).

    Examples
    --------
    >>> from ase.build import bulk
    >>> alpha_persistence(bulk("C"))[2]
    PersistenceDiagram(H2: 5 finite and 3 essential pairs, 2 atoms)
    """
    if not set(dims) <= {0, 1, 2, 3}:
        raise ConfigError(f"dims={tuple(dims)}: homology dimensions are 0, 1, 2 and 3")
    if radii is not None:
        weights = _weights_of(structure, radii, weights)
    if isinstance(structure, ase.Atoms):
        positions = structure.positions
        cell = structure.cell.array if cell is None else cell
        pbc = structure.pbc if pbc is None else pbc
    else:
        positions = np.asarray(structure, dtype=np.float64)
        pbc = cell is not None if pbc is None else pbc
    positions, cell, periodic = _in_space(positions, cell, pbc)
    problem = geometry_problem(positions, cell, periodic)
    if problem is not None:
        raise StructureError(f"{_name(structure, name)}: {problem}")
    if weights is not None:
        weights = np.ascontiguousarray(weights, dtype=np.float64)
        if weights.shape != (len(positions),):
            raise ConfigError(f"weights have shape {weights.shape}, not ({len(positions)},)")
        if not np.isfinite(weights).all():
            raise StructureError(f"{_name(structure, name)}: a weight is not finite")
    try:
        results, hidden = _kernel.alpha_diagrams(
            np.ascontiguousarray(positions, dtype=np.float64),
            np.ascontiguousarray(cell, dtype=np.float64),
            tuple(periodic.tolist()),
            weights,
            tuple(dim in dims for dim in range(4)),
            windings,
            min_persistence,
            n_jobs or (available_cores() if len(positions) >= _LARGE else 1),
        )
    except _kernel.InputError as error:
        raise StructureError(f"{_name(structure, name)}: {error}") from None
    diagrams = {}
    for dim in dims:
        result = results[dim]
        winding = result[6] if windings else None
        diagrams[dim] = PersistenceDiagram(dim, *result[:6], len(positions), hidden, winding)
    return diagrams


def kernel_arguments(
    frame: ase.Atoms,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[bool, ...]]:
    """Hand a frame to the kernel.

    Parameters
    ----------
    frame : ase.Atoms
        The structure, periodic as its ``pbc`` says.

    Returns
    -------
    positions : ndarray of float64, shape (n_atoms, 3)
        Angstrom.
    cell : ndarray of float64, shape (3, 3)
        Cell vectors as rows, Angstrom.
    pbc : tuple of bool
        Directions that are periodic.
    """
    return (
        np.ascontiguousarray(frame.positions, dtype=np.float64),
        np.ascontiguousarray(frame.cell.array, dtype=np.float64),
        tuple(frame.pbc.tolist()),
    )


def _name(structure: ase.Atoms | npt.ArrayLike, given: str | None) -> str:
    """Name a structure, only when there is something to say about it: a formula takes time."""
    if given is not None:
        return given
    return frame_name(structure) if isinstance(structure, ase.Atoms) else "the structure"


def _in_space(
    positions: npt.NDArray[np.float64], cell: npt.ArrayLike | None, pbc: bool | Sequence[bool]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Give positions three coordinates, the cell three vectors and periodicity three flags."""
    dimension = 2 if positions.ndim == 2 and positions.shape[1] == 2 else 3
    vectors = np.zeros((dimension, dimension)) if cell is None else np.asarray(cell, np.float64)
    if vectors.shape == (dimension,):
        vectors = np.diag(vectors)
    flags = np.broadcast_to(np.asarray(pbc, dtype=bool), dimension)
    if dimension == 2:
        positions = np.column_stack([positions, np.zeros(len(positions))])
        if vectors.shape == (2, 2):
            vectors = np.pad(vectors, ((0, 1), (0, 1)))
        flags = np.append(flags, False)
    return positions, vectors, flags


def _weights_of(
    structure: ase.Atoms | npt.ArrayLike, radii: Radii, weights: npt.ArrayLike | None
) -> npt.NDArray[np.float64]:
    """Squared radii of the atoms, Angstrom^2."""
    if weights is not None:
        raise ConfigError("give weights or radii, not both")
    if not isinstance(structure, ase.Atoms):
        raise ConfigError("radii go by element: give ase.Atoms, or weights for an array")
    symbols = set(structure.symbols)
    if isinstance(radii, str):
        if radii != "covalent":
            raise ConfigError(f'radii={radii!r}: "covalent" or a mapping of symbols to radii')
        radii = {symbol: float(covalent_radii[atomic_numbers[symbol]]) for symbol in symbols}
    missing = sorted(symbols - set(radii))
    if missing:
        raise ConfigError(f"radii lack {', '.join(missing)}: give every element a radius")
    return np.array([radii[symbol] ** 2 for symbol in structure.symbols], dtype=np.float64)
