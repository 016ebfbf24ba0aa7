import contextlib
import os
import runpy
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.io import read

from amorphology.errors import ConfigError, MissingDependencyError, RunError
from amorphology.folder_lock import folder_lock
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.generate.vasp.runs import generate_carbon_vasp, run_melt_quench_vasp

DOUBLE = Path(__file__).with_name("stand_in_vasp.py")
PROTOCOL = Protocol(
    "short",
    (
        Stage("heat", 300.0, 3000.0, 10.0, 2),
        Stage("melt", 3000.0, 3000.0, 6.0, 3),
        Stage("quench", 3000.0, 300.0, 12.0, 4),
    ),
    timestep=1.0,
    damping=10.0,
)
RUN = MeltQuenchRun(27, 2.4, 0, 0)
POTCAR = "  PAW C 31May2000\n   VRHFIN =C: s2p2\n   LEXCH  = CA\n   EATOM  =   147.1560 eV\n"


energy = runpy.run_path(str(DOUBLE))["energy_of"]


@pytest.fixture
def potcar(tmp_path):
    path = tmp_path / "POTCAR_C"
    path.write_text(POTCAR)
    return path


@pytest.fixture
def start_vasp(monkeypatch):
    def configure(*options):
        command = shlex.join([sys.executable, str(DOUBLE), *options])
        monkeypatch.setenv("ASE_VASP_COMMAND", command)

    for name in ("ASE_VASP_COMMAND", "VASP_COMMAND", "VASP_SCRIPT", "VASP_PP_PATH"):
        monkeypatch.delenv(name, raising=False)
    return configure


def test_a_run_goes_through_all_stages(tmp_path, start_vasp, potcar):
    start_vasp()
    calls = []
    (path,) = run_melt_quench_vasp(
        tmp_path / "out", PROTOCOL, [RUN], potcar=potcar, progress=lambda *a: calls.append(a)
    )
    frames = read(path, ":")
    assert [(a.info["stage"], a.info["step"]) for a in frames] == [
        ("heat", 5),
        ("heat", 10),
        *(("melt", step) for step in (12, 14, 16)),
        *(("quench", step) for step in (19, 22, 25, 28)),
    ]
    temperatures = [a.info["temperature"] for a in frames]
    np.testing.assert_allclose(
        temperatures, [1650, 3000, 3000, 3000, 3000, 2325, 1650, 975, 300], rtol=1e-6
    )
    for atoms in frames:
        assert atoms.info["run"] == RUN.name
        assert atoms.info["density"] == 2.4
        assert atoms.info["time_fs"] == atoms.info["step"]
        assert atoms.get_potential_energy() == pytest.approx(
            energy(atoms.positions, atoms.cell), abs=1e-5
        )
        assert atoms.calc.results["free_energy"] == pytest.approx(
            atoms.get_potential_energy() - 0.25
        )
    # kB to eV/Angstrom^3, and the sign of ASE
    np.testing.assert_allclose(
        frames[0].get_stress()[:3], [-0.0062415, -0.0124830, -0.0187245], rtol=1e-4
    )
    # atoms fly straight on in the double: stages join without a jump, and without a pause
    start = read(tmp_path / "out" / "vasp" / RUN.name / "1_heat" / "POSCAR")
    moved = frames[-1].positions - start.positions
    moved -= start.cell[0, 0] * np.round(moved / start.cell[0, 0])
    velocities = start.get_velocities()
    speed = np.sqrt((velocities**2).sum())
    ramp = [300 + 270 * k for k in range(1, 11)] + [3000] * 6
    ramp += [3000 - 225 * k for k in range(1, 12)]
    kinetic = [1.5 * 26 * units.kB * t for t in ramp]
    length = sum(np.sqrt(2 * k / 12.011) for k in kinetic) * units.fs
    np.testing.assert_allclose(moved, velocities / speed * length, atol=2e-6)
    assert calls[-1][:2] == (27 * 28, 27 * 28)
    assert (tmp_path / "out" / "vasp" / RUN.name / "3_quench" / "POTCAR").read_text() == POTCAR


def test_a_stopped_run_goes_on_from_the_last_step(tmp_path, start_vasp, potcar):
    start_vasp()
    (whole,) = run_melt_quench_vasp(tmp_path / "whole", PROTOCOL, [RUN], potcar=potcar)
    out = tmp_path / "out"
    for stop in ("4", "7"):
        start_vasp("--stop-after", stop)
        with pytest.raises(RunError, match=r"stopped after .* of .* steps.*TIME LIMIT"):
            run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
        assert not list(out.glob("*.extxyz"))
    start_vasp()
    (path,) = run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    folder = out / "vasp" / RUN.name
    assert {p.name for p in folder.iterdir()} == {
        "1_heat",
        "1_heat_part2",
        "2_melt",
        "3_quench",
        "3_quench_part2",
        "run.json",
    }
    incar = (folder / "1_heat_part2" / "INCAR").read_text()
    assert "NSW = 6\n" in incar
    assert "TEBEG = 1380\n" in incar  # 300 K + 4 of 10 steps
    for a, b in zip(read(whole, ":"), read(path, ":"), strict=True):
        assert a.info["step"] == b.info["step"]
        assert a.info["temperature"] == pytest.approx(b.info["temperature"], rel=1e-6)
        np.testing.assert_allclose(a.positions, b.positions, atol=1e-6)
    before = path.read_bytes()
    run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    assert path.read_bytes() == before


def test_a_stage_killed_in_its_first_step_begins_anew(tmp_path, start_vasp, potcar):
    out = tmp_path / "out"
    start_vasp("--stop-after", "0")
    with pytest.raises(RunError, match="stage heat: VASP stopped after 0 of 10 steps"):
        run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    start_vasp()
    run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    assert not (out / "vasp" / RUN.name / "1_heat_part2").exists()


def test_a_killed_contcar_is_named(tmp_path, start_vasp, potcar):
    out = tmp_path / "out"
    start_vasp("--stop-after", "4")
    with pytest.raises(RunError):
        run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    contcar = out / "vasp" / RUN.name / "1_heat" / "CONTCAR"
    text = contcar.read_text()
    for cut in (len(text) // 10, len(text) // 3, text.index("\n\n") + 3):
        contcar.write_text(text[:cut])
        with pytest.raises(RunError, match=r"delete the folder .*1_heat and"):
            run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)


def test_unconverged_frames_are_not_taken_for_a_data_set(tmp_path, start_vasp, potcar):
    start_vasp("--unconverged", "5")
    with pytest.raises(RunError, match=r"not converged.*1_heat.*ionic steps 5\).*amorph import"):
        run_melt_quench_vasp(tmp_path / "out", PROTOCOL, [RUN], potcar=potcar)


def test_runs_of_another_process_are_left_alone(tmp_path, start_vasp, potcar):
    start_vasp()
    runs = [RUN, MeltQuenchRun(27, 2.0, 0, 0)]
    out = tmp_path / "out"
    with folder_lock(out / "vasp" / RUN.name, ""):
        paths = run_melt_quench_vasp(out, PROTOCOL, runs, potcar=potcar)
        assert [p.name for p in paths] == ["carbon_27_d2.00_s00.extxyz"]
    assert len(run_melt_quench_vasp(out, PROTOCOL, runs, potcar=potcar)) == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_second_vasp_works_beside_a_first(tmp_path, start_vasp, potcar, how):
    script = (
        "import signal, sys\nfrom pathlib import Path\n"
        "from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage\n"
        "from amorphology.generate.vasp.runs import run_melt_quench_vasp\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "protocol = Protocol('p', (Stage('heat', 300.0, 3000.0, 10.0, 2),), 1.0, 10.0)\n"
        "run_melt_quench_vasp(Path(sys.argv[1]), protocol, [MeltQuenchRun(27, 2.4, 0, 0)],"
        " potcar=Path(sys.argv[2]))\n"
    )
    mark = tmp_path / "started"
    environment = dict(os.environ, ASE_VASP_COMMAND=f"echo $$ > {mark}; exec sleep 60")
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(out), str(potcar)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    vasp = None
    try:
        deadline = time.monotonic() + 60
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        vasp = int(mark.read_text())
        process.send_signal(how)
        assert process.wait(30) != 0
        if how == signal.SIGINT:  # it was ended
            with pytest.raises(ProcessLookupError):
                os.kill(vasp, 0)
        else:  # nobody could end it: it keeps its run
            start_vasp()
            protocol = Protocol("p", PROTOCOL.stages[:1], 1.0, 10.0)
            with pytest.raises(RunError, match="still at work"):
                run_melt_quench_vasp(out, protocol, [RUN], potcar=potcar)
            os.kill(vasp, signal.SIGKILL)
            while len(list(out.glob("*.extxyz"))) == 0 and time.monotonic() < deadline:
                with contextlib.suppress(RunError):
                    run_melt_quench_vasp(out, protocol, [RUN], potcar=potcar)
        vasp = None
    finally:
        process.kill()
        if vasp is not None:
            os.kill(vasp, signal.SIGKILL)
    assert len(list(out.glob("*.extxyz"))) == (how == signal.SIGKILL)


def test_what_is_missing_is_said_before_anything_is_made(tmp_path, start_vasp, potcar):
    out = tmp_path / "out"
    with pytest.raises(MissingDependencyError, match="ASE_VASP_COMMAND"):
        run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=potcar)
    with pytest.raises(ConfigError, match="not a file"):
        run_melt_quench_vasp(out, PROTOCOL, [RUN], potcar=tmp_path / "absent")
    for tags in ({"nsw": "5"}, {"MDALGO": "3"}, {"NCORE": " "}, {"N CORE": "4"}):
        with pytest.raises(ConfigError, match="INCAR tag"):
            run_melt_quench_vasp(out, PROTOCOL, [RUN], tags=tags, write_only=True)
    with pytest.raises(ConfigError, match="cube such as"):
        generate_carbon_vasp(out, n_atoms=100, write_only=True)
    assert not out.exists()


def test_a_folder_keeps_its_settings(tmp_path, start_vasp):
    run_melt_quench_vasp(tmp_path, PROTOCOL, [RUN], write_only=True)
    run_melt_quench_vasp(tmp_path, PROTOCOL, [RUN], write_only=True, tags={"KPAR": "2"})
    with pytest.raises(ConfigError, match="other settings"):
        run_melt_quench_vasp(tmp_path, PROTOCOL, [RUN], write_only=True, tags={"ENCUT": "500"})
