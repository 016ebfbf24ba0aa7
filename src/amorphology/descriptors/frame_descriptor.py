"""What descriptors that read frames of atoms have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from amorphology.errors import StructureError
from amorphology.geometry import geometry_problem
from amorphology.structures import frame_name

__all__ = ["FrameDescriptor", "NamedFrame", "named_frames"]

NamedFrame = tuple[str, Atoms]
"""What to call a frame in an error message, and the frame."""


class FrameDescriptor(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """
    Base of transformers from a sequence of frames to one vector a frame.

    A subclass says what `fit` learns, how a frame becomes a vector and how to name its numbers.
    """

    def fit(self, X: Sequence[Atoms], y: object = None) -> Self:  # noqa: ARG002
        """
        Check the parameters and learn from training frames what the class says it learns.

        Parameters
        ----------
        X
            Training frames.
        y
            Ignored.

        Returns
        -------
        FrameDescriptor
            Itself.

        Raises
        ------
        ConfigError
            If a parameter has no meaning.
        StructureError
            If there is no frame, or one cannot be used; names the frame.
        MissingDependencyError
            If the descriptor needs an optional package that is not installed.
        """
        if len(X) == 0:
            raise StructureError("no frames to learn from; pass at least one")
        self._learn(named_frames(X))
        return self

    def transform(self, X: Sequence[Atoms]) -> NDArray[np.float64]:
        """
        Describe frames.

        Parameters
        ----------
        X
            Frames; they are left as they are.

        Returns
        -------
        numpy.ndarray
            float64 (n_frames, n_features), one row a frame.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        ConfigError, StructureError, MissingDependencyError
            As for `fit`.
        """
        rows = np.empty((len(X), len(self.get_feature_names_out())), dtype=np.float64)
        for index, vector in enumerate(self.per_frame(X)):
            rows[index] = vector
        return rows

    def per_frame(self, frames: Iterable[Atoms]) -> Iterator[NDArray[np.float64]]:
        """
        Describe frames one after the other.

        Frames are taken from `frames` only as fast as results are asked for, so memory stays
        bounded however many there are.

        Parameters
        ----------
        frames
            Frames; any iterable.

        Yields
        ------
        numpy.ndarray
            float64 (n_features,) for each frame: the rows of `transform`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        ConfigError, StructureError, MissingDependencyError
            As for `fit`.
        """
        check_is_fitted(self)
        yield from self._vectors(named_frames(frames))

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:  # noqa: ARG002
        """
        Names of the numbers, in the order of the columns of `transform`.

        Parameters
        ----------
        input_features
            Ignored; frames have no named features.

        Returns
        -------
        numpy.ndarray
            object (n_features,).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `fit` was not called.
        """
        check_is_fitted(self)
        return np.array(self._feature_names(), dtype=object)

    @abstractmethod
    def _feature_names(self) -> list[str]:
        """Names of the numbers of a vector, once fitted."""

    @abstractmethod
    def _learn(self, frames: Iterator[NamedFrame]) -> None:
        """Check the parameters and set the fitted attributes; every frame has to be read."""

    @abstractmethod
    def _vectors(self, frames: Iterator[NamedFrame]) -> Iterator[NDArray[np.float64]]:
        """Vectors of frames in their order, float64 (n_features,) each."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []  # float64 whatever comes in
        return tags


def named_frames(X: Iterable[Atoms]) -> Iterator[NamedFrame]:
    """
    Check frames one by one, as they are asked for.

    Parameters
    ----------
    X
        Frames.

    Yields
    ------
    tuple of str and ase.Atoms
        The name of a frame for messages, and the frame.

    Raises
    ------
    StructureError
        If an item is not ``ase.Atoms``, has no atoms, or has positions or a cell that cannot be.
    """
    if isinstance(X, Atoms):
        raise StructureError("one frame was passed on its own; pass a list of frames, [frame]")
    for index, frame in enumerate(X):
        if not isinstance(frame, Atoms):
            raise StructureError(
                f"item {index}: {type(frame).__name__} is not ase.Atoms; pass frames"
            )
        name = frame_name(frame, index)
        problem = geometry_problem(frame.positions, frame.cell.array, frame.pbc)
        if problem is not None:
            raise StructureError(f"{name}: {problem}")
        yield name, frame
