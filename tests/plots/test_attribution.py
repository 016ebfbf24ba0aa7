import numpy as np
from ase import Atoms
from matplotlib.figure import Figure

from amorphology.plots.attribution import plot_atom_shares, plot_ring_sizes


def test_rings_have_a_bar_for_each_size_and_group():
    axes = Figure().subplots()
    shares = {"liquid": np.array([0, 0, 0, 5.0, 0, -2]), "cold": np.array([0, 0, 0, 0, 1.0, 3])}
    assert plot_ring_sizes(axes, shares) is axes
    heights = [[bar.get_height() for bar in group] for group in axes.containers]
    np.testing.assert_array_equal(heights, list(shares.values()))
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.containers[0]]
    np.testing.assert_allclose(centres, np.arange(6) - 0.2)
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["3", "4", "5+"]
    assert axes.get_ylabel() == "Share of the energy (meV/atom)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["liquid", "cold"]


def test_one_group_needs_no_legend():
    axes = Figure().subplots()
    plot_ring_sizes(axes, {"this frame": np.zeros(4)})
    assert axes.get_legend() is None


def test_atoms_in_front_are_drawn_last():
    axes = Figure().subplots()
    atoms = Atoms("C3", [[0, 0, 3], [1, 1, 1], [5, 2, 2]], cell=[4, 4, 4], pbc=True)
    plot_atom_shares(axes, atoms, [1.0, -2.0, 3.0])
    (points,) = axes.collections
    np.testing.assert_allclose(points.get_offsets(), [[1, 1], [1, 2], [0, 0]])
    np.testing.assert_array_equal(points.get_array(), [-2.0, 3.0, 1.0])
    assert points.get_clim() == (-3.0, 3.0)
    np.testing.assert_array_equal(
        axes.lines[0].get_xydata(), [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    )
