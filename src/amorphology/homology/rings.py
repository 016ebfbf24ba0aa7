"""Which atoms a birth-death pair is made of: rings, cavities and bonds.

A pair of H1 is a birth edge e and a death triangle t. Many cycles of edges stand for it; `rings_of`
gives the shortest one, see there and docs/rings.md. A pair of H2 is a void between tetrahedra;
`cavities_of` gives its surface. A pair of H0 is the bond that joins two components; `bonds_of`
gives its atoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import ase
import numpy as np
import numpy.typing as npt

from amorphology import _kernel
from amorphology.errors import ConfigError, StructureError
from amorphology.geometry import geometry_problem
from amorphology.homology.alpha import alpha_persistence, kernel_arguments
from amorphology.homology.volume_optimal import OptimalVolumes
from amorphology.structures import frame_name

__all__ = ["Bond", "Cavity", "Ring", "bonds_of", "cavities_of", "rings_of"]

_Ints = npt.NDArray[np.int32]
_Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-9  # Angstrom^2, by which edges may differ that enter at once


def _unrolled(frame: ase.Atoms, atoms: _Ints, offsets: _Ints) -> _Floats:
    return np.asarray(frame.positions[atoms] + offsets @ frame.cell.array, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Ring:
    """A cycle of H1: a closed path along edges of the alpha complex.

    Attributes
    ----------
    atoms : ndarray of int32, shape (n,)
        Indices of the atoms in their order around the ring. The edge between the first two is the
        ring's last to enter the filtration. A small periodic cell may have several images of one
        atom in a ring.
    offsets : ndarray of int32, shape (n, 3)
        The periodic image of each, in whole cell vectors, such that the ring is in one piece; 0
        for the first.
    closing_offset : ndarray of int32, shape (3,)
        Whole cell vectors travelled in one turn; 0 unless the ring winds around the periodic cell.
    birth, death : float
        Squared radii, Angstrom^2; the death of an essential pair is infinite.
    filled : bool
        Whether the ring bounds at death: it is the boundary of triangles, all in the complex by
        then. If not, and for essential pairs, see `rings_of`.
    """

    atoms: _Ints
    offsets: _Ints
    closing_offset: _Ints
    birth: float
    death: float
    filled: bool = True

    @property
    def size(self) -> int:
        """Number of atoms, and of edges."""
        return len(self.atoms)

    def positions(self, frame: ase.Atoms) -> _Floats:
        """Place the ring's corners in space.

        Parameters
        ----------
        frame : ase.Atoms
            The structure that the ring was found in.

        Returns
        -------
        ndarray of float64, shape (n, 3)
            Angstrom, unwrapped: neighbours in the array are joined by an edge; the last is joined
            to the first, moved by the closing offset.
        """
        return _unrolled(frame, self.atoms, self.offsets)


@dataclass(frozen=True, eq=False)
class Cavity:
    """A cycle of H2: the closed surface of a void.

    Attributes
    ----------
    atoms : ndarray of int32, shape (n,)
        Indices of the atoms on the surface, sorted.
    offsets : ndarray of int32, shape (n, 3)
        The periodic image of each, in whole cell vectors, such that the surface is in one piece; 0
        for the first.
    triangles : ndarray of int32, shape (m, 3)
        Corners as indices into `atoms`, anticlockwise as seen from outside the void.
    birth, death : float
        Squared radii, Angstrom^2.
    winds : bool
        The void goes around the periodic cell: its surface is closed modulo the lattice only, and
        unrolled it has two open ends.
    """

    atoms: _Ints
    offsets: _Ints
    triangles: _Ints
    birth: float
    death: float
    winds: bool = False

    def positions(self, frame: ase.Atoms) -> _Floats:
        """Place the surface's corners in space.

        Parameters
        ----------
        frame : ase.Atoms
            The structure that the cavity was found in.

        Returns
        -------
        ndarray of float64, shape (n, 3)
            Angstrom, unwrapped.
        """
        return _unrolled(frame, self.atoms, self.offsets)


@dataclass(frozen=True, eq=False)
class Bond:
    """The edge that ends a class of H0: it joins a component to an older one.

    Attributes
    ----------
    atoms : ndarray of int32, shape (2,)
        Indices of its atoms.
    offsets : ndarray of int32, shape (2, 3)
        Their periodic images, in whole cell vectors; 0 for the first.
    death : float
        Squared radius, Angstrom^2: a quarter of its squared length.
    """

    atoms: _Ints
    offsets: _Ints
    death: float

    def positions(self, frame: ase.Atoms) -> _Floats:
        """Place its two ends in space.

        Parameters
        ----------
        frame : ase.Atoms
            The structure that the bond was found in.

        Returns
        -------
        ndarray of float64, shape (2, 3)
            Angstrom, unwrapped.
        """
        return _unrolled(frame, self.atoms, self.offsets)


def rings_of(
    frame: ase.Atoms,
    pairs: npt.ArrayLike | None = None,
    *,
    method: Literal["tight", "minimal"] = "tight",
    tolerance: float = 0.0,
) -> list[Ring]:
    """Find the ring of each birth-death pair of H1.

    A pair is a birth edge e and a death triangle t. Its ring is *filled* by t: just before t it is
    homologous to the cycle that t makes bound, hence it bounds, as the boundary of triangles, from
    t on and not before. Rings of different pairs are independent of each other. All edges are in
    the complex at birth, one of them enters with it (e itself, unless others enter at the same
    radius, as in a crystal), so that the ring is born there. Proofs: docs/rings.md.

    Parameters
    ----------
    frame : ase.Atoms
        The structure, periodic as its ``pbc`` says.
    pairs : array_like of int, shape (n,), optional
        Indices into ``alpha_persistence(frame)[1]``. Default: all finite pairs, in its order.
    method : {"tight", "minimal"}
        Which of the rings that t fills. ``"tight"``: the one of fewest edges, of as many the
        shortest; thousands a second. ``"minimal"``: the boundary of the fewest triangles, the
        volume-optimal cycle [1]_; hundreds a second.
    tolerance : float
        How much later than at birth edges may enter, Angstrom^2; the ring then is born at most so
        much later than the pair. A ring is as long as it is at the moment of birth, when edges that
        soon cut it short may yet be missing; 0.05 removes most of that noise. Of tight rings with
        such edges those that pass an atom of t are considered. The minimal ring becomes the
        boundary of a stable volume [2]_.

    Returns
    -------
    list of Ring
        One for each pair. Where no ring is filled by t (t closes the tube between a ring through e
        and older ones elsewhere), and for essential pairs, the shortest ring through e, with
        ``filled`` False: born at e, it becomes homologous to older rings at t, as does every ring
        through e. So it may be, too, where a long search for a filled one was given up (see
        docs/rings.md); and the minimal ring is the tight one where the boundary of the
        fewest triangles is more than one closed curve.

    Raises
    ------
    StructureError
        If no diagram can be made of the frame.
    ConfigError
        If a pair does not exist, or an option has no meaning.

    References
    ----------
    .. [1] I. Obayashi, "Volume-optimal cycle: tightest representative cycle of a generator in
       persistent homology", SIAM Journal on Applied Algebra and Geometry 2, 508 (2018).
    .. [2] I. Obayashi, "Stable volumes for persistent homology", Journal of Applied and
       Computational Topology 7, 671 (2023).

    Examples
    --------
    >>> from ase.build import molecule
    >>> sorted(rings_of(molecule("C6H6")[:6])[0].atoms.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    if method not in ("tight", "minimal"):
        raise ConfigError(f"method is {method!r}; choose tight or minimal")
    if not 0 <= tolerance < np.inf:
        raise ConfigError(f"tolerance is {tolerance}; give 0 Angstrom^2 or more")
    chosen = _pair_numbers(pairs)
    with _telling_errors_of(frame):
        found = _kernel.alpha_rings(*kernel_arguments(frame), pairs=chosen, tolerance=tolerance)
    birth, death, start, atoms, offsets, closing, filled = found
    rings = [
        Ring(
            atoms[start[i] : start[i + 1]],
            offsets[start[i] : start[i + 1]],
            closing[i],
            float(birth[i]),
            float(death[i]),
            bool(filled[i]),
        )
        for i in range(len(birth))
    ]
    return rings if method == "tight" else _minimal(frame, chosen, rings, tolerance)


def cavities_of(frame: ase.Atoms, pairs: npt.ArrayLike | None = None) -> list[Cavity]:
    """Find the cavity of each finite birth-death pair of H2.

    The surface of the void that the birth triangle b closes off and the death tetrahedron d is the
    last to fill: of the tetrahedra that can be reached from d through triangles younger than b. It
    is born with b and bounds from d on. In space it is the only one that encloses nothing but
    tetrahedra that enter after b [1]_; it may have several sheets, where an island lies in the
    void.

    Parameters
    ----------
    frame : ase.Atoms
        The structure, periodic as its ``pbc`` says.
    pairs : array_like of int, shape (n,), optional
        Indices into ``alpha_persistence(frame)[2]``. Default: all finite pairs, in its order.

    Returns
    -------
    list of Cavity
        One for each pair.

    Raises
    ------
    StructureError
        If no diagram can be made of the frame.
    ConfigError
        If a pair does not exist or is essential: such a pair encloses no cavity.

    References
    ----------
    .. [1] I. Obayashi, "Volume-optimal cycle: tightest representative cycle of a generator in
       persistent homology", SIAM Journal on Applied Algebra and Geometry 2, 508 (2018).
    """
    with _telling_errors_of(frame):
        found = _kernel.alpha_cavities(*kernel_arguments(frame), pairs=_pair_numbers(pairs))
    birth, death, start, atoms, offsets, first, triangles, winds = found
    return [
        Cavity(
            atoms[start[i] : start[i + 1]],
            offsets[start[i] : start[i + 1]],
            triangles[first[i] : first[i + 1]],
            float(birth[i]),
            float(death[i]),
            bool(winds[i]),
        )
        for i in range(len(birth))
    ]


def bonds_of(frame: ase.Atoms, pairs: npt.ArrayLike | None = None) -> list[Bond]:
    """Find the bond of each finite birth-death pair of H0: the edge that ends it.

    All of them together are a minimum spanning tree of the atoms, for each edge enters, if it
    joins two components, at a quarter of its squared length.

    Parameters
    ----------
    frame : ase.Atoms
        The structure, periodic as its ``pbc`` says.
    pairs : array_like of int, shape (n,), optional
        Indices into ``alpha_persistence(frame)[0]``. Default: all finite pairs, in its order.

    Returns
    -------
    list of Bond
        One for each pair.

    Raises
    ------
    StructureError
        If no diagram can be made of the frame.
    ConfigError
        If a pair does not exist or is essential: nothing ends it.
    """
    diagram = alpha_persistence(frame, dims=(0,))[0]
    chosen = _pair_numbers(pairs)
    if chosen is None:
        chosen = np.flatnonzero(~diagram.essential)
    for number in chosen:
        if not 0 <= number < len(diagram):
            raise ConfigError(f"there is no pair {number}: the diagram has {len(diagram)}")
        if diagram.essential[number]:
            raise ConfigError(f"pair {number} of H0 is essential: no bond ends it")
    return [
        Bond(diagram.death_simplex[i], diagram.death_offset[i], float(diagram.death[i]))
        for i in chosen
    ]


def _minimal(
    frame: ase.Atoms, chosen: npt.NDArray[np.int64] | None, tight: list[Ring], tolerance: float
) -> list[Ring]:
    """Replace tight rings by minimal ones, where these are rings."""
    diagram = alpha_persistence(frame, dims=(1,))[1]
    numbers = np.flatnonzero(~diagram.essential) if chosen is None else chosen
    volumes = OptimalVolumes(frame)
    rings = []
    for number, ring in zip(numbers.tolist(), tight, strict=True):
        volume = None
        if not diagram.essential[number]:
            volume = volumes.volume(diagram, number, max(tolerance, _ROUNDING))
        curve = None if volume is None else volumes.curve(volumes.boundary(volume))
        rings.append(ring if curve is None else Ring(*curve, ring.birth, ring.death))
    return rings


def _pair_numbers(pairs: npt.ArrayLike | None) -> npt.NDArray[np.int64] | None:
    if pairs is None:
        return None
    numbers = np.asarray(pairs)
    if numbers.size == 0:
        return np.empty(0, dtype=np.int64)
    if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
        raise ConfigError("pairs are the indices of pairs in a diagram; give a list of integers")
    return np.ascontiguousarray(numbers, dtype=np.int64)


@contextmanager
def _telling_errors_of(frame: ase.Atoms) -> Iterator[None]:
    """Check a frame, and turn what the kernel says of it and of pairs into errors of ours."""
    problem = geometry_problem(frame.positions, frame.cell.array, frame.pbc)
    if problem is not None:
        raise StructureError(f"{frame_name(frame)}: {problem}")
    try:
        yield
    except IndexError as error:
        raise ConfigError(str(error)) from None
    except _kernel.InputError as error:
        raise StructureError(f"{frame_name(frame)}: {error}") from None
