"""Persistence images: every pair of a diagram drawn as a Gaussian."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Self, TypeAlias

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from amorphology.descriptors.diagram_input import (
    Diagrams,
    bin_centres,
    check_homology,
    check_positive,
    check_rising,
    check_whole,
    counted_pairs,
    diagrams_of_degree,
)
from amorphology.errors import ConfigError
from amorphology.homology import PersistenceDiagram

__all__ = ["PersistenceImage", "Weight"]

Weight: TypeAlias = (
    Literal["constant", "linear", "arctan"]
    | Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
)


class _Grid(NamedTuple):
    """Edges of the bins, float64 (mesh + 1,) each, and which bins are features."""

    birth_edges: NDArray[np.float64]
    death_edges: NDArray[np.float64]
    kept: NDArray[np.intp]
    """Places in the flat image, (n_features,)."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.birth_edges) - 1, len(self.death_edges) - 1


class PersistenceImage(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""
    Persistence image of the (birth, death) pairs of one homology degree, as a vector.

    Births and deaths are squared radii in Angstrom^2, and so is `sigma`, which is a length in the
    plane of the diagram. A pair k contributes a Gaussian of height w [1]_ [2]_:

    .. math:: \rho(x, y) = \sum_k w(b_k, d_k)
              \exp\left(-\frac{(b_k - x)^2 + (d_k - y)^2}{2 \sigma^2}\right)

    A feature is the value of this sum at the centre of a bin, exact up to rounding: pairs are not
    binned first, Gaussians are not cut off, and those of pairs outside the ranges reach into them.
    Pairs that never die are left out, and so are those without length (death equal to birth). A
    diagram without pairs gives zeros. The coordinates are birth and death; many other programs
    draw birth and persistence, and divide by :math:`2 \pi \sigma^2`.

    The defaults are those of the paper's study of cyclo-octane [1]_. Nothing is learned from
    training frames, so that `transform` needs no `fit`.

    Parameters
    ----------
    homology
        Degree of the homology whose pairs are drawn: 0, 1 or 2.
    birth_range, death_range
        Lowest and highest squared radius of the two axes, Angstrom^2.
    mesh
        Numbers of bins along the birth and the death axis.
    sigma
        Standard deviation of the Gaussians, Angstrom^2.
    weight
        ``"constant"``: w = 1. ``"linear"``: the persistence d - b, Angstrom^2. ``"arctan"``:
        ``arctan(arctan_scale * (d - b) ** arctan_power)`` [3]_. Or a function that takes births and
        deaths, float64 (n_pairs,) each, and returns as many finite weights. With a weight that
        vanishes on the diagonal the image changes continuously when a pair appears there.
    triangle
        Leave out the bins that lie below the diagonal, where no pair can be. A bin is kept when
        any part of it is above: its upper death edge is above its lower birth edge. By default
        that keeps 15,278 of the 20,000 bins, the same as in the paper; 96 of them have their
        centre below the diagonal. False keeps all bins.
    n_jobs
        Threads that compute diagrams of frames; None leaves it to `alpha_persistence_many`.
    arctan_scale, arctan_power
        Of the weight ``"arctan"``; the scale in Angstrom^(-2 arctan_power).
    dtype
        ``"float64"`` or, in half the memory, ``"float32"``: values are computed in double
        precision and rounded once; those below 1e-45 become 0.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023), eq. 1.
    .. [2] Adams et al., J. Mach. Learn. Res. 18 (8), 1-35 (2017).
    .. [3] Kusano, Hiraoka and Fukumizu, Proc. Mach. Learn. Res. 48, 2004-2013 (2016).

    Examples
    --------
    >>> from ase.build import molecule
    >>> frame = molecule("C6H6")
    >>> descriptor = PersistenceImage()
    >>> features = descriptor.fit_transform([frame])
    >>> features.shape
    (1, 15278)
    >>> descriptor.to_images(features).shape
    (1, 200, 100)
    """

    def __init__(
        self,
        homology: int = 1,
        birth_range: tuple[float, float] = (0.5, 3.3),
        death_range: tuple[float, float] = (1.95, 3.3),
        mesh: tuple[int, int] = (200, 100),
        sigma: float = 0.05,
        weight: Weight = "constant",
        triangle: bool = True,
        n_jobs: int | None = None,
        arctan_scale: float = 1.0,
        arctan_power: float = 1.0,
        dtype: Literal["float64", "float32"] = "float64",
    ) -> None:
        self.homology = homology
        self.birth_range = birth_range
        self.death_range = death_range
        self.mesh = mesh
        self.sigma = sigma
        self.weight = weight
        self.triangle = triangle
        self.n_jobs = n_jobs
        self.arctan_scale = arctan_scale
        self.arctan_power = arctan_power
        self.dtype = dtype

    def fit(self, X: Sequence[Atoms | Diagrams], y: object = None) -> Self:  # noqa: ARG002
        """
        Check the parameters; nothing is learned.

        Parameters
        ----------
        X
            Ignored.
        y
            Ignored.

        Returns
        -------
        PersistenceImage
            Itself.

        Raises
        ------
        ConfigError
            If a parameter has no meaning.
        """
        self._grid()
        return self

    def transform(self, X: Sequence[Atoms | Diagrams]) -> NDArray[np.floating[Any]]:
        """
        Draw the images of frames, as vectors.

        Beside the result only one image and the diagrams are held in memory; of a store on disk
        one diagram at a time.

        Parameters
        ----------
        X
            Frames, or their diagrams: `PersistenceDiagram` of degree `homology`, what
            `alpha_persistence` returns, or an `amorphology.store.DiagramStore`.

        Returns
        -------
        numpy.ndarray
            Of type `dtype` (n_frames, n_features): the bins that are kept, of the first birth bin
            by rising death, then of the second and so on.

        Raises
        ------
        ConfigError
            If a parameter has no meaning, or `weight` does not return finite numbers.
        StructureError
            If a frame or diagram cannot be used.
        """
        grid = self._grid()
        diagrams = self._diagrams(X)
        features = np.empty((len(X), len(grid.kept)), self.dtype)
        births, deaths = bin_centres(grid.birth_edges), bin_centres(grid.death_edges)
        image = np.empty(grid.shape)
        for row, diagram in zip(features, diagrams, strict=True):
            b, d = counted_pairs(diagram)
            # The Gaussian is a product of one in births and one in deaths, so that the sum over
            # pairs is a product of matrices.
            along_birth = self._gaussians(b, births)
            along_birth *= self._weights(b, d)[:, np.newaxis]
            np.matmul(along_birth.T, self._gaussians(d, deaths), out=image)
            row[:] = image.ravel()[grid.kept]
        return features

    def to_images(
        self, features: NDArray[np.floating[Any]], *, below_diagonal: float = np.nan
    ) -> NDArray[np.floating[Any]]:
        """
        Put vectors of features back into the plane of the diagram, to draw them.

        Parameters
        ----------
        features
            Floats (n, n_features): what `transform` returns, or anything else with a value for
            each feature (means, principal components, coefficients of a linear model).
        below_diagonal
            Value of the bins that are no features.

        Returns
        -------
        numpy.ndarray
            Of the type of `features` (n, mesh[0], mesh[1]): vector, birth, death. Drawn by
            ``pyplot.pcolormesh(descriptor.birth_edges, descriptor.death_edges, image.T)``.

        Raises
        ------
        ConfigError
            If a parameter has no meaning, or `features` has another shape.
        """
        grid = self._grid()
        features = np.asarray(features)
        if features.ndim != 2 or features.shape[1] != len(grid.kept):
            raise ConfigError(
                f"features have shape {features.shape}, but the descriptor makes (n, "
                f"{len(grid.kept)}); pass what it made, with the same parameters"
            )
        images = np.full((len(features), np.prod(grid.shape)), below_diagonal, features.dtype)
        images[:, grid.kept] = features
        return images.reshape(-1, *grid.shape)

    def get_feature_names_out(
        self,
        input_features: object = None,  # noqa: ARG002
    ) -> NDArray[np.object_]:
        """
        Names of the features.

        Parameters
        ----------
        input_features
            Ignored; frames have no named features.

        Returns
        -------
        numpy.ndarray
            object (n_features,): for example ``"h1_birth0.507_death1.95675"``, at bin centres in
            Angstrom^2.

        Raises
        ------
        ConfigError
            If a parameter has no meaning.
        """
        grid = self._grid()
        births, deaths = bin_centres(grid.birth_edges), bin_centres(grid.death_edges)
        rows, columns = np.unravel_index(grid.kept, grid.shape)
        return np.array(
            [
                f"h{self.homology}_birth{b:.6g}_death{d:.6g}"
                for b, d in zip(births[rows], deaths[columns], strict=True)
            ],
            dtype=object,
        )

    @property
    def birth_edges(self) -> NDArray[np.float64]:
        """Edges of the bins along the birth axis, float64 (mesh[0] + 1,), Angstrom^2."""
        return self._grid().birth_edges

    @property
    def death_edges(self) -> NDArray[np.float64]:
        """Edges of the bins along the death axis, float64 (mesh[1] + 1,), Angstrom^2."""
        return self._grid().death_edges

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []  # `dtype` whatever comes in
        return tags

    def _grid(self) -> _Grid:
        """Check all parameters."""
        check_homology(self.homology)
        if not isinstance(self.mesh, Sequence | np.ndarray) or len(self.mesh) != 2:
            raise ConfigError(f"mesh is {self.mesh!r}; give two numbers of bins, (birth, death)")
        edges = []
        for axis, bins in zip(("birth", "death"), self.mesh, strict=True):
            name = f"{axis}_range"
            low, high = check_rising(name, getattr(self, name))
            edges.append(np.linspace(low, high, check_whole(f"mesh, {axis},", bins) + 1))
        for name in ("sigma", "arctan_scale", "arctan_power"):
            check_positive(name, getattr(self, name))
        if not callable(self.weight) and self.weight not in ("constant", "linear", "arctan"):
            raise ConfigError(
                f"weight is {self.weight!r}; choose constant, linear, arctan or give a function"
            )
        if self.dtype not in ("float64", "float32"):
            raise ConfigError(f"dtype is {self.dtype!r}; choose float64 or float32")
        birth, death = edges
        kept = np.ones((len(birth) - 1, len(death) - 1), dtype=np.bool_)
        if self.triangle:
            # Edges that meet on the diagonal, but for rounding, do not count as above it.
            kept = death[1:] - birth[:-1, np.newaxis] > 1e-9 * (death[1] - death[0])
        if not kept.any():
            raise ConfigError(
                f"birth_range {self.birth_range} lies above death_range {self.death_range}, so "
                "that no bin is above the diagonal; raise death_range or set triangle=False"
            )
        return _Grid(birth, death, np.flatnonzero(kept))

    def _diagrams(self, X: Sequence[Atoms | Diagrams]) -> Iterator[PersistenceDiagram]:
        return diagrams_of_degree(X, self.homology, n_jobs=self.n_jobs)

    def _gaussians(
        self, values: NDArray[np.float64], centres: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Gaussians along one axis, float64 (n_values, n_centres), 1 at their peaks."""
        exponents = np.subtract.outer(values, centres)
        exponents /= self.sigma
        exponents *= exponents
        exponents *= -0.5
        return np.exp(exponents, out=exponents)

    def _weights(
        self, births: NDArray[np.float64], deaths: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weights of pairs, float64 (n_pairs,)."""
        if self.weight == "constant":
            return np.ones_like(births)
        if self.weight == "linear":
            return deaths - births
        if self.weight == "arctan":
            return np.arctan(self.arctan_scale * (deaths - births) ** self.arctan_power)
        weights = np.asarray(self.weight(births, deaths), dtype=np.float64)
        if weights.shape != births.shape or not np.isfinite(weights).all():
            raise ConfigError(
                f"weight gave an array of shape {weights.shape}, finite: "
                f"{bool(np.isfinite(weights).all())}, for {len(births)} pairs; it has to return "
                "one finite number for each pair"
            )
        return weights
