import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

# Before anything imports PyTorch. The networks of tests are small, and threads that spin while they
# wait for each other take minutes where another process has one of the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Disordered copper, 32 atoms, periodic: 5 runs of 8 frames, from a warm crystal to a glass. The
# energy follows the disorder, which is what a persistence diagram sees.
RUNS = 5
FRAMES_A_RUN = 8


def disordered_copper(amplitude: float, seed: int) -> Atoms:
    frame = bulk("Cu", cubic=True) * (2, 2, 2)
    frame.rattle(amplitude, seed=seed)
    frame.calc = EMT()
    energy, forces = frame.get_potential_energy(), frame.get_forces()
    frame.calc = SinglePointCalculator(frame, energy=energy, forces=forces)
    return frame


@pytest.fixture(scope="session")
def copper_frames() -> list[Atoms]:
    frames = []
    for run in range(RUNS):
        for step, amplitude in enumerate(np.linspace(0.05, 0.4, FRAMES_A_RUN)):
            frame = disordered_copper(amplitude, seed=FRAMES_A_RUN * run + step)
            frame.info["run"] = f"run{run}"
            frames.append(frame)
    return frames


@pytest.fixture(scope="session")
def copper_files(copper_frames: list[Atoms], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with one extended-XYZ file a run."""
    folder = tmp_path_factory.mktemp("copper")
    for run in range(RUNS):
        write(
            folder / f"run{run}.extxyz",
            copper_frames[FRAMES_A_RUN * run : FRAMES_A_RUN * (run + 1)],
        )
    return folder


@pytest.fixture(scope="session")
def copper_config(copper_files: Path) -> dict:
    """Settings of a training that takes seconds; `out` is to be added."""
    return {
        "data": {"frames": [str(copper_files / "*.extxyz")]},
        "split": {"by": "run", "validation": 0.2, "test": 0.2},
        "descriptor": {"bins": 24, "range": [1.0, 4.0]},
        "model": {"hidden": 16},
        "optimisation": {
            "epochs": 30,
            "batch_size": 4,
            "learning_rate": 2e-3,
            "device": "cpu",
            "precision": "float32",
        },
    }


@pytest.fixture(scope="session")
def trained_run(copper_config: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from amorphology.training import TrainingConfig, train

    out = tmp_path_factory.mktemp("trained") / "run"
    train(TrainingConfig(out=str(out), **copper_config))
    return out
