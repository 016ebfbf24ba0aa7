import dataclasses
import os
import subprocess

import numpy as np
import pytest
from ase import units
from ase.io import read, write

from amorphology.errors import RunError
from amorphology.generate import lammps as engine
from amorphology.generate.carbon import carbon_simulation
from amorphology.generate.graphene import graphene_simulation
from amorphology.generate.graphene_runs import GrapheneRun
from amorphology.generate.lammps_program import find_lammps
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.generate.potentials import CARBON_SNAP, graphene_potential

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
CARBON = MeltQuenchRun(n_atoms=27, density=2.4, index=0, seed=3)
RUN = carbon_simulation(CARBON, PROTOCOL)


@pytest.fixture(scope="module")
def found():
    pytest.importorskip("lammps")
    return find_lammps(CARBON_SNAP)


@pytest.fixture(scope="module")
def frames(found, tmp_path_factory):
    """A short run, written to extended XYZ and read back."""
    job = engine.start(found, RUN, tmp_path_factory.mktemp("lammps") / "run")
    job.process.wait(60)
    path = job.folder / "frames.extxyz"
    write(path, job.frames())
    return read(path, ":")


def single_point(found, atoms, folder, potential=CARBON_SNAP):
    """Evaluate one configuration in a LAMMPS that knows nothing of the run it came from."""
    folder.mkdir()
    # ASE drops small tilts of a box unless told not to
    write(folder / "atoms.data", atoms, format="lammps-data", masses=True, force_skew=True)
    files = " ".join(f'"{found.potentials / name}"' for name in potential.files)
    (folder / "in").write_text(
        f"units metal\nread_data atoms.data\npair_style {potential.style}\n"
        f"pair_coeff * * {files} C\n"
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
        np.testing.assert_allclose(atoms.cell, RUN.start.cell, atol=1e-7)
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
    job = engine.start(found, RUN, tmp_path / "run")
    job.process.wait(60)
    first = engine._read_thermo((job.folder / "output.txt").read_text())[0]
    assert first[0] == pytest.approx(300.0)


def test_the_seed_decides_the_run(found, frames, tmp_path):
    for seed, same in ((CARBON.seed, True), (CARBON.seed + 1, False)):
        run = carbon_simulation(dataclasses.replace(CARBON, seed=seed), PROTOCOL)
        job = engine.start(found, run, tmp_path / str(seed))
        job.process.wait(60)
        last = job.frames()[-1]
        assert np.allclose(last.positions, frames[-1].positions, atol=1e-7) is same


def test_units_of_time_and_pressure_are_lammps_metal():
    text = engine.lammps_input(RUN)
    assert "units metal\n" in text
    assert "timestep 0.001\n" in text
    assert "temp/csvr 300.0 9000.0 0.01 " in text
    assert units.bar == pytest.approx(6.2415e-7, rel=1e-4)


def test_input_follows_the_windows():
    text = engine.lammps_input(RUN)
    assert "stride(8,20,6)" in text
    assert "stride(27,27,7)" in text
    assert "stride(32,47,5)" in text
    assert [int(x.split()[1]) for x in text.splitlines() if x.startswith("run ")] == [20, 7, 20]


# What the code wrote that made the first folders of carbon: they are gone on with.
CARBON_INPUT = """\
units metal
atom_style atomic
boundary p p p
read_data start.data
pair_style snap
pair_coeff * * C_SNAP_2021.10.15.quadratic.snapcoeff C_SNAP_2021.10.15.quadratic.snapparam C
neighbor 1.0 bin
neigh_modify every 1 delay 0 check yes
timestep 0.001
velocity all create 9000.0 25761412 mom yes rot no dist gaussian
variable orphaned equal "!is_file(alive)"
fix orphaned all halt 10 v_orphaned != 0 error hard message yes
fix integrate all nve
compute virial all pressure NULL virial
thermo_style custom step temp pe c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] &
  c_virial[6]
thermo_modify norm no flush yes format float %.15g
dump frames all custom 1 frames.dump id x y z fx fy fz
dump_modify frames sort id format float %.15g

# melt
fix thermostat all temp/csvr 9000.0 9000.0 0.01 479999763
variable due equal stride(7,7,7)
thermo v_due
dump_modify frames every v_due
run 7
unfix thermostat

# quench
fix thermostat all temp/csvr 9000.0 300.0 0.01 211801995
variable due equal stride(12,27,5)
thermo v_due
dump_modify frames every v_due
run 20
unfix thermostat
"""


def test_the_input_of_carbon_stays_what_it_was():
    stages = (Stage("melt", 9000.0, 9000.0, 7.0, 1), Stage("quench", 9000.0, 300.0, 20.0, 4))
    run = carbon_simulation(CARBON, Protocol("short", stages, timestep=1.0, damping=10.0))
    assert engine.lammps_input(run) == CARBON_INPUT


def test_an_aborted_run_quotes_lammps(found, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "_HEADER", engine._HEADER + "pair_style nonsense\n")
    job = engine.start(found, RUN, tmp_path / "run")
    job.process.wait(60)
    with pytest.raises(RunError, match=r"carbon_27_d2\.40_s00: LAMMPS aborted.*nonsense"):
        job.frames()


def test_a_run_without_its_frames_is_refused(found, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "_STAGE", "run 1  # {name}")
    job = engine.start(found, RUN, tmp_path / "run")
    job.process.wait(60)
    with pytest.raises(RunError, match="no frame at step 8"):
        job.frames()


LONG = carbon_simulation(
    CARBON, Protocol("long", (Stage("melt", 3000.0, 3000.0, 1e6, 10),), 1.0, 10.0)
)


def test_ctrl_c_does_not_reach_a_run_but_nice_does(found, tmp_path):
    job = engine.start(found, LONG, tmp_path / "run")
    try:
        # A terminal interrupts one process group; priorities count within a session.
        assert os.getpgid(job.process.pid) == job.process.pid
        assert os.getsid(job.process.pid) == os.getsid(0)
    finally:
        job.kill()
    assert not job.is_running


def test_a_run_whose_folder_is_cleared_stops(found, tmp_path):
    job = engine.start(found, LONG, tmp_path / "run")
    try:
        (job.folder / "alive").unlink()
        assert job.process.wait(60) != 0
    finally:
        job.kill()


REBO2 = graphene_potential("rebo2")


def short_sheet(sheet):
    """A sheet that is hot for a moment and ends at an energy minimum."""
    stages = [Stage("melt", 9000.0, 9000.0, 20.0, 1), Stage("quench", 9000.0, 3000.0, 20.0, 2)]
    if sheet == "rippled":
        stages.append(Stage("release", 3000.0, 300.0, 20.0, 2))
    protocol = Protocol("short", tuple(stages), timestep=0.5, damping=5.0, minimise=True)
    run = graphene_simulation(GrapheneRun(48, 1000.0, 0, 3, sheet, followed=True), REBO2)
    return dataclasses.replace(run, protocol=protocol, seeds=tuple(range(11, 13 + len(stages))))


@pytest.fixture(scope="module", params=["flat", "rippled"])
def sheet_frames(found, request, tmp_path_factory):
    """Frames of a short run of a sheet, written to extended XYZ and read back."""
    job = engine.start(found, short_sheet(request.param), tmp_path_factory.mktemp("s") / "run")
    job.process.wait(60)
    path = job.folder / "frames.extxyz"
    write(path, job.frames())
    return read(path, ":")


def test_a_flat_sheet_stays_flat_and_a_rippled_one_is_released(sheet_frames):
    released = {"release", "minimised"} if sheet_frames[0].info["sheet"] == "rippled" else set()
    for atoms in sheet_frames:
        if atoms.info["stage"] in released:
            assert np.ptp(atoms.positions[:, 2]) > (0.03 if atoms.info["temperature"] else 0.0)
        else:
            assert (atoms.positions[:, 2] == 15.0).all()
            assert (atoms.get_forces()[:, 2] == 0.0).all()
        assert atoms.pbc.tolist() == [True, True, False]
        assert np.ptp(atoms.positions[:, 0]) > 5


def test_labels_of_a_sheet_belong_to_its_positions(found, sheet_frames, tmp_path):
    for k, atoms in enumerate(sheet_frames):
        energy, forces = single_point(found, atoms, tmp_path / str(k), REBO2)
        assert abs(atoms.get_potential_energy() - energy) / len(atoms) < 1e-6
        np.testing.assert_allclose(atoms.get_forces(), forces, atol=1e-5)
    h = 1e-4
    energies = []
    for sign in (1, -1):  # along y
        strained = atoms.copy()
        strained.set_cell(atoms.cell @ np.diag([1, 1 + sign * h / 2, 1]), scale_atoms=True)
        energies.append(single_point(found, strained, tmp_path / f"y{sign}", REBO2)[0])
    expected = (energies[0] - energies[1]) / h / atoms.get_volume()
    assert atoms.get_stress()[1] == pytest.approx(expected, abs=1e-5)


def test_the_last_frame_is_at_a_minimum_of_the_energy(sheet_frames):
    *along, last = sheet_frames
    assert last.info["stage"] == "minimised"
    assert last.info["step"] == along[-1].info["step"]
    assert last.info["temperature"] == 0.0
    assert np.linalg.norm(last.get_forces()) <= 0.01
    assert last.get_potential_energy() < along[-1].get_potential_energy()


def test_a_flat_sheet_is_as_hot_as_said(found, tmp_path):
    """Equipartition: in a harmonic crystal each of 2 N - 2 freedoms holds k T / 2 of energy."""
    hold = Protocol("hold", (Stage("hold", 200.0, 200.0, 1500.0, 100),), 0.5, 10.0, minimise=True)
    run = dataclasses.replace(short_sheet("flat"), protocol=hold, seeds=(5, 6, 7))
    run = dataclasses.replace(run, stages_in_plane=1)
    job = engine.start(found, run, tmp_path / "run")
    job.process.wait(60)
    energy = np.array([atoms.get_potential_energy() for atoms in job.frames()])
    excess = energy[20:-1].mean() - energy[-1]
    assert excess == pytest.approx((2 * 48 - 2) / 2 * units.kB * 200.0, rel=0.12)


def test_a_run_without_frames_from_along_has_its_final_state(found, tmp_path):
    stages = (Stage("melt", 3000.0, 3000.0, 5.0, 0),)
    protocol = Protocol("short", stages, 0.5, 5.0, minimise=True)
    run = dataclasses.replace(short_sheet("flat"), protocol=protocol, seeds=(5, 6, 7))
    job = engine.start(found, run, tmp_path / "run")
    job.process.wait(60)
    assert [atoms.info["stage"] for atoms in job.frames()] == ["minimised"]
    assert job.steps_done() == 10
