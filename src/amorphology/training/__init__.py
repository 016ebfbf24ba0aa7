"""Learning energies: configs, splits, the training loop, run folders and their errors."""

from amorphology.training.config import TrainingConfig, example_config, load_config
from amorphology.training.metrics import ErrorMetrics, error_metrics
from amorphology.training.pipeline import train
from amorphology.training.run import Run, evaluate, load_run, predict, write_predictions
from amorphology.training.splits import Split, split_frames

__all__ = [
    "ErrorMetrics",
    "Run",
    "Split",
    "TrainingConfig",
    "error_metrics",
    "evaluate",
    "example_config",
    "load_config",
    "load_run",
    "predict",
    "split_frames",
    "train",
    "write_predictions",
]
