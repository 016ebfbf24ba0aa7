import numpy as np
import pytest
from matplotlib.patches import Circle, Polygon

from amorphology.plots import new_figure
from amorphology.plots.cyclooctane import (
    CONFORMER_COLOURS,
    conformer_legend,
    plot_growing_circles,
    plot_molecule,
    plot_scores,
)
from amorphology.studies.cyclooctane.conformers import canonical_conformers
from amorphology.studies.cyclooctane.five_points import NAMES, POINTS, alpha_complex


@pytest.fixture
def axes():
    return new_figure(3, 3).subplots()


@pytest.mark.parametrize(
    ("squared_radius", "n_edges", "n_triangles"),
    [(0.25, 0, 0), (0.7, 4, 0), (1.0, 5, 0), (1.04, 5, 1), (1.1, 6, 1), (2.0, 7, 3)],
)
def test_only_what_has_entered_is_drawn(axes, squared_radius, n_edges, n_triangles):
    plot_growing_circles(axes, POINTS, squared_radius, NAMES, *alpha_complex(POINTS))
    assert len(axes.lines) == n_edges
    assert sum(isinstance(patch, Polygon) for patch in axes.patches) == n_triangles
    assert [text.get_text() for text in axes.texts] == list(NAMES)


def test_what_enters_just_now_is_red(axes):
    edges, triangles = alpha_complex(POINTS)
    plot_growing_circles(axes, POINTS, edges[0, 1], NAMES, edges, triangles)
    colours = [line.get_color() for line in axes.lines]
    assert len(colours) == 5
    assert len(set(colours)) == 2
    assert colours.count(colours[0]) == 1  # edge a-b comes first in the mapping


def test_molecule_has_its_atoms_and_bonds(axes):
    plot_molecule(axes, canonical_conformers()["boat"])
    assert sum(isinstance(patch, Circle) for patch in axes.patches) == 8
    # Two halves of each bond, each with a paler stripe.
    assert sum(isinstance(patch, Polygon) for patch in axes.patches) == 8 * 2 * 2


def test_molecule_does_not_depend_on_its_place(axes):
    atoms = canonical_conformers()["chair"]
    moved = atoms.copy()
    moved.translate([3.0, -1.0, 2.0])
    other = new_figure(3, 3).subplots()
    for where, molecule in ((axes, atoms), (other, moved)):
        plot_molecule(where, molecule)
    centres = [
        np.array([patch.center for patch in panel.patches if isinstance(patch, Circle)])
        for panel in (axes, other)
    ]
    np.testing.assert_allclose(centres[0], centres[1], atol=1e-9)


def test_scores_by_label(axes):
    scores = np.random.default_rng(0).normal(size=(7, 2))
    labels = np.array(["chair", "boat", "crown", "between", "between", "chair", "between"])
    plot_scores(axes, scores, labels, [0.5, 0.25])
    drawn = [np.asarray(points.get_offsets()) for points in axes.collections]
    assert [len(points) for points in drawn] == [3, 1, 1, 2]  # those between lie below all others
    np.testing.assert_array_equal(drawn[-1], scores[labels == "chair"])
    assert axes.get_xlabel() == "PC 1 (50 %)"
    assert axes.get_ylabel() == "PC 2 (25 %)"


def test_legend_counts_labels():
    handles = conformer_legend({"chair": 3, "boat": 2, "crown": 1, "between": 6034})
    assert [handle.get_label() for handle in handles][-1] == "between (6,034)"
    assert len({handle.get_color() for handle in handles}) == len(CONFORMER_COLOURS)
