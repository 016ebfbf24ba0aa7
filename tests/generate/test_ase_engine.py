import itertools
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.io import read
from threadpoolctl import threadpool_limits

from amorphology.errors import ConfigError, MissingDependencyError, RunError
from amorphology.folder_lock import folder_lock
from amorphology.generate.ase_engine import (
    generate_carbon_ase,
    load_calculator,
    run_melt_quench_ase,
)
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage

PROTOCOL = Protocol(
    "short",
    (Stage("heat", 300.0, 3000.0, 20.0, 3), Stage("quench", 3000.0, 300.0, 30.0, 5)),
    timestep=1.0,
    damping=10.0,
)
RUNS = [MeltQuenchRun(27, density, 0, 0) for density in (2.4, 3.0)]


class Springs(Calculator):
    """Atoms on springs of 10 eV/Angstrom^2; forgets everything between two calls."""

    implemented_properties = ("energy", "free_energy", "forces")
    fail_at: int | None = None
    calls = itertools.count()

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if next(Springs.calls) == Springs.fail_at:
            raise CalculationFailed("no convergence")
        grid = MeltQuenchRun(len(atoms), 2.4, 0, 0).start_structure().get_scaled_positions()
        shift = atoms.positions - grid @ atoms.cell
        energy = float(5.0 * (shift**2).sum())
        self.results = {"energy": energy, "free_energy": energy - 0.5, "forces": -10.0 * shift}


def springs(fail_at=None):
    Springs.fail_at, Springs.calls = fail_at, itertools.count()
    return f"{__name__}:Springs"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, _here()))


def _here():
    from types import ModuleType

    module = ModuleType(__name__)
    module.Springs = Springs
    return module


def test_frames_are_those_of_the_protocol(tmp_path):
    calls = []
    paths = run_melt_quench_ase(
        tmp_path, PROTOCOL, RUNS, calculator=springs(), progress=lambda *a: calls.append(a)
    )
    assert [p.name for p in paths] == [f"{run.name}.extxyz" for run in RUNS]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [p.name for p in paths] + ["generate.json"]
    )
    for path, run in zip(paths, RUNS, strict=True):
        frames = read(path, ":")
        assert [(a.info["stage"], a.info["step"]) for a in frames] == [
            *(("heat", step) for step in (8, 14, 20)),
            *(("quench", step) for step in (26, 32, 38, 44, 50)),
        ]
        for atoms in frames:
            assert atoms.info["run"] == run.name
            assert atoms.info["density"] == run.density
            assert atoms.info["time_fs"] == atoms.info["step"]
            labels = atoms.calc.results
            assert labels["free_energy"] == pytest.approx(labels["energy"] - 0.5)
            # the springs pull back: E = F^2 / (2 k)
            assert labels["energy"] == pytest.approx((labels["forces"] ** 2).sum() / 20, rel=1e-6)
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert calls[-1][:2] == (27 * 50 * 2, 27 * 50 * 2)


@pytest.mark.parametrize("fail_at", [1, 9, 25, 50])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, fail_at, monkeypatch):
    (whole,) = run_melt_quench_ase(tmp_path / "a", PROTOCOL, RUNS[:1], calculator=springs())
    with pytest.raises(RunError, match=f"{RUNS[0].name}: the calculator failed: no convergence"):
        run_melt_quench_ase(tmp_path / "b", PROTOCOL, RUNS[:1], calculator=springs(fail_at))
    assert not list((tmp_path / "b").glob("*.extxyz"))
    name = springs()
    (path,) = run_melt_quench_ase(tmp_path / "b", PROTOCOL, RUNS[:1], calculator=name)
    # from the last frame, and not from the start: 20, 26, ... are frames
    last_frame = max((f for f in (0, 8, 14, 20, 26, 32, 38, 44, 50) if f < fail_at), default=0)
    n_calls = next(Springs.calls)
    assert n_calls == 50 - last_frame + (last_frame == 0)
    assert path.read_bytes() == whole.read_bytes()


def test_temperature_follows_the_protocol(tmp_path):
    """Eight atoms on springs: equipartition over the 21 degrees of freedom that can move."""
    protocol = Protocol(
        "long",
        (Stage("hold", 1000.0, 1000.0, 5000.0, 250), Stage("ramp", 1000.0, 3000.0, 2000.0, 100)),
        timestep=2.0,
        damping=20.0,
    )
    run = MeltQuenchRun(8, 2.4, 0, 0)
    (path,) = run_melt_quench_ase(tmp_path, protocol, [run], calculator=springs())
    frames = read(path, ":")
    temperature = np.array([a.info["temperature"] for a in frames])
    # standard error of the mean of some 120 independent frames: 3 %; with the three degrees of
    # freedom of the resting centre of mass counted in, it would be 14 % too hot
    assert temperature[10:250].mean() == pytest.approx(1000, rel=0.07)
    assert temperature[250:].mean() == pytest.approx(2000, rel=0.15)
    assert temperature[320:].mean() > 1.3 * temperature[250:280].mean()
    # canonical fluctuations: var(T) / T^2 = 2 / 21
    assert temperature[10:250].std() / 1000 == pytest.approx(np.sqrt(2 / 21), rel=0.3)
    # springs hold as much potential energy as atoms have kinetic energy
    energy = np.array([a.get_potential_energy() for a in frames[10:250]])
    assert energy.mean() == pytest.approx(0.5 * 21 * units.kB * 1000, rel=0.15)


def test_seeds_decide(tmp_path):
    texts = []
    for seed in (0, 1):
        run = MeltQuenchRun(27, 2.4, 0, seed)
        (path,) = run_melt_quench_ase(tmp_path / str(seed), PROTOCOL, [run], calculator=springs())
        texts.append(path.read_text())
    assert texts[0] != texts[1]


def test_a_failed_run_costs_no_other(tmp_path):
    with pytest.raises(RunError, match="no convergence"):
        run_melt_quench_ase(tmp_path, PROTOCOL, RUNS, calculator=springs(fail_at=5))
    assert [p.name for p in tmp_path.glob("*.extxyz")] == [f"{RUNS[1].name}.extxyz"]


def test_runs_of_another_process_are_left_alone(tmp_path):
    with folder_lock(tmp_path / "ase" / RUNS[0].name, ""):
        paths = run_melt_quench_ase(tmp_path, PROTOCOL, RUNS, calculator=springs())
    assert [p.name for p in paths] == [f"{RUNS[1].name}.extxyz"]


def test_a_folder_keeps_its_settings(tmp_path):
    run_melt_quench_ase(tmp_path, PROTOCOL, RUNS[:1], calculator=springs())
    with pytest.raises(ConfigError, match="other settings"):
        run_melt_quench_ase(tmp_path, PROTOCOL, RUNS, calculator="ase.calculators.lj:LennardJones")


def test_a_damaged_checkpoint_is_named(tmp_path):
    with pytest.raises(RunError):
        run_melt_quench_ase(tmp_path, PROTOCOL, RUNS[:1], calculator=springs(fail_at=30))
    path = tmp_path / "ase" / RUNS[0].name / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RunError, match=r"checkpoint\.npz cannot be read.*delete it"):
        run_melt_quench_ase(tmp_path, PROTOCOL, RUNS[:1], calculator=springs())


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("ase.calculators.emt", ConfigError, "write module:factory"),
        ("ase.calculators.emt:Emt", ConfigError, "no such class or function"),
        ("ase.calculators.emt:parameters", ConfigError, "no such class or function"),
        ("ase:Atoms", ConfigError, "makes a Atoms, not an ASE calculator"),
        ("ase.build:bulk", ConfigError, "cannot be made without arguments"),
        ("absent_module:Calculator", MissingDependencyError, "install it"),
    ],
)
def test_what_is_no_calculator_is_refused(tmp_path, name, error, message):
    with pytest.raises(error, match=message):
        generate_carbon_ase(tmp_path / "out", name, n_atoms=8)
    assert not (tmp_path / "out").exists()


def test_calculators_of_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text(
        "from ase.calculators.emt import EMT\n\ndef soft():\n    return EMT(asap_cutoff=True)\n"
    )
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    factory = load_calculator("mine_for_test:soft")
    assert factory().parameters["asap_cutoff"]
    assert sys.path == before


def test_a_killed_process_goes_on(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from amorphology.generate.ase_engine import run_melt_quench_ase\n"
        "from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage\n"
        "protocol = Protocol('p', (Stage('melt', 300.0, 300.0, 150.0, 150),), 1.0, 10.0)\n"
        "run_melt_quench_ase(Path(sys.argv[1]), protocol, [MeltQuenchRun(8, 2.4, 0, 0)],"
        " calculator='ase.calculators.emt:EMT')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ)
    checkpoint = tmp_path / "out" / "ase" / "carbon_8_d2.40_s00" / "checkpoint.npz"
    try:
        deadline = time.monotonic() + 60
        while not checkpoint.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    finally:
        process.kill()
    assert checkpoint.exists()
    assert not list((tmp_path / "out").glob("*.extxyz"))
    with np.load(checkpoint) as saved:
        assert 0 < int(saved["step"]) < 150
    subprocess.run(command, check=True)
    (path,) = Path(tmp_path / "out").glob("*.extxyz")
    assert [a.info["step"] for a in read(path, ":")] == list(range(1, 151))


@pytest.mark.skipif(find_spec("tblite") is None, reason="needs tblite")
def test_tight_binding_carbon(tmp_path):
    """Eight atoms by GFN1-xTB: forces are the slope of the energy along the trajectory."""
    from tblite.ase import TBLite

    protocol = Protocol("few", (Stage("heat", 300.0, 300.0, 4.0, 8),), timestep=0.5, damping=1e9)
    run = MeltQuenchRun(8, 2.4, 0, 0)
    sys.modules[__name__].gfn1 = lambda: TBLite(method="GFN1-xTB", verbosity=0)
    with threadpool_limits(1):  # its threads wait for each other in loops
        (path,) = run_melt_quench_ase(tmp_path, protocol, [run], calculator=f"{__name__}:gfn1")
    frames = read(path, ":")
    assert len(frames) == 8
    assert all({"energy", "forces", "stress"} <= set(a.calc.results) for a in frames)
    energy = np.array([a.get_potential_energy() for a in frames])
    work = []
    for a, b in itertools.pairwise(frames):
        step = b.positions - a.positions
        step -= a.cell[0, 0] * np.round(step / a.cell[0, 0])
        work.append(-0.5 * ((a.get_forces() + b.get_forces()) * step).sum())
    np.testing.assert_allclose(np.diff(energy), work, rtol=0.01, atol=1e-4)
    # without a thermostat to speak of, the total energy is conserved
    kinetic = 1.5 * 7 * units.kB * np.array([a.info["temperature"] for a in frames])
    assert np.ptp(energy + kinetic) < 0.02 * np.ptp(energy)
