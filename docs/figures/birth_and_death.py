"""One ring: the bond that closes it, the triangle that fills it, and its pair."""

import numpy as np
from alpha_parts import (
    RING_COLOURS,
    Floats,
    alpha_complex,
    bare,
    draw_atoms,
    draw_balls,
    draw_complex,
    draw_pairs,
)
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure


def uneven_ring() -> Floats:
    """Place seven atoms around a hole, one bond longer than the others."""
    angles = np.radians([0, 47, 98, 148, 200, 251, 300])
    radii = np.array([1.75, 1.55, 1.7, 1.6, 1.75, 1.55, 1.65])
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]


def draw() -> Figure:
    """Draw the picture."""
    points = uneven_ring()
    rings = alpha_persistence(points)[1]
    place = int(np.argmax(rings.persistence))
    birth, death = float(rings.birth[place]), float(rings.death[place])
    found = alpha_complex(points)
    figure = new_figure(8.0, 3.1)
    left, middle, right = figure.subplots(1, 3)
    for axes, squared, title in (
        (left, birth, f"birth: r² = {birth:.2f} Å²"),
        (middle, death, f"death: r² = {death:.2f} Å²"),
    ):
        draw_balls(axes, points, np.sqrt(squared))
        draw_complex(axes, found, squared, np.zeros((1, 2)))
        draw_atoms(axes, points)
        bare(axes, np.array([-3.45, -3.45]), np.array([3.45, 3.45]))
        axes.set_title(title, fontsize=9.5)
    left.plot(*points[rings.birth_simplex[place]].T, color=RING_COLOURS[0], linewidth=3, zorder=4)
    corners = points[rings.death_simplex[place]]
    middle.add_patch(
        Polygon(corners, facecolor=COLOURS["sky"], edgecolor=COLOURS["blue"], linewidth=2, zorder=3)
    )
    centre = circumcentre(corners)
    middle.add_patch(
        Circle(centre, np.sqrt(death), fill=False, edgecolor=COLOURS["blue"], ls=":", zorder=4)
    )
    middle.plot(*centre, marker="+", color=COLOURS["blue"], markersize=9, zorder=6)
    draw_pairs(right, (0.0, 3.6))
    right.scatter(birth, death, s=34, color=RING_COLOURS[0], zorder=3)
    right.annotate(
        "", (birth, death), (birth, birth), arrowprops={"arrowstyle": "<->", "color": "#555555"}
    )
    right.text(
        birth + 0.12, birth + 0.8 * (death - birth), "persistence", fontsize=9.5, va="center"
    )
    right.set_title("its pair", fontsize=9.5)
    return figure


def circumcentre(corners: Floats) -> Floats:
    """Find the point that is equally far from three others."""
    sides = corners[1:] - corners[0]
    middle: Floats = np.linalg.solve(2 * sides, np.sum(sides**2, axis=1))
    return corners[0] + middle
