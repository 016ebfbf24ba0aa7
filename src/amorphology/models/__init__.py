"""Models: arrays in, energies out."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from amorphology.errors import ConfigError
from amorphology.models.persistence_cnn import PersistenceCNN
from amorphology.models.ridge import KernelRidge, Ridge

__all__ = ["MODELS", "KernelRidge", "PersistenceCNN", "Ridge", "build_model"]

MODELS: dict[str, type[nn.Module]] = {
    "cnn": PersistenceCNN,
    "ridge": Ridge,
    "kernel_ridge": KernelRidge,
}
"""Every kind of model by its name in a config."""


def build_model(settings: Mapping[str, Any]) -> nn.Module:
    """
    Build a model of any kind.

    Parameters
    ----------
    settings
        ``"kind"``, a key of `MODELS`, ``"cnn"`` if missing; and the arguments of this model.

    Returns
    -------
    torch.nn.Module
        Histograms, float32 (n_frames, channels, bins, bins), to standardised energies, float32
        (n_frames,).

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    arguments = dict(settings)
    kind = arguments.pop("kind", "cnn")
    if kind not in MODELS:
        raise ConfigError(f"there is no model of kind {kind}; choose one of {', '.join(MODELS)}")
    return MODELS[kind](**arguments)
