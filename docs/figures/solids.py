"""Diagrams of carbon as a crystal, a hot crystal and atoms strewn at random."""

import numpy as np
from alpha_parts import draw_pairs
from ase import Atoms
from ase.build import bulk
from matplotlib.figure import Figure

from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure

LOOK = (
    ("H0", COLOURS["green"], "s"),
    ("H1", COLOURS["vermilion"], "o"),
    ("H2", COLOURS["blue"], "^"),
)


def diamond(displacement: float) -> Atoms:
    """Make 216 atoms of diamond, each displaced at random, Angstrom in each direction."""
    frame = bulk("C", cubic=True) * (3, 3, 3)
    frame.rattle(displacement, seed=1)
    return frame


def strewn(n_atoms: int, closest: float) -> Atoms:
    """Put atoms anywhere in the cell of that diamond, none nearer to another than `closest`."""
    frame = diamond(0.0)
    random, length = np.random.default_rng(0), frame.cell[0, 0]
    points = np.empty((0, 3))
    while len(points) < n_atoms:
        point = random.random(3) * length
        apart = np.abs(points - point)
        if (np.minimum(apart, length - apart) ** 2).sum(axis=1).min(initial=99.0) > closest**2:
            points = np.vstack([points, point])
    return Atoms(f"C{n_atoms}", positions=points, cell=frame.cell, pbc=True)


def draw() -> Figure:
    """Draw the picture."""
    figure = new_figure(8.0, 3.5)
    frames = (
        (diamond(0.0), "diamond"),
        (diamond(0.08), "hot diamond"),
        (strewn(216, 1.25), "atoms at random, 1.25 Å apart"),
    )
    for axes, (frame, title) in zip(figure.subplots(1, 3), frames, strict=True):
        draw_pairs(axes, (-0.2, 4.0))
        for diagram, (name, colour, marker) in zip(
            alpha_persistence(frame).values(), LOOK, strict=True
        ):
            finite = diagram.finite()
            axes.scatter(
                finite.birth,
                finite.death,
                s=13,
                color=colour,
                marker=marker,
                alpha=0.55,
                linewidths=0,
                zorder=2,
                label=name,
                rasterized=True,
            )
        axes.set_title(title, fontsize=9.5)
    legend = figure.axes[0].legend(loc="lower right", fontsize=9, frameon=False)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
    return figure
