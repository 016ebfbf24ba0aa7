import sys
from pathlib import Path

import pytest
from ase.io import read

from amorphology import cli
from amorphology.errors import ConfigError
from amorphology.generate import carbon_engines
from amorphology.generate.carbon_engines import generate_carbon_with

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vasp"


@pytest.fixture
def amorph(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["amorph", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    return run


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        ("quantum", {}, "choose one of lammps, vasp, ase"),
        ("ase", {}, "needs --calculator"),
        ("lammps", {"calculator": "a:b"}, "--calculator goes with --engine ase"),
        ("ase", {"write_only": True}, "--write-only goes with --engine vasp"),
        ("lammps", {"potcar": Path("POTCAR")}, "--potcar goes with --engine vasp"),
        ("vasp", {"n_jobs": 2}, "each takes the next free run"),
        ("vasp", {"incar": ["NCORE"]}, "such as NCORE=4"),
    ],
)
def test_options_of_another_engine_are_refused(tmp_path, engine, options, message):
    with pytest.raises(ConfigError, match=message):
        generate_carbon_with(engine, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_lammps_is_called_as_before(tmp_path, monkeypatch):
    seen = {}

    def generate(out, **options):
        seen.update(options)
        return [out] * 3

    monkeypatch.setattr(carbon_engines, "generate_carbon", generate)
    assert generate_carbon_with("lammps", "carbon", n_jobs=2, seed=4) == "3 runs in carbon"
    assert seen == {"n_jobs": 2, "seed": 4, "progress": None}


def test_inputs_on_the_command_line(amorph, tmp_path):
    command = ["generate", "carbon", "--engine", "vasp", "--scale", "paper", "--write-only"]
    status, out, _ = amorph(
        *command, "--atoms", 27, "--density", 2.4, "--incar", "NCORE=4", "--out", tmp_path
    )
    assert status == 0
    assert "inputs of 1 runs" in out
    incar = tmp_path / "vasp" / "carbon_27_d2.40_s00" / "5_quench" / "INCAR"
    assert "NCORE = 4\n" in incar.read_text()
    status, _, err = amorph(*command, "--out", tmp_path, "--incar", "NSW=4")
    assert status == 2
    assert "NSW follows from the protocol" in err


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared VASP files are not here")
def test_import_on_the_command_line(amorph, tmp_path):
    out = tmp_path / "water.extxyz"
    files = [SHARED / "vasprun.h2o.md.10.xml", SHARED / "OUTCAR.ch4.unconverged"]
    status, said, _ = amorph("import", *files, "--out", out, "--every", 3)
    assert status == 0
    assert said.splitlines()[:3] == [
        "vasprun.h2o.md.10: 3 frames",
        "OUTCAR.ch4.unconverged: 1 frames",
        "4 frames of 2 runs: energy 4, forces 4, stress 4",
    ]
    assert len(read(out, ":")) == 4
    status, _, err = amorph("import", tmp_path / "absent", "--out", out)
    assert status == 2
    assert "no such file" in err
