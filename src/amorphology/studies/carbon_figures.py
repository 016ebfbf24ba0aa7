"""Figures of the study of amorphous carbon."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.plots import (
    COLOURS,
    coordination_legend,
    new_figure,
    plot_diagram,
    plot_energy_distribution,
    plot_histogram,
    plot_learning_curve,
    plot_melt_quench,
    plot_parity,
    plot_structure,
    save_figure,
)
from amorphology.plots.style import DENSITY_MAP
from amorphology.studies.carbon_results import LARGER, Results

__all__ = ["FIGURES", "SUBSET_COLOURS", "draw_figures", "subset_titles"]

SUBSET_COLOURS = {
    "train": COLOURS["blue"],
    "validation": COLOURS["orange"],
    "test": COLOURS["vermilion"],
    LARGER: COLOURS["green"],
}


TITLE = 10.5  # font size


def subset_titles(n_atoms: NDArray[np.intp]) -> dict[str, str]:
    """
    Name the subsets for people.

    Parameters
    ----------
    n_atoms
        Atoms of each frame, (n_frames,).

    Returns
    -------
    dict
        Title by subset.
    """
    larger = " and ".join(str(size) for size in np.unique(n_atoms)[1:])
    return {
        "train": "training runs",
        "validation": "validation run",
        "test": "unseen runs",
        LARGER: f"{larger}-atom cells",
    }


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


def _data(results: Results) -> Figure:
    """Energy and temperature against time, and the energies of each subset."""
    figure = new_figure(9.2, 6.0)
    axes = figure.subplot_mosaic(
        [["energy", "distribution"], ["temperature", "key"]],
        width_ratios=[1.7, 1],
        height_ratios=[1.4, 1],
    )
    density = results.info("density")
    shades = (float(density.min()), float(density.max()))
    sizes = np.unique(results.n_atoms)
    styles: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")
    for name, values, label in (
        ("energy", results.energy, "Energy (eV/atom)"),
        ("temperature", results.info("temperature") / 1000, "Temperature (1000 K)"),
    ):
        for size, style in zip(sizes, styles, strict=False):
            of_size = results.n_atoms == size
            plot_melt_quench(
                axes[name],
                results.info("time_fs")[of_size],
                values[of_size],
                results.run[of_size],
                density[of_size],
                ylabel=label,
                density_range=shades,
                linestyle=style,
            )
    axes["temperature"].set_ylim(0, None)
    axes["energy"].tick_params(labelbottom=False)
    axes["energy"].set_xlabel("")
    axes["energy"].sharex(axes["temperature"])

    titles = subset_titles(results.n_atoms)
    # The validation run is left out: a fourth distribution would hide the others.
    present = [error.subset for error in results.errors if error.subset != "validation"]
    plot_energy_distribution(
        axes["distribution"],
        {titles[subset]: results.energy[results.subset == subset] for subset in present},
        {titles[subset]: SUBSET_COLOURS[subset] for subset in present},
    )
    axes["distribution"].set(ylim=axes["energy"].get_ylim(), ylabel="")
    axes["distribution"].tick_params(labelleft=False)

    key = axes["key"]
    key.axis("off")
    handles, labels = axes["distribution"].get_legend_handles_labels()
    runs = [
        Line2D([], [], color="black", linestyle=style)
        for _, style in zip(sizes, styles, strict=False)
    ]
    frames = key.legend(handles, labels, title="Frames", loc="upper left")
    key.add_artist(frames)  # or the next legend would take its place
    both = (frames, key.legend(runs, [f"{size} atoms" for size in sizes], title="Runs"))
    for legend, left in zip(both, (-0.03, 0.6), strict=True):
        legend.set(loc="upper left", frame_on=False, alignment="left")
        legend.set_bbox_to_anchor((left, 0.95), key.transAxes)
        for text in (legend.get_title(), *legend.get_texts()):
            text.set_fontsize(9)
    figure.colorbar(
        ScalarMappable(Normalize(*shades), DENSITY_MAP),
        cax=key.inset_axes((0.02, 0.13, 0.94, 0.07)),
        orientation="horizontal",
        label="Density of the run (g/cm³)",
        ticks=MaxNLocator(8, steps=[1, 2, 5, 10]),
    )
    return figure


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
        plot_structure(structure, results.frames[self.indices[item]])
        plot_diagram(points, diagram.birth, diagram.death, limits=self.limits)
        plot_histogram(
            bins,
            self.histograms[item],
            range=self.counter.ranges[0],
            limits=self.limits,
            largest=float(self.histograms.max()),
        )
        points.set_title(
            f"H{self.counter.homology} diagram: {len(diagram.finite())} pairs", fontsize=TITLE
        )
        low, high = self.counter.ranges[0]
        width = (high - low) / self.counter.bins
        bins.set_title(f"Histogram, bins of {width:g} Å²", fontsize=TITLE)


def _describe(results: Results, indices: Sequence[int]) -> _Described:
    settings = results.network.descriptor.get_params()
    of_network = results.network.descriptor
    degree = 1 if 1 in of_network.degrees else of_network.degrees[0]
    channel = of_network.degrees.index(degree)
    settings |= {
        "homology": degree,
        "range": of_network.ranges[channel],
        "blur": of_network.blurs[channel],
        "standardisation": None,
    }
    counter = PersistenceHistogram(**settings)
    frames = [results.frames[index] for index in indices]
    diagrams = [alpha_persistence(frame, dims=(degree,))[degree] for frame in frames]
    deaths = np.concatenate([diagram.finite().death for diagram in diagrams])
    # The last hundredth, close to the diagonal, would take half of the picture.
    last = float(np.ceil(np.quantile(deaths, 0.99))) if len(deaths) else counter.ranges[0][1]
    return _Described(indices, diagrams, counter.fit_transform(diagrams), counter, (0.0, last))


def _frames(results: Results) -> Figure:
    """Structure, diagram and histogram of a liquid and of a quenched frame."""
    figure = new_figure(10.2, 7.0)
    grid = figure.subplots(2, 3)
    described = _describe(results, results.examples())
    for row, name in enumerate(("Liquid", "Quenched")):
        index = described.indices[row]
        described.draw(row, results, grid[row])
        temperature = results.frames[index].info["temperature"]
        energy = f"{results.energy[index]:.2f}".replace("-", "\N{MINUS SIGN}")
        grid[row, 0].set_title(f"{name}: {temperature:.0f} K, {energy} eV/atom", fontsize=TITLE)
    figure.colorbar(
        grid[0, 2].images[0], ax=list(grid[:, 2]), label="Fraction of pairs", shrink=0.7, pad=0.02
    )
    figure.legend(
        handles=coordination_legend(),
        loc="outside lower left",
        ncols=3,
        frameon=False,
        fontsize=9,
    )
    return figure


def _overview(results: Results) -> Figure:
    """Show the whole way in one row: atoms, diagram, histogram, energies of unseen runs."""
    figure = new_figure(12.0, 3.3)
    panels = figure.subplots(1, 4)
    _, quenched = results.examples()
    _describe(results, [quenched]).draw(0, results, panels[:3])
    density = results.frames[quenched].info["density"]
    panels[0].set_title(f"Amorphous carbon, {density:.2f} g/cm³", fontsize=TITLE)
    unseen = results.subset == "test"
    plot_parity(
        panels[3],
        results.energy[unseen],
        results.prediction[unseen],
        title="Energies of unseen runs",
        colour=SUBSET_COLOURS["test"],
    )
    return figure


def _learning_curve(results: Results) -> Figure:
    figure = new_figure(7.0, 3.8)
    plot_learning_curve(
        figure.subplots(),
        results.history["epoch"].astype(int),
        results.history["train_rmse_mev_per_atom"],
        results.history["validation_rmse_mev_per_atom"],
        results.network.metrics()["best_epoch"],
    )
    return figure


def _parity(results: Results) -> Figure:
    """Predicted against reference energies; validation is in the table only."""
    shown = [error.subset for error in results.errors if error.subset != "validation"]
    figure = new_figure(3.4 * len(shown), 3.7)
    panels = np.atleast_1d(figure.subplots(1, len(shown), sharex=True, sharey=True))
    both = np.concatenate([results.energy, results.prediction])
    margin = 0.04 * float(np.ptp(both))
    limits = (float(both.min()) - margin, float(both.max()) + margin)
    titles = subset_titles(results.n_atoms)
    for axes, subset in zip(panels, shown, strict=True):
        chosen = results.subset == subset
        plot_parity(
            axes,
            results.energy[chosen],
            results.prediction[chosen],
            title=titles[subset].capitalize(),
            colour=SUBSET_COLOURS[subset],
            limits=limits,
        )
        axes.label_outer()
    return figure


FIGURES: dict[str, Callable[[Results], Figure]] = {
    "overview": _overview,
    "data": _data,
    "frames": _frames,
    "learning_curve": _learning_curve,
    "parity": _parity,
}
"""Figures of the study, by file name."""
