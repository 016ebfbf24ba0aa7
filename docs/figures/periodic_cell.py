"""One cell of a plane network, free and periodic."""

import numpy as np
from alpha_parts import (
    ATOM,
    RING_COLOURS,
    Floats,
    alpha_complex,
    bare,
    draw_atoms,
    draw_complex,
    draw_pairs,
)
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure

CELL = np.diag([4.92, 4.26])
RADIUS = 0.95


def sheet() -> Floats:
    """Place the eight atoms of a cell of graphene, a little out of place."""
    bond = 1.42
    motif = np.array([[0.0, 0.0], [1.23, 0.71], [1.23, 2.13], [0.0, 2.84]])
    points = np.vstack([motif, motif + np.array([2.46, 0.0])]) + np.array([0.62, bond / 2])
    return points + np.random.default_rng(4).normal(0.0, 0.07, points.shape)


def draw() -> Figure:
    """Draw the picture."""
    points = sheet()
    figure = new_figure(8.0, 3.2)
    free, periodic, right = figure.subplots(1, 3)
    low, high = np.array([-1.2, -1.2]), np.diag(CELL) + 1.2
    shifts = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ CELL
    for axes, cell, title in ((free, None, "free"), (periodic, CELL, "periodic")):
        around = np.zeros((1, 2)) if cell is None else shifts
        draw_complex(axes, alpha_complex(points, cell), RADIUS**2, around)
        for shift in around:
            inside = not shift.any()
            axes.scatter(*(points + shift).T, s=20, color=ATOM if inside else "#9aa5ae", zorder=5)
        axes.add_patch(Rectangle((0, 0), *np.diag(CELL), fill=False, edgecolor=COLOURS["orange"]))
        bare(axes, low, high)
        axes.set_title(f"{title}, r = {RADIUS} Å", fontsize=9.5)
    draw_atoms(free, points, 20)
    draw_pairs(right, (0.3, 2.7))
    for pairs, colour, marker, label in (
        (alpha_persistence(points)[1], RING_COLOURS[0], "o", "free"),
        (alpha_persistence(points, cell=CELL)[1], RING_COLOURS[1], "^", "periodic"),
    ):
        finite = pairs.finite()
        right.scatter(
            finite.birth, finite.death, s=24, color=colour, marker=marker, zorder=3, label=label
        )
        for birth in pairs.birth[pairs.essential]:
            right.annotate(
                "",
                (birth, 2.68),
                (birth, 2.4),
                arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.3},
            )
    right.text(0.72, 2.5, "never die", fontsize=9, va="center")
    right.legend(loc="lower right", fontsize=9, frameon=False)
    right.set_title("rings, H1", fontsize=9.5)
    return figure
