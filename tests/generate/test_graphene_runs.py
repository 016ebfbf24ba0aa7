import dataclasses

import numpy as np
import pytest

from amorphology.bond_network import BondNetwork
from amorphology.errors import ConfigError
from amorphology.generate.graphene_runs import GRAPHENE_SCALES, GrapheneRun, plan_graphene_runs


def test_paper_scale_has_the_published_numbers():
    small = plan_graphene_runs("paper", n_atoms=680)
    assert len(small) == 1050
    along = [run.protocol().n_frames - 1 for run in small]
    assert sum(along) == 780
    assert set(along) == {0, 10}
    rates = {run.rate for run in small}
    assert max(rates) / min(rates) >= 100
    assert {run.rate for run in small if run.followed} == rates
    large = plan_graphene_runs("paper", n_atoms=2720)
    assert 20 <= len(large) <= 50
    assert all(run.n_atoms == 2720 for run in large)
    assert sum(run.followed for run in large) == len({run.rate for run in large})
    both = plan_graphene_runs("paper")
    assert both == small + large
    assert len({run.name for run in both}) == len(both)


def test_the_faster_the_more_runs():
    for scale in GRAPHENE_SCALES.values():
        small = [one for one in scale if one.n_atoms == 680]
        assert [one.rate for one in small] == sorted((one.rate for one in small), reverse=True)
        numbers = [one.n_runs for one in small]
        assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("sheet", ["flat", "rippled"])
@pytest.mark.parametrize("rate", [200.0, 50_000.0])
def test_temperature_falls_at_the_cooling_rate(sheet, rate):
    run = GrapheneRun(680, rate, 0, 0, sheet, followed=True)
    melt, *quench = run.protocol().stages
    assert melt.start_temperature == melt.end_temperature == quench[0].start_temperature == 12_000
    assert melt.n_frames == 0
    assert quench[-1].end_temperature == 300
    for stage in quench:
        fall = stage.start_temperature - stage.end_temperature
        assert fall / (stage.duration * 1e-3) == pytest.approx(rate)
    assert sum(stage.n_frames for stage in quench) == 10
    assert run.protocol().minimise
    # held in the plane throughout, or released when it has solidified
    held = run.protocol().stages[: run.stages_in_plane]
    assert held[-1].end_temperature == (300 if sheet == "flat" else 3000)


def test_frames_from_along_do_not_change_the_run():
    run = GrapheneRun(680, 1000.0, 3, 0)
    followed = dataclasses.replace(run, followed=True)
    times = [[s.duration for s in r.protocol().stages] for r in (run, followed)]
    assert times[0] == times[1]
    assert run.random_seeds(4) == followed.random_seeds(4)


@pytest.mark.parametrize(("sheet", "area"), [("flat", 1.04), ("rippled", 1.0)])
@pytest.mark.parametrize(("n_atoms", "cells"), [(680, (17, 10)), (2720, (34, 20)), (48, (4, 3))])
def test_start_is_graphene_in_a_cell_of_its_area(n_atoms, cells, sheet, area):
    atoms = GrapheneRun(n_atoms, 1000.0, 0, 0, sheet).start_structure()
    stretch = np.sqrt(area)
    crystal = [cells[0] * 2.46, cells[1] * 2.46 * np.sqrt(3)]
    np.testing.assert_allclose(atoms.cell.lengths()[:2], stretch * np.array(crystal))
    assert atoms.pbc.tolist() == [True, True, False]
    assert len(atoms) == n_atoms
    assert np.ptp(atoms.positions[:, 2]) == 0.0
    scaled = atoms.get_scaled_positions(wrap=False)
    assert scaled.min() >= 0
    assert scaled.max() < 1
    network = BondNetwork(atoms, 1.6)
    vectors = np.diff(atoms.positions[network.bonds], axis=1)[:, 0]
    vectors += network.bond_offsets @ atoms.cell[:]
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, stretch * 2.46 / np.sqrt(3))
    assert network.ring_sizes()[6] == n_atoms // 2


def test_random_seeds_belong_to_the_run_and_suit_lammps():
    runs = [run for seed in (0, 1) for run in plan_graphene_runs("paper", seed=seed)]
    seeds = [s for run in runs for s in run.random_seeds(4)]
    # drawn from 900 million: a few of 8,592 may meet by chance
    assert len(set(seeds)) >= len(seeds) - 3
    assert len({run.random_seeds(4) for run in runs}) == len(runs)
    assert min(seeds) >= 1
    assert max(seeds) <= 900_000_000


def test_rates_and_numbers_can_be_chosen():
    runs = plan_graphene_runs("paper", n_atoms=680, rates=[5000, 333.4], n_runs=2)
    assert [run.name for run in runs] == [
        "graphene_680_r5000_s000",
        "graphene_680_r5000_s001",
        "graphene_680_r333_s000",
        "graphene_680_r333_s001",
    ]
    assert len(plan_graphene_runs("paper", n_atoms=680, rates=[5000])) == 164
    assert len(plan_graphene_runs("demo", rates=[200])) == 2
    few = plan_graphene_runs("paper", n_atoms=2720, n_runs=1)
    assert len(few) == 7
    assert set(few) <= set(plan_graphene_runs("paper"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "huge"}, "demo, paper"),
        ({"sheet": "curly"}, "flat, rippled"),
        ({"n_atoms": 64}, "680 or 2720"),
        ({"rates": [99.0, 200.0]}, "within 100 and 100000 K/ps: 99"),
        ({"rates": [float("nan")]}, "within 100"),
        ({"rates": []}, "none given"),
        ({"n_runs": 0}, "at least one run"),
        ({"seed": -1}, "not be negative"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        plan_graphene_runs(**options)


def test_a_sheet_has_whole_cells():
    with pytest.raises(ConfigError, match="multiple of four atoms, not 50"):
        GrapheneRun(50, 1000.0, 0, 0).start_structure()
