"""Size, shape and species of the rings of a trajectory, from homology and from bonds.

Rings of homology are found without a bond length: each belongs to a birth-death pair and carries
its two radii. Shortest-path rings need a longest bond and count every ring without a short cut, so
that there are more of them than independent ones.

Shape, for the singular values s1 >= s2 >= s3 of the ring's corners about their mean:

- roundness s2 / s1: 1 for a regular polygon, 0 for corners on a line;
- planarity 1 - s3 / sqrt(s1 s2): 1 for a flat ring; 0 for corners spread alike in all directions;
  3 / 4 for the chair of diamond.

M. Shiga, A. Hirata, Y. Onodera and H. Masai describe rings by such numbers, Communications
Materials 4, 91 (2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
import numpy.typing as npt

from amorphology.bond_network import BondNetwork
from amorphology.errors import ConfigError
from amorphology.homology.rings import rings_of

__all__ = ["RingStatistics", "ring_shape", "ring_statistics"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RingStatistics:
    """Rings of many frames, one row each, and shortest-path rings beside them.

    Attributes
    ----------
    n_frames : int
        Number of frames.
    species : tuple of str
        Chemical symbols that occur, sorted.
    frame : ndarray of int64, shape (n_rings,)
        Index of the frame that each ring is in.
    size : ndarray of int64, shape (n_rings,)
        Number of atoms.
    birth, death : ndarray of float64, shape (n_rings,)
        Squared radii, Angstrom^2.
    filled, winds : ndarray of bool, shape (n_rings,)
        Whether the ring bounds at death; whether it goes around the periodic cell.
    roundness, planarity : ndarray of float64, shape (n_rings,)
        Shape of the ring; NaN for rings that wind or have fewer than three atoms.
    composition : ndarray of int64, shape (n_rings, n_species)
        Atoms of each of `species` in the ring.
    shortest_path_sizes : ndarray of int64, shape (n_frames, max_size + 1), or None
        Element k of a row is the number of shortest-path rings of k atoms in that frame.
    """

    n_frames: int
    species: tuple[str, ...]
    frame: _Ints
    size: _Ints
    birth: _Floats
    death: _Floats
    filled: npt.NDArray[np.bool_]
    winds: npt.NDArray[np.bool_]
    roundness: _Floats
    planarity: _Floats
    composition: _Ints
    shortest_path_sizes: _Ints | None = None

    def sizes(self, max_size: int = 12) -> _Ints:
        """Count the rings of each frame by size.

        Parameters
        ----------
        max_size : int
            Larger rings are left out.

        Returns
        -------
        ndarray of int64, shape (n_frames, max_size + 1)
            Element k of a row is the number of rings of k atoms in that frame, the counterpart of
            `shortest_path_sizes`.
        """
        counts = np.zeros((self.n_frames, max_size + 1), dtype=np.int64)
        small = self.size <= max_size
        np.add.at(counts, (self.frame[small], self.size[small]), 1)
        return counts

    def mean_shape(self, max_size: int = 12) -> tuple[_Floats, _Floats]:
        """Average the shape of all rings of a size.

        Parameters
        ----------
        max_size : int
            Larger rings are left out.

        Returns
        -------
        roundness, planarity : ndarray of float64, shape (max_size + 1,)
            Means over rings of k atoms; NaN where there is none.
        """
        means = []
        for values in (self.roundness, self.planarity):
            shaped = np.isfinite(values) & (self.size <= max_size)
            number = np.bincount(self.size[shaped], minlength=max_size + 1)
            total = np.bincount(self.size[shaped], values[shaped], minlength=max_size + 1)
            mean = np.full(max_size + 1, np.nan)
            np.divide(total, number, out=mean, where=number > 0)
            means.append(mean)
        return means[0], means[1]


def ring_shape(corners: npt.ArrayLike) -> tuple[float, float]:
    """Measure how round and how flat a ring is.

    Parameters
    ----------
    corners : array_like of float, shape (n, 3)
        The ring's atoms, unwrapped, Angstrom.

    Returns
    -------
    roundness, planarity : float
        As defined at the head of this module. NaN for fewer than three corners, planarity also for
        corners on a line.
    """
    corners = np.asarray(corners, dtype=np.float64)
    if len(corners) < 3:
        return np.nan, np.nan
    widest, middle, least = np.linalg.svd(corners - corners.mean(axis=0), compute_uv=False)
    if middle <= 1e-9 * widest:
        return 0.0, np.nan
    return float(middle / widest), float(1 - least / np.sqrt(widest * middle))


def ring_statistics(
    frames: Sequence[ase.Atoms],
    *,
    min_persistence: float = 0.5,
    tolerance: float = 0.05,
    cutoff: float | None = None,
    max_size: int = 12,
) -> RingStatistics:
    """Collect the rings of a trajectory.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The structures.
    min_persistence : float
        Leave out rings of pairs with death - birth up to this, Angstrom^2: mostly triangles among
        atoms that are no neighbours.
    tolerance : float
        See `amorphology.homology.rings_of`, Angstrom^2.
    cutoff : float, optional
        Longest bond, Angstrom, for the shortest-path rings of `amorphology.bond_network`, such as
        1.85 for carbon. Default: these are left out.
    max_size : int
        Largest shortest-path ring.

    Returns
    -------
    RingStatistics
        Tight rings of all finite pairs, frame by frame, in the order of their births.

    Raises
    ------
    ConfigError
        If there are no frames, or an option has no meaning.
    StructureError
        If no diagram can be made of a frame.
    """
    if len(frames) == 0:
        raise ConfigError("there are no frames to take rings from; give at least one")
    species = tuple(sorted({symbol for frame in frames for symbol in set(frame.symbols)}))
    rows: list[tuple[float, ...]] = []
    compositions: list[list[int]] = []
    for index, frame in enumerate(frames):
        symbols = np.array(frame.get_chemical_symbols())
        for ring in rings_of(frame, tolerance=tolerance):
            if ring.death - ring.birth <= min_persistence:
                continue
            winds = bool(ring.closing_offset.any())
            shape = (np.nan, np.nan) if winds else ring_shape(ring.positions(frame))
            rows.append((index, ring.size, ring.birth, ring.death, ring.filled, winds, *shape))
            compositions.append([int((symbols[ring.atoms] == s).sum()) for s in species])
    columns = np.array(rows, dtype=np.float64).reshape(-1, 8).T
    paths = None
    if cutoff is not None:
        paths = np.stack([BondNetwork(frame, cutoff).ring_sizes(max_size) for frame in frames])
    return RingStatistics(
        len(frames),
        species,
        columns[0].astype(np.int64),
        columns[1].astype(np.int64),
        columns[2],
        columns[3],
        columns[4].astype(bool),
        columns[5].astype(bool),
        columns[6],
        columns[7],
        np.array(compositions, dtype=np.int64).reshape(-1, len(species)),
        paths,
    )
