"""Figures of a study: its data, and how well energies are learned."""

import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from amorphology.plots import (
    COLOURS,
    new_figure,
    plot_calibration,
    plot_energy_distribution,
    plot_learning_curve,
    plot_melt_quench,
    plot_parity,
    plot_training_size,
    save_figure,
)
from amorphology.plots.style import DENSITY_MAP, GREY
from amorphology.studies.energy_study.descriptor_figures import TITLE, draw_frames, draw_overview
from amorphology.studies.energy_study.numbers import calibrations, learning_curves
from amorphology.studies.energy_study.results import LARGER, Outcome, Results, networks
from amorphology.studies.energy_study.trainings import MODELS, OPTIONS

__all__ = ["SUBSET_COLOURS", "draw_figures", "study_figures"]

SUBSET_COLOURS = {
    "train": COLOURS["blue"],
    "test": COLOURS["vermilion"],
    LARGER: COLOURS["green"],
}
"""Subsets that figures show. Validation is in tables only: a fourth would hide the others."""

KINDS = ("png", "svg")
LINES: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")


def study_figures(results: Results) -> dict[str, Callable[[], Figure]]:
    """
    List the figures that the finished trainings allow.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    dict
        What draws each, by file name.
    """
    figures: dict[str, Callable[[Results], Figure]] = {
        "overview": draw_overview,
        "data": _data,
        "frames": draw_frames,
        "parity": _parity,
    }
    if networks(results):
        figures["learning_curve"] = _learning_curve
    if learning_curves(results):
        figures["training_size"] = _training_size
    if any((outcome.subset == "excluded_test").any() for outcome in results.outcomes):
        figures["interpolation"] = _interpolation
    if calibrations(results):
        figures["calibration"] = _calibration
    return {name: partial(draw, results) for name, draw in figures.items()}


def draw_figures(figures: dict[str, Callable[[], Figure]], folder: Path) -> None:
    """
    Draw figures, as PNG (200 dpi) and SVG.

    Parameters
    ----------
    figures
        What draws each, by file name.
    folder
        Where to write; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in figures.items():
        figure = draw()
        for kind in KINDS:
            save_figure(figure, folder / f"{name}.{kind}")


def _titles(results: Results) -> dict[str, str]:
    """Subsets for people."""
    sizes = np.unique(results.data.n_atoms[results.data.n_learned :])
    return {
        "train": "training runs",
        "test": "unseen runs",
        LARGER: f"{' and '.join(f'{size:,}' for size in sizes)}-atom cells",
    }


def _subsets(outcome: Outcome) -> list[str]:
    return [subset for subset in SUBSET_COLOURS if subset in outcome.errors]


def _data(results: Results) -> Figure:
    """Energies along the runs, and how they are distributed in each subset."""
    material, data = results.study.material, results.data
    temperature = np.array([frame.info["temperature"] for frame in data.frames]) / 1000
    kelvin = "Temperature (1000 K)"
    if material.along == "time":
        along = np.array([frame.info["time_fs"] for frame in data.frames])
        panels = {"energy": (data.energy, "Energy (eV/atom)"), "temperature": (temperature, kelvin)}
        label = "Time (fs)"
    else:
        along, label = temperature, kelvin
        panels = {"energy": (data.energy, "Energy (eV/atom)")}
    figure = new_figure(9.2, 6.0)
    lower = "temperature" if "temperature" in panels else "energy"
    axes = figure.subplot_mosaic(
        [["energy", "distribution"], [lower, "key"]], width_ratios=[1.7, 1], height_ratios=[1.4, 1]
    )
    shade = material.shade.of(data.frames)
    colours = np.log(shade) if material.shade.logarithmic else shade
    sizes = np.unique(data.n_atoms)
    for name, (values, ylabel) in panels.items():
        for size, style in zip(sizes, LINES, strict=False):
            chosen = data.n_atoms == size
            plot_melt_quench(
                axes[name],
                along[chosen],
                values[chosen],
                data.run[chosen],
                colours[chosen],
                ylabel=ylabel,
                density_range=(float(colours.min()), float(colours.max())),
                linestyle=style,
            )
        axes[name].set_xlabel(label)
    for line in (line for name in panels for line in axes[name].lines):
        line.set_rasterized(True)
    if lower == "temperature":
        axes["temperature"].set_ylim(0, None)
        axes["energy"].tick_params(labelbottom=False)
        axes["energy"].set_xlabel("")
        axes["energy"].sharex(axes["temperature"])

    titles, main = _titles(results), results.main
    present = _subsets(main)
    plot_energy_distribution(
        axes["distribution"],
        {titles[subset]: data.energy[main.subset == subset] for subset in present},
        {titles[subset]: SUBSET_COLOURS[subset] for subset in present},
    )
    if lower == "temperature":
        axes["distribution"].set(ylim=axes["energy"].get_ylim(), ylabel="")
        axes["distribution"].tick_params(labelleft=False)
    _key(figure, axes["key"], axes["distribution"], results)
    return figure


def _key(figure: Figure, key: Axes, distribution: Axes, results: Results) -> None:
    """Say what the colours and the lines of the data mean."""
    key.axis("off")
    handles, labels = distribution.get_legend_handles_labels()
    sizes = np.unique(results.data.n_atoms)
    runs = [
        Line2D([], [], color="black", linestyle=style)
        for _, style in zip(sizes, LINES, strict=False)
    ]
    frames = key.legend(handles, labels, title="Frames", loc="upper left")
    key.add_artist(frames)  # or the next legend would take its place
    both = (frames, key.legend(runs, [f"{size:,} atoms" for size in sizes], title="Runs"))
    for legend, left in zip(both, (-0.03, 0.6), strict=True):
        legend.set(loc="upper left", frame_on=False, alignment="left")
        legend.set_bbox_to_anchor((left, 0.95), key.transAxes)
        for text in (legend.get_title(), *legend.get_texts()):
            text.set_fontsize(9)
    shade = results.study.material.shade
    values = shade.of(results.data.frames)
    scale = LogNorm if shade.logarithmic else Normalize
    bar = figure.colorbar(
        ScalarMappable(scale(values.min(), values.max()), DENSITY_MAP),
        cax=key.inset_axes((0.02, 0.13, 0.94, 0.07)),
        orientation="horizontal",
        label=shade.title,
    )
    if shade.logarithmic:
        bar.ax.xaxis.set_major_formatter("{x:,.0f}")
    else:
        bar.locator = MaxNLocator(8, steps=[1, 2, 5, 10])


def _learning_curve(results: Results) -> Figure:
    curves = networks(results)
    figure = new_figure(max(7.0, 4.8 * len(curves)), 3.8)
    panels = np.atleast_1d(figure.subplots(1, len(curves), sharey=True))
    for axes, outcome in zip(panels, curves, strict=True):
        history = outcome.piece.history()
        plot_learning_curve(
            axes,
            history["epoch"].astype(int),
            history["train_rmse_mev_per_atom"],
            history["validation_rmse_mev_per_atom"],
            outcome.metrics["best_epoch"],
        )
        axes.set_title(_name(outcome), fontsize=TITLE)
        axes.label_outer()
    return figure


def _name(outcome: Outcome) -> str:
    return f"{outcome.training.title}; histogram: {OPTIONS[outcome.training.option]}"


def _parity(results: Results) -> Figure:
    """Predicted against reference energies, of the paper's way and of the best model."""
    rows = [results.main]
    if results.best() is not results.main:
        rows.append(results.best())
    shown = _subsets(results.main)
    figure = new_figure(3.4 * len(shown), 3.9 * len(rows))
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    both = np.concatenate([results.data.energy, *(row.prediction for row in rows)])
    margin = 0.04 * float(np.ptp(both))
    limits = (float(both.min()) - margin, float(both.max()) + margin)
    titles = _titles(results)
    layout = figure.get_layout_engine()
    assert isinstance(layout, ConstrainedLayoutEngine)
    layout.set(h_pad=0.12)  # inches; with less, the lowest labels are cut
    for part, outcome in zip(parts, rows, strict=True):
        part.suptitle(_name(outcome), fontsize=TITLE, fontweight="bold")
        panels = np.atleast_1d(part.subplots(1, len(shown), sharex=True, sharey=True))
        for axes, subset in zip(panels, shown, strict=True):
            chosen = outcome.subset == subset
            plot_parity(
                axes,
                results.data.energy[chosen],
                outcome.prediction[chosen],
                title=titles[subset].capitalize(),
                colour=SUBSET_COLOURS[subset],
                limits=limits,
            )
            axes.label_outer()
    return figure


def _training_size(results: Results) -> Figure:
    curves = learning_curves(results)
    figure = new_figure(7.0, 4.6)
    lines = {}
    for name, rows in curves.items():
        kind, option = name.split(" ")
        lines[f"{MODELS[kind]}; histogram: {OPTIONS[option]}"] = (
            [row["n_train"] for row in rows],
            [row["test_rmse_mev_per_atom"] for row in rows],
        )
    plot_training_size(figure.subplots(), lines, list(COLOURS.values())[: len(lines)])
    return figure


def _interpolation(results: Results) -> Figure:
    """Energies of unseen runs, predicted by models that never saw the middle of the range."""
    shown = [x for x in results.outcomes if (x.subset == "excluded_test").any()]
    low, high = results.data.middle()
    figure = new_figure(4.3 * len(shown), 4.3)
    panels = np.atleast_1d(figure.subplots(1, len(shown), sharex=True, sharey=True))
    for axes, outcome in zip(panels, shown, strict=True):
        inside, outside = outcome.subset == "excluded_test", outcome.subset == "test"
        energy, prediction = results.data.energy, outcome.prediction
        either = inside | outside
        both = np.concatenate([energy[either], prediction[either]])
        margin = 0.04 * float(np.ptp(both))
        plot_parity(
            axes,
            energy[inside],
            prediction[inside],
            title=textwrap.fill(_name(outcome), 36),
            colour=COLOURS["purple"],
            limits=(float(both.min()) - margin, float(both.max()) + margin),
        )
        axes.axvspan(low, high, color=GREY, alpha=0.15, linewidth=0, zorder=0)
        axes.scatter(
            energy[outside], prediction[outside], s=7, color=GREY, alpha=0.4, linewidths=0, zorder=1
        ).set_rasterized(True)
        axes.label_outer()
    return figure


def _calibration(results: Results) -> Figure:
    found = calibrations(results)
    figure = new_figure(4.6 * len(found), 4.6)
    panels = np.atleast_1d(figure.subplots(1, len(found)))
    titles = _titles(results)
    for axes, rows in zip(panels, found.values(), strict=True):
        wanted = {
            "unseen runs, as it is": ("test_spread", GREY),
            f"unseen runs, × {rows['factor_shown']}": ("test_recalibrated", COLOURS["vermilion"]),
            f"{titles[LARGER]}, × {rows['factor_shown']}": (
                f"{LARGER}_recalibrated",
                COLOURS["green"],
            ),
        }
        present = {label: both for label, both in wanted.items() if both[0] in rows}
        bins = {
            label: (
                [one["spread_mev_per_atom"] for one in rows[key]["bins"]],
                [one["rmse_mev_per_atom"] for one in rows[key]["bins"]],
            )
            for label, (key, _) in present.items()
        }
        plot_calibration(axes, bins, [colour for _, colour in present.values()])
    return figure
