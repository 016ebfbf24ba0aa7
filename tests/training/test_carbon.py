from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology.training import TrainingConfig, train

DATA = Path(__file__).parents[3] / "shared" / "data" / "carbon_snap_216.npz"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason=f"no {DATA}")
def test_unseen_runs_of_amorphous_carbon(tmp_path: Path):
    data = np.load(DATA)
    # Sorted by density; the test runs lie between training runs, as new data usually would.
    runs = sorted(set(data["run"]), key=lambda run: data["density"][data["run"] == run][0])[:10]
    for position, run in enumerate(runs):
        frames = []
        for index in np.flatnonzero(data["run"] == run)[::5]:
            cell = [float(data["box_length"][index])] * 3
            frame = Atoms("C216", positions=data["positions"][index], cell=cell, pbc=True)
            energy = 216 * float(data["energy_per_atom"][index])
            frame.calc = SinglePointCalculator(frame, energy=energy)
            frames.append(frame)
        kind = "test" if position in (3, 6) else "frames"
        write(tmp_path / f"{kind}{position}.extxyz", frames)
    config = TrainingConfig(
        out=str(tmp_path / "run"),
        data={
            "frames": [str(tmp_path / "frames*.extxyz")],
            "test": [str(tmp_path / "test*.extxyz")],
        },
        split={"validation": 0.15, "test": 0},
        optimisation={"epochs": 20},
    )
    metrics = train(config).metrics()
    assert metrics["test"]["n_frames"] == 100
    assert metrics["test"]["rmse_mev_per_atom"] < 80  # the spread of the energies is 500
