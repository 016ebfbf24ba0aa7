"""The plot of time against the number of atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

# Okabe and Ito's palette, told apart with every common kind of colour blindness; markers and
# dashes say the same again without colour.
STYLES: dict[str, dict[str, Any]] = {
    "amorphology": {"color": "#0072B2", "marker": "o", "linewidth": 2.4, "zorder": 5},
    "homcloud": {"color": "#D55E00", "marker": "s"},
    "oineus": {"color": "#009E73", "marker": "^"},
    "gudhi_fast": {"color": "#E69F00", "marker": "D"},
    "gudhi_safe": {"color": "#CC79A7", "marker": "v", "linestyle": "--"},
}


def plot_times(result: dict[str, Any], folder: Path) -> None:
    """Draw processor time of disordered cubes against atoms, as PNG and SVG."""
    figure = Figure(figsize=(9.5, 4.6), layout="constrained", facecolor="white")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, periodic in zip(panels, (True, False), strict=True):
        rows = [
            row
            for row in result["rows"]
            if row["case"]["system"] == "glass"
            and row["case"]["periodic"] == periodic
            and not row["case"]["weighted"]
        ]
        for name, label in result["labels"].items():
            found = [
                (row["case"]["atoms"], row["results"][name]["cpu_seconds"])
                for row in rows
                if row["results"][name]["cpu_seconds"]
            ]
            if found:
                atoms, seconds = np.array(found).T
                axes.plot(atoms, seconds, label=label, markersize=5, **STYLES[name])
        axes.set(xscale="log", yscale="log", xlabel="atoms")
        sizes = [row["case"]["atoms"] for row in rows]
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda seconds, _: _time(seconds))
        axes.set_title("periodic in three directions" if periodic else "free", fontsize=11)
        axes.grid(which="major", color="#e3e5e8", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=9, loc="upper left")
    panels[0].set_ylabel("processor time of one frame")
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "benchmark-diagrams.png", dpi=160)
    # No date inside: the same numbers are the same file.
    figure.savefig(folder / "benchmark-diagrams.svg", metadata={"Date": None})


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{1e3 * seconds:g} ms"
