import numpy as np
import pytest

from amorphology.errors import ConfigError
from amorphology.homology import PersistenceDiagram, alpha_persistence


def diagram():
    points = np.random.default_rng(0).uniform(0, 6, (30, 3))
    return alpha_persistence(points, cell=[6, 6, 6])[1]


def test_finite_leaves_out_the_essential_classes():
    whole = diagram()
    finite = whole.finite()
    assert whole.essential.sum() == 3
    assert len(finite) == len(whole) - 3
    assert np.isfinite(finite.persistence).all()
    assert (finite.death_simplex >= 0).all()
    assert finite.n_atoms == 30
    assert finite.dimension == 1


def test_selection_takes_every_array_along():
    whole = diagram()
    longest = whole[np.argsort(-whole.finite().persistence)[:5]]
    assert len(longest) == 5
    assert longest.birth_simplex.shape == (5, 2)
    assert longest.birth_offset.shape == (5, 2, 3)
    assert longest.death_simplex.shape == (5, 3)
    assert longest.death_offset.shape == (5, 3, 3)


def test_sorted_by_birth_and_types():
    whole = diagram()
    assert (np.diff(whole.birth) >= 0).all()
    assert whole.birth.dtype == np.float64
    assert whole.death_simplex.dtype == np.int32


def test_repr_says_what_it_is():
    assert repr(diagram()).startswith("PersistenceDiagram(H1: ")
    assert repr(diagram()).endswith(" and 3 essential pairs, 30 atoms)")


def test_pairs():
    whole = diagram()
    assert whole.pairs.shape == (len(whole), 2)
    assert np.array_equal(whole.pairs[:, 0], whole.birth)
    assert np.array_equal(whole.pairs[:, 1], whole.death)


def test_of_pairs_alone():
    made = PersistenceDiagram.from_pairs(1, [0.5, 1.0], [0.75, np.inf], n_atoms=7)
    assert made.birth.dtype == np.float64
    assert made.death_offset.shape == (2, 3, 3)
    assert (made.birth_simplex == -1).all()
    assert made.death_simplex.dtype == np.int32
    assert len(made.finite()) == 1
    simplex = np.array([[0, 1], [2, 3]], dtype=np.int32)
    made = PersistenceDiagram.from_pairs(1, [0.5, 1], [1, 2], n_atoms=7, birth_simplex=simplex)
    assert np.array_equal(made.birth_simplex, simplex)
    assert (made.death_simplex == -1).all()


@pytest.mark.parametrize(
    ("birth", "death"),
    [
        ([0.0], [1.0, 2.0]),
        ([[0.0]], [[1.0]]),
        ([1.0], [0.5]),
        ([0.0], [np.nan]),
        ([np.inf], [np.inf]),
    ],
)
def test_pairs_that_make_no_diagram(birth, death):
    with pytest.raises(ConfigError):
        PersistenceDiagram.from_pairs(0, birth, death, n_atoms=1)
