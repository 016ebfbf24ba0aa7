"""Two-dimensional histograms of persistence diagrams."""

from collections.abc import Iterator, Sequence
from typing import Literal, Self, TypeAlias

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from amorphology.descriptors.diagram_input import (
    Diagrams,
    bin_centres,
    check_homology,
    check_rising,
    check_whole,
    counted_pairs,
    diagrams_of_degree,
)
from amorphology.errors import ConfigError, StructureError
from amorphology.homology import PersistenceDiagram

__all__ = ["Diagrams", "Normalisation", "PersistenceHistogram", "Standardisation"]

Normalisation: TypeAlias = Literal["probability", "per_atom"]
Standardisation: TypeAlias = Literal["max_min", "z_score"]


class PersistenceHistogram(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg,misc]
    """
    Histogram of the (birth, death) pairs of one homology degree.

    Only finite pairs with death above birth and both values inside `range` are counted; the upper
    end of the range belongs to the last bin. A frame without such a pair becomes a histogram of
    zeros before standardisation.

    Standardisation subtracts one number and divides by another, both taken over all bins of all
    training frames together. They are not taken bin by bin: most bins are filled in a few frames
    only, and dividing such a bin by its own tiny spread would turn single pairs of unseen frames
    into the largest numbers of the image, while the ratios between bins, which carry the shape of
    the diagram, would be lost.

    Parameters
    ----------
    homology
        Degree of the homology whose pairs are counted: 0, 1 or 2.
    bins
        Number of bins along each axis.
    range
        Lowest and highest squared radius of both axes, Angstrom^2.
    normalisation
        ``"probability"``: divide by the number of pairs counted, so that the histogram sums to 1
        and does not depend on the size of the system [1]_. ``"per_atom"``: divide by the number of
        atoms; keeps how many pairs an atom has.
    standardisation
        ``"max_min"``: the smallest value of the training set becomes 0, the largest 1.
        ``"z_score"``: the training set gets mean 0 and standard deviation 1. None: left as it is.
    n_jobs
        Threads that compute diagrams of frames; None leaves it to `alpha_persistence_many`.

    Attributes
    ----------
    location_ : float
        What is subtracted; 0 without standardisation.
    scale_ : float
        What it is divided by; 1 without standardisation or when all values are equal.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).

    Examples
    --------
    >>> from ase.build import bulk
    >>> frame = bulk("Cu", cubic=True) * (2, 2, 2)
    >>> frame.rattle(0.1, seed=0)
    >>> PersistenceHistogram(bins=32).fit_transform([frame]).shape
    (1, 32, 32)
    """

    def __init__(
        self,
        homology: int = 1,
        bins: int = 128,
        range: tuple[float, float] = (0.0, 8.0),  # noqa: A002 (as numpy.histogram2d)
        normalisation: Normalisation = "probability",
        standardisation: Standardisation | None = "z_score",
        n_jobs: int | None = None,
    ) -> None:
        self.homology = homology
        self.bins = bins
        self.range = range
        self.normalisation = normalisation
        self.standardisation = standardisation
        self.n_jobs = n_jobs

    def fit(self, X: Sequence[Atoms | Diagrams], y: object = None) -> Self:  # noqa: ARG002
        """
        Learn the standardisation from training frames.

        Parameters
        ----------
        X
            Frames, or their diagrams: `PersistenceDiagram` of degree `homology`, or what
            `alpha_persistence` returns; in memory or in an `amorphology.store.DiagramStore`.
        y
            Ignored.

        Returns
        -------
        PersistenceHistogram
            Itself.

        Raises
        ------
        ConfigError
            If a parameter has no meaning.
        StructureError
            If a frame or diagram cannot be used.
        """
        self._learn(self._histograms(X))
        return self

    def transform(self, X: Sequence[Atoms | Diagrams]) -> NDArray[np.float32]:
        """
        Histograms of frames.

        Parameters
        ----------
        X
            Frames or diagrams, as for `fit`, with the same errors.

        Returns
        -------
        numpy.ndarray
            float32 (n_frames, bins, bins): frame, birth, death.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        """
        check_is_fitted(self)
        return self._standardise(self._histograms(X))

    def fit_transform(
        self,
        X: Sequence[Atoms | Diagrams],
        y: object = None,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        """Do `fit`, then `transform`, with every diagram computed once."""
        histograms = self._histograms(X)
        self._learn(histograms)
        return self._standardise(histograms)

    def get_feature_names_out(
        self,
        input_features: object = None,  # noqa: ARG002
    ) -> NDArray[np.object_]:
        """
        Names of the bins, in the order of ``transform(X).reshape(len(X), -1)``.

        Parameters
        ----------
        input_features
            Ignored; frames have no named features.

        Returns
        -------
        numpy.ndarray
            object (bins * bins,): for example ``"h1_birth0.0312_death0.0938"``, at bin centres in
            Angstrom^2.
        """
        check_is_fitted(self)
        centres = bin_centres(self._edges())
        return np.array(
            [f"h{self.homology}_birth{b:.6g}_death{d:.6g}" for b in centres for d in centres],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []  # float32 whatever comes in
        return tags

    def _edges(self) -> NDArray[np.float64]:
        check_homology(self.homology)
        bins = check_whole("bins", self.bins)
        low, high = check_rising("range", self.range)
        if self.normalisation not in ("probability", "per_atom"):
            raise ConfigError(
                f"normalisation is {self.normalisation!r}; choose probability or per_atom"
            )
        if self.standardisation not in ("max_min", "z_score", None):
            raise ConfigError(
                f"standardisation is {self.standardisation!r}; choose max_min, z_score or None"
            )
        return np.linspace(low, high, bins + 1)

    def _histograms(self, X: Sequence[Atoms | Diagrams]) -> NDArray[np.float32]:
        """Normalised, not yet standardised; float32 (n_frames, bins, bins)."""
        edges = self._edges()
        one_frame = np.dtype((np.float32, (self.bins, self.bins)))
        return np.fromiter(
            (self._histogram(diagram, edges) for diagram in self._diagrams(X)), dtype=one_frame
        )

    def _histogram(
        self, diagram: PersistenceDiagram, edges: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Normalised histogram of one diagram, float64 (bins, bins)."""
        counts, _, _ = np.histogram2d(*counted_pairs(diagram), edges)
        total = counts.sum() if self.normalisation == "probability" else diagram.n_atoms
        return counts / total if total else np.zeros_like(counts)

    def _diagrams(self, X: Sequence[Atoms | Diagrams]) -> Iterator[PersistenceDiagram]:
        return diagrams_of_degree(X, self.homology, n_jobs=self.n_jobs)

    def _learn(self, histograms: NDArray[np.float32]) -> None:
        if len(histograms) == 0:
            raise StructureError("no frames to learn from; pass at least one")
        self.location_, self.scale_ = 0.0, 1.0
        if self.standardisation == "max_min":
            self.location_ = float(histograms.min())
            self.scale_ = float(histograms.max()) - self.location_
        elif self.standardisation == "z_score":
            self.location_ = float(histograms.mean(dtype=np.float64))
            self.scale_ = float(histograms.std(dtype=np.float64))
        if self.scale_ == 0.0:
            self.scale_ = 1.0

    def _standardise(self, histograms: NDArray[np.float32]) -> NDArray[np.float32]:
        histograms -= np.float32(self.location_)
        histograms /= np.float32(self.scale_)
        return histograms
