"""Figures: small functions that draw arrays into Axes and leave matplotlib's settings alone."""

from amorphology.plots.diagrams import plot_diagram, plot_histogram
from amorphology.plots.learning import (
    plot_calibration,
    plot_energy_distribution,
    plot_learning_curve,
    plot_parity,
    plot_training_size,
)
from amorphology.plots.simulation import coordination_legend, plot_melt_quench, plot_structure
from amorphology.plots.style import COLOURS, new_figure, save_figure

__all__ = [
    "COLOURS",
    "coordination_legend",
    "new_figure",
    "plot_calibration",
    "plot_diagram",
    "plot_energy_distribution",
    "plot_histogram",
    "plot_learning_curve",
    "plot_melt_quench",
    "plot_parity",
    "plot_structure",
    "plot_training_size",
    "save_figure",
]
