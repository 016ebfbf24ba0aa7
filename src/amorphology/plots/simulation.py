"""What a simulation makes: time series of runs, and pictures of structures."""

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from amorphology.plots.style import COLOURS, DENSITY_MAP, GREY, tidy

__all__ = ["COORDINATION_COLOURS", "coordination_legend", "plot_melt_quench", "plot_structure"]

COORDINATION_COLOURS = {
    "2 or fewer neighbours": COLOURS["orange"],
    "3 neighbours": COLOURS["blue"],
    "4 or more neighbours": COLOURS["vermilion"],
}
"""Colour of an atom by how many it is bonded to, in the order of the numbers."""

LAYERS = 16  # of depth: atoms hide bonds behind them, and are hidden by bonds before them


def plot_melt_quench(
    axes: Axes,
    time: ArrayLike,
    values: ArrayLike,
    run: ArrayLike,
    density: ArrayLike,
    *,
    ylabel: str,
    density_range: tuple[float, float] | None = None,
    linestyle: str = "-",
) -> Axes:
    """
    Draw one line for each run of a simulation, coloured by density.

    Parameters
    ----------
    axes
        Where to draw.
    time
        Time of each frame, (n_frames,), fs.
    values
        What goes upwards, (n_frames,).
    run
        Which run each frame belongs to, (n_frames,).
    density
        Density of each frame, (n_frames,), g/cm^3, constant within a run.
    ylabel
        Name and unit of `values`.
    density_range
        Densities of the first and the last colour, g/cm^3; None takes them from `density`.
    linestyle
        Of all lines.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    time, values, run, density = map(np.asarray, (time, values, run, density))
    if density_range is None:
        density_range = (float(density.min()), float(density.max()))
    shade = Normalize(*density_range)
    for name in np.unique(run):
        frames = np.flatnonzero(run == name)
        frames = frames[np.argsort(time[frames])]
        axes.plot(
            time[frames],
            values[frames],
            linestyle,
            color=DENSITY_MAP(shade(density[frames[0]])),
            linewidth=1.2,
            label=str(name),
        )
    axes.set(xlabel="Time (fs)", ylabel=ylabel)
    return tidy(axes)


def plot_structure(axes: Axes, atoms: Atoms, *, bond_length: float = 1.85) -> Axes:
    """
    Draw a structure as seen along z: atoms, bonds, and the outline of the cell.

    Atoms are coloured by their number of neighbours (`COORDINATION_COLOURS`) and fade with the
    distance from the eye. A bond through a periodic face shows as two halves.

    Parameters
    ----------
    axes
        Where to draw.
    atoms
        The structure; periodic where its ``pbc`` says so.
    bond_length
        Atoms up to this distance count as bonded, Angstrom; 1.85 suits carbon.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales and Angstrom on both.
    """
    # Atoms that left the cell are drawn where they come back, as the filtration sees them.
    positions = atoms.get_positions(wrap=True)
    wrapped = atoms.copy()
    wrapped.positions = positions
    first, vector = neighbor_list("iD", wrapped, bond_length)
    neighbours = np.bincount(first, minlength=len(atoms))
    palette = np.array([to_rgb(colour) for colour in COORDINATION_COLOURS.values()])
    colour = palette[np.clip(neighbours - 2, 0, 2)]

    depth = positions[:, 2]
    span = float(np.ptp(depth)) or 1.0
    layer = np.minimum(((depth - depth.min()) / span * LAYERS).astype(int), LAYERS - 1)
    # White mist: the farthest atoms keep a third of their colour.
    nearness = 0.3 + 0.7 * (depth - depth.min())[:, None] / span
    colour = 1 - nearness * (1 - colour)
    bond_colour = 1 - nearness * (1 - np.array(to_rgb("#4a4f57")))
    for height in range(LAYERS):
        bonds = np.flatnonzero(layer[first] == height)
        starts = positions[first[bonds], :2]
        halves = np.stack([starts, starts + vector[bonds, :2] / 2], axis=1)
        axes.add_collection(
            LineCollection(
                list(halves), colors=bond_colour[first[bonds]], linewidths=1.4, zorder=2 + height
            )
        )
        here = layer == height
        axes.scatter(
            positions[here, 0],
            positions[here, 1],
            s=26,
            color=colour[here],
            edgecolors="white",
            linewidths=0.4,
            zorder=2.5 + height,
        )
    corners = _outline(np.asarray(atoms.cell))
    axes.plot(*corners.T, color=GREY, linewidth=0.8, zorder=1)
    axes.set(xlabel="x (Å)", ylabel="y (Å)")
    axes.margins(0.04)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_aspect("equal")
    return tidy(axes)


def coordination_legend() -> list[Line2D]:
    """
    Make the legend of `plot_structure`.

    Returns
    -------
    list of matplotlib.lines.Line2D
        One labelled marker a number of neighbours, for ``legend(handles=...)``.
    """
    return [
        Line2D([], [], marker="o", linestyle="", color=colour, label=label)
        for label, colour in COORDINATION_COLOURS.items()
    ]


def _outline(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the base of the cell, closed; (5, 2), Angstrom."""
    a, b = cell[0, :2], cell[1, :2]
    return np.array([0 * a, a, a + b, b, 0 * a])
