"""A kernel on whole frames, and networks on neighbourhoods of atoms, put together in one run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from amorphology.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from amorphology.training.config import TrainingConfig
from amorphology.training.data import LabelledFrames
from amorphology.training.model_config import KernelAndNetworkConfig
from amorphology.training.networks import train_networks
from amorphology.training.progress import message
from amorphology.training.readers import BothReader
from amorphology.training.ridge_models import fit_ridge_model
from amorphology.training.run import BEST, member_folder
from amorphology.training.slopes import Slopes

__all__ = ["train_kernel_and_networks"]

KERNEL, NETWORK = "kernel", "network"
"""Folders of the parts in the folder of the run."""


def train_kernel_and_networks(
    config: TrainingConfig,
    model: KernelAndNetworkConfig,
    data: LabelledFrames,
    reader: BothReader,
    features: tuple[Any, Any],
    checkpoint: Checkpoint,
    slopes: Slopes | None,
    console: Console | None,
) -> dict[str, Any]:
    """
    Fit a kernel and train networks, each for itself, and write models that take the mean of both.

    Parameters
    ----------
    config, model
        Settings of the run, and those of its model.
    data, reader, features
        All frames, what was fitted to them, and what it made of them: for the kernel, and for the
        networks (see `train_networks`).
    checkpoint
        What is known of a checkpoint before training.
    slopes
        Of the training set, if forces are learned.
    console
        Where to show progress.

    Returns
    -------
    dict
        Numbers on both, for ``metrics.json``.

    Raises
    ------
    RunError
        If a training diverges.
    StructureError
        If all training frames look the same to the kernel.
    """
    out = Path(config.out)
    places = {name: out / name for name in (KERNEL, NETWORK)}
    for place in places.values():
        place.mkdir(exist_ok=True)
    parts = {name: config.model_copy(update={"out": str(place)}) for name, place in places.items()}
    settings = model.kernel_ridge
    details = fit_ridge_model(parts[KERNEL], settings, data, reader.whole, features[0], checkpoint)
    message(console, "the kernel is fitted")
    details |= train_networks(
        parts[NETWORK], model.hdnnp, data, reader.local, features[1], checkpoint, slopes, console
    )
    kernel = load_checkpoint(places[KERNEL] / BEST)
    for member in range(config.ensemble):
        network = load_checkpoint(member_folder(places[NETWORK], member, config.ensemble) / BEST)
        found = {KERNEL: kernel, NETWORK: network}
        folder = member_folder(out, member, config.ensemble)
        folder.mkdir(exist_ok=True)
        save_checkpoint(
            folder / BEST,
            replace(
                checkpoint,
                model_settings={"kind": model.kind}
                | {name: part.model_settings for name, part in found.items()},
                model_state={
                    f"{name}.{key}": value
                    for name, part in found.items()
                    for key, value in part.model_state.items()
                },
            ),
        )
    return details
