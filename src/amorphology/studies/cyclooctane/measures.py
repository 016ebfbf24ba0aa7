"""What can be measured on a plane of principal components, all lengths relative to its spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr
from sklearn.metrics import silhouette_samples

__all__ = [
    "LABELS",
    "LEAST",
    "NEIGHBOURS",
    "Groups",
    "Labelled",
    "count_groups",
    "count_places",
    "distance_correlation",
    "label_gap",
    "label_silhouette",
    "neighbour_purity",
    "spread",
]

NEIGHBOURS = 5
"""Neighbours that `neighbour_purity` looks at."""

SMALLEST_GROUP = 0.05
"""Share of a label's conformations below which a cluster is a few stragglers, not a group."""

SMALLEST_LINK = 0.02
"""Shortest linking length, in spreads: two points closer than that touch in the figure."""


LABELS = ("chair", "boat", "crown")
"""The labels that are compared; conformations between them only give the planes."""

LEAST = 50
"""
Conformations a label needs. Symmetry splits a label into eight groups at most, and a group with
fewer conformations than neighbours are looked at has strangers among them wherever it lies.
"""


@dataclass(frozen=True)
class Groups:
    """
    Into how many groups points fall.

    Attributes
    ----------
    count
        Groups, at the linking lengths where this number holds longest.
    shortest, longest
        Ends of that range of linking lengths, in spreads of the plane.
    """

    count: int
    shortest: float
    longest: float


def spread(scores: NDArray[np.float64]) -> float:
    """
    Measure the size of a plane: root-mean-square distance of its points from their mean.

    Parameters
    ----------
    scores
        Points, (n, 2).

    Returns
    -------
    float
        In the unit of the scores.
    """
    return float(np.sqrt(scores.var(axis=0).sum()))


def neighbour_purity(
    scores: NDArray[np.float64],
    labels: NDArray[np.str_],
    first: str,
    second: str,
    *,
    n_neighbours: int = NEIGHBOURS,
) -> float:
    """
    Measure how well two labels keep apart, from nearest neighbours.

    Of all points of the two labels, what share of a point's nearest neighbours carries its own
    label? 1 where the labels do not touch, however they are shaped; the shares of the labels where
    they are mixed at random.

    Parameters
    ----------
    scores
        Points, (n, 2).
    labels
        Their labels, (n,).
    first, second
        The labels to compare; more than `n_neighbours` points each.
    n_neighbours
        Neighbours of each point that count.

    Returns
    -------
    float
        Mean over the points of a label, of that label for which it is smaller.
    """
    chosen = (labels == first) | (labels == second)
    points, names = scores[chosen], labels[chosen]
    _, neighbours = cKDTree(points).query(points, n_neighbours + 1)
    itself = neighbours == np.arange(len(points))[:, None]
    # Where points coincide a point need not come first among its own neighbours.
    itself[~itself.any(axis=1), -1] = True
    others = neighbours[~itself].reshape(len(points), n_neighbours)
    own = (names[others] == names[:, None]).mean(axis=1)
    return float(min(own[names == name].mean() for name in (first, second)))


def label_gap(
    scores: NDArray[np.float64], labels: NDArray[np.str_], first: str, second: str
) -> float:
    """
    Measure the smallest distance between points of two labels.

    Parameters
    ----------
    scores
        Points, (n, 2).
    labels
        Their labels, (n,).
    first, second
        The labels to compare.

    Returns
    -------
    float
        In spreads of all points.
    """
    distances, _ = cKDTree(scores[labels == first]).query(scores[labels == second])
    return float(distances.min()) / spread(scores)


def label_silhouette(
    scores: NDArray[np.float64], labels: NDArray[np.str_], names: tuple[str, ...]
) -> float:
    """
    Measure how compact labels are compared with their distances: the mean silhouette.

    Parameters
    ----------
    scores
        Points, (n, 2).
    labels
        Their labels, (n,).
    names
        The labels that count, each weighted the same.

    Returns
    -------
    float
        Between -1 and 1; above 0.5 clusters have a "reasonable structure", above 0.7 a strong one
        (Kaufman and Rousseeuw, "Finding Groups in Data", 1990).
    """
    chosen = np.isin(labels, names)
    values = silhouette_samples(scores[chosen], labels[chosen])
    return float(np.mean([values[labels[chosen] == name].mean() for name in names]))


def count_groups(points: NDArray[np.float64], size: float) -> Groups:
    """
    Count groups of points that may lie on thin curves: those that persist.

    Points closer than a linking length belong together (single linkage), and what then hangs
    together is a group if it holds at least `SMALLEST_GROUP` of the points. The linking length runs
    from the spacing of the points (95th percentile of the distance to the nearest one, at least
    `SMALLEST_LINK` spreads) to the root-mean-square distance of the points from their mean, beyond
    which groups cannot be told. The number of groups that holds over the longest factor of linking
    lengths is the answer: the most persistent one of H0. Points closer together than
    `SMALLEST_LINK` are one group.

    Parameters
    ----------
    points
        Points, (n, 2), two or more.
    size
        Spread of the plane they are in.

    Returns
    -------
    Groups
        The number, and where it holds.
    """
    nearest = cKDTree(points).query(points, 2)[0][:, 1]
    shortest = max(float(np.percentile(nearest, 95)), SMALLEST_LINK * size)
    longest = spread(points)
    if longest <= shortest:
        return Groups(1, shortest / size, shortest / size)
    tree = linkage(points, "single")
    # The number changes only where a link is made.
    made = tree[(tree[:, 2] > shortest) & (tree[:, 2] < longest), 2]
    ends = np.unique(np.concatenate([[shortest], made, [longest]]))
    runs: list[Groups] = []
    for low, high in pairwise(ends):
        sizes = np.bincount(fcluster(tree, low, "distance"))
        count = int((sizes >= SMALLEST_GROUP * len(points)).sum())
        if runs and runs[-1].count == count:
            runs[-1] = Groups(count, runs[-1].shortest, float(high) / size)
        else:
            runs.append(Groups(count, float(low) / size, float(high) / size))
    return max(runs, key=lambda run: run.longest / run.shortest)


def count_places(points: NDArray[np.float64], size: float, *, tolerance: float = 1e-6) -> int:
    """
    Count the different places at which points lie.

    Parameters
    ----------
    points
        Points, (n, 2).
    size
        Spread of the plane they are in.
    tolerance
        Points that are nearer than this, in spreads, are on one place.

    Returns
    -------
    int
        Number of places.
    """
    near = cKDTree(points).query_pairs(tolerance * size, output_type="ndarray")
    links = csr_array((np.ones(len(near)), near.T), shape=(len(points), len(points)))
    return int(connected_components(links, directed=False)[0])


def distance_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """
    Compare two planes of the same conformations, whatever their rotation, mirror and scale.

    Parameters
    ----------
    first, second
        Points, (n, 2) each; memory grows as n^2.

    Returns
    -------
    float
        Spearman's rank correlation of the distances between the same points, -1 to 1.
    """
    return float(spearmanr(pdist(first), pdist(second)).statistic)


@dataclass(frozen=True)
class Labelled:
    """
    A plane with its labels, and the measurements on it.

    Attributes
    ----------
    scores
        Points, float64 (n, 2).
    labels
        Their labels, (n,).
    """

    scores: NDArray[np.float64]
    labels: NDArray[np.str_]

    def enough(self, names: Sequence[str] = LABELS) -> bool:
        """
        Tell whether each label has `LEAST` conformations.

        Parameters
        ----------
        names
            Labels.

        Returns
        -------
        bool
            Whether they can be measured.
        """
        return all(int((self.labels == name).sum()) >= LEAST for name in names)

    def purity(self, first: str, second: str) -> float:
        """
        Measure `neighbour_purity`.

        Parameters
        ----------
        first, second
            Labels.

        Returns
        -------
        float
            0 to 1.
        """
        return neighbour_purity(self.scores, self.labels, first, second)

    def purities(self, pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
        """
        Measure `neighbour_purity` and `label_gap` of several pairs of labels.

        Parameters
        ----------
        pairs
            Pairs of labels.

        Returns
        -------
        dict of float
            By names such as ``"purity chair-boat"``.
        """
        values = {}
        for first, second in pairs:
            values[f"purity {first}-{second}"] = self.purity(first, second)
            values[f"gap {first}-{second}"] = label_gap(self.scores, self.labels, first, second)
        return values

    def groups(self, label: str) -> int:
        """
        Count the groups of a label.

        Parameters
        ----------
        label
            The label.

        Returns
        -------
        int
            By `count_groups`.
        """
        return count_groups(self.scores[self.labels == label], spread(self.scores)).count
