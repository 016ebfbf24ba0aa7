"""Networks of a run, trained one after the other, each from where it was stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import nn

from amorphology.models import HDNNP, JointNetwork, build_model
from amorphology.structures import whole_file
from amorphology.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from amorphology.training.config import TrainingConfig
from amorphology.training.data import LabelledFrames, csv_text
from amorphology.training.loop import Dataset, Trainer
from amorphology.training.memory import keeping_freed_memory
from amorphology.training.model_config import NetworkConfig
from amorphology.training.progress import message
from amorphology.training.readers import Reader
from amorphology.training.run import BEST, LAST, member_folder
from amorphology.training.slopes import LearnedSlopes, Slopes

__all__ = ["stopped_at", "train_networks"]

LOG = "log.csv"


def stopped_at(folder: Path, config: TrainingConfig, member: int) -> Checkpoint | None:
    """
    Find where a stopped training of a member got to.

    Parameters
    ----------
    folder
        Of the run.
    config
        Its settings.
    member
        Counted from 0.

    Returns
    -------
    Checkpoint or None
        None if it has not begun.

    Raises
    ------
    RunError
        If it was written by a version with another checkpoint format.
    """
    path = member_folder(folder, member, config.ensemble) / LAST
    return load_checkpoint(path) if path.is_file() else None


def train_networks(
    config: TrainingConfig,
    model: NetworkConfig,
    data: LabelledFrames,
    reader: Reader,
    features: Any,
    checkpoint: Checkpoint,
    slopes: Slopes | None,
    console: Console | None,
) -> dict[str, Any]:
    """
    Train all members of an ensemble, or the one network.

    Parameters
    ----------
    config, model
        Settings of the run, and those of its model.
    data, reader, features
        All frames, what was fitted to them, and what it made of them, and of the copies of `slopes`
        behind them.
    checkpoint
        What is known of a checkpoint before training.
    slopes
        Of the training set, if forces are learned.
    console
        Where to show progress.

    Returns
    -------
    dict
        Numbers on the training, for ``metrics.json``.

    Raises
    ------
    RunError
        If a training diverges.
    """
    settings = model.model_dump() | reader.sizes()
    checkpoint = replace(checkpoint, model_settings=settings)
    details: list[dict[str, Any]] = []
    trainer: Trainer | None = None
    for member in range(config.ensemble):
        if config.ensemble > 1:
            message(console, f"member {member + 1} of {config.ensemble}")
        trainer = _train_network(
            config, data, reader, features, checkpoint, slopes, member, console
        )
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
    reader: Reader,
    features: Any,
    checkpoint: Checkpoint,
    slopes: Slopes | None,
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
    with torch.random.fork_rng():  # the first weights come from the seed, and disturb nobody
        torch.manual_seed(seed)
        model = build_model(checkpoint.model_settings)
    standardised = (data.energies - checkpoint.target_mean) / checkpoint.target_scale
    _start_at_composition(model, reader, data, standardised)
    trainer = Trainer(model, config.optimisation, seed, checkpoint.target_scale)
    stopped = stopped_at(Path(config.out), config, member)
    if stopped is not None:
        model.load_state_dict(stopped.model_state)
        trainer.restore(stopped.training)
    inputs = reader.inputs(features, trainer.device)
    sets = {}
    for subset in ("train", "validation"):
        chosen = data.split.indices(subset)
        targets = torch.from_numpy(standardised[chosen].astype(np.float32))
        sets[subset] = Dataset(inputs.subset(chosen), targets)
    if slopes is not None:
        assert config.optimisation.forces is not None
        copies = np.arange(len(data.frames), len(data.frames) + len(slopes.copies))
        values = (slopes.values / checkpoint.target_scale).astype(np.float32)
        sizes = [len(data.frames[index]) for index in data.split.indices("train")]
        learned = LearnedSlopes(
            inputs.subset(copies),
            torch.from_numpy(values),
            torch.tensor(sizes, dtype=torch.float32),
            config.optimisation.forces.weight,
        )
        sets["train"] = replace(sets["train"], slopes=learned)

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


def _start_at_composition(
    model: nn.Module, reader: Reader, data: LabelledFrames, energies: NDArray[np.float64]
) -> None:
    """Let atoms of each species begin with an energy of their own, where there are several."""
    atoms = model.atoms if isinstance(model, JointNetwork) else model
    if not isinstance(atoms, HDNNP) or len(reader.species) < 2:
        return
    train = data.split.indices("train")
    parts = [
        [np.mean(data.frames[index].symbols == symbol) for symbol in reader.species]
        for index in train
    ]
    # The shortest solution where compositions do not tell the species apart.
    solution, *_ = np.linalg.lstsq(np.array(parts), energies[train], rcond=1e-6)
    atoms.start_at(solution.tolist())


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
