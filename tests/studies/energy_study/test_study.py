import csv
import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from amorphology.errors import ConfigError, RunError
from amorphology.folder_lock import folder_lock
from amorphology.generate.run_folder import run_path
from amorphology.structures import read_frames
from amorphology.studies.energy_study import study as module
from amorphology.studies.energy_study.study import run_study
from amorphology.training import load_run

FRAMES = {"train": 36, "validation": 9, "test": 9, "larger": 9}
FIGURES = (
    "overview",
    "data",
    "frames",
    "parity",
    "learning_curve",
    "training_size",
    "interpolation",
    "calibration",
    "line",
)


def numbers(out):
    return json.loads((out / "report.json").read_text())


def predictions(out):
    return list(csv.DictReader(io.StringIO((out / "predictions.csv").read_text())))


def times(out):
    return {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def said(study, out, **options):
    text = io.StringIO()
    run_study(study, out, console=Console(file=text, width=500), **options)
    return text.getvalue()


def test_errors_are_those_of_the_saved_predictions(finished, study):
    rows = predictions(finished)
    assert len(rows) == numbers(finished)["n_frames"] == 63
    energy = np.array([float(row["energy_ev_per_atom"]) for row in rows])
    for training in study.trainings:
        found = numbers(finished)["trainings"][training.name]
        subset = np.array([row[f"subset:{training.name}"] for row in rows])
        predicted = np.array(
            [float(row[f"prediction_ev_per_atom:{training.name}"]) for row in rows]
        )
        guess = energy[subset == "train"].mean()
        assert set(subset) - {"unused"} == {name for name in found if name in set(subset)}
        for name in set(subset) - {"unused"}:
            errors, chosen = found[name], subset == name
            difference = 1000 * (predicted - energy)[chosen]
            assert errors["n_frames"] == chosen.sum()
            assert errors["rmse_mev_per_atom"] == pytest.approx(np.sqrt(np.mean(difference**2)))
            assert errors["mae_mev_per_atom"] == pytest.approx(np.abs(difference).mean())
            assert errors["baseline_rmse_mev_per_atom"] == pytest.approx(
                1000 * np.sqrt(np.mean((guess - energy[chosen]) ** 2))
            )


def test_all_models_of_a_seed_share_their_frames(finished):
    rows = predictions(finished)
    one, other = "cnn_paper_seed0", "kernel_ridge_combined_seed0"
    assert [row[f"subset:{one}"] for row in rows] == [row[f"subset:{other}"] for row in rows]
    counts = {name: sum(row[f"subset:{one}"] == name for row in rows) for name in FRAMES}
    assert counts == FRAMES
    subsets = {}
    for row in rows:
        subsets.setdefault(row["run"], set()).add(row[f"subset:{one}"])
    assert all(len(found) == 1 for found in subsets.values())
    random = {row["run"] for row in rows if row["subset:cnn_paper_random_seed0"] == "test"}
    assert len(random) > 1
    for row in rows:
        assert (row[f"subset:{one}"] == "larger") == (row["n_atoms"] == "64")


def test_predictions_are_those_of_the_models(finished, study):
    rows = predictions(finished)
    paths = [run_path(finished / "data", run.name) for run in study.simulations.runs]
    frames = read_frames(paths)
    assert [row["source"] for row in rows] == [frame.info["source"] for frame in frames]
    for name in ("cnn_combined_ensemble_seed0", "kernel_ridge_combined_seed1"):
        expected = load_run(finished / "models" / name).predict(frames)
        found = [float(row[f"prediction_ev_per_atom:{name}"]) for row in rows]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_families_have_mean_and_spread_of_their_seeds(finished):
    report = numbers(finished)
    one, other = (
        report["trainings"][f"cnn_paper_seed{seed}"]["test"]["rmse_mev_per_atom"] for seed in (0, 1)
    )
    family = report["families"]["cnn_paper"]
    assert family["seeds"] == [0, 1]
    assert family["test_rmse_mev_per_atom"] == pytest.approx((one + other) / 2)
    spread = abs(one - other) / np.sqrt(2)
    assert family["test_rmse_spread_mev_per_atom"] == pytest.approx(spread)
    assert family["test_rmse_shown"] == f"{(one + other) / 2:.1f} ± {spread:.1f}"
    assert report["values"]["cnn_paper test rmse"] == family["test_rmse_shown"]
    single = report["families"]["ridge_paper"]
    assert single["test_rmse_spread_mev_per_atom"] is None
    assert "±" not in single["test_rmse_shown"]


def test_best_model_is_chosen_by_validation(finished):
    report = numbers(finished)
    complete = {
        name: family["validation_rmse_mev_per_atom"]
        for name, family in report["families"].items()
        if not re.search("random|1_of|without", name)
    }
    assert report["best"] == min(complete, key=complete.get)
    assert report["main"] == "cnn_paper"


def test_learning_curves_grow(finished):
    curves = numbers(finished)["learning_curves"]
    assert set(curves) == {"cnn paper", "kernel_ridge combined"}
    for rows in curves.values():
        assert [row["n_train"] for row in rows] == [9, 36]
        assert rows[1]["training"].count("_of_") == 0


def test_interpolation_compares_the_same_frames(finished):
    (row,) = numbers(finished)["interpolation"]
    rows = predictions(finished)
    low, high = row["low_ev_per_atom"], row["high_ev_per_atom"]
    learned = np.array([float(r["energy_ev_per_atom"]) for r in rows if r["n_atoms"] == "27"])
    first, last = np.quantile(learned, [0.01, 0.99])
    assert low == pytest.approx(first + (last - first) / 3, abs=1e-3)
    assert high == pytest.approx(last - (last - first) / 3, abs=1e-3)
    without = "cnn_paper_without_middle_seed0"
    middle = [
        r
        for r in rows
        if r["subset:cnn_paper_seed0"] == "test" and low <= float(r["energy_ev_per_atom"]) <= high
    ]
    assert row["n_test_frames"] == len(middle) > 0
    for key, name in (("with", "cnn_paper_seed0"), ("without", without)):
        difference = [
            float(r[f"prediction_ev_per_atom:{name}"]) - float(r["energy_ev_per_atom"])
            for r in middle
        ]
        rmse = 1000 * np.sqrt(np.mean(np.square(difference)))
        assert row[f"{key}_rmse_mev_per_atom"] == pytest.approx(rmse)


def test_stages_share_out_the_errors(finished, study):
    report, rows = numbers(finished), predictions(finished)
    frames = read_frames([run_path(finished / "data", run.name) for run in study.simulations.runs])
    stage = np.array([frame.info["stage"] for frame in frames])
    energy = np.array([float(row["energy_ev_per_atom"]) for row in rows])
    learned = np.array([row["n_atoms"] == "27" for row in rows])
    assert len(report["by_stage"]) == len(set(stage)) > 1
    assert sum(found["frames"] for found in report["by_stage"]) == learned.sum()
    for found in report["by_stage"]:
        here = learned & (stage == found["stage"])
        assert found["energy_spread_mev_per_atom"] == pytest.approx(1000 * energy[here].std())
        for key in ("main", "best"):
            rmse = []
            for seed in report["families"][report[key]]["seeds"]:
                name = f"{report[key]}_seed{seed}"
                some = here & [row[f"subset:{name}"] == "test" for row in rows]
                predicted = [float(row[f"prediction_ev_per_atom:{name}"]) for row in rows]
                rmse.append(1000 * np.sqrt(np.mean((predicted - energy)[some] ** 2)))
            assert found[f"{key}_rmse_mev_per_atom"] == pytest.approx(np.mean(rmse))


def test_calibration_is_that_of_the_spread(finished):
    ((name, found),) = numbers(finished)["calibration"].items()
    rows = [row for row in predictions(finished) if row[f"subset:{name}"] == "larger"]
    spread = np.array([float(row[f"spread_ev_per_atom:{name}"]) for row in rows])
    error = np.array(
        [
            float(row[f"prediction_ev_per_atom:{name}"]) - float(row["energy_ev_per_atom"])
            for row in rows
        ]
    )
    within = np.mean(np.abs(error) <= found["factor"] * spread)
    assert found["larger_recalibrated"]["within_one_sigma"] == pytest.approx(within)
    assert {"validation_spread", "test_spread", "larger_spread"} <= set(found)


def test_page_is_one_file_with_the_key_numbers(finished):
    page, report = (finished / "report.html").read_text(), numbers(finished)
    sources = re.findall(r"""(?:src|href|action|data)\s*=\s*["']?([^"'\s>]*)""", page)
    assert len(sources) == len(FIGURES)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    for forbidden in ("<script", "@import", "url("):
        assert forbidden not in page
    for family in report["families"].values():
        assert family["test_rmse_shown"] in page
    for published in report["published"].values():
        assert f"{published:.1f}" in page
    assert report["figures"] == list(FIGURES)
    assert report["structure"] == {"line": {"frames": 63}}
    for name in FIGURES:
        assert (finished / "figures" / f"{name}.png").stat().st_size > 3000
        assert (finished / "figures" / f"{name}.svg").stat().st_size > 3000
    assert "Not all is here" not in page


def test_every_number_of_a_table_is_in_the_report(finished):
    page, text = (finished / "report.html").read_text(), (finished / "report.json").read_text()
    report = numbers(finished)
    cells = re.findall(r'<td class="n">([^<]*)</td>', page.split("What was done")[0])
    rounded = {
        f"{float(number):.{digits}f}" for number in NUMBER.findall(text) for digits in (0, 1)
    }
    rounded |= {f"{value:,.0f}" for value in (report["n_frames"], report["n_learned_frames"])}
    for cell in cells:
        for number in re.findall(r"\d[\d,]*\.?\d*", cell):
            assert number in text or number.replace(",", "") in rounded, cell


NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def test_second_call_uses_all_that_is_there(finished, study):
    before = times(finished)
    text = said(study, finished)
    assert times(finished) == before
    assert "7 of 7 runs are there" in text
    assert f"0 of {len(study.trainings)} models to make" in text
    assert "nothing to do" in text


def test_pieces_are_made_one_by_one(short_study, tmp_path, plain_figures):
    first, second = short_study.trainings
    out = tmp_path / "pieces"
    with pytest.raises(RunError, match="nothing to report yet"):
        run_study(short_study, out, report_only=True)
    assert "1 of 2 trainings of this study are finished" in said(
        short_study, out, only=[second.name]
    )
    assert not (out / "report.html").exists()
    assert not (out / "models" / first.name).exists()

    text = said(short_study, out, report_only=True)
    assert f"not finished: {first.name}" in text
    report = numbers(out)
    assert report["missing"] == [first.name]
    assert list(report["trainings"]) == [second.name]
    assert first.name in (out / "report.html").read_text().split("Not all is here")[1]

    made = times(out / "models")
    run_study(short_study, out)
    assert numbers(out)["missing"] == []
    assert set(numbers(out)["trainings"]) == {first.name, second.name}
    assert {path: times(out / "models")[path] for path in made} == made
    assert "Not all is here" not in (out / "report.html").read_text()


def test_a_training_another_process_is_at_is_left_to_it(short_study, tmp_path, plain_figures):
    first, second = short_study.trainings
    out = tmp_path / "shared"
    with folder_lock(out / "models" / first.name, ""):
        text = said(short_study, out)
    assert f"{first.name}: another process is at it" in text
    assert numbers(out)["missing"] == [first.name]
    assert list(numbers(out)["trainings"]) == [second.name]


def test_names_and_a_report_exclude_each_other(short_study, tmp_path):
    with pytest.raises(ConfigError, match="leave out the names"):
        run_study(short_study, tmp_path / "out", only=[], report_only=True)
    with pytest.raises(ConfigError, match="no such training"):
        run_study(short_study, tmp_path / "out", only=["other"])
    assert not (tmp_path / "out").exists()


def test_a_study_may_be_moved(copied, study):
    (copied / "report.html").unlink()
    models = times(copied / "models")
    run_study(study, copied)
    assert times(copied / "models") == models
    assert numbers(copied)["missing"] == []


def test_a_lost_report_is_written_again_from_what_is_there(copied, finished, study):
    (copied / "report.html").unlink()
    (copied / "figures" / "parity.svg").unlink()
    run_study(study, copied)
    old, new = numbers(finished), numbers(copied)
    assert (copied / "figures" / "parity.svg").is_file()
    assert new["trainings"] == old["trainings"]
    reused = {stage["stage"]: stage["seconds"] for stage in new["stages"] if stage["reused"]}
    remembered = {stage["stage"]: stage["seconds"] for stage in old["stages"]}
    assert reused == {name: remembered[name] for name in reused}
    assert {"Molecular dynamics of 7 runs", "Training: CNN", "Training: Ridge"} <= set(reused)


def test_an_interrupted_report_leaves_no_halves(copied, study, monkeypatch):
    (copied / "report.html").unlink()
    (copied / "report.json").unlink()

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_page", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, copied)
    assert not (copied / "report.html").exists()
    assert not (copied / "report.json").exists()
    assert not list(copied.rglob("*.unfinished"))
    assert run_study(study, copied).is_file()


def test_an_interrupted_piece_goes_on(short_study, tmp_path, monkeypatch):
    out = tmp_path / "stopped"
    name = short_study.trainings[0].name

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("amorphology.studies.energy_study.pieces.alpha_persistence_many", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(short_study, out, only=[name])
    trained = times(out / "models" / name)
    assert "0 of 2" not in said(short_study, out, only=[name])
    now = times(out / "models" / name)
    assert {path: now[path] for path in trained} == trained
    assert (out / "models" / name / "larger_cells.csv").is_file()


def test_results_of_other_settings_are_refused(finished, study):
    first, *others = study.trainings
    epochs = first.optimisation.model_copy(update={"epochs": 5})
    changed = replace(study, trainings=(replace(first, optimisation=epochs), *others))
    before = times(finished)
    with pytest.raises(ConfigError, match=r"other settings \(optimisation.epochs\)"):
        run_study(changed, finished)
    assert times(finished) == before


def test_a_model_of_other_frames_is_refused(copied, study):
    path = run_path(copied / "data", study.simulations.runs[0].name)
    path.write_text(re.sub(r" energy=-2\d+", " energy=-200", path.read_text()))
    with pytest.raises((RunError, ConfigError), match=r"other frames|exclude_energies"):
        run_study(study, copied)


def test_an_added_run_is_refused_until_trained_anew(copied, study):
    more = study.simulations.runs[:6]
    runs = (*more, replace(more[0], name="small_6"), study.simulations.runs[6])
    changed = replace(study, simulations=replace(study.simulations, runs=runs))
    with pytest.raises(ConfigError, match=r"data\.frames"):
        run_study(changed, copied)
    shutil.rmtree(copied / "models")
    run_study(changed, copied, only=["ridge_paper"])
    run_study(changed, copied, report_only=True)
    assert numbers(copied)["n_frames"] == 72
