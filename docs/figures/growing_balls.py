"""Balls that grow around eleven atoms, their alpha complex, and its diagram."""

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

from amorphology.homology import alpha_persistence
from amorphology.plots import new_figure

NAMES = ("hexagon", "heptagon")


def two_rings() -> Floats:
    """Place a hexagon and a heptagon of atoms that share a bond, all a little out of place."""
    bond = 1.45
    points: list[Floats] = []
    for corners, side in ((6, -1.0), (7, 1.0)):
        radius = bond / (2 * np.sin(np.pi / corners))
        middle = side * radius * np.cos(np.pi / corners)
        angles = 2 * np.pi * (np.arange(corners) + 0.5) / corners
        ring = np.column_stack([-side * np.cos(angles), np.sin(angles)]) * radius + [middle, 0.0]
        points += [p for p in ring if all(np.linalg.norm(p - q) > 0.1 for q in points)]
    return np.array(points) + np.random.default_rng(3).normal(0.0, 0.05, (len(points), 2))


def draw() -> Figure:
    """Draw the picture."""
    points = two_rings()
    found = alpha_complex(points)
    figure = new_figure(8.0, 5.4)
    grid = figure.subplots(2, 3)
    titles = (
        "atoms, no bond",
        "some bonds",
        "both rings are closed",
        "the hexagon is filled",
        "the heptagon is filled",
    )
    radii = (0.35, 0.72, 0.9, 1.47, 1.75)
    for axes, radius, title in zip(grid.flat, radii, titles, strict=False):
        draw_balls(axes, points, radius)
        draw_complex(axes, found, radius**2, np.zeros((1, 2)))
        draw_atoms(axes, points)
        bare(axes, points.min(axis=0) - 1.85, points.max(axis=0) + 1.85)
        axes.set_title(f"r = {radius:.2f} Å: {title}", fontsize=9.5)
    rings = alpha_persistence(points)[1]
    axes = grid[1, 2]
    draw_pairs(axes, (0.0, 3.4))
    largest = np.argsort(rings.persistence)[-2:]
    for place, colour, name in zip(largest, RING_COLOURS, NAMES, strict=False):
        birth, death = rings.birth[place], rings.death[place]
        axes.scatter(birth, death, s=34, color=colour, zorder=3)
        axes.annotate(name, (birth, death), (8, -3), textcoords="offset points", fontsize=9.5)
    axes.set_title("the diagram of its rings, H1", fontsize=9.5)
    return figure
