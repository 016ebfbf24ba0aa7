"""Figures of the cyclo-octane study, drawn to be read in one column."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceImage
from amorphology.homology import alpha_persistence
from amorphology.plots import COLOURS, new_figure, plot_diagram, save_figure
from amorphology.plots.cyclooctane import CONFORMER_COLOURS, plot_growing_circles
from amorphology.plots.style import COUNT_MAP, GREY, tidy
from amorphology.studies.cyclooctane import supplementary_figures
from amorphology.studies.cyclooctane.conformers import canonical_conformers
from amorphology.studies.cyclooctane.figure_parts import (
    COLUMN,
    SMALL,
    TITLE,
    draw_legend,
    draw_molecule,
    draw_plane,
    small,
)
from amorphology.studies.cyclooctane.five_points import NAMES, PAIRS, POINTS, alpha_complex
from amorphology.studies.cyclooctane.planes import TITLES
from amorphology.studies.cyclooctane.results import Results

__all__ = ["FIGURES", "draw_figures"]

PANELS = ("cartesian", "soap", "soap_average", "coulomb", "eigenvalues", "image")


def draw_figures(results: Results, folder: Path) -> None:
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


def _five_points(results: Results) -> Figure:  # noqa: ARG001 (always the same)
    """Draw circles growing around five points, and the diagram of the rings they make."""
    edges, triangles = alpha_complex(POINTS)
    ring_a, ring_b = alpha_persistence(POINTS, dims=(1,))[1].pairs
    stages = (
        (0.25, "circles grow"),
        (ring_a[0], "ring A is born"),
        (ring_a[1], "ring A is filled"),
        (ring_b[0], "ring B is born"),
        (ring_b[1], "ring B is filled"),
    )
    figure = new_figure(COLUMN, 5.6)
    panels = figure.subplots(3, 2).ravel()
    for axes, (squared_radius, what) in zip(panels, stages, strict=False):
        plot_growing_circles(axes, POINTS, squared_radius, NAMES, edges, triangles)
        axes.set(xlim=(-2.85, 2.75), ylim=(-2.12, 2.32))
        axes.set_title(f"{squared_radius:.2f} Å²: {what}", fontsize=TITLE, pad=1)
    diagram = panels[-1]
    plot_diagram(
        diagram, *zip(ring_a, ring_b, strict=True), limits=(0.9, 1.4), colour=COLOURS["vermilion"]
    )
    diagram.collections[0].set(sizes=[28], alpha=1.0)
    for name, pair in PAIRS.items():
        diagram.annotate(
            name, pair, xytext=(5, 3), textcoords="offset points", fontsize=TITLE, weight="bold"
        )
    listed = "\n".join(f"{name} ({pair[0]:.2f}, {pair[1]:.2f})" for name, pair in PAIRS.items())
    diagram.text(
        0.98, 0.05, listed, transform=diagram.transAxes, ha="right", va="bottom", fontsize=SMALL
    )
    diagram.set_title("the persistence diagram", fontsize=TITLE, pad=1)
    return figure


def _diagrams(results: Results) -> Figure:  # noqa: ARG001 (always the same)
    """Draw the diagrams of chair, boat and crown, and the persistence image of one of them."""
    figure = new_figure(COLUMN, 4.5)
    panels = figure.subplots(2, 2).ravel()
    conformers = canonical_conformers()
    for axes, (name, atoms) in zip(panels, conformers.items(), strict=False):
        pairs = alpha_persistence(atoms, dims=(1,))[1].pairs
        plot_diagram(axes, *pairs.T, limits=(0.0, 3.5), colour=CONFORMER_COLOURS[name])
        axes.collections[0].set(sizes=[24], alpha=0.9)
        _multiplicities(axes, pairs)
        inset = axes.inset_axes((0.44, 0.0, 0.58, 0.48))
        draw_molecule(inset, atoms)
        axes.set_title(name, fontsize=TITLE)
        small(axes)
    image = PersistenceImage()
    boat = image.fit_transform([conformers["boat"]])
    drawn = panels[3].pcolormesh(
        image.birth_edges,
        image.death_edges,
        np.ma.masked_less(np.ma.masked_invalid(image.to_images(boat)[0].T), 0.02),
        cmap=COUNT_MAP,
        rasterized=True,
    )
    panels[3].plot((1.95, 3.3), (1.95, 3.3), color=GREY, linewidth=1, zorder=1)
    panels[3].set(xlabel="Birth (Å²)", ylabel="Death (Å²)", xlim=(0.5, 3.3), ylim=(1.95, 3.3))
    panels[3].set_box_aspect(1)
    panels[3].yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    panels[3].set_title("boat: persistence image", fontsize=TITLE)
    figure.colorbar(drawn, ax=panels[3], shrink=0.55, pad=0.02).ax.tick_params(labelsize=SMALL)
    small(tidy(panels[3]))
    return figure


def _conformers(results: Results) -> Figure:  # noqa: ARG001 (always the same)
    """Draw the canonical conformers."""
    figure = new_figure(COLUMN, 1.5)
    for axes, (name, atoms) in zip(
        figure.subplots(1, 3), canonical_conformers().items(), strict=True
    ):
        draw_molecule(axes, atoms)
        axes.set_title(name, fontsize=TITLE, color="black")
    return figure


def _planes(results: Results) -> Figure:
    """Draw the planes of all descriptors."""
    figure = new_figure(COLUMN, 6.3)
    panels = figure.subplots(3, 2).ravel()
    for axes, letter, key in zip(panels, "abcdef", PANELS, strict=True):
        draw_plane(axes, results.planes[key], results.labels, f"{letter}  {TITLES[key]}")
    draw_legend(figure, results)
    return figure


FIGURES: dict[str, Callable[[Results], Figure]] = {
    "five_points": _five_points,
    "diagrams": _diagrams,
    "conformers": _conformers,
    "planes": _planes,
    "choices": supplementary_figures.choices,
    "each_atom": supplementary_figures.each_atom,
    "rule": supplementary_figures.rule,
    "evenness": supplementary_figures.evenness_of_sample,
    "coincidences": supplementary_figures.coincidences,
    "example": supplementary_figures.example,
}
"""Figures of the study, by file name."""


def _multiplicities(axes: Axes, pairs: NDArray[np.float64]) -> None:
    """Write how many pairs lie on one place, where there are several."""
    places, counts = np.unique(pairs.round(3), axis=0, return_counts=True)
    for place, count in zip(places, counts, strict=True):
        if count > 1:
            axes.annotate(
                f"×{count}",
                place,
                xytext=(-4, 3),
                textcoords="offset points",
                fontsize=SMALL,
                ha="right",
            )
