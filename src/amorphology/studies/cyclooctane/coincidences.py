"""Conformations of different shape whose persistence diagrams coincide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching
from scipy.spatial import cKDTree

from amorphology.generate.cyclooctane import (
    ring_images,
    ring_positions,
    superpose,
)
from amorphology.homology import alpha_persistence_many

__all__ = [
    "DIFFERENT",
    "KINDS",
    "STATED",
    "TOLERANCES",
    "Coincidences",
    "coinciding_pairs",
    "find_coincidences",
    "matching_distance",
    "removed_atom_pairs",
    "rings_of",
    "set_distance",
    "shape_distances",
    "shapes_of",
    "sorted_apart",
]

Pairs = NDArray[np.float64]
"""Births and deaths of one homology degree, float64 (n_pairs, 2), Angstrom^2."""

DIFFERENT = 0.1
"""
Conformations that far from each other differ, root-mean-square distance of corresponding atoms,
Angstrom. Moving atoms by e changes a radius r by e at most (stability theorem), hence a squared
radius by about 2 r e: by up to 0.4 Angstrom^2 at this distance and the largest radii, 1.8 Angstrom.
"""

TOLERANCES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3)
"""Largest differences of births and deaths for which coincidences are counted, Angstrom^2."""

STATED = 1e-3
"""The tolerance of the numbers in the text, Angstrom^2: 1/400 of what `DIFFERENT` may change."""

SAME_SHAPE = 1e-5
"""Conformations as near as that are images of each other, Angstrom; files round to 1e-8."""

KINDS = ("h1", "all", "removed_pooled", "removed_eight")
"""
What is compared: H1; H0, H1 and H2; the H1 pairs of the eight rings with one atom removed, thrown
together; and the eight diagrams of these rings as a set, without the name of the removed atom.
"""


@dataclass(frozen=True)
class Coincidences:
    """
    Pairs of different conformations whose diagrams coincide, each pair of shapes once.

    Attributes
    ----------
    pairs
        Numbers of the conformations, (n, 2), most different first.
    difference
        Smallest tolerance at which the diagrams coincide, float64 (n,), Angstrom^2.
    distance
        Root-mean-square distance of the two conformations, float64 (n,), Angstrom.
    """

    pairs: NDArray[np.intp]
    difference: NDArray[np.float64]
    distance: NDArray[np.float64]

    def within(self, tolerance: float) -> "Coincidences":
        """
        Select those of a smaller tolerance.

        Parameters
        ----------
        tolerance
            Angstrom^2.

        Returns
        -------
        Coincidences
            In the same order.
        """
        chosen = self.difference <= tolerance
        return Coincidences(self.pairs[chosen], self.difference[chosen], self.distance[chosen])


def matching_distance(first: Pairs, second: Pairs) -> float:
    """
    Find the smallest tolerance at which two diagrams coincide.

    They coincide if they have the same number of pairs, and these can be matched one to one so that
    births and deaths differ by the tolerance at most. (The bottleneck distance is never larger: it
    also lets pairs vanish in the diagonal.)

    Parameters
    ----------
    first, second
        Diagrams of one homology degree.

    Returns
    -------
    float
        Angstrom^2; infinite where the numbers of pairs differ.
    """
    if len(first) != len(second):
        return np.inf
    if len(first) == 0:
        return 0.0
    return _best_worst(np.abs(first[:, None] - second[None]).max(axis=2))


def set_distance(first: Sequence[Pairs], second: Sequence[Pairs]) -> float:
    """
    Find the smallest tolerance at which two sets of diagrams coincide.

    Parameters
    ----------
    first, second
        As many diagrams each, in any order.

    Returns
    -------
    float
        Angstrom^2: of the best way to match the diagrams one to one, the largest
        `matching_distance`; infinite where there is no way.
    """
    costs = np.array([[matching_distance(one, other) for other in second] for one in first])
    return _best_worst(costs)


def coinciding_pairs(diagrams: Sequence[Sequence[Pairs]], tolerance: float) -> NDArray[np.intp]:
    """
    Find structures whose diagrams may coincide: a few too many, none too few.

    Parameters
    ----------
    diagrams
        For each structure one array for each homology degree.
    tolerance
        Angstrom^2.

    Returns
    -------
    numpy.ndarray
        Places in `diagrams`, (n, 2), the smaller one first, sorted; `matching_distance` decides.

    Notes
    -----
    On a line, matching in order is best; so births, and deaths, each sorted on their own, differ by
    no more than in the best matching of pairs. A k-d tree finds where they differ little.
    """
    same_size: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, diagram in enumerate(diagrams):
        same_size[tuple(len(pairs) for pairs in diagram)].append(index)
    found = [np.empty((0, 2), dtype=np.intp)]
    for members in same_size.values():
        vectors = np.array([sorted_apart(diagrams[index]) for index in members])
        if vectors.shape[1] == 0:  # no pairs at all, so all are equal
            vectors = np.zeros((len(members), 1))
        near = cKDTree(vectors).query_pairs(tolerance, p=np.inf, output_type="ndarray")
        found.append(np.array(members)[near])
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def shapes_of(rings: NDArray[np.float64]) -> NDArray[np.intp]:
    """
    Say which conformations are images of each other under the ring's symmetries and mirror.

    Parameters
    ----------
    rings
        Positions superposed on the octagon, (n, 8, 3), Angstrom.

    Returns
    -------
    numpy.ndarray
        Number of the shape of each, (n,).
    """
    first, second = np.triu_indices(8, 1)
    lengths = np.sort(np.linalg.norm(rings[:, first] - rings[:, second], axis=2), axis=1)
    # Images have the same lengths, so this leaves none out; lengths change less than twice as much
    # as positions do.
    pairs = cKDTree(lengths).query_pairs(4 * SAME_SHAPE, p=np.inf, output_type="ndarray")
    pairs = pairs[shape_distances(rings, pairs) < SAME_SHAPE]
    links = csr_array((np.ones(len(pairs)), pairs.T), shape=(len(rings), len(rings)))
    _, shapes = connected_components(links, directed=False)
    numbers: NDArray[np.intp] = shapes.astype(np.intp)
    return numbers


def shape_distances(rings: NDArray[np.float64], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """
    Measure how different conformations are, up to the ring's symmetries and mirror.

    Parameters
    ----------
    rings
        Positions superposed on the octagon (`superpose`), (n, 8, 3), Angstrom.
    pairs
        Places in `rings`, (n_pairs, 2).

    Returns
    -------
    numpy.ndarray
        Root-mean-square distance of corresponding atoms, the smallest over the 32 images of the
        second conformation, float64 (n_pairs,), Angstrom.
    """
    if len(pairs) == 0:
        return np.empty(0)
    needed, second = np.unique(pairs[:, 1], return_inverse=True)
    images = ring_images(rings[needed]).reshape(32, len(needed), 24)
    first = rings[pairs[:, 0]].reshape(-1, 24)
    squares = [np.sum((first - image[second]) ** 2, axis=1) for image in images]
    distances: NDArray[np.float64] = np.sqrt(np.min(squares, axis=0) / 8)
    return distances


def removed_atom_pairs(frames: Sequence[Atoms], *, n_jobs: int | None = None) -> list[list[Pairs]]:
    """
    Compute the H1 diagrams of rings with one atom removed, for each atom.

    Parameters
    ----------
    frames
        Conformations.
    n_jobs
        Threads; None takes the cores of this process.

    Returns
    -------
    list
        For each frame as many arrays of pairs as it has atoms.
    """
    parts = [frame[np.arange(len(frame)) != atom] for frame in frames for atom in range(len(frame))]
    computed = iter(alpha_persistence_many(parts, dims=(1,), n_jobs=n_jobs))
    return [[next(computed)[1].pairs for _ in frame] for frame in frames]


def find_coincidences(
    rings: NDArray[np.float64],
    full: Sequence[Sequence[Pairs]],
    removed: Sequence[Sequence[Pairs]],
) -> dict[str, Coincidences]:
    """
    Find coincidences of every kind, up to the largest of `TOLERANCES`.

    Parameters
    ----------
    rings
        Positions superposed on the octagon, (n, 8, 3), Angstrom.
    full
        Finite pairs of H0, H1 and H2 of each ring.
    removed
        What `removed_atom_pairs` returns.

    Returns
    -------
    dict of Coincidences
        By the names of `KINDS`.
    """
    shapes = shapes_of(rings)
    h1 = [[degrees[1]] for degrees in full]
    pooled = [[np.concatenate(list(eight))] for eight in removed]
    found = {
        "h1": _coincidences(rings, shapes, h1),
        "all": _coincidences(rings, shapes, full),
        "removed_pooled": _coincidences(rings, shapes, pooled),
    }
    # Equal sets of eight have equal pairs in all.
    pairs, distance = found["removed_pooled"].pairs, found["removed_pooled"].distance
    difference = np.array([set_distance(removed[i], removed[j]) for i, j in pairs])
    eight = Coincidences(pairs, difference.reshape(-1), distance)
    return {**found, "removed_eight": eight.within(TOLERANCES[-1])}


def rings_of(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    """
    Positions of conformations, all superposed on the octagon.

    Parameters
    ----------
    frames
        Conformations, atoms in ring order.

    Returns
    -------
    numpy.ndarray
        float64 (n_frames, 8, 3), Angstrom.

    Raises
    ------
    StructureError
        If a frame has not eight atoms, or a position is not finite.
    """
    return superpose(ring_positions(frames))


def sorted_apart(diagram: Sequence[Pairs]) -> NDArray[np.float64]:
    """
    Write a diagram as a vector.

    Parameters
    ----------
    diagram
        One array of pairs for each homology degree.

    Returns
    -------
    numpy.ndarray
        For each degree all births, then all deaths, each in rising order.
    """
    return np.concatenate([np.sort(pairs, axis=0).T.ravel() for pairs in diagram])


def _coincidences(
    rings: NDArray[np.float64],
    shapes: NDArray[np.intp],
    diagrams: Sequence[Sequence[Pairs]],
) -> Coincidences:
    pairs = coinciding_pairs(diagrams, TOLERANCES[-1])
    distance = shape_distances(rings, pairs)
    pairs, distance = pairs[distance > DIFFERENT], distance[distance > DIFFERENT]
    # Every shape by its first conformation, so that a pair of shapes is one and the same pair.
    _, first = np.unique(shapes, return_index=True)
    pairs, once = np.unique(np.sort(first[shapes[pairs]], axis=1), axis=0, return_index=True)
    order = np.argsort(-distance[once], kind="stable")
    pairs, distance = pairs[order], distance[once][order]
    difference = np.array([_worst_degree(diagrams[i], diagrams[j]) for i, j in pairs])
    return Coincidences(pairs, difference.reshape(-1), distance).within(TOLERANCES[-1])


def _worst_degree(first: Sequence[Pairs], second: Sequence[Pairs]) -> float:
    return max(matching_distance(one, other) for one, other in zip(first, second, strict=True))


def _best_worst(costs: NDArray[np.float64]) -> float:
    """Largest cost of the matching of rows to columns for which that is smallest."""
    steps = np.unique(costs)
    # Each row and each column needs a partner: no matching does better than this.
    low = int(np.searchsorted(steps, max(costs.min(axis=0).max(), costs.min(axis=1).max())))
    high = len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        matched = maximum_bipartite_matching(csr_array(costs <= steps[middle]), "column")
        low, high = (low, middle) if (matched >= 0).all() else (middle + 1, high)
    return float(steps[low])
