"""A fullerene: what its components, rings and cavity are in the diagrams."""

import numpy as np
from alpha_parts import ATOM, Floats, draw_pairs
from ase.build import molecule
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from amorphology import _kernel
from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure

STAGES = (
    (0.2, "H0: 60 separate atoms"),
    (0.6, "H1: 32 faces, 31 independent rings"),
    (3.0, "H2: faces filled, one cavity"),
)

DARK = np.array([0.35, 0.55, 0.72])
LIGHT = np.array([-0.4, 0.5, 0.77])


def draw() -> Figure:
    """Draw the picture."""
    cage = molecule("C60")
    cage.rotate(20, "x")
    cage.rotate(15, "y")
    figure = new_figure(8.0, 5.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.25))
    for axes, (squared, title) in zip(above.subplots(1, 3), STAGES, strict=True):
        draw_cage(axes, cage.positions, squared)
        axes.set_title(title, fontsize=9.5)
    diagrams = alpha_persistence(cage)
    notes = (
        ("components", COLOURS["green"], ("59 bonds join\n60 atoms", (0.04, 0.5))),
        ("rings", COLOURS["vermilion"], ("19 hexagons\n\n\n12\npentagons", (0.62, 1.7))),
        ("cavity", COLOURS["blue"], ("the cage", (2.9, 12.3))),
    )
    panels = below.subplots(1, 3)
    for degree, (axes, (name, colour, (note, place))) in enumerate(zip(panels, notes, strict=True)):
        finite = diagrams[degree].finite()
        # ASE's molecule is symmetric but for the fourth decimal, which makes pairs of no length.
        finite = finite[finite.persistence > 0.01]
        top = float(finite.death.max()) * 1.15
        draw_pairs(axes, (-0.05 * top, top))
        axes.scatter(finite.birth, finite.death, s=26, color=colour, zorder=3, clip_on=False)
        axes.text(*place, note, fontsize=8.5, va="center", ha="left")
        axes.set_title(f"H{degree}: {name}", fontsize=9.5)
    return figure


def draw_cage(axes: Axes, positions: Floats, squared_radius: float) -> None:
    """Draw the alpha complex as seen from afar, what is behind paler."""
    parts = _kernel.alpha_complex(positions, np.zeros((3, 3)), (False,) * 3)
    edges, triangles = (atoms[values <= squared_radius] for values, atoms, _ in parts[1:3])
    flat, depth = positions[:, :2], positions[:, 2]
    order = np.argsort(depth[triangles].mean(axis=1))
    corners = positions[triangles[order]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # Light from the upper left, from in front.
    light = np.abs(normals @ LIGHT)[:, None]
    shades = DARK + (1.0 - DARK) * 0.85 * light**1.5
    axes.add_collection(
        PolyCollection(
            flat[triangles[order]], facecolors=shades, edgecolors=shades, lw=0.3, zorder=2
        )
    )
    outer = [] if len(triangles) else edges
    for ends in outer:
        front = depth[ends].mean() > 0
        axes.plot(
            *flat[ends].T, color=ATOM if front else "#bcc6ce", lw=1.4, zorder=4 if front else 1
        )
    front = depth > 0
    axes.scatter(*flat[~front].T, s=9, color="#bcc6ce", zorder=1)
    axes.scatter(*flat[front].T, s=16, color=ATOM, zorder=5)
    axes.set(xlim=(-4.2, 4.2), ylim=(-4.2, 4.2), aspect="equal")
    axes.set_axis_off()
