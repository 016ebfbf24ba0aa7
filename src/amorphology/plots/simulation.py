"""What a simulation makes: time series of runs, and pictures of structures."""

from collections.abc import Mapping, Sequence

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

__all__ = [
    "COORDINATION_COLOURS",
    "coordination_legend",
    "plot_against_temperature",
    "plot_coordination",
    "plot_melt_quench",
    "plot_radial_distribution",
    "plot_structure",
]

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


def plot_against_temperature(
    axes: Axes,
    temperature: ArrayLike,
    values: ArrayLike,
    density: ArrayLike,
    *,
    ylabel: str,
    density_range: tuple[float, float] | None = None,
) -> Axes:
    """
    Draw frames of a simulation by temperature, coloured by density.

    Parameters
    ----------
    axes
        Where to draw; the points, for a colour bar, are then ``axes.collections[-1]``.
    temperature
        Of each frame, (n_frames,), K.
    values
        What goes upwards, (n_frames,).
    density
        Density of each frame, (n_frames,), g/cm^3.
    ylabel
        Name and unit of `values`.
    density_range
        Densities of the first and the last colour, g/cm^3; None takes them from `density`.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    temperature, values, density = map(np.asarray, (temperature, values, density))
    if density_range is None:
        density_range = (float(density.min()), float(density.max()))
    # Tens of thousands of points would make a vector graphic slow to open: they become a picture.
    # Drawn in an order that has nothing to do with density, so that no density hides the others.
    order = np.random.default_rng(0).permutation(len(values))
    axes.scatter(
        temperature[order],
        values[order],
        s=float(np.clip(12_000 / max(len(values), 1), 3, 14)),
        c=density[order],
        cmap=DENSITY_MAP,
        norm=Normalize(*density_range),
        linewidths=0,
        alpha=0.7,
        rasterized=True,
    )
    axes.set(xlabel="Temperature (K)", ylabel=ylabel)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return tidy(axes)


def plot_coordination(
    axes: Axes, density: ArrayLike, shares: Mapping[str, ArrayLike], *, smaller: ArrayLike
) -> Axes:
    """
    Draw which part of the atoms has each number of neighbours, against density.

    Parameters
    ----------
    axes
        Where to draw.
    density
        Density of each run, (n_runs,), g/cm^3.
    shares
        By name, for each key of `COORDINATION_COLOURS`: the share of atoms in each run, (n_runs,).
    smaller
        Whether a run is of the smaller cells, bool (n_runs,): those are filled circles and make
        the mean, the others are open squares.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; one line a key, through the means at each density.
    """
    density, smaller = np.asarray(density), np.asarray(smaller)
    # Where there are larger cells only, they make the mean.
    meant = smaller if smaller.any() else ~smaller
    densities = np.unique(density[meant])
    for name, colour in COORDINATION_COLOURS.items():
        percent = 100 * np.asarray(shares[name])
        mean = [percent[meant & (density == one)].mean() for one in densities]
        axes.plot(densities, mean, linewidth=1.4, color=colour, label=name)
        axes.plot(density[smaller], percent[smaller], "o", color=colour, markersize=4, alpha=0.7)
        axes.plot(
            density[~smaller],
            percent[~smaller],
            "s",
            markerfacecolor="white",
            markeredgecolor=colour,
            markersize=5,
        )
    axes.set(xlabel="Density (g/cm³)", ylabel="Share of atoms (%)")
    axes.set_ylim(bottom=0)
    return tidy(axes)


def plot_radial_distribution(
    axes: Axes,
    r: ArrayLike,
    functions: Sequence[ArrayLike],
    labels: Sequence[str],
    *,
    colours: Sequence[str] | None = None,
    linestyles: Sequence[str] | None = None,
) -> Axes:
    """
    Draw radial distribution functions over each other.

    Parameters
    ----------
    axes
        Where to draw.
    r
        Distances, (n_bins,), Angstrom.
    functions
        Functions, (n_bins,) each; without `colours` up to six.
    labels
        One for each.
    colours, linestyles
        One for each; None takes the usual colours, and solid lines.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    colours = list(COLOURS.values())[: len(functions)] if colours is None else colours
    linestyles = ["-"] * len(functions) if linestyles is None else linestyles
    axes.axhline(1.0, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    for g, label, colour, style in zip(functions, labels, colours, linestyles, strict=True):
        axes.plot(r, g, linestyle=style, linewidth=1.3, color=colour, label=label)
    axes.set(xlabel="Distance (Å)", ylabel="Radial distribution function")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, frameon=False)
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
