"""Figures of the study of explanations."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from amorphology.plots import COLOURS, new_figure, plot_histogram, save_figure
from amorphology.plots.activation import (
    plot_bin_map,
    plot_mean_persistence,
    plot_randomisation,
)
from amorphology.plots.attribution import plot_ring_sizes
from amorphology.plots.style import GREY
from amorphology.studies.explanation.results import GROUPS, ExplanationResults
from amorphology.studies.sheet import signed
from amorphology.training.metrics import MEV

__all__ = ["FIGURES", "draw_figures"]

TITLE = 10.5  # font size


def draw_figures(results: ExplanationResults, folder: Path) -> None:
    """
    Draw all figures, as PNG (200 dpi) and SVG.

    Parameters
    ----------
    results
        What to show.
    folder
        Where to write; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        figure = draw(results)
        for kind in ("png", "svg"):
            save_figure(figure, folder / f"{name}.{kind}")


def _figure_7(results: ExplanationResults) -> Figure:
    """Histogram, map, mean map and mean shares: liquid above, low energy below."""
    figure = new_figure(13.2, 6.4)
    grid = figure.subplots(2, 4)
    descriptor = results.network.descriptor
    channel = results.channel
    ends, unit = descriptor.ranges[channel], descriptor.axes
    limits = _window(results)
    histograms = [mapped.histogram[channel] for mapped in results.example_maps]
    shares = [results.shares_by_place(number) for number in range(2)]
    for number, name in enumerate(GROUPS):
        row, index = grid[number], results.examples[number]
        plot_histogram(
            row[0],
            histograms[number],
            range=ends,
            limits=limits,
            largest=float(max(image.max() for image in histograms)),
        )
        energy = signed(results.energy[index], 2)
        row[0].set_title(
            f"{name.capitalize()}: {results.temperature[index]:,.0f} K, {energy} eV/atom",
            fontsize=TITLE,
        )
        adjective = name.replace(" ", "-")
        n_frames = int((results.group(number) & results.shown).sum())
        for panel, mapped, title in (
            (row[1], results.example_maps[number], "Its activation map"),
            (
                row[2],
                results.mean_maps[number],
                f"Mean map of {n_frames:,} {adjective} frames",
            ),
        ):
            plot_bin_map(panel, MEV * mapped.weights[channel], range=ends, unit=unit, limits=limits)
            panel.set_title(title, fontsize=TITLE)
            figure.colorbar(panel.images[0], ax=panel, label="meV/atom", shrink=0.75)
        plot_bin_map(
            row[3],
            shares[number],
            range=ends,
            unit=unit,
            limits=limits,
            largest=float(np.quantile(np.abs(shares[number])[shares[number] != 0], 0.98)),
        )
        row[3].set_title(
            f"Mean shares of pairs, {len(results.attributions[number])} frames", fontsize=TITLE
        )
        figure.colorbar(
            row[3].images[0], ax=row[3], label="meV/atom a bin", shrink=0.75, extend="both"
        )
        row[0].set(xlabel=row[1].get_xlabel(), ylabel=row[1].get_ylabel())
    return figure


def _persistence(results: ExplanationResults) -> Figure:
    """Show mean persistence against energy for the two rectified maps and the histogram."""
    figure = new_figure(12.0, 3.7)
    panels = figure.subplots(1, 3)
    for axes, (part, title) in zip(
        panels,
        (
            ("raising", "Map of what raises the energy"),
            ("lowering", "Map of what lowers the energy"),
            ("histogram", "Histogram itself"),
        ),
        strict=True,
    ):
        plot_mean_persistence(
            axes,
            results.energy,
            results.persistence[part],
            results.group(0),
            results.group(1),
            ylabel="Mean persistence (Å²)",
        )
        axes.set_title(title, fontsize=TITLE)
        axes.axvline(results.threshold, color=GREY, linewidth=1, zorder=0)
    return figure


def _rings(results: ExplanationResults) -> Figure:
    figure = new_figure(7.4, 3.8)
    plot_ring_sizes(
        figure.subplots(),
        {name: results.shares_by_size(number) for number, name in enumerate(GROUPS)},
        colours=dict(zip(GROUPS, (COLOURS["vermilion"], COLOURS["blue"]), strict=True)),
    )
    return figure


def _randomisation(results: ExplanationResults) -> Figure:
    figure = new_figure(6.4, 4.2)
    steps = next(iter(results.randomised.values()))
    plot_randomisation(
        figure.subplots(),
        [step.layers for step in steps],
        {
            name: [step.rank_correlation for step in left]
            for name, left in results.randomised.items()
        },
    )
    return figure


def _window(results: ExplanationResults) -> tuple[float, float]:
    """Part of the plane where pairs are, up to the last hundredth of their deaths."""
    descriptor = results.network.descriptor
    low, high = descriptor.ranges[results.channel]
    filled = results.mean_maps[0].histogram[results.channel].sum(axis=0)
    filled = filled + results.mean_maps[1].histogram[results.channel].sum(axis=0)
    last = int(np.searchsorted(np.cumsum(filled), 0.99 * filled.sum())) + 1
    return 0.0, float(min(high, np.ceil(low + (high - low) * last / descriptor.bins)))


FIGURES: dict[str, Callable[[ExplanationResults], Figure]] = {
    "figure_7": _figure_7,
    "mean_persistence": _persistence,
    "ring_sizes": _rings,
    "randomisation": _randomisation,
}
"""Figures of the study, by file name."""
