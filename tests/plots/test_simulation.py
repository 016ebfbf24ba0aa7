import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from amorphology.plots import coordination_legend, plot_melt_quench, plot_structure
from amorphology.plots.simulation import (
    COORDINATION_COLOURS,
    plot_against_temperature,
    plot_coordination,
    plot_radial_distribution,
)
from amorphology.plots.style import COLOURS, DENSITY_MAP


def test_one_line_a_run_in_the_order_of_time():
    axes = Figure().subplots()
    returned = plot_melt_quench(
        axes,
        time=[20, 10, 10, 20],
        values=[2.0, 1.0, 3.0, 4.0],
        run=["a", "a", "b", "b"],
        density=[2.0, 2.0, 3.4, 3.4],
        ylabel="Energy (eV/atom)",
    )
    assert returned is axes
    a, b = axes.lines
    np.testing.assert_array_equal(a.get_xydata(), [[10, 1], [20, 2]])
    np.testing.assert_array_equal(b.get_xydata(), [[10, 3], [20, 4]])
    assert a.get_color() == DENSITY_MAP(0.0)
    assert b.get_color() == DENSITY_MAP(1.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time (fs)", "Energy (eV/atom)")


def drawn(axes):
    """Positions of the atoms and half bonds of a structure."""
    atoms, bonds = [], []
    for collection in axes.collections:
        if isinstance(collection, LineCollection):
            bonds += [np.asarray(segment) for segment in collection.get_segments()]
        else:
            atoms += list(np.asarray(collection.get_offsets()))
    return np.array(atoms), np.array(bonds)


def test_structure_shows_atoms_and_half_bonds():
    axes = Figure().subplots()
    dimer = Atoms("C2", [[1, 1, 1], [2.4, 1, 1]])
    assert plot_structure(axes, dimer) is axes
    atoms, bonds = drawn(axes)
    np.testing.assert_allclose(atoms, [[1, 1], [2.4, 1]])
    np.testing.assert_allclose(bonds, [[[1, 1], [1.7, 1]], [[2.4, 1], [1.7, 1]]])
    assert axes.get_aspect() == 1.0
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (Å)", "y (Å)")


def test_structure_wraps_atoms_and_bonds_through_the_faces():
    axes = Figure().subplots()
    dimer = Atoms("C2", [[0.5, 5, 5], [-0.5, 5, 5]], cell=[10, 10, 10], pbc=True)
    plot_structure(axes, dimer)
    atoms, bonds = drawn(axes)
    np.testing.assert_allclose(atoms, [[0.5, 5], [9.5, 5]])
    np.testing.assert_allclose(bonds, [[[0.5, 5], [0, 5]], [[9.5, 5], [10, 5]]])
    np.testing.assert_allclose(dimer.positions[1], [-0.5, 5, 5])  # input left as it was


@pytest.mark.parametrize(("length", "name"), [(1.0, 0), (1.6, 2)])
def test_structure_colours_by_neighbours(length, name):
    axes = Figure().subplots()
    plot_structure(axes, bulk("C", cubic=True), bond_length=length)
    # The atom nearest to the eye has its full colour.
    nearest = max(
        (c for c in axes.collections if not isinstance(c, LineCollection) and len(c.get_offsets())),
        key=lambda collection: collection.get_zorder(),
    )
    expected = to_rgb(list(COORDINATION_COLOURS.values())[name])
    np.testing.assert_allclose(nearest.get_facecolor()[-1][:3], expected)


def test_legend_names_every_colour():
    assert [line.get_label() for line in coordination_legend()] == list(COORDINATION_COLOURS)


def test_frames_by_temperature_are_coloured_by_density():
    axes = Figure().subplots()
    temperature, energy, density = np.array([[300.0, -8, 2.0], [5000, -7.5, 2.4], [900, -8.2, 3]]).T
    returned = plot_against_temperature(
        axes, temperature, energy, density, ylabel="Energy (eV/atom)", density_range=(2.0, 4.0)
    )
    assert returned is axes
    (points,) = axes.collections
    drawn = {tuple(xy): d for xy, d in zip(points.get_offsets(), points.get_array(), strict=True)}
    assert drawn == {(300.0, -8.0): 2.0, (5000.0, -7.5): 2.4, (900.0, -8.2): 3.0}
    assert (points.norm.vmin, points.norm.vmax) == (2.0, 4.0)
    assert points.get_rasterized()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Temperature (K)", "Energy (eV/atom)")


def test_coordination_has_a_line_through_the_means_of_the_smaller_cells():
    axes = Figure().subplots()
    shares = {name: [0.1, 0.3, 0.5, 0.7] for name in COORDINATION_COLOURS}
    plot_coordination(axes, [2.0, 2.0, 3.0, 2.0], shares, smaller=[True, True, True, False])
    for k, (name, colour) in enumerate(COORDINATION_COLOURS.items()):
        mean, smaller, larger = axes.lines[3 * k : 3 * k + 3]
        assert (mean.get_label(), mean.get_color()) == (name, colour)
        np.testing.assert_allclose(mean.get_xydata(), [[2, 20], [3, 50]])
        np.testing.assert_allclose(smaller.get_xydata(), [[2, 10], [2, 30], [3, 50]])
        np.testing.assert_allclose(larger.get_xydata(), [[2, 70]])


def test_radial_distributions_over_each_other():
    axes = Figure().subplots()
    r = np.linspace(0, 4, 5)
    plot_radial_distribution(axes, r, [r, 2 * r], ["slow", "fast"])
    slow, fast = (line for line in axes.lines if line.get_label() in ("slow", "fast"))
    np.testing.assert_array_equal(fast.get_ydata(), 2 * r)
    assert slow.get_color() == COLOURS["blue"]
    assert [line.get_linestyle() for line in (slow, fast)] == ["-", "-"]
    assert axes.get_xlabel() == "Distance (Å)"


def test_radial_distributions_in_given_looks():
    axes = Figure().subplots()
    r = np.linspace(0, 4, 5)
    looks = {"colours": ["red", "black"], "linestyles": ["-", "--"]}
    plot_radial_distribution(axes, r, [r, r], ["slow", "fast"], **looks)
    lines = [line for line in axes.lines if line.get_label() in ("slow", "fast")]
    assert [(line.get_color(), line.get_linestyle()) for line in lines] == [
        ("red", "-"),
        ("black", "--"),
    ]
