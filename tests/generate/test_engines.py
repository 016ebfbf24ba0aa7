import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from ase import units
from scipy.stats import kstest

from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock
from amorphology.generate.engines import (
    plan_cells,
    remember_settings,
    thermal_start,
    unfinished_runs,
)
from amorphology.generate.melt_quench import MeltQuenchRun

RUNS = [MeltQuenchRun(27, density, 0, 0) for density in (2.0, 2.4, 3.0)]


def test_cells_of_any_size():
    protocol, runs = plan_cells("demo", n_atoms=64, densities=[2.4, 3.0], seed=3)
    assert [run.name for run in runs] == ["carbon_64_d2.40_s00", "carbon_64_d3.00_s00"]
    assert {run.seed for run in runs} == {3}
    assert protocol.name == "demo"
    assert {run.n_atoms for run in plan_cells("paper")[1]} == {216, 512}
    for n_atoms in (0, 1, 9, 100):
        with pytest.raises(ConfigError, match="cube such as 8"):
            plan_cells("demo", n_atoms=n_atoms)


def test_velocities_at_the_start_are_thermal():
    atoms = thermal_start(MeltQuenchRun(512, 2.4, 0, 0), 300.0, np.random.default_rng(1))
    momenta = atoms.get_momenta()
    np.testing.assert_allclose(momenta.sum(0), 0, atol=1e-9)
    assert atoms.get_kinetic_energy() == pytest.approx(1.5 * 511 * units.kB * 300, rel=1e-12)
    width = np.sqrt(atoms.get_masses()[0] * units.kB * 300)
    assert kstest(momenta.ravel() / width, "norm").pvalue > 0.01


def test_runs_that_are_there_or_taken_are_passed_over(tmp_path):
    (tmp_path / f"{RUNS[1].name}.extxyz").touch()
    with folder_lock(tmp_path / "work" / RUNS[0].name, ""):
        assert [run for run, _ in unfinished_runs(tmp_path, RUNS, "work")] == [RUNS[2]]
    taken = unfinished_runs(tmp_path, RUNS, "work")
    assert next(taken) == (RUNS[0], tmp_path / "work" / RUNS[0].name)
    # as long as the first is worked on, another process gets the next one
    assert [run for run, _ in unfinished_runs(tmp_path, RUNS, "work")] == [RUNS[2]]
    assert next(taken)[0] == RUNS[2]
    assert [run for run, _ in unfinished_runs(tmp_path, RUNS, "work")] == [RUNS[0]]


def test_settings_are_kept_by_many_at_once(tmp_path):
    out = tmp_path / "out"

    def remember(number):
        remember_settings(out, {"engine": "ase"}, [], {"ase": "1"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(remember, range(32)))
    record = json.loads((out / "generate.json").read_text())
    assert record["settings"] == {"engine": "ase"}
    assert set(record["made_with"]) == {"amorphology", "ase"}
    assert [p.name for p in out.iterdir()] == ["generate.json"]
    with pytest.raises(ConfigError, match="other settings"):
        remember_settings(out, {"engine": "vasp"}, [], {})
    with pytest.raises(ConfigError, match="is not a folder"):
        remember_settings(out / "generate.json", {}, [], {})
