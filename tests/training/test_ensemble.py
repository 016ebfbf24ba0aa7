import importlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms
from rich.console import Console
from tests.training.run_folders import BETTER, config_for, rows_of

from amorphology.errors import RunError
from amorphology.training import load_run, train


@pytest.fixture(scope="module")
def ensemble(copper_config: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three members, stopped in the middle of the second and continued."""
    settings = copper_config | {
        "descriptor": BETTER,
        "ensemble": 3,
        "optimisation": copper_config["optimisation"] | {"epochs": 6},
    }
    config = config_for(settings, tmp_path_factory.mktemp("ensemble") / "run")
    module = importlib.import_module("amorphology.training.networks")
    original = module.save_checkpoint

    def save_and_stop(path, checkpoint):
        original(path, checkpoint)
        in_member_2 = path.parent.name == "member_2" and path.name == "last.pt"
        if in_member_2 and len(checkpoint.training["history"]) == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "save_checkpoint", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train(config)
    with pytest.raises(RunError, match=r"member_3/best\.pt: no such checkpoint"):
        load_run(config.out)
    text = io.StringIO()
    train(config, Console(file=text))
    assert text.getvalue().count("from epoch") == 2  # the ended first member, the stopped second
    return Path(config.out)


def test_an_ensemble_predicts_the_mean_of_its_members(ensemble: Path, copper_frames: list[Atoms]):
    run = load_run(ensemble)
    assert len(run.models) == 3
    members = run.predict_members(copper_frames)
    assert members.shape == (3, 40)
    singles = [replace(run, models=(model,)).predict(copper_frames[:4]) for model in run.models]
    np.testing.assert_allclose(members[:, :4], singles, atol=1e-6)
    assert np.abs(singles[0] - singles[1]).min() > 1e-5
    energies, spread = run.predict_with_spread(copper_frames)
    np.testing.assert_allclose(energies, members.mean(axis=0))
    np.testing.assert_allclose(spread, np.sqrt(members.var(axis=0) * 3 / 2))
    histograms = run.descriptor.transform(copper_frames)
    np.testing.assert_allclose(run.predict_histograms(histograms), energies, atol=1e-5)

    table = rows_of(ensemble / "predictions.csv")
    for name, expected in (("prediction", energies), ("spread", spread)):
        saved = np.array([float(row[f"{name}_ev_per_atom"]) for row in table])
        np.testing.assert_allclose(saved, expected, atol=1e-6)


def test_numbers_of_an_ensemble(ensemble: Path):
    metrics = load_run(ensemble).metrics()
    assert len({member["seed"] for member in metrics["members"]}) == 3
    assert [member["epochs"] for member in metrics["members"]] == [6, 6, 6]
    rows = [row for row in rows_of(ensemble / "predictions.csv") if row["subset"] == "validation"]
    energies, predictions, spread = (
        np.array([float(row[f"{name}_ev_per_atom"]) for row in rows])
        for name in ("energy", "prediction", "spread")
    )
    factor = np.sqrt(np.mean(((energies - predictions) / spread) ** 2))
    assert metrics["calibration"]["factor"] == pytest.approx(factor)
    assert load_run(ensemble).recalibration == metrics["calibration"]["factor"]
    found = metrics["calibration"]["validation"]["recalibrated"]
    within = np.mean(np.abs(energies - predictions) <= factor * spread)
    assert found["within_one_sigma"] == pytest.approx(within)
    assert sum(row["n_frames"] for row in found["bins"]) == 8
    assert {"spread", "recalibrated"} == set(metrics["calibration"]["test"])
    # A mean is at most as wrong as its members on average (the square is convex).
    for subset in ("train", "validation", "test"):
        members = [member["rmse_mev_per_atom"][subset] for member in metrics["members"]]
        assert metrics[subset]["rmse_mev_per_atom"] <= np.sqrt(np.mean(np.square(members)))


def test_the_first_member_is_the_network_without_ensemble(
    ensemble: Path, copper_config: dict, tmp_path: Path
):
    settings = copper_config | {
        "descriptor": BETTER,
        "optimisation": copper_config["optimisation"] | {"epochs": 6},
    }
    alone = train(config_for(settings, tmp_path / "run")).model.state_dict()
    first = load_run(ensemble).models[0].state_dict()
    assert all(torch.equal(first[key], alone[key]) for key in first)
