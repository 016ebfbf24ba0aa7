from collections.abc import Iterator

import numpy as np
import pytest
from ase import Atoms
from sklearn.utils import Tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from amorphology.descriptors import CartesianCoordinates
from amorphology.descriptors.frame_descriptor import named_frames
from amorphology.errors import StructureError


def test_frames_are_checked_one_by_one():
    taken = []

    def frames() -> Iterator[Atoms]:
        for x in (0.0, 1.0, np.nan):
            taken.append(x)
            yield Atoms("C", [[x, 0, 0]])

    named = named_frames(frames())
    assert [next(named)[0], next(named)[0]] == ["frame 0", "frame 1"]
    assert taken == [0.0, 1.0]
    with pytest.raises(StructureError, match="frame 2"):
        next(named)


def test_names_are_those_of_the_source():
    frame = Atoms("C")
    frame.info["source"] = "carbon.xyz frame 7"
    assert next(named_frames([frame])) == ("carbon.xyz frame 7", frame)


class RowsAsFrames(CartesianCoordinates):
    """
    Each row of a matrix read as atoms along the x axis.

    scikit-learn's checks feed matrices of numbers. With this door in front, they test all of the
    base class but its reading of frames.
    """

    def fit(self, X, y=None):
        X = validate_data(self, X, dtype=np.float64)
        return super().fit(self._frames(X), y)

    def transform(self, X):
        X = validate_data(self, X, dtype=np.float64, reset=not hasattr(self, "n_atoms_"))
        return super().transform(self._frames(X))

    def _frames(self, X):
        return [Atoms(f"C{len(row)}", [[x, 0, 0] for x in row]) for row in X]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


@parametrize_with_checks([RowsAsFrames()])
def test_scikit_learn_checks_on_matrices(estimator, check):
    check(estimator)
