"""From a config to a run folder."""

import importlib.metadata
import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from rich.console import Console

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.errors import ConfigError, RunError
from amorphology.models import build_model
from amorphology.models.ridge import fit_kernel_ridge, fit_ridge, varying_features
from amorphology.structures import whole_file
from amorphology.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from amorphology.training.config import CNNConfig, KernelRidgeConfig, RidgeConfig, TrainingConfig
from amorphology.training.config_file import load_config
from amorphology.training.data import LabelledFrames, csv_text, read_labelled
from amorphology.training.histograms import Histograms
from amorphology.training.loop import Dataset, Trainer, choose_device
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.outcome import saved_outcome
from amorphology.training.progress import message
from amorphology.training.run import BEST, LAST, METRICS, Run, load_run, member_folder

__all__ = ["train"]

CONFIG = "config.yaml"
LOG = "log.csv"
SPLIT = "split.csv"
VERSIONS = "versions.json"


def train(config: TrainingConfig | str | Path, console: Console | None = None) -> Run:
    """
    Train a model, or go on with a training that was stopped, or load one that has ended.

    The run folder then holds ``config.yaml`` (every setting), ``versions.json``, ``split.csv``
    (subset of every frame), ``log.csv`` (one line an epoch), ``best.pt`` and ``last.pt``
    (checkpoints), ``predictions.csv`` and ``metrics.json`` (RMSE and MAE, meV/atom). Of an
    ensemble, log and checkpoints are in a folder for each member. A ridge model has no epochs: no
    log, and one checkpoint.

    Parameters
    ----------
    config
        Settings, or a YAML file with them.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    Run
        The model; a network with the weights of the epoch with the lowest validation error.

    Raises
    ------
    ConfigError
        If settings are not allowed, or the folder holds something else.
    StructureError
        If frames cannot be read or used, or carry no energies.
    RunError
        If the folder holds a run of other frames or of a version with another checkpoint format,
        or the training diverges.
    """
    if not isinstance(config, TrainingConfig):
        config = load_config(config)
    folder = Path(config.out)
    _check_folder(folder, config)
    if (folder / METRICS).is_file():
        run = load_run(folder)
        message(console, f"{folder}: this training has ended; nothing to do")
        return run
    # Before any work, so that a checkpoint of another version is found at once.
    for member in range(config.ensemble):
        _stopped(folder, config, member)
    choose_device(config.optimisation.device)

    seconds: dict[str, float] = {}
    with _timed(seconds, "reading"):
        data = read_labelled(config, console)
    message(console, str(data))
    descriptor = PersistenceHistogram(**config.descriptor.model_dump())
    with _timed(seconds, "diagrams"):
        binned = descriptor.bin_pairs(data.frames)
    with _timed(seconds, "descriptors"):
        descriptor.fit_binned(binned, data.split.indices("train"))
    message(
        console,
        f"{len(data.frames)} frames read in {seconds['reading']:.1f} s, diagrams in "
        f"{seconds['diagrams']:.1f} s, statistics of histograms in {seconds['descriptors']:.1f} s",
    )
    checkpoint = _checkpoint(config, data, descriptor)
    _start_folder(folder, config, data)
    with _timed(seconds, "training"):
        if isinstance(config.model, CNNConfig):
            details = _train_networks(config, data, binned, checkpoint, console)
        else:
            details = _fit_ridge(config, data, binned, checkpoint)
    run = load_run(folder)
    for line in saved_outcome(run, config, data, binned, seconds, details):
        message(console, line)
    return load_run(folder)  # now with what the errors say of the spread


def _check_folder(folder: Path, config: TrainingConfig) -> None:
    """Refuse a folder that holds other things, or a run with other settings."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is a file, not a run folder; choose another out")
    if not (folder / CONFIG).is_file():
        if any(folder.iterdir()):
            raise ConfigError(f"{folder}: holds other files and no run; choose another out")
        return
    old = _flat(load_config(folder / CONFIG).model_dump())
    new = _flat(config.model_dump())
    # A folder that was moved, or named from elsewhere, is the same run.
    keys = dict.fromkeys([*new, *old])
    changed = [key for key in keys if old.get(key) != new.get(key) and key != "out"]
    if changed:
        raise ConfigError(
            f"{folder}: holds a run with other settings ({', '.join(changed)}); choose another "
            "out, or delete the folder to train anew"
        )


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": entry for inner, entry in value.items()}
        else:
            flat[key] = value
    return flat


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note the wall time of a block."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def _start_folder(folder: Path, config: TrainingConfig, data: LabelledFrames) -> None:
    """Write what is known before training, or check that a stopped run had the same frames."""
    split = data.table()
    if (folder / SPLIT).is_file():
        if (folder / SPLIT).read_text(encoding="utf-8") != split:
            raise RunError(
                f"{folder}: was started on other frames, energies or runs than data.frames holds "
                "now; choose another out, or delete the folder to train anew"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    packages = ("amorphology", "ase", "numpy", "scikit-learn", "torch")
    versions = {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in packages
    }
    settings = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    _write_text(folder / CONFIG, settings)
    _write_text(folder / VERSIONS, json.dumps(versions, indent=2) + "\n")
    _write_text(folder / SPLIT, split)


def _checkpoint(
    config: TrainingConfig, data: LabelledFrames, descriptor: PersistenceHistogram
) -> Checkpoint:
    """Make what all checkpoints of a run have in common; the model is still missing."""
    energies = data.energies[data.split.indices("train")]
    descriptor_settings = descriptor.get_params()
    del descriptor_settings["n_jobs"]  # of this machine, not of the descriptor
    return Checkpoint(
        model_settings={"kind": config.model.kind},
        model_state={},
        descriptor_settings=descriptor_settings,
        descriptor_location=_plain(descriptor.location_),
        descriptor_scale=_plain(descriptor.scale_),
        target_mean=float(energies.mean()),
        target_scale=float(energies.std()) or 1.0,
        ensemble=config.ensemble,
    )


def _plain(value: float | NDArray[np.float64]) -> float | list[float]:
    return value if isinstance(value, float) else value.tolist()


def _stopped(folder: Path, config: TrainingConfig, member: int) -> Checkpoint | None:
    """Where a stopped training of a member got to."""
    path = member_folder(folder, member, config.ensemble) / LAST
    return load_checkpoint(path) if path.is_file() else None


def _train_networks(
    config: TrainingConfig,
    data: LabelledFrames,
    binned: BinnedDiagrams,
    checkpoint: Checkpoint,
    console: Console | None,
) -> dict[str, Any]:
    """Train all members of an ensemble, or the one network; return numbers on the training."""
    details: list[dict[str, Any]] = []
    trainer: Trainer | None = None
    for member in range(config.ensemble):
        if config.ensemble > 1:
            message(console, f"member {member + 1} of {config.ensemble}")
        trainer = _train_network(config, data, binned, checkpoint, member, console)
        details.append(
            {
                "seed": trainer.seed,
                "epochs": len(trainer.history),
                "best_epoch": trainer.best_epoch,
                "validation_rmse_mev_per_atom": trainer.best_rmse,
                "seconds": sum(row["seconds"] for row in trainer.history),
            }
        )
    assert trainer is not None
    computed = {
        "device": trainer.device.type,
        "precision": str(trainer.precision).removeprefix("torch."),
    }
    if config.ensemble > 1:
        return {**computed, "members": details}
    return {**computed, "epochs": details[0]["epochs"], "best_epoch": details[0]["best_epoch"]}


def _train_network(
    config: TrainingConfig,
    data: LabelledFrames,
    binned: BinnedDiagrams,
    checkpoint: Checkpoint,
    member: int,
    console: Console | None,
) -> Trainer:
    """Train one network to the end, from the start or from where it was stopped."""
    folder = member_folder(Path(config.out), member, config.ensemble)
    folder.mkdir(exist_ok=True)
    # The first member is the network that is trained without an ensemble. The others share no
    # seed with ensembles of other seeds.
    seed = config.seed
    if member > 0:
        seed = int(np.random.SeedSequence((config.seed, member)).generate_state(1)[0])
    settings = {
        **config.model.model_dump(),
        "bins": config.descriptor.bins,
        "in_channels": binned.shape[0],
    }
    checkpoint = replace(checkpoint, model_settings=settings)
    with torch.random.fork_rng():  # the first weights come from the seed, and disturb nobody
        torch.manual_seed(seed)
        model = build_model(settings)
    trainer = Trainer(model, config.optimisation, seed, checkpoint.target_scale)
    stopped = _stopped(Path(config.out), config, member)
    if stopped is not None:
        model.load_state_dict(stopped.model_state)
        trainer.restore(stopped.training)
    histograms = Histograms(checkpoint.descriptor(), binned, trainer.device)
    standardised = (data.energies - checkpoint.target_mean) / checkpoint.target_scale
    sets = {}
    for subset in ("train", "validation"):
        chosen = data.split.indices(subset)
        targets = torch.from_numpy(standardised[chosen].astype(np.float32))
        sets[subset] = Dataset(histograms.subset(chosen), targets)

    def save(best: bool) -> None:
        state = trainer.model.state_dict()
        if best:
            save_checkpoint(folder / BEST, replace(checkpoint, model_state=state))
        save_checkpoint(
            folder / LAST, replace(checkpoint, model_state=state, training=trainer.state())
        )
        rows = [list(row.values()) for row in trainer.history]
        _write_text(folder / LOG, csv_text(list(trainer.history[0]), rows))

    message(
        console,
        f"training on {trainer.device.type} in {str(trainer.precision).removeprefix('torch.')}"
        + (f", from epoch {len(trainer.history) + 1} on" if trainer.history else ""),
    )
    with keeping_freed_memory():
        trainer.fit(sets["train"], sets["validation"], save, console)
    return trainer


def _fit_ridge(
    config: TrainingConfig, data: LabelledFrames, binned: BinnedDiagrams, checkpoint: Checkpoint
) -> dict[str, Any]:
    """Fit a ridge model; return how it was chosen."""
    descriptor = checkpoint.descriptor()
    energies = (data.energies - checkpoint.target_mean) / checkpoint.target_scale

    def batches(frames: NDArray[np.intp]) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(frames), 256):
            yield descriptor.transform_binned(binned, frames[start : start + 256])

    train, validation = (data.split.indices(subset) for subset in ("train", "validation"))
    kept = varying_features(batches(train))
    features, seen = (
        np.concatenate([batch.reshape(len(batch), -1)[:, kept] for batch in batches(frames)])
        for frames in (train, validation)
    )
    settings = config.model
    if isinstance(settings, RidgeConfig):
        fitted = fit_ridge(
            features, energies[train], seen, energies[validation], kept, settings.penalties
        )
    elif isinstance(settings, KernelRidgeConfig):
        fitted = fit_kernel_ridge(
            features,
            energies[train],
            seen,
            energies[validation],
            kept,
            settings.penalties,
            settings.lengths,
        )
    else:
        raise ConfigError(f"model.kind {settings.kind} is trained in epochs")
    save_checkpoint(
        Path(config.out) / BEST,
        replace(
            checkpoint,
            model_settings={"kind": settings.kind, **fitted.settings},
            model_state=fitted.model.state_dict(),
        ),
    )
    return {"chosen": fitted.chosen}


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
