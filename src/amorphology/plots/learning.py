"""What a model learns: energies, learning curves, parity plots."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from amorphology.plots.style import COLOURS, GREY, tidy
from amorphology.training.metrics import error_metrics

__all__ = [
    "plot_calibration",
    "plot_energy_distribution",
    "plot_learning_curve",
    "plot_parity",
    "plot_training_size",
]

MANY = 1000  # points from which on they become a picture inside a vector graphic


def plot_energy_distribution(
    axes: Axes,
    energies: Mapping[str, ArrayLike],
    colours: Mapping[str, str],
    *,
    n_bins: int = 16,
) -> Axes:
    """
    Draw how the energies of subsets are distributed, energy upwards.

    Parameters
    ----------
    axes
        Where to draw.
    energies
        Mean energies per atom of each subset, (n_frames,), eV/atom, by the name for the legend.
    colours
        Colour of each subset, by the same names.
    n_bins
        Number of bins, the same for all subsets.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with the first subset filled and one outline for each other.
    """
    arrays = {name: np.asarray(values, np.float64) for name, values in energies.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(arrays.values())), n_bins)
    for index, (name, values) in enumerate(arrays.items()):
        counts, _ = np.histogram(values, edges)
        # The first one filled, the others as lines on top: four lines would be a tangle.
        axes.stairs(
            counts / len(values),
            edges,
            orientation="horizontal",
            color=colours[name],
            fill=index == 0,
            alpha=0.35 if index == 0 else 1.0,
            label=f"{name} ({len(values)})",
            linewidth=1.6,
        )
    axes.set(xlabel="Fraction of frames", ylabel="Energy (eV/atom)", xlim=(0, None))
    return tidy(axes)


def plot_learning_curve(
    axes: Axes,
    epoch: ArrayLike,
    train_rmse: ArrayLike,
    validation_rmse: ArrayLike,
    best_epoch: int,
) -> Axes:
    """
    Draw errors against the epoch, and mark the epoch whose network was kept.

    Parameters
    ----------
    axes
        Where to draw.
    epoch
        Numbers of the epochs, (n_epochs,).
    train_rmse, validation_rmse
        Errors, (n_epochs,), meV/atom.
    best_epoch
        Epoch with the lowest validation error.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with a logarithmic error axis.
    """
    epoch = np.asarray(epoch)
    validation_rmse = np.asarray(validation_rmse, np.float64)
    for label, values, line, colour in (
        ("training", np.asarray(train_rmse, np.float64), "o-", COLOURS["blue"]),
        ("validation", validation_rmse, "s-", COLOURS["orange"]),
    ):
        axes.plot(epoch, values, line, color=colour, label=label, linewidth=1.6, markersize=3.5)
    best = float(validation_rmse[epoch == best_epoch][0])
    axes.plot(
        [best_epoch],
        [best],
        "o",
        markersize=11,
        markerfacecolor="none",
        markeredgecolor="black",
        label=f"kept: epoch {best_epoch}, {best:.1f} meV/atom",
    )
    _logarithmic_errors(axes)
    axes.set(xlabel="Epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.legend(frameon=False, fontsize=9)
    return tidy(axes)


def plot_parity(
    axes: Axes,
    energies: ArrayLike,
    predictions: ArrayLike,
    *,
    title: str,
    colour: str = COLOURS["blue"],
    limits: tuple[float, float] | None = None,
) -> Axes:
    """
    Draw predicted against reference energies, with their errors written in.

    Parameters
    ----------
    axes
        Where to draw.
    energies, predictions
        Mean energies per atom, (n_frames,), eV/atom.
    title
        Which frames these are.
    colour
        Of the points.
    limits
        Ends of both axes, eV/atom; None fits all points.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.

    Raises
    ------
    StructureError
        If there are no frames.
    """
    energies, predictions = np.asarray(energies), np.asarray(predictions)
    errors = error_metrics(energies, predictions, title)
    if limits is None:
        both = np.concatenate([energies, predictions])
        margin = 0.04 * float(np.ptp(both)) or 0.1
        limits = (float(both.min()) - margin, float(both.max()) + margin)
    axes.plot(limits, limits, color=GREY, linewidth=1, zorder=1)
    many = len(energies) > MANY
    axes.scatter(
        energies,
        predictions,
        s=7 if many else 14,
        color=colour,
        alpha=0.25 if many else 0.5,
        linewidths=0,
        zorder=2,
        rasterized=many,
    )
    axes.text(
        0.04,
        0.96,
        f"RMSE {errors.rmse:.1f} meV/atom\nMAE {errors.mae:.1f} meV/atom\n"
        f"{errors.n_frames:,} frame{'' if errors.n_frames == 1 else 's'}",
        transform=axes.transAxes,
        verticalalignment="top",
        fontsize=9,
    )
    axes.set(
        xlim=limits,
        ylim=limits,
        xlabel="Reference energy (eV/atom)",
        ylabel="Predicted energy (eV/atom)",
    )
    axes.set_title(title, fontsize=10.5)
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    return tidy(axes)


def plot_training_size(
    axes: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], colours: Sequence[str]
) -> Axes:
    """
    Draw errors against the number of frames that were learned from.

    Parameters
    ----------
    axes
        Where to draw.
    curves
        Numbers of training frames and RMSEs (meV/atom) of each model, (n_sizes,) both, by the name
        for the legend.
    colours
        One for each.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, logarithmic both ways.
    """
    for (label, (frames, rmse)), colour, marker in zip(
        curves.items(), colours, "osD^vP"[: len(curves)], strict=True
    ):
        axes.plot(
            np.asarray(frames),
            np.asarray(rmse, np.float64),
            marker=marker,
            color=colour,
            label=label,
            linewidth=1.6,
            markersize=5,
        )
    axes.set_xscale("log", base=2)
    ticks = sorted({int(n) for frames, _ in curves.values() for n in np.asarray(frames)})
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    _logarithmic_errors(axes)
    axes.set(xlabel="Training frames")
    axes.legend(frameon=False, fontsize=9)
    return tidy(axes)


def plot_calibration(
    axes: Axes, bins: Mapping[str, tuple[ArrayLike, ArrayLike]], colours: Sequence[str]
) -> Axes:
    """
    Draw errors against the standard deviations that were predicted for them.

    Parameters
    ----------
    axes
        Where to draw.
    bins
        Root mean square of the predicted standard deviations and RMSE of frames of similar spread,
        (n_bins,) both, meV/atom, by the name for the legend.
    colours
        One for each.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with the line on which predicted and true spread are equal.
    """
    arrays = {
        label: (np.asarray(spread, np.float64), np.asarray(rmse, np.float64))
        for label, (spread, rmse) in bins.items()
    }
    largest = 1.08 * max(float(np.max(both)) for both in arrays.values())
    axes.plot([0, largest], [0, largest], color=GREY, linewidth=1, zorder=1)
    for (label, (spread, rmse)), colour, marker in zip(
        arrays.items(), colours, "osD^vP"[: len(arrays)], strict=True
    ):
        axes.plot(spread, rmse, f"{marker}-", color=colour, label=label, linewidth=1, markersize=5)
    axes.set(
        xlim=(0, largest),
        ylim=(0, largest),
        xlabel="Predicted standard deviation (meV/atom)",
        ylabel="RMSE (meV/atom)",
    )
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return tidy(axes)


def _logarithmic_errors(axes: Axes) -> None:
    axes.set_yscale("log")
    # Plain numbers, also between the powers of ten: "50" is read faster than "5 x 10^1".
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set(ylabel="RMSE (meV/atom)")
