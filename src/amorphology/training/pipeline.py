"""From a config to a run folder."""

import csv
import importlib.metadata
import io
import json
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import ConfigError, RunError
from amorphology.homology import PersistenceDiagram, alpha_persistence_many
from amorphology.models import PersistenceCNN
from amorphology.structures import (
    frame_name,
    label_summary,
    mean_energy_per_atom,
    read_frames,
    run_labels,
    whole_file,
)
from amorphology.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from amorphology.training.config import TrainingConfig, load_config
from amorphology.training.loop import Dataset, Trainer
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.metrics import error_metrics
from amorphology.training.progress import message
from amorphology.training.run import BEST, LAST, METRICS, Run, load_run
from amorphology.training.splits import SUBSETS, Split, split_frames

__all__ = ["train"]

CONFIG = "config.yaml"
LOG = "log.csv"
PREDICTIONS = "predictions.csv"
SPLIT = "split.csv"
VERSIONS = "versions.json"


@dataclass(frozen=True)
class _Data:
    """Labelled frames, divided."""

    frames: list[Atoms]
    energies: NDArray[np.float64]
    runs: NDArray[np.str_]
    split: Split

    def table(self, *columns: tuple[str, NDArray[np.float64]]) -> str:
        """CSV with one line a frame; the energies in full precision."""
        names = ["index", "source", "run", "n_atoms", "subset", "energy_ev_per_atom"]
        rows = (
            [
                index,
                frame_name(frame, index),
                self.runs[index],
                len(frame),
                self.split.subset[index],
                repr(float(self.energies[index])),
                *(repr(float(values[index])) for _, values in columns),
            ]
            for index, frame in enumerate(self.frames)
        )
        return _csv([*names, *(name for name, _ in columns)], rows)


def train(config: TrainingConfig | str | Path, console: Console | None = None) -> Run:
    """
    Train a network, or go on with a training that was stopped, or load one that has ended.

    The run folder then holds ``config.yaml`` (every setting), ``versions.json``, ``split.csv``
    (subset of every frame), ``log.csv`` (one line an epoch), ``best.pt`` and ``last.pt``
    (checkpoints), ``predictions.csv`` and ``metrics.json`` (RMSE and MAE, meV/atom).

    Parameters
    ----------
    config
        Settings, or a YAML file with them.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    Run
        The network of the epoch with the lowest validation error.

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
    stopped = load_checkpoint(folder / LAST) if (folder / LAST).is_file() else None

    seconds: dict[str, float] = {}
    with _timed(seconds, "reading"):
        data = _read(config, console)
    message(console, _split_summary(data))
    with _timed(seconds, "diagrams"):
        diagrams = alpha_persistence_many(data.frames, dims=(config.descriptor.homology,))
    with _timed(seconds, "descriptors"):
        descriptor, histograms = _describe(diagrams, data.split, config)
    message(
        console,
        f"{len(data.frames)} frames read in {seconds['reading']:.1f} s, diagrams in "
        f"{seconds['diagrams']:.1f} s, histograms in {seconds['descriptors']:.1f} s",
    )

    trainer, checkpoint = _prepare(config, data, descriptor, stopped)
    _start_folder(folder, config, data)
    standardised = (data.energies - checkpoint.target_mean) / checkpoint.target_scale
    sets = {}
    for subset in ("train", "validation"):
        chosen = data.split.indices(subset)
        sets[subset] = Dataset(
            torch.from_numpy(histograms[chosen])[:, None],
            torch.from_numpy(standardised[chosen].astype(np.float32)),
        )

    def save(best: bool) -> None:
        state = trainer.model.state_dict()
        if best:
            save_checkpoint(folder / BEST, replace(checkpoint, model_state=state))
        save_checkpoint(
            folder / LAST, replace(checkpoint, model_state=state, training=trainer.state())
        )
        rows = [list(row.values()) for row in trainer.history]
        _write_text(folder / LOG, _csv(list(trainer.history[0]), rows))

    message(
        console,
        f"training on {trainer.device.type} in {str(trainer.precision).removeprefix('torch.')}"
        + (f", from epoch {len(trainer.history) + 1} on" if trainer.history else ""),
    )
    with keeping_freed_memory():
        trainer.fit(sets["train"], sets["validation"], save, console)

    run = load_run(folder)
    for line in _finish(run, config, data, histograms, trainer, seconds):
        message(console, line)
    return run


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
    changed = [key for key in new if old[key] != new[key] and key != "out"]
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


def _read(config: TrainingConfig, console: Console | None) -> _Data:
    """Read frames and labels, and divide them."""
    frames = read_frames(config.data.frames)
    tests = read_frames(config.data.test) if config.data.test else []
    message(console, label_summary(frames + tests))
    energies = mean_energy_per_atom(frames + tests)
    runs = run_labels(frames + tests)
    split = split_frames(
        runs[: len(frames)],
        by=config.split.by,
        validation=config.split.validation,
        test=config.split.test,
        seed=config.seed,
    )
    if tests:
        shared = np.intersect1d(runs[: len(frames)], runs[len(frames) :])
        if config.split.by == "run" and len(shared):
            raise ConfigError(
                f"data.test: run {shared[0]} is also in data.frames; take its files out of one, or "
                "set split.by to random"
            )
        subset = np.concatenate([split.subset, np.full(len(tests), "test")])
        split = Split(split.name, subset)
    return _Data(frames + tests, energies, runs, split)


def _split_summary(data: _Data) -> str:
    parts = [
        f"{subset} {len(chosen)} frames of {len(np.unique(data.runs[chosen]))} runs"
        for subset in SUBSETS
        if len(chosen := data.split.indices(subset))
    ]
    return f"split {data.split.name}: {', '.join(parts)}"


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note the wall time of a block."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def _describe(
    diagrams: list[dict[int, PersistenceDiagram]], split: Split, config: TrainingConfig
) -> tuple[PersistenceHistogram, NDArray[np.float32]]:
    """Fit the descriptor on the training frames and apply it to all."""
    descriptor = PersistenceHistogram(**config.descriptor.model_dump())
    descriptor.fit([diagrams[index] for index in split.indices("train")])
    return descriptor, descriptor.transform(diagrams)


def _start_folder(folder: Path, config: TrainingConfig, data: _Data) -> None:
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


def _prepare(
    config: TrainingConfig,
    data: _Data,
    descriptor: PersistenceHistogram,
    stopped: Checkpoint | None,
) -> tuple[Trainer, Checkpoint]:
    """Make the trainer, new or from a checkpoint, and the constant part of its checkpoints."""
    energies = data.energies[data.split.indices("train")]
    model_settings = {"bins": config.descriptor.bins, "hidden": config.model.hidden}
    with torch.random.fork_rng():  # the first weights come from the seed, and disturb nobody
        torch.manual_seed(config.seed)
        model = PersistenceCNN(**model_settings)
    descriptor_settings = descriptor.get_params()
    del descriptor_settings["n_jobs"]  # of this machine, not of the descriptor
    checkpoint = Checkpoint(
        model_settings=model_settings,
        model_state={},
        descriptor_settings=descriptor_settings,
        descriptor_location=descriptor.location_,
        descriptor_scale=descriptor.scale_,
        target_mean=float(energies.mean()),
        target_scale=float(energies.std()) or 1.0,
    )
    trainer = Trainer(model, config.optimisation, config.seed, checkpoint.target_scale)
    if stopped is not None:
        model.load_state_dict(stopped.model_state)
        trainer.restore(stopped.training)
    return trainer, checkpoint


def _finish(
    run: Run,
    config: TrainingConfig,
    data: _Data,
    histograms: NDArray[np.float32],
    trainer: Trainer,
    seconds: dict[str, float],
) -> list[str]:
    """Write predictions and metrics; return them as lines for people."""
    start = time.perf_counter()
    predictions = run.predict_histograms(histograms)
    errors = {}
    for subset in SUBSETS:
        chosen = data.split.indices(subset)
        if len(chosen):
            apart = subset == "test" and config.data.test
            name = f"{subset}, {'separate files' if apart else data.split.name}"
            errors[subset] = error_metrics(data.energies[chosen], predictions[chosen], name)
    _write_text(run.path / PREDICTIONS, data.table(("prediction_ev_per_atom", predictions)))
    metrics: dict[str, Any] = {name: error.as_dict() for name, error in errors.items()}
    if "test" in errors:
        # What a model without any descriptor reaches; a useful one must be far below.
        chosen = data.split.indices("test")
        mean = np.full(len(chosen), run.target_mean)
        name = f"{errors['test'].split}, training mean as prediction"
        metrics["mean_predictor"] = error_metrics(data.energies[chosen], mean, name).as_dict()
    metrics |= {
        "seed": config.seed,
        "parameters": sum(parameter.numel() for parameter in run.model.parameters()),
        "epochs": len(trainer.history),
        "best_epoch": trainer.best_epoch,
        "device": trainer.device.type,
        "precision": str(trainer.precision).removeprefix("torch."),
        "seconds": {
            **seconds,
            "training": sum(row["seconds"] for row in trainer.history),
            "predicting": time.perf_counter() - start,
        },
    }
    # Last of all: its presence says that the run has ended.
    _write_text(run.path / METRICS, json.dumps(metrics, indent=2) + "\n")
    return [str(error) for error in errors.values()]


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
