import csv
import io
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from amorphology import cli
from amorphology.errors import ConfigError, RunError
from amorphology.folder_lock import folder_lock
from amorphology.studies.comparison import comparison_plan, reproduce_comparison
from amorphology.studies.comparison import study as module
from amorphology.studies.comparison.datasets import CARBON, read_simulations
from amorphology.studies.comparison.pieces import ComparisonFolder
from amorphology.studies.comparison.trainings import SCALES, comparison

from .conftest import KEPT, read_numbers

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def options(simulations, dft_frames) -> dict:
    return {"carbon": simulations, "dft_frames": dft_frames, "skip": ["graphene"]}


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "comparison"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """Folder of a finished comparison, made by the first test that asks for it."""
    return {"out": tmp_path_factory.mktemp("made") / "comparison"}


@pytest.fixture
def finished(made, options) -> Path:
    if not made["out"].exists():
        reproduce_comparison(made["out"], **options)
    return made["out"]


def said(out, **options) -> str:
    text = io.StringIO()
    reproduce_comparison(out, console=Console(file=text, width=500), **options)
    return text.getvalue()


def predictions(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "predictions.csv").read_text())))


def test_everything_is_written(finished):
    for name in ("report.html", "report.json", "comparison.md", "figures/comparison.png"):
        assert (finished / name).stat().st_size > 500
    numbers = read_numbers(finished)
    assert numbers["missing"] == []
    assert numbers["left_out"] == {"graphene": "it was not asked for"}
    assert numbers["n_finished"] == len(list((finished / "models").iterdir()))
    assert {"commit", "dscribe", "torch"} - set(numbers["versions"]) <= {"commit"}
    assert numbers["machine"]["cores"] >= 1
    assert not list((finished / "features").iterdir())  # nobody needs them any more


def test_errors_are_those_of_the_saved_predictions(finished):
    numbers = read_numbers(finished)
    for key, larger in (("carbon", True), ("dft", False)):
        for row in numbers["tables"][key]["rows"]:
            for split, found in row["splits"].items():
                tables = [predictions(finished / "models" / name) for name in found["trainings"]]
                for subset in ("test", "larger"):
                    chosen = [one for table in tables for one in table if one["subset"] == subset]
                    if not chosen:
                        assert found[subset] is None
                        assert subset == "larger"
                        assert row["one_size"] or not larger
                        continue
                    error = 1000 * np.array(
                        [
                            float(one["prediction_ev_per_atom"]) - float(one["energy_ev_per_atom"])
                            for one in chosen
                        ]
                    )
                    assert found[subset]["n_frames"] == len(error)
                    assert found[subset]["rmse_mev_per_atom"] == pytest.approx(
                        np.sqrt(np.mean(error**2))
                    )
                    assert found[subset]["mae_mev_per_atom"] == pytest.approx(np.abs(error).mean())
                assert found["n_train"] == found["n_offered"] > 0
                assert split in ("run", "group", "random")
            assert row["cpu_seconds_a_frame"] > 0
            assert row["fitted_numbers"] > 1


def test_every_frame_of_the_second_table_is_predicted_once(finished):
    for row in read_numbers(finished)["tables"]["dft"]["rows"]:
        for found in row["splits"].values():
            assert found["test"]["n_frames"] == 48
            assert found["folds_missing"] == 0


def test_runs_are_counted(finished):
    tables = read_numbers(finished)["tables"]
    assert (tables["carbon"]["n_runs"], tables["carbon"]["n_frames"]) == (6, 56)
    assert (tables["dft"]["n_runs"], tables["dft"]["n_frames"]) == (16, 48)


def test_parameters_of_ridge_are_weights_that_count(finished):
    rows = {row["name"]: row for row in read_numbers(finished)["tables"]["carbon"]["rows"]}
    assert rows["cartesian_ridge"]["fitted_numbers"] == 3 * 27 + 1
    assert rows["coulomb_eigenspectrum_ridge"]["fitted_numbers"] == 27 + 1


def test_tables_say_what_cannot_be_computed(finished):
    page = (finished / "report.html").read_text()
    text = (finished / "comparison.md").read_text()
    assert "no: another size" in page
    lines = [line for line in text.splitlines() if line.startswith("| C")]
    carbon = [line for line in lines if "no: another size" in line]
    dft = [line for line in lines if "no: cells differ in size" in line]
    assert [line.split("|")[1].strip() for line in carbon] == [
        "Cartesian",
        "Coulomb eigenspectrum, no images",
    ]
    assert len(dft) == 2


def test_the_page_of_the_documentation_has_the_numbers_of_the_report(finished):
    numbers, text = read_numbers(finished), (finished / "comparison.md").read_text()
    for table in numbers["tables"].values():
        for row in table["rows"]:
            for found in row["splits"].values():
                assert f"{found['test']['rmse_mev_per_atom']:.1f} / " in text
    assert "amorph reproduce comparison --out comparison --scale demo --dft-frames dft.ext" in text
    assert (
        len({len(re.findall(r"\|", line)) for line in text.splitlines() if "| ACSF" in line}) == 2
    )


def test_sensitivity_is_that_of_its_trainings(finished):
    found = read_numbers(finished)["sensitivity"]
    (sweep,) = found["sweeps"]
    for setting in sweep["settings"]:
        rows = predictions(finished / "models" / f"sensitivity_{setting['name']}_seed0")
        error = [
            1000 * (float(row["prediction_ev_per_atom"]) - float(row["energy_ev_per_atom"]))
            for row in rows
            if row["subset"] == "test"
        ]
        assert setting["rmse"] == [pytest.approx(np.sqrt(np.mean(np.square(error))))]
    assert [setting["is_paper"] for setting in sweep["settings"]] == [False, True]
    assert (finished / "figures" / "sensitivity.svg").is_file()


def test_nothing_is_done_twice(finished, options, monkeypatch):
    monkeypatch.setattr(ComparisonFolder, "finish", lambda *_: pytest.fail("trained again"))
    before = {path: path.stat().st_mtime_ns for path in (finished / "models").rglob("*")}
    assert "training: 0 of " in said(finished, **options)
    assert before == {path: path.stat().st_mtime_ns for path in (finished / "models").rglob("*")}


def test_one_family_then_a_report_of_it(out, options):
    folder = reproduce_comparison(out, only=["carbon_cartesian_ridge_run"], **options)
    assert [path.name for path in folder.iterdir()] == ["carbon_cartesian_ridge_run_seed0"]
    assert not (out / "report.json").exists()
    text = said(out, report_only=True, **options)
    assert "dft is left out: none of its trainings is finished" in text
    numbers = read_numbers(out)
    assert (numbers["n_finished"], list(numbers["tables"])) == (1, ["carbon"])
    assert "sensitivity" not in numbers
    assert "trainings are not finished" in (out / "report.html").read_text()


def test_a_stopped_comparison_goes_on(out, options, monkeypatch):
    finish, calls = ComparisonFolder.finish, []

    def stop_at_the_third(self, training, *others):
        calls.append(training.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return finish(self, training, *others)

    monkeypatch.setattr(ComparisonFolder, "finish", stop_at_the_third)
    wanted = {"only": ["carbon_acsf_ridge_run", "carbon_acsf_ridge_random", "carbon_pd_ridge_run"]}
    with pytest.raises(KeyboardInterrupt):
        reproduce_comparison(out, **wanted, **options)
    done = calls[:2]
    reproduce_comparison(out, **wanted, **options)
    assert len(calls) == 4
    assert calls[3] == calls[2]
    assert calls[3] not in done


def test_features_are_computed_once(out, options):
    wanted = ["carbon_acsf_ridge_run", "carbon_acsf_ridge_random"]
    assert said(out, only=wanted, **options).count("ACSF of 56 frames") == 1
    assert not (out / "features").glob("*acsf*") or not list((out / "features").glob("*acsf*"))


def test_a_piece_of_another_process_is_left_to_it(out, options):
    plan = comparison_plan(dft_frames=options["dft_frames"], skip=options["skip"])
    (training,) = [one for one in plan.trainings if one.name == "carbon_acsf_ridge_run_seed0"]
    folder = ComparisonFolder(out)
    for held in (folder.piece(training).folder, folder.features(training)):
        with folder_lock(held, "wait"):
            assert "another process is at it" in said(out, only=[training.name], **options)
        assert not folder.piece(training).is_finished
    said(out, only=[training.name], **options)
    assert folder.piece(training).is_finished


def test_features_of_others_are_not_deleted(out, simulations):
    plan = comparison(SCALES["demo"], 0, [CARBON])
    folder = ComparisonFolder(out)
    data = read_simulations(CARBON, simulations)
    mine = {one.name: one for one in plan.trainings}
    run, random = mine["carbon_acsf_ridge_run_seed0"], mine["carbon_acsf_ridge_random_seed0"]
    stranger = out / "features" / "dft_soap_0"
    stranger.mkdir(parents=True)
    assert folder.finish(run, data)
    folder.drop_features(plan.trainings)
    assert folder.features(random) == folder.features(run)
    assert folder.features(random).is_dir()  # the random split still needs them
    assert folder.finish(random, data)
    folder.drop_features(plan.trainings)
    assert not folder.features(run).exists()
    assert stranger.is_dir()


def test_other_frames_or_settings_are_refused(finished, options, simulations, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    fewer = tmp_path / "fewer"
    shutil.copytree(simulations, fewer)
    (fewer / "large_64_6.extxyz").unlink()
    with pytest.raises(ConfigError, match=r"other settings \(data.frames\)"):
        reproduce_comparison(tmp_path / "copy", **(options | {"carbon": fewer}))
    changed = tmp_path / "changed"
    shutil.copytree(simulations, changed)
    lines = (changed / "large_64_6.extxyz").read_text().splitlines()
    half = len(lines) // 2
    (changed / "large_64_6.extxyz").write_text("\n".join(lines[half:] + lines[:half]) + "\n")
    with pytest.raises(RunError, match="other frames"):
        reproduce_comparison(tmp_path / "copy", **(options | {"carbon": changed}))


def test_simulations_are_made_where_none_are_given(out, simulations, monkeypatch):
    class Made:
        """Copies what is there."""

        runs = ()

        def make(self, folder, n_jobs, progress):
            shutil.copytree(simulations, folder)

    class Run:
        name = "large_64_6"

    Made.runs = (Run(),)
    study = type("Study", (), {"simulations": Made()})
    monkeypatch.setitem(module.STUDIES, "carbon", lambda scale, seed: study)
    only = {"only": ["carbon_cartesian_ridge_run"], "skip": ["graphene"]}
    with pytest.raises(RunError, match="nothing to report"):
        reproduce_comparison(out, report_only=True, skip=["graphene"])
    assert "0 of 1 simulations are there" in said(out, **only)
    assert "1 of 1 simulations are there" in said(out, **only)
    assert (out / "seconds.json").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "huge"}, "choose demo or paper"),
        ({"skip": ["iron"]}, "iron cannot be skipped; choose carbon or graphene"),
        ({"skip": ["carbon", "graphene"]}, "nothing is left"),
        ({"seed": -1}, "give 0 or more"),
        ({"only": ["carbon_acsf_ridge_rum"]}, "did you mean carbon_acsf_ridge_run"),
        ({"only": ["x"], "report_only": True}, "leave out the names"),
    ],
)
def test_options_out_of_range(out, options, message):
    with pytest.raises(ConfigError, match=message):
        reproduce_comparison(out, **options)
    assert not out.exists()


def test_the_command_lists_its_trainings(out, monkeypatch, capsys, dft_frames):
    words = ["reproduce", "comparison", "--out", str(out), "--list", "--skip", "graphene"]
    monkeypatch.setattr(sys, "argv", ["amorph", *words, "--dft-frames", str(dft_frames)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    lines = capsys.readouterr().out.splitlines()
    assert "carbon_pd_ridge_run_seed0: PD H0 + H1 + H2, ridge, carbon, whole runs held out" in lines
    assert sum(line.startswith("carbon_") for line in lines) == 2 * (len(KEPT) + 1)
    assert not out.exists()
