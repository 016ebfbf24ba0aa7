"""Figures of what a model sees: atoms, persistence diagram, histogram."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.plots import COLOURS, new_figure, plot_diagram, plot_histogram, plot_parity
from amorphology.studies.energy_study.results import Results
from amorphology.studies.energy_study.trainings import PAPER
from amorphology.studies.sheet import signed

__all__ = ["TITLE", "draw_frames", "draw_overview"]

TITLE = 10.5  # font size


@dataclass(frozen=True)
class _Described:
    """Some frames with their diagrams and histograms, and how to show them alike."""

    indices: Sequence[int]
    diagrams: list[PersistenceDiagram]
    histograms: NDArray[np.float32]
    counter: PersistenceHistogram
    limits: tuple[float, float]

    def draw(self, item: int, results: Results, panels: Sequence[Axes]) -> None:
        """Draw atoms, diagram and histogram of one frame."""
        structure, points, bins = panels
        diagram = self.diagrams[item]
        results.study.material.draw_structure(structure, results.data.frames[self.indices[item]])
        plot_diagram(points, diagram.birth, diagram.death, limits=self.limits)
        plot_histogram(
            bins,
            self.histograms[item],
            range=self.counter.ranges[0],
            limits=self.limits,
            largest=float(self.histograms.max()),
        )
        points.set_title(f"H1 diagram: {len(diagram.finite())} pairs", fontsize=TITLE)
        low, high = self.counter.ranges[0]
        width = (high - low) / self.counter.bins
        bins.set_title(f"Histogram, bins of {width:g} Å²", fontsize=TITLE)


def _describe(results: Results, indices: Sequence[int]) -> _Described:
    """Count the rings of frames as the paper does, whatever the models see."""
    settings = next(x.descriptors[0] for x in results.study.trainings if x.option == PAPER)
    counter = PersistenceHistogram(
        homology=1, bins=settings.bins, range=settings.range, standardisation=None
    )
    frames = [results.data.frames[index] for index in indices]
    diagrams = [alpha_persistence(frame, dims=(1,))[1] for frame in frames]
    deaths = np.concatenate([diagram.finite().death for diagram in diagrams])
    # The last hundredth, close to the diagonal, would take half of the picture.
    last = float(np.ceil(np.quantile(deaths, 0.99))) if len(deaths) else counter.ranges[0][1]
    return _Described(indices, diagrams, counter.fit_transform(diagrams), counter, (0.0, last))


def draw_frames(results: Results) -> Figure:
    """
    Draw structure, diagram and histogram of a liquid and of a quenched frame.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        Two rows of three panels.
    """
    figure = new_figure(10.2, 7.0)
    grid = figure.subplots(2, 3)
    described = _describe(results, results.examples())
    for row, name in enumerate(("Liquid", "Quenched")):
        index = described.indices[row]
        described.draw(row, results, grid[row])
        temperature = results.data.frames[index].info["temperature"]
        energy = signed(results.data.energy[index], 2)
        grid[row, 0].set_title(f"{name}: {temperature:.0f} K, {energy} eV/atom", fontsize=TITLE)
    figure.colorbar(
        grid[0, 2].images[0], ax=list(grid[:, 2]), label="Fraction of pairs", shrink=0.7, pad=0.02
    )
    handles = results.study.material.structure_key()
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
    )
    return figure


def draw_overview(results: Results) -> Figure:
    """
    Draw the whole way in one row: atoms, diagram, histogram, energies of unseen runs.

    Parameters
    ----------
    results
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        One row of four panels.
    """
    figure = new_figure(12.0, 3.3)
    panels = figure.subplots(1, 4)
    _, quenched = results.examples()
    _describe(results, [quenched]).draw(0, results, panels[:3])
    name = results.study.material.name
    shade = results.study.material.shade
    value = results.data.frames[quenched].info[shade.info]
    panels[0].set_title(f"{name.capitalize()}, {shade.shown(value)}", fontsize=TITLE)
    unseen = results.main.subset == "test"
    plot_parity(
        panels[3],
        results.data.energy[unseen],
        results.main.prediction[unseen],
        title="Energies of unseen runs",
        colour=COLOURS["vermilion"],
    )
    return figure
