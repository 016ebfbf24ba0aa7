"""Bonds between atoms, and the rings they close.

A ring is here a *shortest-path ring* as Franzblau defines it (D. S. Franzblau, Phys. Rev. B 44,
4925 (1991)): a closed path of bonds without a short cut, so that between any two of its atoms no
path through the network is shorter than the way along the ring. Every such ring is counted once.
In graphene these are the hexagons, half as many as atoms; in diamond twice as many hexagons as
atoms, twelve through each atom. King's rings (S. V. King, Nature 213, 1112 (1967)), the shortest
ones through two bonds of an atom, are others where rings of many sizes meet: of two bonds that only
a long way closes, King counts that way even when it has a short cut elsewhere.
"""

import dataclasses
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from amorphology.errors import ConfigError, StructureError

__all__ = ["BondNetwork", "ShortestPathRing", "coordination_shares"]

# A periodic network is searched in its unrolled form. An image of an atom is one whole number:
# the atom's index plus the number of atoms times its offset written in base 2048, so that moving an
# image by a lattice vector is an addition.
_BASE = 2048
_HALF = _BASE // 2


@dataclasses.dataclass(frozen=True)
class ShortestPathRing:
    """One ring of a bond network.

    Parameters
    ----------
    atoms : ndarray of int, shape (size,)
        Indices of the atoms along the ring. A small periodic cell may have several images of one
        atom in a ring.
    offsets : ndarray of int, shape (size, 3)
        Lattice vectors to add to the positions of `atoms` to have the ring in one piece; zero for
        the first atom.
    """

    atoms: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of atoms."""
        return len(self.atoms)

    def positions(self, atoms: Atoms) -> NDArray[np.float64]:
        """Place the ring's corners in space.

        Parameters
        ----------
        atoms : ase.Atoms
            The structure that the ring was found in.

        Returns
        -------
        ndarray of float64, shape (size, 3)
            Angstrom; neighbours in the array are bonded, the last to the first too.
        """
        lattice = self.offsets @ np.asarray(atoms.cell)
        return np.asarray(atoms.positions[self.atoms] + lattice, dtype=np.float64)


class BondNetwork:
    """Atoms and the bonds between all that are near enough to each other.

    Parameters
    ----------
    atoms : ase.Atoms
        Periodic where its ``pbc`` says so; a bond may lead to another image of an atom, or of the
        same one.
    cutoff : float
        Longest bond, Angstrom. 1.85 suits carbon: the first minimum of the radial distribution
        function of its amorphous forms is near it.

    Raises
    ------
    ConfigError
        When `cutoff` is not a positive number.
    StructureError
        When a position is not a number.

    Examples
    --------
    >>> from ase.build import graphene
    >>> network = BondNetwork(graphene(size=(4, 4, 1), vacuum=5.0), cutoff=1.85)
    >>> network.ring_sizes()
    array([ 0,  0,  0,  0,  0,  0, 16,  0,  0,  0,  0,  0,  0])
    """

    def __init__(self, atoms: Atoms, cutoff: float = 1.85) -> None:
        if not 0 < cutoff < np.inf:
            raise ConfigError(f"the bond length is {cutoff}: it must be a positive number")
        if not np.isfinite(atoms.positions).all():
            bad = int(np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))[0])
            raise StructureError(
                f"atom {bad} has a position that is not a number: remove the frame"
            )
        self.n_atoms = len(atoms)
        """Number of atoms."""
        self.cutoff = cutoff
        """Longest bond, Angstrom."""
        first, second, offset = neighbor_list("ijS", atoms, cutoff)
        self._first: NDArray[np.int64] = first.astype(np.int64)
        self._second: NDArray[np.int64] = second.astype(np.int64)
        self._offset: NDArray[np.int64] = offset.astype(np.int64)

    @cached_property
    def coordination(self) -> NDArray[np.int64]:
        """Number of bonds of each atom, int64 (n_atoms,)."""
        return np.bincount(self._first, minlength=self.n_atoms)

    @property
    def bonds(self) -> NDArray[np.int64]:
        """Indices of the two atoms of each bond, every bond once; int64 (n_bonds, 2)."""
        return np.stack([self._first, self._second], axis=1)[self._once]

    @property
    def bond_offsets(self) -> NDArray[np.int64]:
        """Lattice vectors from the first atom of a bond to the second; int64 (n_bonds, 3)."""
        return self._offset[self._once]

    @cached_property
    def _once(self) -> NDArray[np.bool_]:
        # Of the two directions of a bond, the one that points upwards; an image of the same atom
        # is above when its offset is.
        code = self._offset @ np.array([_BASE * _BASE, _BASE, 1])
        return np.asarray(
            (self._second > self._first) | ((self._second == self._first) & (code > 0)), dtype=bool
        )

    def rings(self, max_size: int = 12) -> list[ShortestPathRing]:
        """Find the shortest-path rings, each once.

        Parameters
        ----------
        max_size : int
            Largest number of atoms of a ring. The work grows with the number of atoms within half
            of this many bonds of an atom; 680 atoms of a sheet take about 0.2 s at 12.

        Returns
        -------
        list of ShortestPathRing
            Ordered by the smallest atom index in them, then by size.

        Raises
        ------
        ConfigError
            When `max_size` is below 3.
        """
        return [self._decode(ring) for ring in self._find_rings(max_size)]

    def ring_sizes(self, max_size: int = 12) -> NDArray[np.int64]:
        """Count the shortest-path rings by size.

        Parameters
        ----------
        max_size : int
            As in `rings`.

        Returns
        -------
        ndarray of int64, shape (max_size + 1,)
            Element k is the number of rings of k atoms.
        """
        sizes = [len(ring) for ring in self._find_rings(max_size)]
        return np.bincount(np.array(sizes, dtype=np.int64), minlength=max_size + 1)

    def _decode(self, ring: tuple[int, ...]) -> ShortestPathRing:
        images = np.array(ring, dtype=np.int64)
        code = images // self.n_atoms
        digits = []
        for _ in range(3):
            digit = (code + _HALF) % _BASE - _HALF
            digits.append(digit)
            code = (code - digit) // _BASE
        offsets = np.stack(digits[::-1], axis=1)
        return ShortestPathRing(images % self.n_atoms, offsets - offsets[0])

    def _find_rings(self, max_size: int) -> list[tuple[int, ...]]:
        if max_size < 3:
            raise ConfigError(f"max_size is {max_size}: the smallest ring has 3 atoms")
        n = self.n_atoms
        code = self._offset @ np.array([_BASE * _BASE, _BASE, 1])
        neighbours: list[list[int]] = [[] for _ in range(n)]
        for atom, image in zip(
            self._first.tolist(), (self._second + n * code).tolist(), strict=True
        ):
            neighbours[atom].append(image)
        search = _Search(n, neighbours, max_size // 2)
        rings = []
        for atom in range(n):
            found = search.rings_from(atom, max_size)
            rings += sorted(found, key=lambda ring: (len(ring), ring))
        return rings


class _Search:
    """Shortest paths in the unrolled network, from every atom, as far as half a ring."""

    def __init__(self, n_atoms: int, neighbours: list[list[int]], depth: int) -> None:
        self.n = n_atoms
        self.neighbours = neighbours
        self.depth = depth
        self.distances = [self._distances_from(atom) for atom in range(n_atoms)]

    def _around(self, image: int) -> list[int]:
        atom = image % self.n
        shift = image - atom
        return [near + shift for near in self.neighbours[atom]]

    def _distances_from(self, atom: int) -> dict[int, int]:
        distance = {atom: 0}
        shell = [atom]
        for bonds in range(1, self.depth + 1):
            beyond = []
            for image in shell:
                for near in self._around(image):
                    if near not in distance:
                        distance[near] = bonds
                        beyond.append(near)
            shell = beyond
        return distance

    def rings_from(self, root: int, max_size: int) -> set[tuple[int, ...]]:
        """Find the rings in which no atom has a smaller index than `root`."""
        n = self.n
        distance = self.distances[root]
        # All shortest paths from the root, without it, to the images reached so far.
        paths: dict[int, list[tuple[int, ...]]] = {root: [()]}
        found: set[tuple[int, ...]] = set()
        # The search goes outwards: `distance` holds the images in the order of their distance.
        for image, bonds in distance.items():
            if bonds == 0 or image % n < root:
                continue
            around = self._around(image)
            mine = [
                (*path, image)
                for near in around
                if near in paths and distance[near] == bonds - 1
                for path in paths[near]
            ]
            if not mine:
                continue
            paths[image] = mine
            # Even rings: two ways to the same image.
            if 4 <= 2 * bonds <= max_size:
                for i, one in enumerate(mine):
                    for other in mine[:i]:
                        self._add(found, root, one, other[-2::-1])
            # Odd rings: two images at the same distance with a bond between them; the ring is found
            # when the second of them is reached.
            if 2 * bonds + 1 <= max_size:
                for near in around:
                    if near in paths and distance[near] == bonds:
                        for one in mine:
                            for other in paths[near]:
                                self._add(found, root, one, other[::-1])
        return found

    def _add(
        self, found: set[tuple[int, ...]], root: int, out: tuple[int, ...], back: tuple[int, ...]
    ) -> None:
        if not set(out).isdisjoint(back):
            return
        ring = (root, *out, *back)
        if self._has_no_short_cut(ring):
            found.add(self._first_form(ring) if self._repeats(ring) else ring)

    def _has_no_short_cut(self, ring: tuple[int, ...]) -> bool:
        # Opposite atoms decide: a short cut between nearer ones would be part of one between these.
        size = len(ring)
        half = size // 2
        for k in range(size - half if size % 2 == 0 else size):
            one, other = ring[k], ring[(k + half) % size]
            atom = one % self.n
            if self.distances[atom].get(other - one + atom, half) < half:
                return False
        return True

    def _repeats(self, ring: tuple[int, ...]) -> bool:
        """Whether the ring's smallest atom is in it more than once, so that it is found again."""
        root = ring[0] % self.n
        return sum(image % self.n == root for image in ring) > 1

    def _first_form(self, ring: tuple[int, ...]) -> tuple[int, ...]:
        """Of all ways to write a ring down from one of its images of the root, the first."""
        root = ring[0]
        forms = []
        for k, image in enumerate(ring):
            if image % self.n == root:
                turned = tuple(x - image + root for x in ring[k:] + ring[:k])
                forms += [turned, turned[:1] + turned[:0:-1]]
        return min(forms)


def coordination_shares(
    frames: Sequence[Atoms], cutoffs: Sequence[float], *, most: int = 6
) -> NDArray[np.float64]:
    """
    Count how many atoms have each number of neighbours, for several lengths of a bond.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Periodic where their ``pbc`` says so.
    cutoffs : sequence of float
        Longest bonds, Angstrom.
    most : int
        Atoms with more neighbours count with those that have so many.

    Returns
    -------
    ndarray of float64, shape (n_cutoffs, most + 1)
        Element k of a row is the share of atoms with k neighbours, of all frames together; a row
        sums to 1.

    Raises
    ------
    ConfigError
        When a cutoff is not a positive number.
    StructureError
        When there is no atom.
    """
    for cutoff in cutoffs:
        if not 0 < cutoff < np.inf:
            raise ConfigError(f"the bond length is {cutoff}: it must be a positive number")
    n_atoms = sum(len(atoms) for atoms in frames)
    if not n_atoms:
        raise StructureError("no atoms to count neighbours of; pass at least one frame")
    counts = np.zeros((len(cutoffs), most + 1))
    for atoms in frames:
        first, distance = neighbor_list("id", atoms, max(cutoffs))
        for row, cutoff in zip(counts, cutoffs, strict=True):
            neighbours = np.bincount(first[distance < cutoff], minlength=len(atoms))
            row += np.bincount(np.minimum(neighbours, most), minlength=most + 1)
    return counts / n_atoms
