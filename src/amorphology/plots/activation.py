"""Maps over the plane of a persistence diagram, and what is left of them without learning."""

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from amorphology.plots.style import COLOURS, GREY, tidy

__all__ = [
    "SHARE_MAP",
    "plot_bin_map",
    "plot_mean_persistence",
    "plot_pair_shares",
    "plot_randomisation",
]

SHARE_MAP = colormaps["RdBu_r"]
"""Blue lowers the energy, red raises it; told apart with every common kind of colour blindness."""

LABELS = {
    "squared_radius": ("Birth (Å²)", "Death (Å²)"),
    "radius": ("Birth radius (Å)", "Death radius (Å)"),
}


def plot_bin_map(
    axes: Axes,
    values: NDArray[np.floating],
    *,
    range: tuple[float, float],  # noqa: A002 (as numpy.histogram2d)
    unit: str = "squared_radius",
    limits: tuple[float, float] | None = None,
    largest: float | None = None,
) -> Axes:
    """
    Draw a number with a sign for every bin of a histogram; 0 is white.

    Parameters
    ----------
    axes
        Where to draw; its image, for a colour bar, is then ``axes.images[0]``.
    values
        Birth by death, (bins, bins).
    range
        What the bins cover on both axes.
    unit
        ``"squared_radius"`` (Angstrom^2) or ``"radius"`` (Angstrom).
    limits
        Ends of both axes; None shows all bins.
    largest
        Absolute value of the strongest colours; None takes the largest there is.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    top = float(np.abs(values).max()) if largest is None else largest
    axes.imshow(
        values.T,  # rows from bottom to top: death, the second index, comes first
        origin="lower",
        extent=(*range, *range),
        cmap=SHARE_MAP,
        vmin=-(top or 1.0),
        vmax=top or 1.0,
        interpolation="nearest",
    )
    return _plane(axes, range if limits is None else limits, unit)


def plot_pair_shares(
    axes: Axes,
    birth: ArrayLike,
    death: ArrayLike,
    shares: ArrayLike,
    *,
    limits: tuple[float, float] | None = None,
    largest: float | None = None,
) -> Axes:
    """
    Draw a persistence diagram whose pairs are coloured by what they do to the energy.

    Parameters
    ----------
    axes
        Where to draw; its points, for a colour bar, are then ``axes.collections[0]``.
    birth, death
        Squared radii, (n_pairs,), Angstrom^2. Pairs that never die are left out.
    shares
        Of the energy, (n_pairs,).
    limits
        Ends of both axes, Angstrom^2; None fits all points.
    largest
        Absolute value of the strongest colours; None takes the largest there is.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    birth, death, shares = (np.asarray(x, np.float64) for x in (birth, death, shares))
    finite = np.flatnonzero(np.isfinite(death))
    order = finite[np.argsort(np.abs(shares[finite]), kind="stable")]  # the strongest on top
    if largest is None:
        largest = float(np.abs(shares[order]).max()) if len(order) else 1.0
    axes.scatter(
        birth[order],
        death[order],
        c=shares[order],
        s=14,
        cmap=SHARE_MAP,
        vmin=-(largest or 1.0),
        vmax=largest or 1.0,
        edgecolors=GREY,
        linewidths=0.25,
        zorder=2,
    )
    if limits is None:
        limits = (0.0, 1.05 * float(death[order].max()) if len(order) else 1.0)
    return _plane(axes, limits, "squared_radius")


def plot_mean_persistence(
    axes: Axes,
    energy: ArrayLike,
    persistence: ArrayLike,
    liquid: NDArray[np.bool_],
    low: NDArray[np.bool_],
    *,
    ylabel: str = "Mean persistence of the map (Å²)",
) -> Axes:
    """
    Draw how far from the diagonal maps have their weight, against the energy of the frames.

    Parameters
    ----------
    axes
        Where to draw.
    energy
        Mean energy per atom, (n_frames,), eV/atom.
    persistence
        Weight-averaged persistence of each frame's map, (n_frames,), Angstrom^2.
    liquid, low
        Which frames count as liquid and which as of low energy, bool (n_frames,).
    ylabel
        Name and unit of `persistence`.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    energy, persistence = np.asarray(energy, np.float64), np.asarray(persistence, np.float64)
    many = len(energy) > 1000
    for chosen, colour, label in (
        (~(liquid | low), GREY, "between"),
        (liquid, COLOURS["vermilion"], "liquid"),
        (low, COLOURS["blue"], "low energy"),
    ):
        if not chosen.any():
            continue
        axes.scatter(
            energy[chosen],
            persistence[chosen],
            s=3 if many else 14,
            color=colour,
            alpha=0.3 if many else 0.7,
            linewidths=0,
            rasterized=many,
            label=f"{label} ({chosen.sum():,})",
        )
    axes.set(xlabel="Energy (eV/atom)", ylabel=ylabel)
    axes.set_ylim(bottom=0)
    for handle in filter(None, axes.legend(frameon=False, fontsize=9).legend_handles):
        handle.set(alpha=1.0, sizes=[14])
    return tidy(axes)


def plot_randomisation(
    axes: Axes, layers: list[str], correlations: Mapping[str, list[float]]
) -> Axes:
    """
    Draw how much of a map is left once more and more layers have random weights.

    Parameters
    ----------
    axes
        Where to draw.
    layers
        From the last one to the first.
    correlations
        For each kind of map its rank correlation with the true one, one number a layer.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    places = np.arange(len(layers) + 1)
    for (name, values), colour in zip(correlations.items(), COLOURS.values(), strict=False):
        axes.plot(places, [1.0, *values], "o-", color=colour, linewidth=1.4, label=name)
    axes.axhline(0.0, color=GREY, linewidth=1, zorder=0)
    axes.set_xticks(places, ["none", *layers], rotation=25, ha="right")
    axes.set(xlabel="Randomised down to", ylabel="Rank correlation with the true map")
    axes.legend(frameon=False, fontsize=9)
    return tidy(axes)


def _plane(axes: Axes, limits: tuple[float, float], unit: str) -> Axes:
    """Give birth and death the same scale, and draw the diagonal."""
    axes.plot(limits, limits, color=GREY, linewidth=1, zorder=1)
    xlabel, ylabel = LABELS[unit]
    axes.set(xlim=limits, ylim=limits, xlabel=xlabel, ylabel=ylabel)
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return tidy(axes)
