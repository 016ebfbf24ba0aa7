"""Sheets of carbon: their rings, and what a cooling rate makes of them."""

import itertools

import numpy as np
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from amorphology.bond_network import BondNetwork
from amorphology.plots.style import COLOURS, GREY, tidy

__all__ = [
    "RING_COLOURS",
    "plot_against_rate",
    "plot_ring_shares",
    "plot_sheet",
    "ring_legend",
]

RING_COLOURS = {
    4: COLOURS["purple"],
    5: COLOURS["sky"],
    6: "#d3d7de",
    7: COLOURS["orange"],
    8: COLOURS["vermilion"],
}
"""Colour of a ring by its number of atoms; smaller and larger ones have those of the ends."""

_MARKERS = "sovD^"


def _ring_colour(size: int) -> str:
    return RING_COLOURS[min(max(size, min(RING_COLOURS)), max(RING_COLOURS))]


def plot_sheet(axes: Axes, atoms: Atoms, *, bond_length: float = 1.85) -> Axes:
    """
    Draw one cell of a sheet as seen along z: bonds, and the rings between them in colour.

    Parameters
    ----------
    axes
        Where to draw.
    atoms
        Sheet that is periodic along its first two cell vectors, which lie in the plane.
    bond_length
        Atoms up to this distance count as bonded, Angstrom; 1.85 suits carbon.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales and Angstrom on both.
    """
    network = BondNetwork(atoms, bond_length)
    cell = np.asarray(atoms.cell)[:2, :2]
    outline = np.array([[0, 0], cell[0], cell[0] + cell[1], cell[1], [0, 0]])
    clip = PathPatch(Path(outline), facecolor="none", edgecolor=GREY, linewidth=0.8, zorder=4)
    axes.add_patch(clip)

    rings = network.rings()
    corners = [ring.positions(atoms)[:, :2] for ring in rings]
    # Small rings over large ones: where the sheet is not planar they may overlap.
    order = np.argsort([-ring.size for ring in rings], kind="stable")
    shapes, colours = [], []
    for k in order:
        for image in _images(corners[k], cell):
            shapes.append(image)
            colours.append(_ring_colour(rings[k].size))
    filled = PolyCollection(shapes, facecolors=colours, linewidths=0, zorder=1)
    axes.add_collection(filled)
    filled.set_clip_path(clip)

    first, second = network.bonds.T
    starts = atoms.positions[first]
    ends = atoms.positions[second] + network.bond_offsets @ np.asarray(atoms.cell)
    lines = np.stack([starts, ends], axis=1)[:, :, :2]
    drawn = [image for line in lines for image in _images(line, cell)]
    bonds = LineCollection(drawn, colors="#4a4f57", linewidths=0.7, zorder=2, capstyle="round")
    axes.add_collection(bonds)
    bonds.set_clip_path(clip)

    margin = 0.02 * np.ptp(outline, axis=0)
    low, high = outline.min(axis=0) - margin, outline.max(axis=0) + margin
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x (Å)", ylabel="y (Å)")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_aspect("equal")
    return tidy(axes)


def _images(corners: NDArray[np.float64], cell: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Move a shape by all lattice vectors that bring part of its bounding box into the cell."""
    scaled = corners @ np.linalg.inv(cell)
    low = np.ceil(-scaled.max(axis=0)).astype(int)
    high = np.floor(1 - scaled.min(axis=0)).astype(int)
    shifts = itertools.product(*(range(a, b + 1) for a, b in zip(low, high, strict=True)))
    return [corners + np.array(shift) @ cell for shift in shifts]


def ring_legend() -> list[Patch]:
    """
    Make the legend of `plot_sheet`.

    Returns
    -------
    list of matplotlib.patches.Patch
        One labelled patch a ring size, for ``legend(handles=...)``.
    """
    labels = {size: str(size) for size in RING_COLOURS}
    labels[min(labels)] += " or fewer"
    labels[max(labels)] += " or more"
    return [Patch(color=RING_COLOURS[size], label=label) for size, label in labels.items()]


def plot_ring_shares(axes: Axes, rate: ArrayLike, ring_sizes: ArrayLike) -> Axes:
    """
    Draw what share of the rings has each size, against the cooling rate.

    Parameters
    ----------
    axes
        Where to draw.
    rate
        Cooling rate of each structure, (n_structures,), K/ps.
    ring_sizes
        Rings of each structure by size, (n_structures, max_size + 1), as
        `amorphology.bond_network.BondNetwork.ring_sizes` counts them.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; one line a size, structures of one rate taken together.
    """
    rate, ring_sizes = np.asarray(rate), np.asarray(ring_sizes)
    rates = np.unique(rate)
    total = np.array([ring_sizes[rate == one].sum(axis=0) for one in rates])
    share = 100 * total / total.sum(axis=1, keepdims=True)
    smallest, largest = min(RING_COLOURS), max(RING_COLOURS)
    labels = [patch.get_label() for patch in ring_legend()]
    for size, label, marker in zip(RING_COLOURS, labels, _MARKERS, strict=True):
        first = 0 if size == smallest else size
        last = share.shape[1] if size == largest else size + 1
        axes.plot(
            rates,
            share[:, first:last].sum(axis=1),
            marker=marker,
            markersize=4,
            linewidth=1.2,
            color=GREY if size == 6 else RING_COLOURS[size],
            label=label,
        )
    axes.set(ylabel="Share of rings (%)")
    axes.set_ylim(bottom=0)
    axes.legend(
        title="Atoms in a ring",
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=len(RING_COLOURS),
        fontsize=8,
        title_fontsize=8,
        frameon=False,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=0.9,
    )
    return _rate_axis(axes)


def plot_against_rate(
    axes: Axes,
    rate: ArrayLike,
    values: ArrayLike,
    *,
    ylabel: str,
    label: str = "mean and spread",
    colour: str = COLOURS["blue"],
    marker: str = "o",
) -> Axes:
    """
    Draw a value of each structure against its cooling rate, and mean and spread at each rate.

    Parameters
    ----------
    axes
        Where to draw.
    rate
        Cooling rate of each structure, (n_structures,), K/ps.
    values
        What goes upwards, (n_structures,).
    ylabel
        Name and unit of `values`.
    label
        Of the means, in the legend.
    colour
        Of points, line and bars.
    marker
        Of the means.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes. A bar reaches one standard deviation to each side; a rate with a single
        structure has none. Points are 7 % to the right of their rate.
    """
    rate, values = np.asarray(rate), np.asarray(values)
    rates = np.unique(rate)
    of_rate = [values[rate == one] for one in rates]
    spread = [np.std(some, ddof=1) if len(some) > 1 else np.nan for some in of_rate]
    axes.plot(
        1.07 * rate,  # beside the bars, which would hide them
        values,
        "o",
        markersize=3,
        markeredgewidth=0,
        color=colour,
        # Many points darken each other.
        alpha=float(np.clip(12 / max(map(len, of_rate)), 0.12, 0.45)),
        rasterized=True,
    )
    axes.errorbar(
        rates,
        [some.mean() for some in of_rate],
        yerr=spread,
        color=colour,
        marker=marker,
        markersize=4.5,
        linewidth=1.4,
        capsize=3,
        label=label,
    )
    axes.set(ylabel=ylabel)
    axes.legend(fontsize=8, frameon=False)
    return _rate_axis(axes)


def _rate_axis(axes: Axes) -> Axes:
    axes.set(xscale="log", xlabel="Cooling rate (K/ps)")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    return tidy(axes)
