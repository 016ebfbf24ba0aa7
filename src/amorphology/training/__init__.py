"""Learning energies: configs, splits, the training loop, run folders and their errors."""

from amorphology.training.calibration import Calibration, calibration, recalibration_factor
from amorphology.training.config import TrainingConfig
from amorphology.training.config_file import example_config, load_config
from amorphology.training.metrics import ErrorMetrics, error_metrics
from amorphology.training.pipeline import train
from amorphology.training.predictions import evaluate, predict, write_predictions
from amorphology.training.run import Run, load_run
from amorphology.training.splits import Split, split_frames

__all__ = [
    "Calibration",
    "ErrorMetrics",
    "Run",
    "Split",
    "TrainingConfig",
    "calibration",
    "error_metrics",
    "evaluate",
    "example_config",
    "load_config",
    "load_run",
    "predict",
    "recalibration_factor",
    "split_frames",
    "train",
    "write_predictions",
]
