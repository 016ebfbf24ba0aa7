"""Gradients of the predicted energy with respect to the histogram, and their integral."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from amorphology.descriptors.diagram_input import Diagrams
from amorphology.descriptors.persistence_histogram import Axes
from amorphology.errors import ConfigError, RunError
from amorphology.explain.baseline import training_mean
from amorphology.explain.histogram_map import HistogramMap, energies_and_gradients, histograms_of
from amorphology.training import Run, load_run
from amorphology.training.metrics import MEV

__all__ = [
    "IntegratedGradients",
    "gradient_times_input",
    "input_gradients",
    "integrated_gradients",
]

# What an integral may miss where the two energies are all but equal, in standard deviations of the
# training energies: a hundred times the rounding of a prediction in single precision.
ROUNDING = 2e-5


@dataclass(frozen=True)
class IntegratedGradients(HistogramMap):
    """
    How a predicted energy comes about, bin by bin, from that of a baseline.

    Attributes
    ----------
    values
        Share of each bin in ``prediction - baseline_prediction``, float64 (n_degrees, bins, bins),
        meV/atom.
    mean_gradient
        Mean gradient on the way, float64 (n_degrees, bins, bins), meV/atom for each unit of the
        histogram; `values` is this times ``histogram - baseline``.
    baseline
        Histogram at the start, float64 (n_degrees, bins, bins).
    prediction, baseline_prediction
        Predicted for the frame and for the baseline, eV/atom.
    steps
        Parts the way was divided into.
    """

    mean_gradient: NDArray[np.float64]
    baseline: NDArray[np.float64]
    prediction: float
    baseline_prediction: float
    steps: int

    @property
    def residual(self) -> float:
        """What the sum of `values` misses ``prediction - baseline_prediction`` by, meV/atom."""
        return float(self.values.sum() - MEV * (self.prediction - self.baseline_prediction))


def input_gradients(run: Run | str | Path, frame: Atoms | Diagrams) -> HistogramMap:
    """
    Differentiate the predicted energy with respect to each bin of the histogram.

    Parameters
    ----------
    run
        A run with a model of any kind, or its folder; of an ensemble the mean of its members.
    frame
        A frame, or its persistence diagrams.

    Returns
    -------
    HistogramMap
        meV/atom for each unit of the histogram: of a probability histogram, for a fraction of 1 of
        all pairs; of one per atom, for one more pair an atom. Positive where more pairs raise the
        energy. A probability histogram always sums to 1, so that a number added to all bins of its
        gradient would change nothing: only differences between bins mean anything.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If the frame cannot be used.
    """
    run = run if isinstance(run, Run) else load_run(run)
    histograms = histograms_of(run, [frame])
    _, gradients = energies_and_gradients(run, histograms)
    return HistogramMap(MEV * gradients[0], histograms[0], *_coordinates(run))


def gradient_times_input(run: Run | str | Path, frame: Atoms | Diagrams) -> HistogramMap:
    """
    Multiply `input_gradients` with the histogram: to first order, what each bin's pairs do.

    Parameters
    ----------
    run, frame
        As for `input_gradients`, with the same errors.

    Returns
    -------
    HistogramMap
        meV/atom; 0 in empty bins. The sum has no meaning unless the model is linear, where it is
        the prediction less that for an empty histogram.
    """
    run = run if isinstance(run, Run) else load_run(run)
    slopes = input_gradients(run, frame)
    return HistogramMap(slopes.values * slopes.histogram, slopes.histogram, *_coordinates(run))


def integrated_gradients(
    run: Run | str | Path,
    frame: Atoms | Diagrams,
    *,
    baseline: ArrayLike | None = None,
    tolerance: float = 1e-3,
    max_steps: int = 2048,
) -> IntegratedGradients:
    r"""
    Share the difference between two predictions out to the bins of the histogram.

    With the frame's histogram h, the baseline b and the predicted energy E, a bin gets [1]_

    .. math:: A_{ij} = (h_{ij} - b_{ij}) \int_0^1
              \frac{\partial E}{\partial h_{ij}}\big(b + t\,(h - b)\big)\,dt ,

    and all bins together get :math:`E(h) - E(b)`. The integral is taken by the trapezoidal rule,
    whose steps are halved until that sum is right.

    Parameters
    ----------
    run
        A run with a model of any kind, or its folder; of an ensemble the mean of its members.
    frame
        A frame, or its persistence diagrams.
    baseline
        Histogram to start from, not standardised, (n_degrees, bins, bins); None takes the mean of
        the training frames, which the folder of the run must lead to.
    tolerance
        What the sum may miss, as a part of the difference; where the energies are all but equal,
        2e-5 standard deviations of the training energies.
    max_steps
        Give up beyond this many.

    Returns
    -------
    IntegratedGradients
        In meV/atom.

    Raises
    ------
    ConfigError
        If `baseline` has another shape than the histogram.
    RunError
        If the run or its training frames cannot be loaded, or the sum is not right after
        `max_steps`.
    StructureError
        If the frame cannot be used.

    References
    ----------
    .. [1] Sundararajan, Taly and Yan, Proc. 34th Int. Conf. Machine Learning 70, 3319 (2017).
    """
    run = run if isinstance(run, Run) else load_run(run)
    histogram = histograms_of(run, [frame])[0]
    start = training_mean(run) if baseline is None else np.asarray(baseline, np.float64)
    if start.shape != histogram.shape:
        raise ConfigError(
            f"baseline has shape {start.shape}, the histogram {histogram.shape}; make them equal"
        )
    difference = histogram - start

    def at(times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Energies on the way, and the mean of their gradients."""
        energies, total = [], np.zeros(histogram.shape)
        for some in np.array_split(times, np.ceil(len(times) / 64)):
            path = start + some[:, np.newaxis, np.newaxis, np.newaxis] * difference
            energy, gradients = energies_and_gradients(run, path)
            energies.append(energy)
            total += gradients.sum(axis=0)
        return np.concatenate(energies), total / len(times)

    ends, slope = at(np.array([0.0, 1.0]))
    rise = float(ends[1] - ends[0])
    steps = 1
    while steps < 8 or abs((slope * difference).sum() - rise) > max(
        tolerance * abs(rise), ROUNDING * run.target_scale
    ):
        if steps >= max_steps:
            raise RunError(
                f"{run.path}: integrated gradients miss the energy by "
                f"{MEV * abs((slope * difference).sum() - rise):.3g} meV/atom after {steps} "
                "steps; raise tolerance or max_steps"
            )
        slope = (slope + at((np.arange(steps) + 0.5) / steps)[1]) / 2
        steps *= 2
    return IntegratedGradients(
        MEV * slope * difference,
        histogram,
        *_coordinates(run),
        mean_gradient=MEV * slope,
        baseline=start,
        prediction=float(ends[1]),
        baseline_prediction=float(ends[0]),
        steps=steps,
    )


def _coordinates(run: Run) -> tuple[tuple[int, ...], tuple[tuple[float, float], ...], Axes]:
    return run.descriptor.degrees, run.descriptor.ranges, run.descriptor.axes
