"""Two-dimensional histograms of persistence diagrams."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, Self, TypeAlias

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from amorphology.descriptors.binned_diagrams import BinnedDiagrams, filled_bins
from amorphology.descriptors.diagram_input import (
    Diagrams,
    bin_centres,
    check_whole,
    diagrams_of_degrees,
    needed_degrees,
)
from amorphology.descriptors.histogram_images import blur_matrix, blurred, ends, moments
from amorphology.descriptors.histogram_parameters import (
    check_choice,
    checked_blurs,
    checked_degrees,
    checked_ranges,
    is_several,
    maker_of_points,
)
from amorphology.errors import StructureError
from amorphology.homology import PersistenceDiagram

__all__ = ["Axes", "Diagrams", "Normalisation", "PersistenceHistogram", "Standardisation"]

Axes: TypeAlias = Literal["squared_radius", "radius"]
Normalisation: TypeAlias = Literal["probability", "per_atom"]
Standardisation: TypeAlias = Literal["max_min", "z_score"]

CHOICES: dict[str, tuple[str | None, ...]] = {
    "axes": ("squared_radius", "radius"),
    "normalisation": ("probability", "per_atom"),
    "counting": ("whole", "shared"),
    "essential": ("left_out", "paired"),
    "standardisation": ("max_min", "z_score", None),
}

# Frames whose images are in memory at a time while statistics are taken: 6 MB a channel.
CHUNK = 96


class PersistenceHistogram(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg,misc]
    r"""
    Histogram of the (birth, death) pairs of one homology degree, or of several.

    Only pairs with a finite death above birth and both values inside `range` are counted; the upper
    end of the range belongs to the last bin. A frame without such a pair becomes a histogram of
    zeros before standardisation.

    Standardisation subtracts one number and divides by another, both taken over all bins of all
    training frames together, for each degree by itself. They are not taken bin by bin: most bins
    are filled in a few frames only, and dividing such a bin by its own tiny spread would make
    single pairs of unseen frames the largest numbers, and lose the ratios between bins.

    Several degrees become the channels of one image. Components (degree 0) are all born at 0, so
    that their channel has one filled row.

    Parameters
    ----------
    homology
        Degree of the homology whose pairs are counted: 0, 1 or 2; or several of them.
    bins
        Number of bins along each axis.
    range
        Lowest and highest value of both axes, in the unit of `axes`; or one such pair for each
        degree of `homology`.
    normalisation
        ``"probability"``: divide by the number of pairs counted, so that the histogram sums to 1
        whatever the size of the system [1]_. ``"per_atom"``: divide by the number of atoms.
    standardisation
        ``"max_min"``: the training set spans 0 to 1. ``"z_score"``: it gets mean 0 and standard
        deviation 1. None: left as it is.
    n_jobs
        Threads that compute diagrams of frames; None takes the cores of this process.
    axes
        ``"squared_radius"``: births and deaths in Angstrom^2, as filtrations give them [1]_.
        ``"radius"``: their square roots, Angstrom; the bins are then equally fine for short and
        for long distances. A negative squared radius, which weights of atoms can give, becomes the
        negative root of its absolute value.
    blur
        Standard deviation of a Gaussian over the plane of the diagram, in the unit of `axes`; 0
        leaves the counts as they are. One number, or one for each degree. Pairs are counted in
        bins first, and each count is then shared out from the centre of its bin, to every bin the
        integral of the Gaussian over it:

        .. math:: h'_{ij} = \sum_{kl} B_{ik} B_{jl} h_{kl}, \quad
                  B_{ik} = \Phi\left(\frac{x_i - x_k + w/2}{\sigma}\right)
                         - \Phi\left(\frac{x_i - x_k - w/2}{\sigma}\right)

        with bin centres x, bin width w and the normal distribution function :math:`\Phi`. What
        falls outside the range is lost. `PersistenceImage` is exact for every pair, and slower.
    points
        What the diagrams are of: ``"atoms"``, or ``"bond_midpoints"``, the midpoints of bonds. Such
        diagrams are computed of frames, never passed; ``"per_atom"`` still counts atoms.
    bond_cutoff
        Longest bond, Angstrom; None takes 1.25 times the sum of covalent radii: for carbon 1.9.
    bond_weight
        The midpoint of a bond of length r has the weight ``-bond_weight * (r / 2) ** 2``, so that
        births tell the lengths of bonds.
    counting
        ``"whole"``: a pair counts in its bin. ``"shared"``: the four bins whose centres are around
        a pair share it, the nearer the more, so that the histogram follows every small move.
    essential
        What becomes of the essential classes of a periodic structure. ``"left_out"``: they are not
        counted [1]_, so that the numbers per atom of pairs depend on the size of the cell.
        ``"paired"``: they are counted as the pairs that they make where the cell is repeated
        (`amorphology.homology.pair_essential_classes`).

    Attributes
    ----------
    location_ : float or numpy.ndarray
        What is subtracted; 0 without standardisation. float64 (n_degrees,) where `homology` is
        several degrees.
    scale_ : float or numpy.ndarray
        What it is divided by, alike; 1 without standardisation or when all values are equal.

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
    >>> PersistenceHistogram([0, 1, 2], bins=32, blur=0.2).fit_transform([frame]).shape
    (1, 3, 32, 32)
    """

    def __init__(
        self,
        homology: int | Sequence[int] = 1,
        bins: int = 128,
        range: tuple[float, float] | Sequence[tuple[float, float]] = (0.0, 8.0),  # noqa: A002
        normalisation: Normalisation = "probability",
        standardisation: Standardisation | None = "z_score",
        n_jobs: int | None = None,
        axes: Axes = "squared_radius",
        blur: float | Sequence[float] = 0.0,
        points: Literal["atoms", "bond_midpoints"] = "atoms",
        bond_cutoff: float | None = None,
        bond_weight: float = 0.0,
        counting: Literal["whole", "shared"] = "whole",
        essential: Literal["left_out", "paired"] = "left_out",
    ) -> None:
        self.homology = homology
        self.bins = bins
        self.range = range
        self.normalisation = normalisation
        self.standardisation = standardisation
        self.n_jobs = n_jobs
        self.axes = axes
        self.blur = blur
        self.points = points
        self.bond_cutoff = bond_cutoff
        self.bond_weight = bond_weight
        self.counting = counting
        self.essential = essential

    @property
    def degrees(self) -> tuple[int, ...]:
        """The degrees of `homology`, also where it is one."""
        return checked_degrees(self.homology)

    @property
    def needed_degrees(self) -> tuple[int, ...]:
        """Degrees of the diagrams that are read, in rising order."""
        return needed_degrees(self.degrees, paired=self.essential == "paired")

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Range of both axes for each degree, in the unit of `axes`."""
        return checked_ranges(self.range, len(self.degrees))

    @property
    def blurs(self) -> tuple[float, ...]:
        """Blur for each degree, in the unit of `axes`."""
        return checked_blurs(self.blur, len(self.degrees))

    def fit(self, X: Sequence[Atoms | Diagrams], y: object = None) -> Self:  # noqa: ARG002
        """
        Learn the standardisation from training frames.

        Parameters
        ----------
        X
            Frames, or their diagrams: what `alpha_persistence` returns, in memory or in an
            `amorphology.store.DiagramStore`; or, of one degree, `PersistenceDiagram`.
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
        return self.fit_binned(self.bin_pairs(X))

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
            float32 (n_frames, bins, bins): frame, birth, death. Where `homology` is several
            degrees, float32 (n_frames, n_degrees, bins, bins).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        """
        check_is_fitted(self)
        return self._shaped(self.bin_pairs(X))

    def fit_transform(
        self,
        X: Sequence[Atoms | Diagrams],
        y: object = None,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        """Do `fit`, then `transform`, with every diagram computed once."""
        binned = self.bin_pairs(X)
        self.fit_binned(binned)
        return self._shaped(binned)

    def bin_pairs(self, X: Sequence[Atoms | Diagrams]) -> BinnedDiagrams:
        """
        Count and normalise, as far as one frame goes: what is to be kept of many frames.

        Parameters
        ----------
        X
            Frames or diagrams, as for `fit`, with the same errors. Diagrams of frames are dropped
            once they are counted.

        Returns
        -------
        BinnedDiagrams
            Neither blurred nor standardised; a channel for each degree.
        """
        edges = self._edges()
        shape = (len(edges), self.bins, self.bins)
        count = partial(
            filled_bins,
            edges=edges,
            axes=self.axes,
            counting=self.counting,
            normalisation=self.normalisation,
        )
        return BinnedDiagrams.from_frames(shape, map(count, self._diagrams(X)))

    def fit_binned(
        self, binned: BinnedDiagrams, frames: Sequence[int] | NDArray[np.intp] | None = None
    ) -> Self:
        """
        Do `fit` with what `bin_pairs` made.

        Parameters
        ----------
        binned
            Frames.
        frames
            The training frames among them; None takes all.

        Returns
        -------
        PersistenceHistogram
            Itself.

        Raises
        ------
        StructureError
            If there are no frames.
        """
        chosen = np.arange(len(binned)) if frames is None else np.asarray(frames)
        if len(chosen) == 0:
            raise StructureError("no frames to learn from; pass at least one")
        kernels = self.blur_matrices()
        chunks = (
            blurred(binned.images(chosen[start : start + CHUNK]), kernels)
            for start in np.arange(0, len(chosen), CHUNK)
        )
        location, scale = np.zeros(len(kernels)), np.ones(len(kernels))
        if self.standardisation is not None:
            location, scale = (ends if self.standardisation == "max_min" else moments)(chunks)
        scale[scale == 0.0] = 1.0
        one = not is_several(self.homology)
        self.location_ = float(location[0]) if one else location
        self.scale_ = float(scale[0]) if one else scale
        return self

    def transform_binned(
        self, binned: BinnedDiagrams, frames: slice | Sequence[int] | NDArray[np.intp] = slice(None)
    ) -> NDArray[np.float32]:
        """
        Do `transform` with what `bin_pairs` made.

        Parameters
        ----------
        binned
            Frames.
        frames
            Which of them.

        Returns
        -------
        numpy.ndarray
            float32 (n, n_degrees, bins, bins), also where there is one degree.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was fitted.
        """
        check_is_fitted(self)
        images = blurred(binned.images(frames), self.blur_matrices())
        images -= np.reshape(self.location_, (-1, 1, 1)).astype(np.float32)
        images /= np.reshape(self.scale_, (-1, 1, 1)).astype(np.float32)
        return images

    def blur_matrices(self) -> list[NDArray[np.float32] | None]:
        """
        Matrices B of `blur`.

        Returns
        -------
        list of numpy.ndarray or None
            For each degree float32 (bins, bins), or None where there is no blur.
        """
        return [
            blur_matrix(edges, sigma) if sigma else None
            for edges, sigma in zip(self._edges(), self.blurs, strict=True)
        ]

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
            object (n_features,): ``"h1_birth0.03_death0.09"``, a bin's centre in unit of `axes`.
        """
        check_is_fitted(self)
        return np.array(
            [
                f"h{degree}_birth{b:.6g}_death{d:.6g}"
                for degree, edges in zip(self.degrees, self._edges(), strict=True)
                for b in bin_centres(edges)
                for d in bin_centres(edges)
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []  # float32 whatever comes in
        return tags

    def _edges(self) -> list[NDArray[np.float64]]:
        """Check all parameters; edges of the bins for each degree, float64 (bins + 1,)."""
        bins = check_whole("bins", self.bins)
        _ = self.blurs
        for name, allowed in CHOICES.items():
            check_choice(name, getattr(self, name), allowed)
        return [np.linspace(low, high, bins + 1) for low, high in self.ranges]

    def _diagrams(self, X: Sequence[Atoms | Diagrams]) -> Iterator[tuple[PersistenceDiagram, ...]]:
        points = maker_of_points(self.points, self.bond_cutoff, self.bond_weight)
        paired = self.essential == "paired"
        return diagrams_of_degrees(
            X, self.degrees, n_jobs=self.n_jobs, points=points, paired=paired
        )

    def _shaped(self, binned: BinnedDiagrams) -> NDArray[np.float32]:
        """Images of all frames, without the axis of degrees where `homology` is one number."""
        images = self.transform_binned(binned)
        return images if is_several(self.homology) else images[:, 0]
