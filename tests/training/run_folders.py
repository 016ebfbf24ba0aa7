"""What tests of trainings share: configs, and the tables in run folders."""

import csv
from pathlib import Path

from amorphology.training import TrainingConfig

BETTER = {
    "homology": [0, 1, 2],
    "bins": 24,
    "range": [[0.0, 3.0], [1.0, 4.0], [1.0, 4.0]],
    "normalisation": "per_atom",
    "blur": 0.1,
}


def config_for(settings: dict, out: Path, **changes) -> TrainingConfig:
    return TrainingConfig(**(settings | {"out": str(out)} | changes))


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))
