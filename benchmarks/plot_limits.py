"""Figures of what limits diagrams: information, number of frames, size of the cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter

from amorphology.plots.style import COLOURS, GREY, new_figure, save_figure, tidy

STYLES: dict[str, dict[str, Any]] = {
    "diagrams": {"color": COLOURS["blue"], "marker": "o"},
    "midpoints, blur 0.12 Å": {"color": COLOURS["green"], "marker": "s"},
    "averaged SOAP": {"color": COLOURS["orange"], "marker": "^"},
    "diagrams + SOAP": {"color": COLOURS["vermilion"], "marker": "D"},
    "environments": {"color": GREY, "marker": "P"},
    "midpoints of two weights + environments": {"color": COLOURS["purple"], "marker": "v"},
}


def plot_information(report: dict[str, Any], path: Path) -> None:
    """Draw the error for each description, and which distances diagrams hold."""
    figure = new_figure(10.5, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    rows = report["ladder"][::-1]
    for place, row in enumerate(rows):
        left.plot([row["random"]["rmse"], row["groups"]["rmse"]], [place] * 2, color=GREY, lw=1)
    for split, style in (
        ("random", {"color": COLOURS["blue"], "marker": "o"}),
        ("groups", {"color": COLOURS["vermilion"], "marker": "s"}),
    ):
        left.errorbar(
            [row[split]["rmse"] for row in rows],
            range(len(rows)),
            xerr=[row[split]["spread"] for row in rows],
            linestyle="",
            markersize=5,
            label={"random": "random frames unseen", "groups": "simulations unseen"}[split],
            **style,
        )
    left.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=8)
    left.set(xlabel="RMSE (meV/atom)", xlim=(30, None))
    left.legend(frameon=False, fontsize=8, loc="lower right")
    tidy(left)
    held = report["distances_held"]
    edges = np.array(held["edges_angstrom"])
    right.stairs(held["percent_by_length"], edges, fill=True, color=COLOURS["sky"])
    right.set(
        xlabel="distance of two atoms (Å)",
        ylabel="held by a birth or death (%)",
        ylim=(0, 100),
        xlim=(edges[0], edges[-1]),
    )
    tidy(right)
    save_figure(figure, path)


def plot_frames(report: dict[str, Any], path: Path) -> None:
    """Draw the error against the number of training frames, and against the size of the cell."""
    figure = new_figure(10.5, 3.9)
    left, right = figure.subplots(1, 2, sharey=True)
    for name, style in STYLES.items():
        curve = report["learning_curves"][name]
        left.plot([int(n) for n in curve], list(curve.values()), label=name, **style)
        sizes = report["by"]["atoms"][name]
        right.plot([int(n) for n in sizes], list(sizes.values()), **style)
    atoms = np.array([int(n) for n in report["by"]["atoms"]["frames"]])
    reference = report["by"]["atoms"]["midpoints of two weights + environments"]["64"]
    line = reference * np.sqrt(64 / atoms)
    right.plot(atoms, line, color=GREY, linestyle="--", label="∝ 1 / √atoms")
    right.legend(frameon=False, fontsize=8, loc="lower left")
    last = report["learning_curves"]["diagrams"]
    counts = sorted({int(n) for n in last})
    for axes, ticks in ((left, counts), (right, atoms)):
        axes.set(xscale="log", yscale="log")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks([20, 30, 50, 70, 100, 150], ["20", "30", "50", "70", "100", "150"])
        axes.yaxis.set_minor_formatter(NullFormatter())
        tidy(axes)
    left.set(xlabel="training frames", ylabel="RMSE (meV/atom)")
    right.set(xlabel="atoms in the cell")
    left.legend(frameon=False, fontsize=8)
    save_figure(figure, path)
