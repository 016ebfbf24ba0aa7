import numpy as np
import pytest
from ase.build import graphene, make_supercell
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from amorphology.plots.sheets import (
    RING_COLOURS,
    plot_against_rate,
    plot_ring_shares,
    plot_sheet,
    ring_legend,
)


def inside(points, polygon):
    """Whether points are inside a convex polygon."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    towards = points[:, None] - polygon[None]
    cross = edges[:, 0] * towards[..., 1] - edges[:, 1] * towards[..., 0]
    return (cross > 0).all(axis=1) | (cross < 0).all(axis=1)


@pytest.mark.parametrize("shift", [0.0, 1.1])
@pytest.mark.parametrize("oblique", [False, True])
def test_rings_cover_the_cell_once(shift, oblique):
    atoms = graphene(a=2.46, vacuum=5.0)
    if not oblique:
        atoms = make_supercell(atoms, [[1, 0, 0], [1, 2, 0], [0, 0, 1]])
    atoms = atoms * (3, 2, 1)
    atoms.positions += [shift, 0.3 * shift, 0]
    atoms.wrap()
    axes = Figure().subplots()
    assert plot_sheet(axes, atoms, bond_length=1.6) is axes
    (rings,) = (c for c in axes.collections if isinstance(c, PolyCollection))
    colours = {to_hex(colour) for colour in rings.get_facecolor()}
    assert colours == {RING_COLOURS[6]}
    points = np.random.default_rng(0).uniform(size=(300, 2)) @ atoms.cell[:2, :2]
    covered = sum(inside(points, path.vertices[:6]) for path in rings.get_paths())
    np.testing.assert_array_equal(covered, 1)
    (bonds,) = (c for c in axes.collections if isinstance(c, LineCollection))
    lengths = [np.linalg.norm(np.diff(s, axis=0)) for s in bonds.get_segments()]
    np.testing.assert_allclose(lengths, 2.46 / np.sqrt(3))
    assert len(lengths) >= 3 * len(atoms) // 2
    assert axes.get_aspect() == 1.0


def test_legend_names_every_ring_colour():
    labels = [patch.get_label() for patch in ring_legend()]
    assert labels == ["4 or fewer", "5", "6", "7", "8 or more"]


def test_ring_shares_take_structures_of_one_rate_together():
    axes = Figure().subplots()
    sizes = np.zeros((3, 11))
    sizes[0, [3, 4, 5, 6]] = 1, 1, 4, 4
    sizes[1, [6, 7, 8, 10]] = 2, 4, 2, 2
    sizes[2, 6] = 7
    plot_ring_shares(axes, [1000, 1000, 200], sizes)
    shares = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [200, 1000])
    expected = {"4 or fewer": 10, "5": 20, "6": 30, "7": 20, "8 or more": 20}
    for label, percent in expected.items():
        np.testing.assert_allclose(shares[label], [100 if label == "6" else 0, percent])
    assert axes.get_xscale() == "log"


def test_values_against_the_rate_with_mean_and_spread():
    axes = Figure().subplots()
    energy = [1.0, 5.0, 3.0]
    plot_against_rate(axes, [500, 200, 500], energy, ylabel="Energy (eV/atom)", label="sheets")
    points, *_ = axes.lines
    np.testing.assert_allclose(points.get_xydata(), [[535, 1], [214, 5], [535, 3]])
    (bars,) = axes.containers
    mean, caps, (lines,) = bars
    np.testing.assert_array_equal(mean.get_xydata(), [[200, 5], [500, 2]])
    of_500 = lines.get_segments()[1]
    np.testing.assert_allclose(of_500, [[500, 2 - np.sqrt(2)], [500, 2 + np.sqrt(2)]])
    assert axes.get_ylabel() == "Energy (eV/atom)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["sheets"]
    assert len(caps) == 2
