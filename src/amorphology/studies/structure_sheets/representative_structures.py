"""Structures side by side, each above the histogram of its rings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.plots import new_figure, plot_histogram
from amorphology.structures import mean_energy_per_atom

__all__ = ["BINS", "RepresentativeStructures", "represent"]

BINS = 128
"""Bins of a histogram along each axis."""


@dataclass(frozen=True)
class RepresentativeStructures:
    """
    Structures with the H1 histograms of their persistence diagrams.

    Attributes
    ----------
    titles
        One for each structure.
    frames
        The structures.
    diagrams
        Their H1 diagrams.
    histograms
        Fractions of pairs in bins, float32 (n_frames, 128, 128): frame, birth, death.
    range
        What the bins cover on both axes, Angstrom^2.
    """

    titles: list[str]
    frames: list[Atoms]
    diagrams: list[PersistenceDiagram]
    histograms: NDArray[np.float32]
    range: tuple[float, float]

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the axes, Angstrom^2: all but the last hundredth of the deaths, or the range."""
        deaths = np.concatenate([diagram.finite().death for diagram in self.diagrams])
        if not len(deaths):
            return self.range
        last = np.ceil(2 * np.quantile(deaths, 0.99)) / 2
        return self.range[0], float(min(last, self.range[1]))

    def as_dicts(self) -> list[dict[str, Any]]:
        """
        Say what was chosen.

        Returns
        -------
        list of dict
            For each structure its title, run, number of atoms, time in the run (fs) where it is
            known, energy (eV/atom) and number of finite H1 pairs.
        """
        energies = mean_energy_per_atom(self.frames)
        return [
            {
                "title": title,
                "run": str(frame.info["run"]),
                "n_atoms": len(frame),
                "time_fs": float(frame.info["time_fs"]) if "time_fs" in frame.info else None,
                "energy_ev_per_atom": float(energy),
                "h1_pairs": len(diagram.finite()),
            }
            for title, frame, energy, diagram in zip(
                self.titles, self.frames, energies, self.diagrams, strict=True
            )
        ]

    def draw(
        self,
        structure: Callable[[Axes, Atoms], object],
        legend: Sequence[Artist],
        legend_title: str | None = None,
        marks: Sequence[tuple[float, str]] = (),
    ) -> Figure:
        """
        Draw structures in a row, and below each its histogram; all histograms in one scale.

        Parameters
        ----------
        structure
            Draws a structure into axes.
        legend
            Handles of the legend of the structures.
        legend_title
            What the legend is of.
        marks
            Deaths to point out, Angstrom^2, with short labels.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.
        """
        columns = len(self.frames)
        figure = new_figure(2.75 * columns + 0.8, 6.6)
        grid = figure.subplots(2, columns, squeeze=False, height_ratios=(1.08, 1))
        for column, frame in enumerate(self.frames):
            above, below = grid[:, column]
            structure(above, frame)
            above.set_title(self.titles[column], fontsize=10.5)
            plot_histogram(
                below,
                self.histograms[column],
                range=self.range,
                limits=self.limits,
                largest=float(self.histograms.max()) or 1.0,
            )
            pairs = len(self.diagrams[column].finite())
            below.set_title(f"{pairs} pairs", fontsize=9.5)
            for death, label in marks:
                below.annotate(
                    label,
                    (self.limits[0], death),
                    (3, 0),
                    textcoords="offset points",
                    fontsize=8,
                    va="center",
                )
            if column:
                below.set_ylabel("")
                above.set_ylabel("")
        figure.colorbar(
            grid[1, -1].images[0],
            ax=list(grid[1]),
            label="Fraction of pairs",
            shrink=0.85,
            pad=0.015,
            aspect=18,
        )
        figure.legend(
            handles=list(legend),
            title=legend_title,
            loc="outside lower center",
            ncols=len(legend),
            frameon=False,
            fontsize=9,
            title_fontsize=9,
        )
        return figure


def represent(
    titles: Sequence[str],
    frames: Sequence[Atoms],
    range: tuple[float, float],  # noqa: A002 (as numpy.histogram2d)
) -> RepresentativeStructures:
    """
    Describe structures by the histograms of their rings.

    Parameters
    ----------
    titles
        One for each structure.
    frames
        At least one structure, periodic where its ``pbc`` says so.
    range
        What the bins cover on both axes, Angstrom^2.

    Returns
    -------
    RepresentativeStructures
        Histograms of 128 x 128 bins that sum to 1, as for the networks, but not standardised.
    """
    counter = PersistenceHistogram(1, bins=BINS, range=range, standardisation=None, n_jobs=1)
    diagrams = [alpha_persistence(frame, dims=(1,))[1] for frame in frames]
    return RepresentativeStructures(
        list(titles), list(frames), diagrams, counter.fit_transform(diagrams), range
    )
