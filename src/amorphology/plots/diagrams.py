"""Persistence diagrams and the histograms made of them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from amorphology.plots.style import COLOURS, COUNT_MAP, GREY, tidy

__all__ = ["plot_diagram", "plot_histogram"]

BIRTH, DEATH = "Birth (Å²)", "Death (Å²)"


def plot_diagram(
    axes: Axes,
    birth: ArrayLike,
    death: ArrayLike,
    *,
    limits: tuple[float, float] | None = None,
    colour: str = COLOURS["blue"],
) -> Axes:
    """
    Draw a persistence diagram as points above the diagonal.

    Parameters
    ----------
    axes
        Where to draw.
    birth, death
        Squared radii, (n_pairs,), Angstrom^2. Pairs that never die are left out.
    limits
        Ends of both axes, Angstrom^2; None fits all points.
    colour
        Of the points.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    birth, death = np.asarray(birth, np.float64), np.asarray(death, np.float64)
    finite = np.isfinite(death)
    axes.scatter(
        birth[finite], death[finite], s=10, color=colour, alpha=0.55, linewidths=0, zorder=2
    )
    if limits is None:
        top = float(death[finite].max()) if finite.any() else 1.0
        limits = (min(0.0, float(birth.min()) if len(birth) else 0.0), 1.05 * top)
    _square(axes, limits)
    return axes


def plot_histogram(
    axes: Axes,
    histogram: NDArray[np.floating],
    *,
    range: tuple[float, float],  # noqa: A002 (as numpy.histogram2d)
    limits: tuple[float, float] | None = None,
    largest: float | None = None,
) -> Axes:
    """
    Draw a persistence histogram as an image; empty bins stay white.

    Parameters
    ----------
    axes
        Where to draw; its image, for a colour bar, is then ``axes.images[0]``.
    histogram
        Birth by death, (bins, bins), as `PersistenceHistogram` returns it without standardisation.
    range
        What the bins cover on both axes, Angstrom^2.
    limits
        Ends of both axes, Angstrom^2; None shows all bins.
    largest
        Value of the darkest colour; None takes the largest of this histogram.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    # The image has rows from bottom to top, so death, the second index, must come first. No
    # smoothing: a bin shows as what it is.
    axes.imshow(
        np.ma.masked_equal(histogram.T, 0.0),
        origin="lower",
        extent=(*range, *range),
        cmap=COUNT_MAP,
        # Most bins hold one or two pairs, a few hold twenty: the square root shows both.
        norm=PowerNorm(0.5, 0.0, float(histogram.max()) if largest is None else largest),
        interpolation="nearest",
        zorder=2,
    )
    _square(axes, range if limits is None else limits)
    return axes


def _square(axes: Axes, limits: tuple[float, float]) -> None:
    """Give birth and death the same scale, and draw the diagonal."""
    axes.plot(limits, limits, color=GREY, linewidth=1, zorder=1)
    axes.set(xlim=limits, ylim=limits, xlabel=BIRTH, ylabel=DEATH)
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    tidy(axes)
