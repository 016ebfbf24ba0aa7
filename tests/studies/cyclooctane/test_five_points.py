import gudhi
import numpy as np
import pytest

from amorphology.homology import alpha_persistence
from amorphology.studies.cyclooctane.five_points import (
    NAMES,
    PAIRS,
    POINTS,
    SIMPLICES_OF_PAIRS,
    alpha_complex,
)


def test_two_rings_with_the_stated_births_and_deaths():
    rings = alpha_persistence(POINTS)[1]
    assert rings.pairs.round(2).tolist() == [list(pair) for pair in PAIRS.values()]
    # With a margin: the second decimal does not hang on rounding.
    np.testing.assert_allclose(rings.pairs, list(PAIRS.values()), atol=0.001)


def test_the_rings_are_closed_and_filled_by_the_named_simplices():
    rings = alpha_persistence(POINTS)[1]
    for (edge, triangle), birth, death in zip(
        SIMPLICES_OF_PAIRS.values(), rings.birth_simplex, rings.death_simplex, strict=True
    ):
        assert sorted(birth) == sorted(edge)
        assert sorted(death) == sorted(triangle)
    named = {
        name: ("".join(NAMES[i] for i in edge), "".join(NAMES[i] for i in triangle))
        for name, (edge, triangle) in SIMPLICES_OF_PAIRS.items()
    }
    assert named == {"A": ("ab", "abc"), "B": ("de", "bde")}


def test_the_rings_are_the_cycles_of_the_paper():
    edges, _ = alpha_complex(POINTS)
    rings = {"A": ("ab", "bc", "ac"), "B": ("bc", "bd", "de", "ce")}
    for name, links in rings.items():
        values = [edges[tuple(sorted(NAMES.index(end) for end in link))] for link in links]
        assert max(values) == pytest.approx(PAIRS[name][0], abs=0.001)  # the last link is its birth
    assert ("a", "d") not in {tuple(NAMES[i] for i in ends) for ends in edges}


@pytest.mark.parametrize("seed", range(5))
def test_alpha_complex_is_that_of_gudhi(seed):
    points = np.random.default_rng(seed).uniform(size=(7, 2))
    edges, triangles = alpha_complex(points)
    tree = gudhi.AlphaComplex(points=points, precision="exact").create_simplex_tree()
    expected = {tuple(sorted(simplex)): value for simplex, value in tree.get_filtration()}
    found = {**edges, **triangles}
    assert found.keys() == {simplex for simplex in expected if len(simplex) > 1}
    for simplex, value in found.items():
        assert value == pytest.approx(expected[simplex], rel=1e-9)
