"""Figures of the comparison: errors side by side, and their sensitivity to hyperparameters."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from amorphology.plots import COLOURS, new_figure
from amorphology.plots.style import GREY, tidy
from amorphology.studies.comparison.datasets import sizes_text
from amorphology.studies.comparison.sweeps import METHODS
from amorphology.studies.comparison.tables import DATA_TITLES, HELD_OUT
from amorphology.studies.energy_study.results import LARGER

__all__ = ["draw_comparison", "draw_sensitivity"]

# Open and filled, so that both are seen where one lies on the other.
SPLIT_STYLES: dict[str, dict[str, Any]] = {
    "run": {"color": COLOURS["vermilion"], "marker": "o"},
    "group": {"color": COLOURS["vermilion"], "marker": "o"},
    "random": {"color": COLOURS["blue"], "marker": "D", "markerfacecolor": "none"},
    LARGER: {"color": COLOURS["green"], "marker": "s", "markerfacecolor": "none"},
}
MARKERS: dict[str, Any] = {"markersize": 6.5, "markeredgewidth": 1.6}
METHOD_COLOURS = {"soap": COLOURS["blue"], "pd": COLOURS["vermilion"]}


def draw_comparison(numbers: dict[str, Any]) -> Figure:
    """
    Draw the error of every descriptor and model.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each data set, a line for each row of its table.
    """
    tables = numbers["tables"]
    longest = max(len(table["rows"]) for table in tables.values())
    figure = new_figure(3.4 + 3.1 * len(tables), 1.6 + 0.3 * longest)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    names = list(dict.fromkeys(row["name"] for table in tables.values() for row in table["rows"]))
    titles = {
        row["name"]: f"{row['descriptor']} | {row['model']}"
        for table in reversed(tables.values())
        for row in table["rows"]
    }
    for axes, (key, table) in zip(panels, tables.items(), strict=True):
        _errors(axes, table, names)
        size = sizes_text(table["learned_atoms"])
        axes.set_title(f"{DATA_TITLES[key]},\n{size} atoms", fontsize=10.5)
        axes.set_yticks(range(len(names)), [titles[name] for name in names], fontsize=9)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlabel("RMSE (meV/atom)")
        axes.label_outer()
    figure.legend(handles=_key(tables), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _errors(axes: Axes, table: dict[str, Any], names: list[str]) -> None:
    for row in table["rows"]:
        place = names.index(row["name"])
        axes.axhline(place, color=GREY, linewidth=0.4, alpha=0.5, zorder=0)
        for split, found in row["splits"].items():
            _dot(axes, found["test"], place, split)
            if split == "run" and found[LARGER]:
                _dot(axes, found[LARGER], place, LARGER)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    tidy(axes)


def _dot(axes: Axes, errors: dict[str, Any], place: int, kind: str) -> None:
    axes.errorbar(
        errors["rmse_mev_per_atom"],
        place,
        xerr=errors.get("rmse_spread_mev_per_atom"),
        linestyle="",
        elinewidth=1.2,
        **MARKERS,
        **SPLIT_STYLES[kind],
    )


def _key(tables: dict[str, Any]) -> list[Line2D]:
    splits = {split for table in tables.values() for split in table["splits"]}
    labels = {split: words for split, words in HELD_OUT.items() if split in splits}
    if "random" in labels:
        labels["random"] = "random split"
    if {"run", "group"} <= splits:
        labels["run"] = "unseen runs or groups"
        del labels["group"]
    if any(table["larger_atoms"] for table in tables.values()):
        labels[LARGER] = "larger cells of unseen runs"
    return [
        Line2D([], [], linestyle="", label=label, **MARKERS, **SPLIT_STYLES[kind])
        for kind, label in labels.items()
    ]


def draw_sensitivity(numbers: dict[str, Any]) -> Figure:
    """
    Draw how errors depend on hyperparameters.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Returns
    -------
    matplotlib.figure.Figure
        Above the sweeps of SOAP, below those of persistence histograms.
    """
    sweeps = numbers["sensitivity"]["sweeps"]
    by_method = {
        method: some
        for method in METHODS
        if (some := [sweep for sweep in sweeps if sweep["method"] == method])
    }
    columns = max(map(len, by_method.values()))
    figure = new_figure(2.6 * columns + 0.6, 3.0 * len(by_method))
    parts = figure.subfigures(len(by_method), 1, squeeze=False)[:, 0]
    found = [value for sweep in sweeps for one in sweep["settings"] for value in one["rmse"]]
    limits = (0.8 * min(found), 1.25 * max(found))
    for part, (method, some) in zip(parts, by_method.items(), strict=True):
        part.suptitle(METHODS[method], fontsize=11, fontweight="bold")
        panels = part.subplots(1, columns, sharey=True, squeeze=False)[0]
        for axes, sweep in zip(panels, some, strict=False):
            _sweep(axes, sweep, METHOD_COLOURS[method])
            axes.set_ylim(limits)
        for axes in panels[len(some) :]:
            axes.axis("off")
        panels[0].set_ylabel("RMSE (meV/atom)")
    return figure


def _sweep(axes: Axes, sweep: dict[str, Any], colour: str) -> None:
    settings = sweep["settings"]
    means = {
        place: float(np.mean(one["rmse"])) for place, one in enumerate(settings) if one["rmse"]
    }
    axes.plot(list(means), list(means.values()), color=colour, linewidth=1.6)
    for place, one in enumerate(settings):
        axes.plot([place] * len(one["rmse"]), one["rmse"], "o", color=colour, markersize=4)
        if one["is_paper"] and place in means:
            mean = means[place]
            axes.plot(place, mean, "o", markersize=12, markerfacecolor="none", color="black")
    axes.set_xticks(range(len(settings)), [one["label"] for one in settings])
    axes.set_xlim(-0.4, len(settings) - 0.6)
    axes.set_xlabel(sweep["title"])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    tidy(axes)
