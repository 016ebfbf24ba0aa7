"""Which rings and which atoms carry an energy."""

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from amorphology.plots.activation import SHARE_MAP
from amorphology.plots.style import COLOURS, GREY, tidy

__all__ = ["plot_atom_shares", "plot_ring_sizes"]


def plot_ring_sizes(
    axes: Axes,
    shares: Mapping[str, NDArray[np.float64]],
    *,
    colours: Mapping[str, str] | None = None,
    xlabel: str = "Atoms of the ring",
) -> Axes:
    """
    Draw what rings of each size do to the energy, as bars.

    Parameters
    ----------
    axes
        Where to draw.
    shares
        For each group of frames float64 (n_sizes,): element k is the share of rings of k atoms, the
        last one of that many and more; meV/atom.
    colours
        Of each group; None takes those of `COLOURS` in turn.
    xlabel
        Of the sizes.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    colours = colours or dict(zip(shares, COLOURS.values(), strict=False))
    width = 0.8 / len(shares)
    for number, (name, values) in enumerate(shares.items()):
        sizes = np.arange(len(values))
        axes.bar(
            sizes + (number - (len(shares) - 1) / 2) * width,
            values,
            width=width,
            color=colours[name],
            label=name,
        )
    last = len(values) - 1
    filled = np.flatnonzero(np.any([values != 0 for values in shares.values()], axis=0))
    first = int(filled[0]) if len(filled) else 0
    axes.set_xticks(np.arange(first, last + 1), [*map(str, range(first, last)), f"{last}+"])
    axes.set_xlim(first - 0.7, last + 0.7)
    axes.axhline(0.0, color=GREY, linewidth=1)
    axes.set(xlabel=xlabel, ylabel="Share of the energy (meV/atom)")
    if len(shares) > 1:
        axes.legend(frameon=False, fontsize=9)
    tidy(axes).tick_params(axis="x", labelsize=8)
    return axes


def plot_atom_shares(
    axes: Axes, atoms: Atoms, shares: ArrayLike, *, largest: float | None = None
) -> Axes:
    """
    Draw a structure as seen along z, its atoms coloured by what they do to the energy.

    Parameters
    ----------
    axes
        Where to draw; its points, for a colour bar, are then ``axes.collections[0]``.
    atoms
        The structure; periodic where its ``pbc`` says so.
    shares
        Of the energy, (n_atoms,).
    largest
        Absolute value of the strongest colours; None takes the largest there is.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales and Angstrom on both.
    """
    positions = atoms.get_positions(wrap=True)
    shares = np.asarray(shares, np.float64)
    order = np.argsort(positions[:, 2], kind="stable")
    if largest is None:
        largest = float(np.abs(shares).max()) if len(shares) else 1.0
    axes.scatter(
        positions[order, 0],
        positions[order, 1],
        c=shares[order],
        s=34,
        cmap=SHARE_MAP,
        vmin=-(largest or 1.0),
        vmax=largest or 1.0,
        edgecolors=GREY,
        linewidths=0.4,
    )
    cell = np.asarray(atoms.cell)
    a, b = cell[0, :2], cell[1, :2]
    axes.plot(*np.array([0 * a, a, a + b, b, 0 * a]).T, color=GREY, linewidth=0.8, zorder=0)
    axes.set(xlabel="x (Å)", ylabel="y (Å)")
    axes.margins(0.04)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_aspect("equal")
    return tidy(axes)
