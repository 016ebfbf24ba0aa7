"""Runs with models that were never trained: what explanations must get right does not depend on it.

Their energies spread over many eV/atom, so that nothing under test drowns in rounding.
"""

from pathlib import Path

import numpy as np
import torch
from ase import Atoms

from amorphology.descriptors import PersistenceHistogram
from amorphology.models import KernelRidge, PersistenceCNN, Ridge
from amorphology.training import Run
from amorphology.training.readers import HistogramReader

THREE_DEGREES = {
    "homology": [0, 1, 2],
    "bins": 16,
    "range": [(0.0, 3.0), (1.0, 4.0), (1.0, 4.0)],
    "normalisation": "per_atom",
    "blur": 0.15,
}
ONE_DEGREE = {"homology": 1, "bins": 16, "range": (1.0, 4.0)}


def random_network(seed: int, bins: int = 16, channels: int = 1) -> PersistenceCNN:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = PersistenceCNN(bins=bins, in_channels=channels, hidden=8)
        for parameter in network.parameters():  # livelier than before a training
            parameter.data *= 1.5
    return network


def random_ridge(seed: int, n_features: int) -> Ridge:
    model = Ridge(n_features)
    model.kept.copy_(torch.arange(n_features))
    model.weights.copy_(torch.from_numpy(np.random.default_rng(seed).normal(size=n_features)))
    model.intercept.fill_(0.3)
    return model


def random_kernel_ridge(seed: int, frames: np.ndarray) -> KernelRidge:
    flat = frames.reshape(len(frames), -1)
    model = KernelRidge(*flat.shape)
    model.kept.copy_(torch.arange(flat.shape[1]))
    model.frames.copy_(torch.from_numpy(flat))
    coefficients = np.random.default_rng(seed).normal(size=len(flat))
    model.coefficients.copy_(torch.from_numpy(coefficients))
    model.length.fill_(8.0)
    return model


def run_with(kind: str, frames: list[Atoms], **settings) -> Run:
    """A run whose model is a network, an ensemble of three, ridge or kernel ridge."""
    descriptor = PersistenceHistogram(**settings).fit(frames)
    channels, bins = len(descriptor.degrees), descriptor.bins
    if kind == "ridge":
        models = (random_ridge(0, channels * bins**2),)
    elif kind == "kernel_ridge":
        models = (random_kernel_ridge(0, descriptor.transform(frames)),)
    else:
        members = 3 if kind == "ensemble" else 1
        models = tuple(random_network(seed, bins, channels) for seed in range(members))
    reader = HistogramReader(descriptor)
    return Run(Path("nowhere"), models, reader, target_mean=-3.0, target_scale=50.0)
