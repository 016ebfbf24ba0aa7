import numpy as np
from matplotlib.figure import Figure

from amorphology.plots.activation import (
    plot_bin_map,
    plot_mean_persistence,
    plot_pair_shares,
    plot_randomisation,
)


def test_a_bin_map_has_birth_to_the_right_and_white_at_zero():
    axes = Figure().subplots()
    values = np.array([[0.0, -3.0], [0.0, 1.0]])
    assert plot_bin_map(axes, values, range=(0.0, 4.0), limits=(0.0, 3.0)) is axes
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), values.T)
    assert image.get_extent() == [0.0, 4.0, 0.0, 4.0]
    assert image.origin == "lower"
    assert image.get_clim() == (-3.0, 3.0)
    assert axes.get_xlim() == axes.get_ylim() == (0.0, 3.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Birth (Å²)", "Death (Å²)")


def test_a_bin_map_of_radii_and_of_nothing():
    axes = Figure().subplots()
    plot_bin_map(axes, np.zeros((2, 2)), range=(0.0, 2.0), unit="radius")
    assert axes.images[0].get_clim() == (-1.0, 1.0)
    assert axes.get_xlabel() == "Birth radius (Å)"
    assert axes.get_xlim() == (0.0, 2.0)


def test_pairs_with_the_largest_share_lie_on_top():
    axes = Figure().subplots()
    plot_pair_shares(axes, [1.0, 2.0, 0.5, 1.0], [2.0, 3.0, 1.0, np.inf], [-5.0, 1.0, 2.0, 9.0])
    (points,) = axes.collections
    np.testing.assert_array_equal(points.get_offsets(), [[2, 3], [0.5, 1], [1, 2]])
    np.testing.assert_array_equal(points.get_array(), [1.0, 2.0, -5.0])
    assert points.get_clim() == (-5.0, 5.0)
    np.testing.assert_allclose(axes.get_xlim(), (0.0, 3.15))
    empty = Figure().subplots()
    plot_pair_shares(empty, [], [], [])
    assert empty.get_xlim() == (0.0, 1.0)


def test_mean_persistence_counts_its_groups():
    axes = Figure().subplots()
    energy = np.array([-7.0, -7.5, -8.5, -8.1])
    liquid = np.array([True, True, False, False])
    low = np.array([False, False, True, False])
    plot_mean_persistence(axes, energy, [0.1, 0.2, 0.4, 0.3], liquid, low)
    between, hot, cold = axes.collections
    np.testing.assert_array_equal(hot.get_offsets(), [[-7.0, 0.1], [-7.5, 0.2]])
    np.testing.assert_array_equal(cold.get_offsets(), [[-8.5, 0.4]])
    np.testing.assert_array_equal(between.get_offsets(), [[-8.1, 0.3]])
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["between (1)", "liquid (2)", "low energy (1)"]
    whole = Figure().subplots()
    plot_mean_persistence(whole, energy[:3], [0.1, 0.2, 0.4], liquid[:3], low[:3])
    assert len(whole.collections) == 2


def test_randomisation_begins_with_the_true_map():
    axes = Figure().subplots()
    plot_randomisation(axes, ["last", "first"], {"Grad-CAM": [0.3, 0.1], "gradients": [0.2, 0.0]})
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1.0, 0.3, 0.1])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [1.0, 0.2, 0.0])
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["none", "last", "first"]
