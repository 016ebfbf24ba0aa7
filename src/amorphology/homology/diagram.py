"""The persistence diagram of one homology dimension."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from amorphology.errors import ConfigError

__all__ = ["PersistenceDiagram", "simplex_shapes"]

_PER_STRUCTURE = ("dimension", "n_atoms", "hidden_atoms")


def simplex_shapes(dimension: int) -> dict[str, tuple[int, ...]]:
    """List the simplex arrays of a diagram.

    Parameters
    ----------
    dimension : int
        Homology dimension of the diagram.

    Returns
    -------
    dict of str to tuple of int
        For each array (all int32) the shape of what it holds for one pair.
    """
    return {
        "birth_simplex": (dimension + 1,),
        "birth_offset": (dimension + 1, 3),
        "death_simplex": (dimension + 2,),
        "death_offset": (dimension + 2, 3),
    }


@dataclass(frozen=True, eq=False)
class PersistenceDiagram:
    """Birth-death pairs of one homology dimension and the simplices that made them.

    Attributes
    ----------
    dimension : int
        0 (components), 1 (rings) or 2 (cavities).
    birth, death : ndarray of float64, shape (n_pairs,)
        Squared radii in Angstrom^2, sorted by birth, then death. ``death`` is infinite for an
        essential class, one that nothing kills: the single component, the holes of the torus
        that periodic boundaries make.
    birth_simplex : ndarray of int32, shape (n_pairs, dimension + 1)
        Atoms of the simplex with which the class is born.
    birth_offset : ndarray of int32, shape (n_pairs, dimension + 1, 3)
        The periodic image of each of these atoms, in whole vectors of the given cell, counted
        from where the atom was given; the first atom of a simplex is at (0, 0, 0).
    death_simplex : ndarray of int32, shape (n_pairs, dimension + 2)
        Atoms of the simplex that kills the class; -1 where it is essential.
    death_offset : ndarray of int32, shape (n_pairs, dimension + 2, 3)
        Their periodic images, as for ``birth_offset``.
    n_atoms : int
        Atoms of the structure, for descriptors that count per atom.
    hidden_atoms : ndarray of int32, shape (n_hidden,)
        Atoms that take no part because, with weights, their Voronoi cells are empty.
    winding : ndarray of int32, shape (n_pairs, 3), or None
        Only if asked for (``windings=True``). For an essential class of H1, the whole cell
        vectors travelled along the ring that its edge closes with older ones: the direction in
        which the network percolates at this radius. For one of H2, those along the channel that
        its triangle closes: the direction in which the void percolated up to this radius (with
        periodicity in three directions; else 0). 0 for finite pairs.

    Notes
    -----
    Where simplices enter at the same radius (perfect crystals), births and deaths are unique,
    the simplices named for them are one choice of several. In a diagram that comes without
    simplices (from other software, or from a store that left them out) they are all -1.
    """

    dimension: int
    birth: npt.NDArray[np.float64]
    death: npt.NDArray[np.float64]
    birth_simplex: npt.NDArray[np.int32]
    birth_offset: npt.NDArray[np.int32]
    death_simplex: npt.NDArray[np.int32]
    death_offset: npt.NDArray[np.int32]
    n_atoms: int
    hidden_atoms: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    winding: npt.NDArray[np.int32] | None = None

    @classmethod
    def from_pairs(
        cls,
        dimension: int,
        birth: npt.ArrayLike,
        death: npt.ArrayLike,
        *,
        n_atoms: int,
        **simplices: npt.NDArray[np.int32],
    ) -> PersistenceDiagram:
        """Make a diagram of pairs whose simplices may be unknown.

        Parameters
        ----------
        dimension : int
            Homology dimension.
        birth, death : array_like of float, shape (n_pairs,)
            Squared radii in Angstrom^2; kept in the given order.
        n_atoms : int
            Atoms of the structure.
        **simplices : ndarray of int32
            Any of the simplex arrays; the others become -1 (and take no memory).

        Returns
        -------
        PersistenceDiagram
            The diagram.

        Raises
        ------
        ConfigError
            If ``birth`` and ``death`` are not vectors of one length, a birth is not finite, or a
            death is NaN or before the birth.
        """
        birth = np.asarray(birth, dtype=np.float64)
        death = np.asarray(death, dtype=np.float64)
        if birth.ndim != 1 or birth.shape != death.shape:
            raise ConfigError(
                f"births have shape {birth.shape} and deaths {death.shape}; give two vectors of "
                "one length"
            )
        if not (np.isfinite(birth).all() and (death >= birth).all()):
            raise ConfigError("pairs need a finite birth and a death that is not before it")
        unknown = {
            name: np.broadcast_to(np.int32(-1), (len(birth), *shape))
            for name, shape in simplex_shapes(dimension).items()
        }
        return cls(dimension, birth, death, **{**unknown, **simplices}, n_atoms=n_atoms)

    def __len__(self) -> int:
        return len(self.birth)

    def __repr__(self) -> str:
        essential = int(self.essential.sum())
        return (
            f"PersistenceDiagram(H{self.dimension}: {len(self) - essential} finite and "
            f"{essential} essential pairs, {self.n_atoms} atoms)"
        )

    @property
    def pairs(self) -> npt.NDArray[np.float64]:
        """Births and deaths side by side, shape (n_pairs, 2), Angstrom^2."""
        return np.column_stack([self.birth, self.death])

    @property
    def persistence(self) -> npt.NDArray[np.float64]:
        """Death minus birth, shape (n_pairs,), Angstrom^2."""
        return self.death - self.birth

    @property
    def essential(self) -> npt.NDArray[np.bool_]:
        """Which pairs never die, shape (n_pairs,)."""
        return np.isinf(self.death)

    def finite(self) -> PersistenceDiagram:
        """Return the diagram without its essential pairs."""
        return self[~self.essential]

    def __getitem__(self, selection: slice | npt.NDArray[np.generic]) -> PersistenceDiagram:
        """Return the diagram of the selected pairs (a mask, an index array or a slice)."""
        per_pair = {
            f.name: getattr(self, f.name)[selection]
            for f in fields(self)
            if f.name not in _PER_STRUCTURE and getattr(self, f.name) is not None
        }
        return replace(self, **per_pair)
