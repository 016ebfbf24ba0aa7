import numpy as np

from amorphology.homology import alpha_persistence


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
