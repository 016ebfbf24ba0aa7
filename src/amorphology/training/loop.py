"""The training loop of a network on arrays."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor, nn

from amorphology.errors import ConfigError, RunError
from amorphology.training.config import OptimisationConfig
from amorphology.training.inputs import Inputs, to_device
from amorphology.training.metrics import MEV
from amorphology.training.progress import progress_bar
from amorphology.training.slopes import LearnedSlopes

__all__ = [
    "Dataset",
    "Trainer",
    "choose_device",
    "choose_precision",
    "predict_standardised",
]

# Frames a forward pass of predictions: the first layer takes 4 MB a frame in float32.
PREDICTION_BATCH = 32


@dataclass(frozen=True)
class Dataset:
    """
    Inputs and targets of a network.

    Attributes
    ----------
    inputs
        What the network reads, a batch at a time: a tensor, or what is drawn or read when asked
        for.
    targets
        Standardised energies, float32 (n_frames,).
    slopes
        What forces say of these frames; None where energies alone are learned.
    """

    inputs: Inputs
    targets: Tensor
    slopes: LearnedSlopes | None = None

    def __len__(self) -> int:
        return len(self.targets)


def choose_device(device: str) -> torch.device:
    """
    Device to compute on.

    Parameters
    ----------
    device
        ``"auto"`` (CUDA where there is one), ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    ConfigError
        If CUDA is asked for and there is none.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "optimisation.device is cuda, but torch sees no CUDA device; set it to auto or cpu"
        )
    return torch.device(device)


def choose_precision(precision: str, device: torch.device) -> torch.dtype:
    """
    Type the convolutions compute in while training.

    Parameters
    ----------
    precision
        ``"auto"``, ``"float32"`` or ``"bfloat16"``.
    device
        Where they are computed.

    Returns
    -------
    torch.dtype
        ``torch.bfloat16`` or ``torch.float32``. ``"auto"`` takes bfloat16 only where the processor
        multiplies in it; emulated, it is slower than float32.
    """
    if precision == "auto":
        if device.type == "cuda":
            native = torch.cuda.get_device_capability(device) >= (8, 0)
        else:
            # Older versions of torch cannot tell: float32 is the safe answer.
            capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
            native = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
        precision = "bfloat16" if native else "float32"
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@torch.inference_mode()
def predict_standardised(
    model: nn.Module,
    inputs: Inputs,
    device: torch.device,
    precision: torch.dtype = torch.float32,
) -> Tensor:
    """
    Evaluate a network in batches.

    Parameters
    ----------
    model
        Network on `device`.
    inputs
        What it reads.
    device
        Where to compute.
    precision
        ``torch.float32``, or ``torch.bfloat16`` for the convolutions.

    Returns
    -------
    torch.Tensor
        float32 (n_frames,), on the CPU.
    """
    if len(inputs) == 0:
        return torch.empty(0)
    model.eval()
    predictions = []
    for batch in torch.split(torch.arange(len(inputs)), PREDICTION_BATCH):
        frames = to_device(inputs[batch], device)
        with _autocast(device, precision):
            predictions.append(model(frames).cpu())
    return torch.cat(predictions)


def _autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16)


@dataclass
class Trainer:
    """
    Fits a network epoch by epoch, and can be stopped and continued after any of them.

    Attributes
    ----------
    model
        Network to fit.
    settings
        How.
    seed
        Decides the order of the frames.
    energy_scale
        eV/atom of one standardised unit, for errors in physical units.
    history
        One row of numbers for each finished epoch.
    best_epoch, best_rmse
        Epoch with the lowest validation RMSE so far, and this RMSE in meV/atom.
    """

    model: nn.Module
    settings: OptimisationConfig
    seed: int
    energy_scale: float
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_rmse: float = float("inf")

    def __post_init__(self) -> None:
        self.device = choose_device(self.settings.device)
        self.precision = torch.float32
        convolves = any(isinstance(layer, nn.Conv2d) for layer in self.model.modules())
        # Slopes are small differences, of which bfloat16 leaves nothing.
        if convolves and self.settings.forces is None:
            self.precision = choose_precision(self.settings.precision, self.device)
        # Channels last lets oneDNN and cuDNN skip reordering: 2 to 3 times faster on a CPU.
        self.model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
        )
        self.order = torch.Generator().manual_seed(self.seed)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the validation error has stopped falling."""
        epoch = len(self.history)
        waited = epoch - self.best_epoch
        return epoch >= self.settings.epochs or waited >= self.settings.patience

    def state(self) -> dict[str, Any]:
        """
        Everything but the weights that the next epoch depends on.

        Returns
        -------
        dict
            Plain values and tensors, for a checkpoint.
        """
        return {
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.get_state(),
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_rmse": self.best_rmse,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """
        Continue from a state; the network must carry the weights that belong to it.

        Parameters
        ----------
        state
            What `state` returned.
        """
        self.optimiser.load_state_dict(state["optimiser"])
        self.order.set_state(state["order"])
        self.history = state["history"]
        self.best_epoch = state["best_epoch"]
        self.best_rmse = state["best_rmse"]

    def fit(
        self,
        train: Dataset,
        validation: Dataset,
        after_epoch: Callable[[bool], None],
        console: Console | None = None,
    ) -> None:
        """
        Train until `finished`.

        Parameters
        ----------
        train
            Frames to fit.
        validation
            Frames that decide which epoch is best.
        after_epoch
            Called after each epoch, with whether it is the best so far; the place to save.
        console
            Where to show progress.

        Raises
        ------
        RunError
            If the training diverges.
        """
        epochs = self.settings.epochs
        with progress_bar(console, "epoch", epochs, done=len(self.history)) as advance:
            while not self.finished:
                start = time.perf_counter()
                row = {"epoch": float(len(self.history) + 1)}
                row |= self._epoch(train, len(self.history))
                if not np.isfinite(row["train_loss"]):
                    raise RunError(
                        f"the loss of epoch {len(self.history) + 1} is not finite; lower "
                        "optimisation.learning_rate and train into another folder"
                    )
                predicted = predict_standardised(
                    self.model, validation.inputs, self.device, self.precision
                )
                row |= self._errors("validation", predicted - validation.targets)
                row["seconds"] = time.perf_counter() - start
                self.history.append(row)
                best = row["validation_rmse_mev_per_atom"] < self.best_rmse
                if best:
                    self.best_epoch = len(self.history)
                    self.best_rmse = row["validation_rmse_mev_per_atom"]
                after_epoch(best)
                advance(
                    f"train {row['train_rmse_mev_per_atom']:.1f}, validation "
                    f"{row['validation_rmse_mev_per_atom']:.1f} (best {self.best_rmse:.1f}) "
                    f"meV/atom, {row['seconds']:.1f} s"
                )

    def _epoch(self, train: Dataset, epoch: int) -> dict[str, float]:
        """One pass over the training set; the errors are those met on the way, before each step."""
        self.model.train()
        permutation = torch.randperm(len(train), generator=self.order)
        batches = torch.split(permutation, self.settings.batch_size)
        errors = []
        slope_losses = []
        for step, batch in enumerate(batches):
            # The rate is a function of the step alone, so that there is no scheduler to store.
            progress = (epoch + step / len(batches)) / self.settings.epochs
            rate = self.settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            inputs = to_device(train.inputs[batch], self.device)
            targets = train.targets[batch].to(self.device)
            with _autocast(self.device, self.precision):
                error = self.model(inputs) - targets
            loss = error.square().mean()
            if train.slopes is not None:
                of_forces = train.slopes.loss(self.model, batch, self.device, self.order)
                loss = loss + of_forces
                slope_losses.append(float(of_forces.detach()) * len(batch))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            errors.append(error.detach())
        all_errors = torch.cat(errors).cpu()
        row = {
            "train_loss": float(all_errors.square().mean()),
            "learning_rate": rate,
            **self._errors("train", all_errors),
        }
        if train.slopes is not None:
            mean_square = sum(slope_losses) / len(train) / train.slopes.weight
            row["train_loss"] += sum(slope_losses) / len(train)
            row["train_forces_rmse_ev_per_angstrom"] = mean_square**0.5 * self.energy_scale
        return row

    def _errors(self, subset: str, errors: Tensor) -> dict[str, float]:
        physical: NDArray[np.float64] = errors.double().numpy() * self.energy_scale * MEV
        return {
            f"{subset}_rmse_mev_per_atom": float(np.sqrt(np.mean(physical**2))),
            f"{subset}_mae_mev_per_atom": float(np.mean(np.abs(physical))),
        }
