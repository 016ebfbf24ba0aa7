"""The persistence diagram of one homology dimension."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

__all__ = ["PersistenceDiagram"]


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

    Notes
    -----
    Where simplices enter at the same radius (perfect crystals), births and deaths are unique,
    the simplices named for them are one choice of several.
    """

    dimension: int
    birth: npt.NDArray[np.float64]
    death: npt.NDArray[np.float64]
    birth_simplex: npt.NDArray[np.int32]
    birth_offset: npt.NDArray[np.int32]
    death_simplex: npt.NDArray[np.int32]
    death_offset: npt.NDArray[np.int32]
    n_atoms: int

    def __len__(self) -> int:
        return len(self.birth)

    def __repr__(self) -> str:
        essential = int(self.essential.sum())
        return (
            f"PersistenceDiagram(H{self.dimension}: {len(self) - essential} finite and "
            f"{essential} essential pairs, {self.n_atoms} atoms)"
        )

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
            if f.name not in ("dimension", "n_atoms")
        }
        return PersistenceDiagram(dimension=self.dimension, n_atoms=self.n_atoms, **per_pair)
