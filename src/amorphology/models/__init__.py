"""Models that read energies from descriptors."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from amorphology.errors import ConfigError
from amorphology.models.combined_kernel import CombinedKernelRidge
from amorphology.models.hdnnp import HDNNP, Environments
from amorphology.models.joint import Both, JointNetwork
from amorphology.models.kernel_and_network import KernelAndNetwork
from amorphology.models.persistence_cnn import PersistenceCNN
from amorphology.models.ridge import KernelRidge, Ridge

__all__ = [
    "HDNNP",
    "MODELS",
    "Both",
    "CombinedKernelRidge",
    "Environments",
    "JointNetwork",
    "KernelAndNetwork",
    "KernelRidge",
    "PersistenceCNN",
    "Ridge",
    "build_model",
]

MODELS: dict[str, type[nn.Module]] = {
    "cnn": PersistenceCNN,
    "hdnnp": HDNNP,
    "ridge": Ridge,
    "kernel_ridge": KernelRidge,
    "combined_kernel_ridge": CombinedKernelRidge,
    "joint": JointNetwork,
}
"""Every kind of model by its name in a checkpoint."""


def build_model(settings: Mapping[str, Any]) -> nn.Module:
    """
    Build a model of any kind.

    Parameters
    ----------
    settings
        ``"kind"``, a key of `MODELS`, ``"cnn"`` if missing, and the arguments of this model; or the
        kind ``"kernel_and_network"``, with settings of ``kernel`` and of ``network``.

    Returns
    -------
    torch.nn.Module
        From a batch of frames, as the model reads them, to standardised energies, float32
        (n_frames,).

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    arguments = dict(settings)
    kind = arguments.pop("kind", "cnn")
    if kind == "kernel_and_network":
        return KernelAndNetwork(**{part: build_model(arguments[part]) for part in arguments})
    if kind not in MODELS:
        raise ConfigError(f"there is no model of kind {kind}; choose one of {', '.join(MODELS)}")
    return MODELS[kind](**arguments)
