import numpy as np
import pytest
from matplotlib.figure import Figure

from amorphology.plots import plot_diagram, plot_histogram

BIRTH = np.array([0.5, 0.6, 2.0, 0.4])
DEATH = np.array([1.0, 3.0, 2.5, np.inf])


def offsets(axes):
    return np.asarray(axes.collections[0].get_offsets())


def test_diagram_draws_finite_pairs_and_the_diagonal():
    axes = Figure().subplots()
    assert plot_diagram(axes, BIRTH, DEATH, limits=(0.0, 4.0)) is axes
    np.testing.assert_array_equal(offsets(axes), np.stack([BIRTH[:3], DEATH[:3]], axis=1))
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0, 0], [4, 4]])
    assert axes.get_xlim() == axes.get_ylim() == (0.0, 4.0)
    assert axes.get_aspect() == 1.0
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Birth (Å²)", "Death (Å²)")


def test_diagram_fits_its_limits_to_the_pairs():
    axes = Figure().subplots()
    plot_diagram(axes, BIRTH, DEATH)
    assert axes.get_ylim() == pytest.approx((0.0, 3.15))


def test_diagram_without_pairs_is_empty():
    axes = Figure().subplots()
    plot_diagram(axes, [], [])
    assert len(offsets(axes)) == 0


def test_histogram_has_birth_along_x_and_leaves_empty_bins_out():
    histogram = np.zeros((4, 4))
    histogram[1, 2] = 0.75
    histogram[1, 3] = 0.25
    axes = Figure().subplots()
    assert plot_histogram(axes, histogram, range=(0.0, 8.0)) is axes
    (image,) = axes.images
    shown = image.get_array()
    # Rows of the image are deaths: [death, birth].
    assert shown[2, 1] == 0.75
    assert shown[3, 1] == 0.25
    assert shown.count() == 2
    assert image.origin == "lower"
    assert image.get_extent() == [0.0, 8.0, 0.0, 8.0]
    assert image.get_clim() == (0.0, 0.75)
    assert axes.get_xlabel() == "Birth (Å²)"


def test_histogram_can_share_its_colours_and_be_cut_out():
    axes = Figure().subplots()
    plot_histogram(axes, np.eye(4), range=(0.0, 8.0), limits=(0.0, 5.0), largest=2.0)
    assert axes.images[0].get_clim() == (0.0, 2.0)
    assert axes.get_xlim() == axes.get_ylim() == (0.0, 5.0)
