"""Volume-optimal cycles: the rings that the fewest triangles fill.

For a pair (e, t) of H1 the smallest set of triangles, t among them and all others older than t,
whose boundary has no edge that enters after e: I. Obayashi, "Volume-optimal cycle: tightest
representative cycle of a generator in persistent homology", SIAM Journal on Applied Algebra and
Geometry 2, 508 (2018). With a tolerance, edges that enter a little later may be on the boundary,
too: the stable volume of I. Obayashi, "Stable volumes for persistent homology", Journal of Applied
and Computational Topology 7, 671 (2023).

As there, the sum of the coefficients' absolute values is made least over the real numbers, a linear
program. Where its solution is not of whole numbers, whole numbers are asked for.
"""

from __future__ import annotations

import ase
import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array, hstack

from amorphology import _kernel
from amorphology.homology.alpha import kernel_arguments
from amorphology.homology.diagram import PersistenceDiagram

__all__ = ["OptimalVolumes"]

_Ints = npt.NDArray[np.int64]
_Ints32 = npt.NDArray[np.int32]
_INTEGRAL = 1e-6  # a coefficient this near to a whole number is one


class OptimalVolumes:
    """The filtered triangles of a structure, to find optimal volumes in.

    Parameters
    ----------
    frame : ase.Atoms
        The structure, periodic as its ``pbc`` says.

    Attributes
    ----------
    edge_values, triangle_values : ndarray of float64
        Filtration values, Angstrom^2.
    edge_atoms, edge_offsets : ndarray of int32, shape (n_edges, 2) and (n_edges, 2, 3)
        Atoms of the edges and the images they are taken at.
    """

    def __init__(self, frame: ase.Atoms) -> None:
        _, edges, triangles, _ = _kernel.alpha_complex(*kernel_arguments(frame))
        self.edge_values, self.edge_atoms, self.edge_offsets = edges
        self.triangle_values, atoms, offsets = triangles
        self._edges = {_key(a, o): i for i, (a, o) in enumerate(zip(*edges[1:], strict=True))}
        self._triangles = {
            _key(a, o): i for i, (a, o) in enumerate(zip(atoms, offsets, strict=True))
        }
        self._order = np.argsort(self.triangle_values, kind="stable")
        self._rank = np.empty(len(self._order), dtype=np.int64)
        self._rank[self._order] = np.arange(len(self._order))
        # Corners are sorted in a way that translations keep: the faces of the boundary have
        # alternating signs, in the plane torus as in space.
        self._faces = np.empty((len(atoms), 3), dtype=np.int64)
        for k, pair in enumerate(((1, 2), (0, 2), (0, 1))):
            corners = offsets[:, pair] - offsets[:, pair[:1]]
            for i, (a, o) in enumerate(zip(atoms[:, pair], corners, strict=True)):
                self._faces[i, k] = self._edges[_key(a, o)]
        n_edges = len(self.edge_values)
        signs = np.tile([1.0, -1.0, 1.0], len(atoms))
        columns = np.repeat(np.arange(len(atoms)), 3)
        self._boundary = csc_array(
            (signs, (self._faces.ravel(), columns)), shape=(n_edges, len(atoms))
        )
        self._cofaces: list[list[int]] = [[] for _ in range(n_edges)]
        for triangle, faces in enumerate(self._faces.tolist()):
            for edge in faces:
                self._cofaces[edge].append(triangle)

    def volume(self, diagram: PersistenceDiagram, number: int, tolerance: float) -> _Ints | None:
        """Find the optimal volume of a pair.

        Parameters
        ----------
        diagram : PersistenceDiagram
            H1 of the same structure.
        number : int
            Which of its pairs; a finite one.
        tolerance : float
            How much later than at birth edges of its boundary may enter, Angstrom^2.

        Returns
        -------
        ndarray of int64, shape (n_triangles,), or None
            Indices of the triangles, the death triangle first. None where there is no volume over
            the real numbers, as may happen on a torus (the death triangle completes a Möbius
            band).
        """
        death = self._triangles[_key(diagram.death_simplex[number], diagram.death_offset[number])]
        latest = diagram.birth[number] + tolerance
        triangles, edges = self._around(death, latest)
        if len(edges) == 0:
            return np.array([death])
        matrix = self._boundary[edges][:, triangles]
        wanted = -self._boundary[edges][:, [death]].toarray().ravel()
        if len(triangles) == 0:
            return None
        signed = hstack([matrix, -matrix], format="csc")
        costs = np.ones(signed.shape[1])
        found = linprog(costs, A_eq=signed, b_eq=wanted, bounds=(0, 1), method="highs")
        if found.x is not None and np.abs(found.x - np.round(found.x)).max() > _INTEGRAL:
            found = milp(
                costs,
                constraints=LinearConstraint(signed, wanted, wanted),
                bounds=Bounds(0, 1),
                integrality=np.ones(len(costs)),
            )
        if found.x is None:
            return None
        plus, minus = np.round(found.x).reshape(2, -1)
        return np.concatenate([[death], np.array(triangles)[plus != minus]])

    def boundary(self, volume: _Ints) -> _Ints:
        """List the edges that an odd number of triangles meet.

        Parameters
        ----------
        volume : ndarray of int64, shape (n_triangles,)
            Indices of triangles.

        Returns
        -------
        ndarray of int64, shape (n,)
            Indices of edges, sorted.
        """
        edges, count = np.unique(self._faces[volume], return_counts=True)
        return np.asarray(edges[count % 2 == 1], dtype=np.int64)

    def curve(self, edges: _Ints) -> tuple[_Ints32, _Ints32, _Ints32] | None:
        """Walk around edges that are one closed curve.

        Parameters
        ----------
        edges : ndarray of int64, shape (n,)
            Indices of edges.

        Returns
        -------
        (atoms, offsets, closing_offset) or None
            As in `amorphology.homology.rings.Ring`, beginning with the edge that enters last; None
            where the edges are several curves, or touch themselves.
        """
        ends: dict[int, list[tuple[int, int]]] = {}
        for edge in edges.tolist():
            for end in (0, 1):
                ends.setdefault(int(self.edge_atoms[edge, end]), []).append((edge, end))
        if any(len(meeting) != 2 for meeting in ends.values()):
            return None
        last = max(edges.tolist(), key=lambda edge: (self.edge_values[edge], edge))
        atoms, offsets = [], []
        edge, end, offset = last, 0, np.zeros(3, dtype=np.int32)
        while True:
            atoms.append(self.edge_atoms[edge, end])
            offsets.append(offset)
            offset = offset + self.edge_offsets[edge, 1 - end] - self.edge_offsets[edge, end]
            meeting = ends[int(self.edge_atoms[edge, 1 - end])]
            edge, end = meeting[1] if meeting[0] == (edge, 1 - end) else meeting[0]
            if edge == last:
                break
        if len(atoms) != len(edges):
            return None
        return np.array(atoms, np.int32), np.array(offsets, np.int32), offset

    def _around(self, death: int, latest: float) -> tuple[list[int], list[int]]:
        """Triangles older than `death` that later edges connect with it, and those edges."""
        last = self._rank[death]
        seen_edges: set[int] = set()
        seen_triangles = {death}
        waiting = [death]
        while waiting:
            for edge in self._faces[waiting.pop()].tolist():
                if edge in seen_edges or self.edge_values[edge] <= latest:
                    continue
                seen_edges.add(edge)
                for triangle in self._cofaces[edge]:
                    if triangle not in seen_triangles and self._rank[triangle] < last:
                        seen_triangles.add(triangle)
                        waiting.append(triangle)
        return sorted(seen_triangles - {death}), sorted(seen_edges)


def _key(atoms: _Ints32, offsets: _Ints32) -> bytes:
    return bytes(atoms.tobytes() + offsets.tobytes())
