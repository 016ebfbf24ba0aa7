import numpy as np
from ase import Atoms
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Tags, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import PersistenceDiagram


def test_in_a_pipeline(copper_frames: list[Atoms]):
    flatten = FunctionTransformer(lambda histograms: histograms.reshape(len(histograms), -1))
    features = make_pipeline(PersistenceHistogram(bins=4), flatten).fit_transform(copper_frames[:2])
    assert features.shape == (2, 16)


class RowsAsDiagrams(PersistenceHistogram):
    """
    Each row of a matrix read as a diagram with births 0 and the row's values as deaths.

    scikit-learn's checks feed matrices of numbers. With this door in front, they test all of the
    transformer but its reading of frames.
    """

    def _diagrams(self, X):
        X = validate_data(self, X, reset=not hasattr(self, "location_"), dtype=np.float64)
        births = np.zeros(X.shape[1])
        return [(PersistenceDiagram.from_pairs(1, births, abs(row), n_atoms=10),) for row in X]

    def fit(self, X, y=None):
        self.__dict__.pop("location_", None)  # a new fit may see another number of columns
        return super().fit(X, y)

    def fit_transform(self, X, y=None):
        self.__dict__.pop("location_", None)
        return super().fit_transform(X, y)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


def test_tags_say_that_matrices_are_not_taken():
    assert not get_tags(PersistenceHistogram()).input_tags.two_d_array


@parametrize_with_checks(
    [RowsAsDiagrams(bins=4, standardisation=standard) for standard in (None, "max_min", "z_score")],
)
def test_scikit_learn_checks_on_matrices(estimator, check):
    check(estimator)
