"""Supplementary figures of the cyclo-octane study: what depends on choices, what coincides."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure, plot_diagram
from amorphology.plots.cyclooctane import CONFORMER_COLOURS
from amorphology.plots.style import tidy
from amorphology.studies.cyclooctane.claims import PURITY
from amorphology.studies.cyclooctane.coincidences import (
    STATED,
    TOLERANCES,
    removed_atom_pairs,
)
from amorphology.studies.cyclooctane.conformers import THRESHOLD
from amorphology.studies.cyclooctane.figure_parts import (
    COLUMN,
    SMALL,
    TITLE,
    draw_legend,
    draw_molecule,
    draw_plane,
    small,
)
from amorphology.studies.cyclooctane.measures import LABELS, Labelled
from amorphology.studies.cyclooctane.planes import TITLES
from amorphology.studies.cyclooctane.results import ROUNDING, Results

__all__ = [
    "KIND_TITLES",
    "choices",
    "coincidences",
    "each_atom",
    "evenness_of_sample",
    "example",
    "rule",
]

KIND_TITLES = {
    "h1": "H1",
    "all": "H0, H1 and H2",
    "removed_pooled": "H1, one C removed, pooled",
    "removed_eight": "H1, one C removed, set of eight",
}
"""What is compared in coincidences, for people."""

PAIRS_OF_LABELS = (("chair", "boat"), ("chair", "crown"), ("boat", "crown"))


def choices(results: Results) -> Figure:
    """
    Draw what becomes of two panels with other choices.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 4.6)
    panels = figure.subplots(2, 2).ravel()
    broad = results.settings[7]
    draw_plane(panels[0], broad.plane, results.labels[broad.chosen], "SOAP on one C, sigma 1 Å")
    draw_plane(panels[1], results.planes["acsf"], results.labels, TITLES["acsf"])
    *_, three_atoms = results.orientations.values()
    draw_plane(panels[2], three_atoms, results.labels, "Cartesian, on 3 atoms")
    names, shares = [], []
    for one in results.settings:
        plane = Labelled(one.plane.scores, results.labels[one.chosen])
        if plane.enough():
            short = one.name.replace(", cut-off", "").replace(", sigma", ",")
            names.append(short.replace(" Å", ""))
            shares.append([plane.purity(a, b) for a, b in PAIRS_OF_LABELS])
    bars = panels[3]
    for (first, second), marker, colour, column in zip(
        PAIRS_OF_LABELS, "o^s", ("blue", "orange", "green"), range(3), strict=True
    ):
        bars.plot(
            [values[column] for values in shares],
            range(len(shares)),
            marker,
            markersize=3.5,
            color=COLOURS[colour],
            label=f"{first}, {second}",
        )
    bars.axvline(PURITY, color=COLOURS["vermilion"], linewidth=1)
    bars.set_yticks(range(len(names)), names)
    bars.set(xlabel="Share of own label", xlim=(0.0, 1.05), ylim=(max(len(names), 1) - 0.5, -0.5))
    bars.legend(frameon=False, fontsize=6.5, loc="center left", handletextpad=0.1)
    bars.set_title("other parameters", fontsize=TITLE)
    small(tidy(bars))
    bars.tick_params(axis="y", labelsize=6.5)
    draw_legend(figure, results)
    return figure


def each_atom(results: Results) -> Figure:
    """
    Draw the plane of SOAP on each atom of the ring.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 2.9)
    for number, (axes, plane) in enumerate(
        zip(figure.subplots(2, 4).ravel(), results.atoms, strict=True), 1
    ):
        draw_plane(axes, plane, results.labels, f"atom {number}", size=2.0)
        axes.set(xlabel="", ylabel="")
    draw_legend(figure, results)
    return figure


def rule(results: Results) -> Figure:
    """
    Draw how many conformations are within a distance of each canonical conformer.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 2.7)
    axes = figure.subplots()
    for name, distances in zip(LABELS, results.distances.T, strict=True):
        axes.plot(
            np.sort(distances),
            np.arange(1, len(distances) + 1),
            color=CONFORMER_COLOURS[name],
            label=name,
            linewidth=1.6,
        )
    axes.axvline(THRESHOLD, color="black", linewidth=1, linestyle="--")
    axes.annotate(
        f"labelled: up to {THRESHOLD:g}°",
        (THRESHOLD, 0.9),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=SMALL,
    )
    axes.set(
        xlim=(0, 90),
        ylim=(1, None),
        yscale="log",
        xlabel="Largest torsion-angle difference (degrees)",
        ylabel="Conformations within it",
    )
    axes.legend(frameon=False, fontsize=SMALL, loc="lower right")
    small(tidy(axes))
    return figure


def evenness_of_sample(results: Results) -> Figure:
    """
    Draw the distances of conformations from their nearest neighbours.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 2.5)
    axes = figure.subplots()
    even = results.evenness
    largest = max(float(results.nearest.max()), even.covering_radius)
    axes.hist(
        results.nearest,
        bins=list(np.linspace(0, 1.05 * largest, 60)),
        color=COLOURS["blue"],
    )
    axes.axvline(even.covering_radius, color=COLOURS["vermilion"], linewidth=1.2)
    axes.annotate(
        "radius of the\nlargest hole",
        (even.covering_radius, 0.75),
        xycoords=("data", "axes fraction"),
        xytext=(-4, 0),
        textcoords="offset points",
        fontsize=SMALL,
        ha="right",
        color=COLOURS["vermilion"],
    )
    axes.set(xlabel="Distance to the nearest conformation (Å)", ylabel="Conformations")
    small(tidy(axes))
    return figure


def coincidences(results: Results) -> Figure:
    """
    Draw how many diagrams coincide, and how different their conformations are.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 4.4)
    above, below = figure.subplots(2, 1, height_ratios=[1.35, 1])
    styles = ("o-", "s-", "^--", "D:")
    names = ("blue", "sky", "orange", "vermilion")
    for (kind, found), style, colour in zip(
        results.coincidences.items(), styles, names, strict=True
    ):
        counts = np.array([len(found.within(tolerance).pairs) for tolerance in TOLERANCES])
        above.plot(
            TOLERANCES,
            np.where(counts > 0, counts, np.nan),
            style,
            color=COLOURS[colour],
            label=KIND_TITLES[kind],
            linewidth=1.4,
            markersize=4,
        )
    above.set(
        xscale="log",
        yscale="log",
        xlim=(0.8 * TOLERANCES[0], 1.25 * TOLERANCES[-1]),
        ylim=(0.7, 30 * max(1, len(results.coincidences["h1"].pairs))),
        xlabel="Tolerance of births and deaths (Å²)",
        ylabel="Coinciding pairs",
    )
    above.xaxis.set_minor_formatter(NullFormatter())
    above.legend(frameon=False, fontsize=SMALL, loc="upper left")
    for kind, colour in (("h1", "blue"), ("removed_eight", "vermilion")):
        distance = results.coincidences[kind].within(STATED).distance
        below.hist(
            distance,
            bins=list(np.linspace(0.1, 0.45, 29)),
            color=COLOURS[colour],
            label=KIND_TITLES[kind],
            alpha=0.85,
        )
    below.set(xlabel="Distance of the two conformations (Å)", ylabel="Pairs")
    below.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    below.set_title(f"coinciding within {STATED:g} Å²", fontsize=TITLE)
    for axes in (above, below):
        small(tidy(axes))
    return figure


def example(results: Results) -> Figure:
    """
    Draw two conformations with one diagram, and their diagrams with one atom removed.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(COLUMN, 4.1)
    panels = figure.subplots(2, 2, height_ratios=[0.8, 1])
    if not results.exact:
        panels[0, 0].text(0, 0.5, "no two diagrams coincide in this sample", fontsize=SMALL)
        for axes in panels.ravel():
            axes.axis("off")
        return figure
    pair = (results.exact[0].first, results.exact[0].second)
    colours = (COLOURS["blue"], COLOURS["vermilion"])
    for axes, atoms, colour, which in zip(panels[0], pair, colours, ("one", "other"), strict=True):
        draw_molecule(axes, atoms, colour=colour)
        axes.set_title(f"{which} conformation", fontsize=TITLE)
    removed = removed_atom_pairs(pair, n_jobs=1)
    differ = results.removed_differences[0] > ROUNDING
    for axes, diagrams, title in (
        (
            panels[1, 0],
            [alpha_persistence(atoms, dims=(1,))[1].pairs for atoms in pair],
            "H1: the same",
        ),
        (
            panels[1, 1],
            [np.concatenate(eight) for eight in removed],
            f"one C removed: {'differ' if differ else 'the same'}",
        ),
    ):
        (first, second), (blue, red) = diagrams, colours
        plot_diagram(axes, *second.T, limits=(0.0, 3.5), colour=red)
        axes.scatter(*first.T, s=46, facecolors="none", edgecolors=blue, linewidths=1.2, zorder=3)
        axes.collections[0].set(sizes=[14], alpha=1.0)
        axes.set_title(title, fontsize=TITLE)
        small(axes)
    return figure
