import importlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.io import write
from rich.console import Console
from tests.training.run_folders import BETTER, config_for, rows_of

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.training import load_config, load_run, train
from amorphology.training.checkpoint import load_checkpoint
from amorphology.training.data import read_labelled
from amorphology.training.pipeline import train_on
from amorphology.training.splits import Split


def test_forty_frames_beat_the_mean(trained_run: Path):
    metrics = load_run(trained_run).metrics()
    assert metrics["test"]["n_frames"] == 8
    assert metrics["test"]["split"] == "test, by run"
    assert (
        metrics["test"]["rmse_mev_per_atom"] < 0.5 * metrics["mean_predictor"]["rmse_mev_per_atom"]
    )


def test_the_folder_tells_all(trained_run: Path, copper_config: dict):
    explained = {"mean_histogram.npy"}  # left by tests that explain this run
    assert {path.name for path in trained_run.iterdir()} - explained == {
        "best.pt",
        "config.yaml",
        "last.pt",
        "log.csv",
        "metrics.json",
        "predictions.csv",
        "split.csv",
        "versions.json",
    }
    assert load_config(trained_run / "config.yaml") == config_for(copper_config, trained_run)
    assert {"amorphology", "torch", "python"} <= json.loads(
        (trained_run / "versions.json").read_text()
    ).keys()
    metrics = load_run(trained_run).metrics()
    log = rows_of(trained_run / "log.csv")
    assert len(log) == metrics["epochs"]
    lowest = min(range(len(log)), key=lambda i: float(log[i]["validation_rmse_mev_per_atom"]))
    assert metrics["best_epoch"] == lowest + 1
    assert {"epoch", "train_loss", "train_mae_mev_per_atom", "learning_rate", "seconds"} <= set(
        log[0]
    )


def test_predictions_are_those_of_the_run(trained_run: Path, copper_frames: list[Atoms]):
    table = rows_of(trained_run / "predictions.csv")
    assert len(table) == 40
    predictions = np.array([float(row["prediction_ev_per_atom"]) for row in table])
    energies = np.array([float(row["energy_ev_per_atom"]) for row in table])
    run = load_run(trained_run)
    np.testing.assert_allclose(run.predict(copper_frames), predictions, atol=1e-5)
    test = np.array([row["subset"] == "test" for row in table])
    rmse = 1000 * np.sqrt(np.mean((predictions - energies)[test] ** 2))
    assert run.metrics()["test"]["rmse_mev_per_atom"] == pytest.approx(rmse)
    assert table[9]["source"].endswith("run1.extxyz frame 1")
    assert table[9]["n_atoms"] == "32"


def test_no_run_is_in_two_subsets(trained_run: Path):
    table = rows_of(trained_run / "split.csv")
    subsets = {(row["run"], row["subset"]) for row in table}
    assert len(subsets) == len({run for run, _ in subsets}) == 5


def test_statistics_come_from_the_training_set(trained_run: Path):
    energies = [
        float(row["energy_ev_per_atom"])
        for row in rows_of(trained_run / "split.csv")
        if row["subset"] == "train"
    ]
    run = load_run(trained_run)
    assert run.target_mean == pytest.approx(np.mean(energies))
    assert run.target_scale == pytest.approx(np.std(energies))


def test_a_stopped_training_goes_on_where_it_was(
    copper_config: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = copper_config | {"optimisation": copper_config["optimisation"] | {"epochs": 6}}
    whole = train(config_for(settings, tmp_path / "whole"))

    module = importlib.import_module("amorphology.training.networks")
    saved = []

    def save_and_stop(path, checkpoint):
        original(path, checkpoint)
        if path.name == "last.pt":
            saved.append(path)
            if len(saved) == 3:
                raise KeyboardInterrupt

    original = module.save_checkpoint
    monkeypatch.setattr(module, "save_checkpoint", save_and_stop)
    config = config_for(settings, tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        train(config)
    with pytest.raises(RunError, match="to finish the run"):
        load_run(tmp_path / "stopped").metrics()
    monkeypatch.undo()
    torch.rand(7)  # the state of the global generator must not matter
    text = io.StringIO()
    continued = train(config, Console(file=text))
    assert "from epoch 4 on" in text.getvalue()

    for name in ("best.pt", "last.pt"):
        one = load_checkpoint(tmp_path / "whole" / name).model_state
        other = load_checkpoint(tmp_path / "stopped" / name).model_state
        assert all(torch.equal(one[key], other[key]) for key in one)
    logs = [rows_of(run.path / "log.csv") for run in (whole, continued)]
    for log in logs:
        for row in log:
            del row["seconds"]
    assert logs[0] == logs[1]
    assert len(logs[0]) == 6


def test_frames_that_are_divided_already(copper_config: dict, tmp_path: Path):
    ridge = {"model": {"kind": "ridge"}}
    read = train(config_for(copper_config, tmp_path / "read", **ridge))
    config = config_for(copper_config, tmp_path / "given", **ridge)
    data = read_labelled(config)
    given = train_on(config, data)
    for name in ("split.csv", "predictions.csv"):
        assert (given.path / name).read_text() == (read.path / name).read_text()
    # Frames of a subset of another name decide nothing, and are predicted.
    subset = data.split.subset.astype("<U13")
    subset[data.split.indices("test")] = "larger"
    config = config_for(copper_config, tmp_path / "other", **ridge)
    other = train_on(config, replace(data, split=Split("by run", subset)))
    assert "test" not in other.metrics()
    seen = [
        [row["prediction_ev_per_atom"] for row in rows_of(run.path / "predictions.csv")]
        for run in (given, other)
    ]
    assert seen[0] == seen[1]


def test_an_ended_training_is_only_loaded(trained_run: Path, copper_config: dict):
    before = (trained_run / "best.pt").stat().st_mtime_ns
    text = io.StringIO()
    run = train(config_for(copper_config, trained_run), Console(file=text))
    assert run.path == trained_run
    assert "has ended" in text.getvalue()
    assert (trained_run / "best.pt").stat().st_mtime_ns == before


def test_other_settings_in_the_same_folder(trained_run: Path, copper_config: dict):
    with pytest.raises(ConfigError, match=r"other settings \(seed, model.hidden\)"):
        train(config_for(copper_config, trained_run, seed=5, model={"hidden": 17}))


def test_a_folder_of_other_things_is_left_alone(copper_config: dict, tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ConfigError, match="holds other files"):
        train(config_for(copper_config, tmp_path))
    with pytest.raises(ConfigError, match="is a file"):
        train(config_for(copper_config, tmp_path / "thesis.tex"))


def test_other_frames_in_a_stopped_run(
    copper_config: dict, copper_frames: list[Atoms], tmp_path: Path
):
    file = tmp_path / "frames.extxyz"
    write(file, copper_frames)
    settings = copper_config | {"data": {"frames": [str(file)]}}
    settings["optimisation"] = settings["optimisation"] | {"epochs": 1}
    config = config_for(settings, tmp_path / "run")
    train(config)
    (tmp_path / "run" / "metrics.json").unlink()  # as if stopped before the end
    write(file, copper_frames[::-1])
    with pytest.raises(RunError, match="other frames"):
        train(config)


def test_separate_test_files(copper_config: dict, copper_files: Path, tmp_path: Path):
    settings = copper_config | {
        "data": {
            "frames": [str(copper_files / "run[0-3].extxyz")],
            "test": [str(copper_files / "run4.extxyz")],
        },
        "split": {"validation": 0.25, "test": 0},
        "optimisation": copper_config["optimisation"] | {"epochs": 1},
    }
    run = train(config_for(settings, tmp_path / "run"))
    table = rows_of(tmp_path / "run" / "split.csv")
    assert {row["run"] for row in table if row["subset"] == "test"} == {"run4"}
    assert run.metrics()["test"]["split"] == "test, separate files"

    settings["data"] = {
        "frames": [str(copper_files / "*.extxyz")],
        "test": [str(copper_files / "run4.extxyz")],
    }
    with pytest.raises(ConfigError, match="run run4 is also in"):
        train(config_for(settings, tmp_path / "mixed"))


def test_a_random_split_without_test_set(copper_config: dict, tmp_path: Path):
    settings = copper_config | {
        "split": {"by": "random", "validation": 0.2, "test": 0},
        "optimisation": copper_config["optimisation"] | {"epochs": 1},
    }
    metrics = train(config_for(settings, tmp_path / "run")).metrics()
    assert "test" not in metrics
    assert metrics["train"]["split"] == "train, random"


@pytest.mark.parametrize("kind", ["ridge", "kernel_ridge"])
def test_ridge_models(copper_config: dict, copper_frames: list[Atoms], tmp_path: Path, kind: str):
    settings = copper_config | {"descriptor": BETTER, "model": {"kind": kind}}
    run = train(config_for(settings, tmp_path / "run"))
    metrics = run.metrics()
    assert metrics["model"] == kind
    assert metrics["chosen"]["penalty"] > 0
    assert (
        metrics["test"]["rmse_mev_per_atom"] < 0.4 * metrics["mean_predictor"]["rmse_mev_per_atom"]
    )
    assert {path.name for path in run.path.iterdir()} == {
        "best.pt",
        "config.yaml",
        "metrics.json",
        "predictions.csv",
        "split.csv",
        "versions.json",
    }
    saved = [float(row["prediction_ev_per_atom"]) for row in rows_of(run.path / "predictions.csv")]
    np.testing.assert_allclose(load_run(run.path).predict(copper_frames), saved, atol=1e-6)
    assert train(config_for(settings, tmp_path / "run")).path == run.path
    with pytest.raises(ConfigError, match=r"other settings \(model\.kind, model\."):
        train(config_for(copper_config | {"descriptor": BETTER}, tmp_path / "run"))


def test_less_to_learn_from(copper_config: dict, copper_frames: list[Atoms], tmp_path: Path):
    energies = np.array([frame.get_potential_energy() / 32 for frame in copper_frames])
    low, high = np.quantile(energies, [0.3, 0.7])
    data = copper_config["data"]
    settings = copper_config | {
        "model": {"kind": "ridge"},
        "data": data | {"exclude_energies": [low, high], "n_train": 12},
    }
    text = io.StringIO()
    run = train(config_for(settings, tmp_path / "run"), Console(file=text, width=200))
    rows = rows_of(tmp_path / "run" / "split.csv")
    whole = {row["index"]: row for row in rows_of(_split_alone(copper_config, tmp_path))}
    assert sum(row["subset"] == "train" for row in rows) == 12
    for row in rows:
        before = whole[row["index"]]["subset"]
        inside = low <= float(row["energy_ev_per_atom"]) <= high
        allowed = {"train", "unused"} if before == "train" else {before}
        if inside:
            allowed = {"excluded_test" if before == "test" else "excluded"}
        assert row["subset"] in allowed
    metrics = run.metrics()
    n_excluded = sum(metrics[name]["n_frames"] for name in ("excluded", "excluded_test"))
    assert n_excluded == ((energies >= low) & (energies <= high)).sum()
    assert "unused" not in metrics
    assert "train 12 frames" in text.getvalue()
    assert "excluded, by run: RMSE" in text.getvalue()
    train_energies = [float(r["energy_ev_per_atom"]) for r in rows if r["subset"] == "train"]
    assert run.target_mean == pytest.approx(np.mean(train_energies))


def _split_alone(copper_config: dict, tmp_path: Path) -> Path:
    train(config_for(copper_config | {"model": {"kind": "ridge"}}, tmp_path / "whole"))
    return tmp_path / "whole" / "split.csv"


def test_the_seed_decides_the_first_weights(copper_config: dict, tmp_path: Path):
    settings = copper_config | {
        "optimisation": copper_config["optimisation"] | {"epochs": 1, "learning_rate": 1e-12}
    }
    weights = []
    for index, seed in enumerate((0, 0, 1)):
        run = train(config_for(settings, tmp_path / str(index), seed=seed))
        weights.append(run.model.features[0].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_nothing_is_written_without_the_device_asked_for(copper_config: dict, tmp_path: Path):
    settings = copper_config | {"optimisation": {"device": "cuda"}}
    with pytest.raises(ConfigError, match="no CUDA device"):
        train(config_for(settings, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_nothing_is_written_for_bad_frames(
    copper_config: dict, copper_frames: list[Atoms], tmp_path: Path
):
    frames = [frame.copy() for frame in copper_frames]  # copies carry no energies
    write(tmp_path / "frames.extxyz", frames)
    settings = copper_config | {"data": {"frames": [str(tmp_path / "frames.extxyz")]}}
    with pytest.raises(StructureError, match="no energy"):
        train(config_for(settings, tmp_path / "run"))
    assert not (tmp_path / "run").exists()
