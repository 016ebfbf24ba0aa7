import dataclasses

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.neighborlist import neighbor_list

from amorphology.errors import ConfigError, RunError
from amorphology.generate.melt_quench import (
    SCALES,
    MeltQuenchRun,
    Protocol,
    Stage,
    check_frames,
    plan_runs,
)


def test_paper_scale_is_the_published_protocol():
    protocol, runs = plan_runs("paper", n_atoms=216)
    assert protocol.timestep == 1.0
    assert [
        (s.start_temperature, s.end_temperature, s.duration, s.n_frames) for s in protocol.stages
    ] == [
        (300, 9000, 2000, 15),
        (9000, 9000, 3000, 30),
        (9000, 5000, 2000, 100),
        (5000, 5000, 2000, 25),
        (5000, 300, 2000, 100),
    ]
    assert protocol.n_steps == 11_000
    assert len(runs) == 48
    assert len(runs) * protocol.n_frames == 12_960
    assert {r.density for r in runs} == {2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4}
    assert {r.index for r in runs} == set(range(6))


def test_demo_scale_has_enough_runs_and_frames():
    protocol, runs = plan_runs("demo")
    small = [r for r in runs if r.n_atoms == 216]
    large = [r for r in runs if r.n_atoms == 512]
    assert len(small) + len(large) == len(runs)
    assert len(small) >= 10
    assert min(r.density for r in small) == 2.0
    assert max(r.density for r in small) == 3.4
    assert 45 <= protocol.n_frames <= 50
    assert len(small) * protocol.n_frames >= 480
    assert len(large) * protocol.n_frames >= 40


@pytest.mark.parametrize("scale", SCALES)
def test_temperatures_join_at_the_ends_of_stages(scale):
    stages = SCALES[scale].protocol.stages
    assert stages[0].start_temperature == stages[-1].end_temperature == 300
    assert [s.end_temperature for s in stages[:-1]] == [s.start_temperature for s in stages[1:]]


@pytest.mark.parametrize("scale", SCALES)
def test_frames_are_evenly_spaced_and_end_with_their_stage(scale):
    protocol = SCALES[scale].protocol
    begin = 0
    for window in protocol.windows():
        assert window.begin == begin
        assert len(window.frames) == window.stage.n_frames
        assert window.frames[-1] == window.end
        assert window.frames[0] > window.begin
        assert window.frames.step * window.stage.n_frames <= window.end - window.begin
        begin = window.end
    assert begin == protocol.n_steps


def test_frames_of_the_paper_heating_are_133_steps_apart():
    frames = SCALES["paper"].protocol.windows()[0].frames
    assert list(frames) == [2000 - 133 * k for k in range(14, -1, -1)]


@pytest.mark.parametrize(("duration", "n_frames"), [(10.0, -1), (10.0, 11), (0.2, 0)])
def test_frames_that_do_not_fit_are_refused(duration, n_frames):
    protocol = Protocol("odd", (Stage("only", 300, 300, duration, n_frames),), 1.0, 10.0)
    with pytest.raises(ConfigError, match=rf"'only'.*{round(duration)} steps"):
        protocol.windows()


def test_a_stage_may_have_no_frames_and_a_minimum_is_one_more():
    stages = (Stage("melt", 300, 300, 10.0, 0), Stage("quench", 300, 300, 10.0, 2))
    protocol = Protocol("odd", stages, 1.0, 10.0, minimise=True)
    assert [list(window.frames) for window in protocol.windows()] == [[], [15, 20]]
    assert protocol.n_frames == 3


@pytest.mark.parametrize(("n_atoms", "density"), [(216, 2.0), (512, 3.4)])
def test_start_is_simple_cubic_at_the_density(n_atoms, density):
    atoms = MeltQuenchRun(n_atoms, density, 0, 0).start_structure()
    assert atoms.pbc.all()
    assert atoms.get_chemical_formula() == f"C{n_atoms}"
    # Avogadro's number, rather than the constant the code uses
    grams = atoms.get_masses().sum() / 6.02214076e23
    assert grams / (atoms.get_volume() * 1e-24) == pytest.approx(density, rel=1e-8)
    spacing = atoms.cell.lengths()[0] / round(n_atoms ** (1 / 3))
    distances = neighbor_list("d", atoms, 1.2 * spacing)
    assert len(distances) == 6 * n_atoms
    np.testing.assert_allclose(distances, spacing, rtol=1e-12)


def test_start_must_be_a_cube():
    with pytest.raises(ConfigError, match="not 100"):
        MeltQuenchRun(100, 2.0, 0, 0).start_structure()


def test_random_seeds_belong_to_the_run_and_suit_lammps():
    runs = [r for seed in (0, 1) for r in plan_runs("paper", seed=seed)[1]]
    seeds = [s for r in runs for s in r.random_seeds(6)]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) >= 1
    assert max(seeds) <= 900_000_000
    assert runs[3].random_seeds(6) == dataclasses.replace(runs[3]).random_seeds(6)


def test_names_are_unique_and_say_what_the_run_is():
    _, runs = plan_runs("paper")
    assert len({r.name for r in runs}) == len(runs) == 56
    assert runs[2].name == "carbon_216_d2.40_s00"


def test_runs_are_dealt_over_the_densities():
    _, runs = plan_runs("demo", n_atoms=216, densities=[2.0, 3.0], n_runs=3)
    assert [(r.density, r.index) for r in runs] == [(2.0, 0), (3.0, 0), (2.0, 1)]
    _, runs = plan_runs("demo", n_atoms=512, densities=[2.555])
    assert [r.name for r in runs] == ["carbon_512_d2.56_s00"]


def test_more_runs_keep_the_first_ones():
    few = plan_runs("paper", n_atoms=216, n_runs=9)[1]
    assert few == plan_runs("paper", n_atoms=216)[1][:9]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "huge"}, "demo, paper"),
        ({"n_atoms": 64}, "216 or 512"),
        ({"densities": [2.0, 1.9]}, r"within 2\.0 and 3\.4 g/cm3: 1\.9"),
        ({"densities": [3.5]}, r"within 2\.0 and 3\.4"),
        ({"densities": [float("nan")]}, r"within 2\.0 and 3\.4"),
        ({"densities": []}, "none given"),
        ({"n_runs": 0}, "at least one run"),
        ({"seed": -1}, "not be negative"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        plan_runs(**options)


def _sound_frames(run, protocol):
    frames = []
    for window in protocol.windows():
        for step in window.frames:
            atoms = run.start_structure()
            atoms.info = {"step": step, "temperature": 5000.0}
            atoms.calc = SinglePointCalculator(
                atoms, energy=-8.0 * len(atoms), forces=np.zeros((len(atoms), 3))
            )
            frames.append(atoms)
    return frames


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        ("none", None),
        ("frame", "1 frames in place of 2"),
        ("atom", "step 10: 26 atoms in place of 27"),
        ("energy", "step 10: .* not a number"),
        ("force", "step 10: .* not a number"),
        ("position", "step 10: .* not a number"),
        ("hot", "step 10: the temperature ran away"),
        ("near", "step 10: atoms nearer than"),
    ],
)
def test_unsound_frames_are_refused(defect, message):
    run = MeltQuenchRun(27, 2.0, 0, 0)
    protocol = Protocol("short", (Stage("melt", 9000, 9000, 10.0, 2),), 1.0, 10.0)
    frames = _sound_frames(run, protocol)
    last = frames[-1]
    match defect:
        case "frame":
            frames.pop()
        case "atom":
            del last[0]
        case "energy":
            last.calc.results["energy"] = np.nan
        case "force":
            last.calc.results["forces"][3, 1] = np.inf
        case "position":
            last.calc.atoms.positions[0] = last.positions[0] = np.nan
        case "hot":
            last.info["temperature"] = 50_000.0
        case "near":
            last.positions[0] = last.calc.atoms.positions[0] = last.positions[1] + [0.3, 0, 0]
    if message is None:
        check_frames(run, protocol, frames)
    else:
        with pytest.raises(RunError, match=message):
            check_frames(run, protocol, frames)
