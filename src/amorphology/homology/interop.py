"""Diagrams to and from the arrays of GUDHI, persim and giotto-tda.

None of them is needed for this but GUDHI for `bottleneck_distance`. Births and deaths pass
unchanged: squared radii in Angstrom^2, as alpha filtrations of GUDHI have them, where Rips
filtrations of the others have lengths. The simplices of pairs have no place in these arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from amorphology.errors import ConfigError, MissingDependencyError
from amorphology.homology.diagram import PersistenceDiagram

__all__ = [
    "bottleneck_distance",
    "from_giotto",
    "from_gudhi",
    "from_persim",
    "to_giotto",
    "to_gudhi",
    "to_persim",
]


def to_gudhi(diagrams: Mapping[int, PersistenceDiagram]) -> list[tuple[int, tuple[float, float]]]:
    """Give diagrams as GUDHI's ``SimplexTree.persistence`` does.

    Parameters
    ----------
    diagrams : mapping of int to PersistenceDiagram
        What `alpha_persistence` returns.

    Returns
    -------
    list of (int, (float, float))
        Dimension, birth and death of each pair; highest dimension and longest persistence first,
        infinite deaths included. For ``persistence_intervals_in_dimension(1)`` take
        ``diagrams[1].pairs``.
    """
    return [
        (dim, (birth, death))
        for dim in sorted(diagrams, reverse=True)
        for birth, death in diagrams[dim].pairs[np.argsort(-diagrams[dim].persistence)].tolist()
    ]


def from_gudhi(
    persistence: Iterable[tuple[int, tuple[float, float]]], *, n_atoms: int
) -> dict[int, PersistenceDiagram]:
    """Take diagrams from GUDHI's ``SimplexTree.persistence``.

    Parameters
    ----------
    persistence : iterable of (int, (float, float))
        Dimension, birth and death of each pair.
    n_atoms : int
        Atoms (points) of the structure.

    Returns
    -------
    dict of int to PersistenceDiagram
        Of dimensions 0 up to the highest that occurs; pairs sorted by birth, then death. Simplices
        are -1.

    Raises
    ------
    ConfigError
        If a birth is not finite or a death before its birth.
    """
    pairs: dict[int, list[tuple[float, float]]] = {}
    for dim, pair in persistence:
        pairs.setdefault(dim, []).append(pair)
    highest = max(pairs, default=-1)
    return from_persim(
        [np.asarray(pairs.get(dim, [])).reshape(-1, 2) for dim in range(highest + 1)],
        n_atoms=n_atoms,
    )


def to_persim(diagrams: Mapping[int, PersistenceDiagram]) -> list[npt.NDArray[np.float64]]:
    """Give diagrams as persim and Ripser.py take them.

    Parameters
    ----------
    diagrams : mapping of int to PersistenceDiagram
        What `alpha_persistence` returns.

    Returns
    -------
    list of ndarray of float64, shape (n_pairs, 2)
        Births and deaths of dimensions 0, 1, ... to the highest in `diagrams`; empty where
        `diagrams` has none.
    """
    return [
        diagrams[dim].pairs if dim in diagrams else np.empty((0, 2))
        for dim in range(max(diagrams, default=-1) + 1)
    ]


def from_persim(arrays: Sequence[npt.ArrayLike], *, n_atoms: int) -> dict[int, PersistenceDiagram]:
    """Take diagrams from persim or Ripser.py, or intervals of GUDHI.

    Parameters
    ----------
    arrays : sequence of array_like, shape (n_pairs, 2)
        Births and deaths of dimensions 0, 1, ...
    n_atoms : int
        Atoms (points) of the structure.

    Returns
    -------
    dict of int to PersistenceDiagram
        One for each array; pairs sorted by birth, then death. Simplices are -1.

    Raises
    ------
    ConfigError
        If an array has another shape, a birth is not finite or a death before its birth.
    """
    diagrams = {}
    for dim, array in enumerate(arrays):
        pairs = np.asarray(array, dtype=np.float64)
        if pairs.size == 0:
            pairs = np.empty((0, 2))
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ConfigError(f"pairs of dimension {dim} have shape {pairs.shape}, not (n, 2)")
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        diagrams[dim] = PersistenceDiagram.from_pairs(
            dim, pairs[:, 0], pairs[:, 1], n_atoms=n_atoms
        )
    return diagrams


def to_giotto(
    frames: Sequence[Mapping[int, PersistenceDiagram]],
) -> npt.NDArray[np.float64]:
    """Give the diagrams of many frames as one array of giotto-tda.

    Parameters
    ----------
    frames : sequence of mapping of int to PersistenceDiagram
        What `alpha_persistence_many` returns; all with the same dimensions.

    Returns
    -------
    ndarray of float64, shape (n_frames, n_rows, 3)
        Birth, death and dimension. Frames with fewer pairs of a dimension are filled up with pairs
        on the diagonal, as giotto-tda does. Essential pairs are left out: giotto-tda needs finite
        deaths.

    Raises
    ------
    ConfigError
        If frames differ in their dimensions.
    """
    if len({tuple(sorted(diagrams)) for diagrams in frames}) > 1:
        raise ConfigError("frames have diagrams of different dimensions; compute them alike")
    blocks = [np.empty((len(frames), 0, 3))]
    for dim in sorted(frames[0]) if frames else ():
        finite = [diagrams[dim].finite().pairs for diagrams in frames]
        # A pair on the diagonal inside the range of the others changes no scale.
        lowest = min((float(pairs[:, 0].min()) for pairs in finite if len(pairs)), default=0.0)
        block = np.full((len(frames), max(map(len, finite)), 3), lowest)
        block[:, :, 2] = dim
        for rows, pairs in zip(block, finite, strict=True):
            rows[: len(pairs), :2] = pairs
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def from_giotto(array: npt.ArrayLike, *, n_atoms: int) -> list[dict[int, PersistenceDiagram]]:
    """Take diagrams from an array of giotto-tda.

    Parameters
    ----------
    array : array_like, shape (n_frames, n_rows, 3) or (n_rows, 3)
        Birth, death and dimension. Pairs on the diagonal are taken for filling and left out.
    n_atoms : int
        Atoms (points) of each structure.

    Returns
    -------
    list of dict of int to PersistenceDiagram
        For each frame, of dimensions 0 up to the highest in the array; pairs sorted by birth, then
        death. Simplices are -1.

    Raises
    ------
    ConfigError
        If the array has another shape, a birth is not finite or a death before its birth.
    """
    batch = np.asarray(array, dtype=np.float64)
    batch = batch[np.newaxis] if batch.ndim == 2 else batch
    if batch.ndim != 3 or batch.shape[2] != 3:
        raise ConfigError(f"array has shape {batch.shape}, not (n_frames, n_rows, 3)")
    highest = int(batch[:, :, 2].max()) if batch.size else -1
    frames = []
    for rows in batch:
        rows = rows[rows[:, 0] != rows[:, 1]]
        arrays = [rows[rows[:, 2] == dim, :2] for dim in range(highest + 1)]
        frames.append(from_persim(arrays, n_atoms=n_atoms))
    return frames


def bottleneck_distance(first: PersistenceDiagram, second: PersistenceDiagram) -> float:
    """Compute the bottleneck distance of two diagrams by GUDHI.

    Parameters
    ----------
    first, second : PersistenceDiagram
        Diagrams of one dimension.

    Returns
    -------
    float
        The exact distance, Angstrom^2; infinite where the diagrams have different numbers of
        essential pairs.

    Raises
    ------
    ConfigError
        If the dimensions differ.
    MissingDependencyError
        If GUDHI is not installed.

    References
    ----------
    .. [1] D. Cohen-Steiner, H. Edelsbrunner and J. Harer, "Stability of persistence diagrams",
       Discrete & Computational Geometry 37, 103 (2007).
    """
    if first.dimension != second.dimension:
        raise ConfigError(f"diagrams are of H{first.dimension} and H{second.dimension}")
    try:
        from gudhi import bottleneck_distance as distance
    except ImportError:
        raise MissingDependencyError(
            "the bottleneck distance needs GUDHI; install it with `pip install gudhi`"
        ) from None
    return float(distance(first.pairs, second.pairs))
