import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.calculators.emt import EMT
from ase.io import write
from torch import nn

from amorphology.errors import StructureError
from amorphology.training import Run, TrainingConfig, train
from amorphology.training.data import read_labelled
from amorphology.training.slopes import STEP, LearnedSlopes, Slopes, slopes_along

ACSF = {"kind": "acsf", "r_cut": 4.0, "g4": []}
NETWORK = {"epochs": 40, "patience": 40, "batch_size": 4, "learning_rate": 4e-3, "device": "cpu"}


def test_slopes_are_those_of_energies(copper_frames: list[Atoms]):
    frames = copper_frames[5:8]
    found = slopes_along(frames, 2, seed=3)
    assert found.values.shape == (3, 2)
    assert len(found.copies) == 12
    energies = []
    for copy in found.copies:
        copy.calc = EMT()
        energies.append(copy.get_potential_energy() / len(copy))
        copy.calc = None
    ahead, behind = np.array(energies).reshape(3, 2, 2).transpose(2, 0, 1)
    np.testing.assert_allclose(found.values, (ahead - behind) / (2 * STEP), rtol=2e-3, atol=2e-3)
    middles = np.mean([copy.positions for copy in found.copies[:2]], axis=0)
    np.testing.assert_allclose(middles, frames[0].positions, atol=1e-12)
    assert (found.copies[0].pbc == frames[0].pbc).all()
    np.testing.assert_array_equal(slopes_along(frames, 2, seed=3).values, found.values)
    assert (slopes_along(frames, 2, seed=4).values != found.values).all()


class LinearEnergy(nn.Module):
    """Mean energy per atom of positions under a constant force on each coordinate."""

    def __init__(self, forces: torch.Tensor) -> None:
        super().__init__()
        self.forces = forces

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -(x * self.forces).sum(dim=1) / (len(self.forces) / 3)


def test_the_loss_is_the_mean_square_error_of_forces(copper_frames: list[Atoms]):
    frames = copper_frames[6:8]
    found = slopes_along(frames, 500, seed=0)
    positions = torch.tensor(np.array([copy.positions.ravel() for copy in found.copies]))
    guess = torch.from_numpy(np.random.default_rng(1).normal(size=(96,)))
    learned = LearnedSlopes(positions, torch.from_numpy(found.values), torch.full((2,), 32.0), 0.5)
    order = torch.Generator().manual_seed(0)
    batch = torch.tensor([0, 1])
    model, cpu = LinearEnergy(guess), torch.device("cpu")
    losses = [float(learned.loss(model, batch, cpu, order)) for _ in range(1500)]
    forces = np.array([frame.get_forces().ravel() for frame in frames])
    expected = 0.5 * np.mean((forces - guess.numpy()) ** 2)
    assert np.mean(losses) == pytest.approx(expected, rel=0.1)
    # A network that is right about forces has nothing to learn.
    right = LinearEnergy(torch.from_numpy(forces[1]))
    assert float(learned.loss(right, torch.tensor([1]), cpu, order)) < 1e-12


def test_forces_of_unseen_frames_come_out_better(
    copper_config: dict, copper_frames: list[Atoms], tmp_path: Path
):
    # Forces of the others are those of pairs that nearly touch.
    frames = [frame for index, frame in enumerate(copper_frames) if index % 8 < 4]
    held_out = frames[-4:]
    write(tmp_path / "train.extxyz", frames[:-4])
    unseen = slopes_along(held_out, 4, seed=99)

    def errors_of_forces(run: Run, slopes: Slopes) -> float:
        predicted = run.predict(slopes.copies).reshape(*slopes.values.shape, 2)
        found = (predicted[..., 0] - predicted[..., 1]) / (2 * STEP)
        return float(np.sqrt(np.mean((found - slopes.values) ** 2) * len(frames[0]) / 3))

    errors = {}
    for name, forces in (("without", None), ("with", {"directions": 6, "weight": 0.05})):
        settings = copper_config | {
            "data": {"frames": [str(tmp_path / "train.extxyz")]},
            "descriptor": ACSF,
            "model": {"kind": "hdnnp", "hidden": [12, 12]},
            "optimisation": NETWORK | {"forces": forces},
        }
        config = TrainingConfig(**settings, out=str(tmp_path / name))
        run = train(config)
        assert len(run.predict(frames)) == 20
        errors[name] = errors_of_forces(run, unseen)
    assert errors["with"] < 0.7 * errors["without"]
    with (run.path / "log.csv").open(newline="") as file:
        log = [float(row["train_forces_rmse_ev_per_angstrom"]) for row in csv.DictReader(file)]
    assert log[-1] < 0.5 * log[0]
    data = read_labelled(config)
    learned = slopes_along([data.frames[i] for i in data.split.indices("train")], 6, config.seed)
    # What is logged is met on the way, of one direction a frame.
    assert errors_of_forces(run, learned) == pytest.approx(np.mean(log[-10:]), rel=0.3)


@pytest.mark.parametrize("model", ["joint", "kernel_and_network"])
def test_models_of_two_descriptors_learn_forces(copper_config: dict, tmp_path: Path, model: str):
    settings = copper_config | {
        "local": ACSF,
        "model": {"kind": model, "hidden": [8]},
        "optimisation": NETWORK | {"epochs": 2, "forces": {"directions": 2}},
    }
    run = train(TrainingConfig(**settings, out=str(tmp_path / "run")))
    folder = run.path / "network" if model == "kernel_and_network" else run.path
    assert "train_forces_rmse_ev_per_angstrom" in (folder / "log.csv").read_text()
    assert run.metrics()["precision"] == "float32"


def test_frames_without_forces(copper_frames: list[Atoms]):
    with pytest.raises(StructureError, match=r"frame 1.*leave out optimisation\.forces"):
        slopes_along([copper_frames[0], Atoms("Cu")], 1, seed=0)
    bad = copper_frames[0].copy()
    bad.calc = EMT()
    bad.get_forces()
    bad.calc.results["forces"][3, 1] = np.nan
    with pytest.raises(StructureError, match="forces that are not finite"):
        slopes_along([bad], 1, seed=0)
