"""From a config to a run folder."""

import importlib.metadata
import json
import platform
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from amorphology.errors import ConfigError, RunError
from amorphology.structures import whole_file
from amorphology.training.checkpoint import Checkpoint
from amorphology.training.config import TrainingConfig
from amorphology.training.config_file import load_config
from amorphology.training.data import LabelledFrames, read_labelled
from amorphology.training.kernel_and_networks import train_kernel_and_networks
from amorphology.training.loop import choose_device
from amorphology.training.model_config import (
    KernelAndNetworkConfig,
    KernelRidgeConfig,
    RidgeConfig,
)
from amorphology.training.networks import stopped_at, train_networks
from amorphology.training.outcome import saved_outcome
from amorphology.training.progress import message, timed
from amorphology.training.reader_of_config import reader_of
from amorphology.training.readers import BothReader, Reader, Workplace
from amorphology.training.ridge_models import fit_ridge_model
from amorphology.training.run import METRICS, Run, load_run
from amorphology.training.slopes import Slopes, slopes_along

__all__ = ["train", "train_on"]

CONFIG = "config.yaml"
FEATURES = "features"
SPLIT = "split.csv"
VERSIONS = "versions.json"

OF_THE_MACHINE = ("out", "cache", "n_jobs")
"""Settings that may change between the parts of a training: it is the same run elsewhere."""


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
    run = _ended(config, console)
    if run is not None:
        return run
    seconds: dict[str, float] = {}
    with timed(seconds, "reading"):
        data = read_labelled(config, console)
    return _train(config, data, seconds, console)


def train_on(config: TrainingConfig, data: LabelledFrames, console: Console | None = None) -> Run:
    """
    Do what `train` does, on frames that are read and divided already.

    Parameters
    ----------
    config
        Settings; of its sections data and split nothing is done, they are only kept.
    data
        Frames with their subsets. Those of a subset of another name are only predicted.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    Run
        As for `train`.

    Raises
    ------
    ConfigError, StructureError, RunError
        As for `train`.
    """
    return _ended(config, console) or _train(config, data, {}, console)


def _ended(config: TrainingConfig, console: Console | None) -> Run | None:
    """Check that a training can be done; load it if it has ended."""
    folder = Path(config.out)
    _check_folder(folder, config)
    if (folder / METRICS).is_file():
        run = load_run(folder)
        message(console, f"{folder}: this training has ended; nothing to do")
        return run
    # Before any work, so that a checkpoint of another version is found at once.
    for member in range(config.ensemble):
        stopped_at(folder, config, member)
    choose_device(config.optimisation.device)
    return None


def _train(
    config: TrainingConfig,
    data: LabelledFrames,
    seconds: dict[str, float],
    console: Console | None,
) -> Run:
    folder = Path(config.out)
    message(console, str(data))
    begin = partial(_start_folder, folder, config, data)
    kept = folder / FEATURES
    cache = Path(config.cache) if config.cache else None
    place = Workplace(cache or kept, cache, begin, console, seconds)
    slopes = _slopes(config, data)
    reader = reader_of(config)
    features = _described(config, data, reader, slopes, place)
    times = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    message(console, f"{len(data.frames)} frames: {times}")
    begin()
    checkpoint = _checkpoint(config, data, Checkpoint.statistics_of(reader))
    with timed(seconds, "training"):
        if isinstance(config.model, RidgeConfig | KernelRidgeConfig):
            details = fit_ridge_model(config, config.model, data, reader, features, checkpoint)
        elif isinstance(config.model, KernelAndNetworkConfig):
            assert isinstance(reader, BothReader)
            details = train_kernel_and_networks(
                config, config.model, data, reader, features, checkpoint, slopes, console
            )
        else:
            details = train_networks(
                config, config.model, data, reader, features, checkpoint, slopes, console
            )
    run = load_run(folder)
    for line in saved_outcome(run, config, data, features, seconds, details):
        message(console, line)
    if kept.is_dir():
        shutil.rmtree(kept)
    return load_run(folder)  # now with what the errors say of the spread


def _slopes(config: TrainingConfig, data: LabelledFrames) -> Slopes | None:
    """Slopes of the training set, if forces are learned."""
    forces = config.optimisation.forces
    if forces is None:
        return None
    frames = [data.frames[index] for index in data.split.indices("train")]
    return slopes_along(frames, forces.directions, config.seed)


def _described(
    config: TrainingConfig,
    data: LabelledFrames,
    reader: Reader,
    slopes: Slopes | None,
    place: Workplace,
) -> Any:
    """Features of all frames, and behind them of displaced copies."""
    train = data.split.indices("train")
    frames = data.frames + (slopes.copies if slopes else [])
    if isinstance(config.model, KernelAndNetworkConfig):
        assert isinstance(reader, BothReader)
        # The kernel has no use for copies.
        return reader.whole.fit(data.frames, train, place), reader.local.fit(frames, train, place)
    return reader.fit(frames, train, place)


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
    keys = [key for key in dict.fromkeys([*new, *old]) if key.rsplit(".")[-1] not in OF_THE_MACHINE]
    changed = [key for key in keys if old.get(key) != new.get(key)]
    if changed:
        raise ConfigError(
            f"{folder}: holds a run with other settings ({', '.join(changed)}); choose another "
            "out, or delete the folder to train anew"
        )


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        parts = dict(enumerate(value)) if key == "also" else value
        if isinstance(parts, dict):
            flat |= {f"{key}.{inner}": entry for inner, entry in _flat(parts).items()}
        else:
            flat[key] = value
    return flat


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
    config: TrainingConfig, data: LabelledFrames, statistics: dict[str, Any]
) -> Checkpoint:
    """Make what all checkpoints of a run have in common; the model is still missing."""
    energies = data.energies[data.split.indices("train")]
    return Checkpoint(
        model_settings={"kind": config.model.kind},
        model_state={},
        target_mean=float(energies.mean()),
        target_scale=float(energies.std()) or 1.0,
        ensemble=config.ensemble,
        **statistics,
    )


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
