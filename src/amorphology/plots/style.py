"""What all figures have in common: colours, sizes, and how they reach the disk."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure

from amorphology.structures import whole_file

__all__ = ["COLOURS", "COUNT_MAP", "DENSITY_MAP", "GREY", "new_figure", "save_figure", "tidy"]

# Okabe and Ito's palette, told apart with every common kind of colour blindness.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
}
"""Colours that stay apart for colour-blind eyes, by name."""

GREY = "#8a8f98"
"""For lines that guide the eye: diagonals, frames."""


def _part(name: str, first: float, last: float) -> Colormap:
    """Cut the ends off a colour map: those that are hard to see on white."""
    return ListedColormap(colormaps[name](np.linspace(first, last, 256)), f"{name} in part")


DENSITY_MAP = _part("viridis", 0.0, 0.92)
"""Colours for densities: even in lightness, so that they survive a grey printer too."""

COUNT_MAP = _part("inferno_r", 0.22, 1.0)
"""Colours for filled bins: all of them clearly apart from the white of empty ones."""


def new_figure(width: float, height: float) -> Figure:
    """
    Make an empty figure that belongs to nobody else.

    Parameters
    ----------
    width, height
        Size in inches.

    Returns
    -------
    matplotlib.figure.Figure
        White, with a layout that keeps labels from being cut or laid over each other.
    """
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def save_figure(figure: Figure, path: Path) -> None:
    """
    Write a figure; the file appears only once it is complete.

    Parameters
    ----------
    figure
        What to write.
    path
        File whose ending says the format: ``.png`` (200 dpi), ``.svg`` or ``.pdf``.

    Raises
    ------
    StructureError
        If the folder of `path` does not exist.
    """
    kind = path.suffix.removeprefix(".")
    # No date inside: the same figure is the same file.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, format=kind, dpi=200, metadata=metadata)


def tidy(axes: Axes) -> Axes:
    """
    Take away what a plot can do without.

    Parameters
    ----------
    axes
        Axes to change.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
    return axes
