"""What the figures of the cyclo-octane study share: width, letters, legend."""

import numpy as np
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from amorphology.plots.cyclooctane import conformer_legend, plot_molecule, plot_scores
from amorphology.studies.cyclooctane.planes import Plane
from amorphology.studies.cyclooctane.results import Results

__all__ = ["COLUMN", "SMALL", "TITLE", "draw_legend", "draw_molecule", "draw_plane", "small"]

COLUMN = 4.4
"""Width of a figure, inches: printed 8.5 cm wide, its letters of 9 points are 7 points high."""

SMALL, TITLE = 8.5, 9.0  # font sizes


def draw_molecule(axes: Axes, atoms: Atoms, *, colour: str = "#4a4f57") -> None:
    """
    Draw a molecule so that several can be compared.

    Parameters
    ----------
    axes
        Where to draw.
    atoms
        The molecule.
    colour
        Of its atoms.
    """
    plot_molecule(axes, atoms, colour=colour)
    axes.set(xlim=(-2.6, 2.6), ylim=(-1.75, 1.75))


def draw_plane(
    axes: Axes, plane: Plane, labels: NDArray[np.str_], title: str, *, size: float = 4.0
) -> None:
    """
    Draw the plane of a descriptor.

    Parameters
    ----------
    axes
        Where to draw.
    plane
        The plane.
    labels
        Label of each conformation on it, (n,).
    title
        What to write above.
    size
        Area of a marker, points^2.
    """
    plot_scores(axes, plane.scores, labels, plane.explained, size=size)
    axes.set_title(title, fontsize=TITLE, loc="left")
    small(axes)


def draw_legend(figure: Figure, results: Results) -> None:
    """
    Put one legend of the labels above all panels.

    Parameters
    ----------
    figure
        The figure.
    results
        What counts the labels.
    """
    figure.legend(
        handles=conformer_legend(results.counts()),
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize=SMALL,
        handletextpad=0.1,
        columnspacing=0.8,
    )


def small(axes: Axes) -> None:
    """
    Make the letters of a panel fit a column.

    Parameters
    ----------
    axes
        The panel.
    """
    axes.tick_params(labelsize=SMALL)
    axes.xaxis.label.set_fontsize(TITLE)
    axes.yaxis.label.set_fontsize(TITLE)
