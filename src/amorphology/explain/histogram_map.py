"""A number for every bin of a frame's histogram: the form that explanations of a model have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.descriptors.diagram_input import Diagrams, bin_centres
from amorphology.descriptors.persistence_histogram import Axes
from amorphology.training import Run
from amorphology.training.loop import choose_device
from amorphology.training.memory import keeping_freed_memory

__all__ = [
    "HistogramMap",
    "as_images",
    "energies_and_gradients",
    "histograms_of",
    "mean_persistence",
    "standardised",
]

# Frames a backward pass: the first convolution keeps 4 MB of each, and as much for the gradient.
BATCH = 16


@dataclass(frozen=True)
class HistogramMap:
    """
    A number for every bin of a frame's histogram.

    Attributes
    ----------
    values
        float64 (n_degrees, bins, bins): degree, birth, death, as `PersistenceHistogram` orders
        them.
    histogram
        The frame's histogram, blurred but not standardised, float64 (n_degrees, bins, bins).
    degrees
        Homology degree of each channel.
    ranges
        What the bins of each channel cover on both axes, in the unit of `axes`.
    axes
        ``"squared_radius"``: Angstrom^2; ``"radius"``: Angstrom.
    """

    values: NDArray[np.float64]
    histogram: NDArray[np.float64]
    degrees: tuple[int, ...]
    ranges: tuple[tuple[float, float], ...]
    axes: Axes


def as_images(descriptor: PersistenceHistogram, binned: BinnedDiagrams) -> NDArray[np.float64]:
    """
    Draw histograms as the model sees them before they are standardised.

    Parameters
    ----------
    descriptor
        That binned the frames.
    binned
        Frames.

    Returns
    -------
    numpy.ndarray
        float64 (n_frames, n_degrees, bins, bins), blurred.
    """
    images = binned.images(slice(None)).astype(np.float64)
    for channel, matrix in enumerate(descriptor.blur_matrices()):
        if matrix is not None:
            images[:, channel] = matrix @ images[:, channel] @ matrix.T
    return images


def histograms_of(run: Run, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
    """
    Make the histograms of frames that a run's model sees, before they are standardised.

    Parameters
    ----------
    run
        The run.
    frames
        Frames, or their persistence diagrams.

    Returns
    -------
    numpy.ndarray
        float64 (n_frames, n_degrees, bins, bins).

    Raises
    ------
    RunError
        If the model reads anything else.
    StructureError
        If a frame cannot be used.
    """
    return as_images(run.descriptor, run.descriptor.bin_pairs(frames))


def standardised(run: Run, histograms: NDArray[np.float64]) -> torch.Tensor:
    """
    Standardise histograms as a run's model wants them.

    Parameters
    ----------
    run
        The run.
    histograms
        float64 (n, n_degrees, bins, bins).

    Returns
    -------
    torch.Tensor
        float32 (n, n_degrees, bins, bins), on the device where the model is computed.
    """
    location, scale = (
        np.reshape(np.asarray(value, np.float64), (-1, 1, 1))
        for value in (run.descriptor.location_, run.descriptor.scale_)
    )
    images = torch.from_numpy(((histograms - location) / scale).astype(np.float32))
    return images.to(choose_device("auto"), memory_format=torch.channels_last)


def energies_and_gradients(
    run: Run, histograms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Predict energies, and differentiate them with respect to histograms.

    Parameters
    ----------
    run
        With a model of any kind; of an ensemble the mean of its members.
    histograms
        Blurred, not standardised, float64 (n, n_degrees, bins, bins).

    Returns
    -------
    energies : numpy.ndarray
        Mean energy per atom, float64 (n,), eV/atom.
    gradients : numpy.ndarray
        float64 (n, n_degrees, bins, bins), eV/atom for each unit of the histogram.
    """
    energies = np.zeros(len(histograms))
    gradients = np.zeros(histograms.shape)
    with keeping_freed_memory():
        for start in range(0, len(histograms), BATCH):
            some = slice(start, start + BATCH)
            images = standardised(run, histograms[some]).requires_grad_()
            for model in run.models:
                outputs = model.to(images.device).eval()(images)
                (slopes,) = torch.autograd.grad(outputs.sum(), images)
                energies[some] += outputs.detach().double().cpu().numpy()
                gradients[some] += slopes.double().cpu().numpy()
    scale = np.reshape(np.asarray(run.descriptor.scale_, np.float64), (-1, 1, 1))
    factor = run.target_scale / len(run.models)
    return energies * factor + run.target_mean, gradients * (factor / scale)


def mean_persistence(
    weights: NDArray[np.float64],
    ends: tuple[float, float],
    axes: Axes = "squared_radius",
    where: NDArray[np.bool_] | None = None,
) -> float:
    r"""
    Say how far from the diagonal a map has its weight.

    .. math:: \bar p = \sum_{ij} w_{ij} (d_j - b_i) \Big/ \sum_{ij} w_{ij}

    over all bins with a death :math:`d_j` at or above the birth :math:`b_i`, at bin centres.

    Parameters
    ----------
    weights
        Not negative, float64 (bins, bins): birth, death.
    ends
        What the bins cover, in the unit of `axes`.
    axes
        As in `HistogramMap`.
    where
        Bins that count, bool (bins, bins); None takes all. A network answers with a small number
        also to places where there never is a pair, and these are most of the plane.

    Returns
    -------
    float
        Angstrom^2; NaN where all weights are 0.
    """
    centres = bin_centres(np.linspace(*ends, len(weights) + 1))
    if axes == "radius":
        centres = np.copysign(centres**2, centres)
    persistence = centres[np.newaxis, :] - centres[:, np.newaxis]
    counts = persistence >= 0 if where is None else (persistence >= 0) & where
    above = np.where(counts, weights, 0.0)
    total = float(above.sum())
    return float((above * persistence).sum() / total) if total else float("nan")
