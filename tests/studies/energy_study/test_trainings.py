from pathlib import Path

import pytest

from amorphology.errors import ConfigError
from amorphology.studies import carbon_study, graphene_study
from amorphology.studies.energy_study.trainings import FRACTIONS, OPTIONS, find_trainings


@pytest.fixture(params=[carbon_study, graphene_study], ids=["carbon", "graphene"])
def plan(request):
    return request.param


def test_demo_has_the_papers_network_and_one_model_past_it(plan):
    cnn, kernel = plan("demo", seed=3).trainings
    assert (cnn.name, kernel.name) == ("cnn_paper_seed3", "kernel_ridge_midpoints_seed3")
    assert (cnn.split.by, cnn.fraction, cnn.ensemble) == ("run", None, 1)
    assert [(one.homology, one.bins) for one in cnn.descriptors] == [(1, 128)]


def test_names_are_unique_and_say_what_a_training_is(plan):
    trainings = plan("paper").trainings
    assert len({one.name for one in trainings}) == len(trainings)
    assert trainings[0].family == "cnn_paper"
    by_name = {one.name: one for one in trainings}
    assert by_name["cnn_paper_random_seed2"].split.by == "random"
    assert by_name["cnn_paper_1_of_16_seed0"].fraction == 1 / 16
    assert by_name["cnn_paper_without_middle_seed0"].without_middle
    assert by_name["cnn_paired_ensemble_seed0"].ensemble == 5
    assert by_name["cnn_paired_ensemble_seed0"].title == "5 × CNN"


def test_paper_scale_asks_every_question(plan):
    trainings = plan("paper", seed=7).trainings

    def seeds(family):
        return [one.seed for one in trainings if one.family == family]

    for family in ("cnn_paper", "cnn_paper_random", "cnn_paired"):
        assert seeds(family) == [7, 8, 9]
    for option in OPTIONS:
        assert seeds(f"kernel_ridge_{option}") == [7, 8, 9]
    for model in ("cnn_paper", "kernel_ridge_paper", "kernel_ridge_midpoints", "ridge_paired"):
        found = {one.fraction for one in trainings if one.family.startswith(f"{model}_1_of_")}
        assert found == set(FRACTIONS)
    assert seeds("cnn_paper_without_middle") == [7]
    assert seeds("cnn_paired_ensemble") == [7]
    # All by one split, so that they can be compared.
    assert len({repr(one.split) for one in trainings if one.split.by == "run"}) == 1


def test_each_option_is_one_change_to_the_papers_histogram(plan):
    histograms = {one.option: one.descriptors[0] for one in plan("paper").trainings}
    assert set(histograms) == set(OPTIONS)
    paper = histograms["paper"].model_dump()
    changed = {
        option: {key for key, value in settings.model_dump().items() if value != paper[key]}
        for option, settings in histograms.items()
    }
    assert changed["paper"] == set()
    assert changed["channels"] == {"homology", "range"}
    assert changed["per_atom"] == {"normalisation"}
    assert changed["blur"] == {"blur"}
    assert changed["radius"] == {"axes", "range"}
    assert changed["combined"] >= {"homology", "normalisation", "blur", "axes"}
    assert changed["paired"] == changed["combined"] | {"essential"}
    assert histograms["paired"] == histograms["lengths"] == histograms["midpoints"]


def test_midpoints_are_read_beside_atoms(plan):
    found = next(x.descriptors for x in plan("paper").trainings if x.option == "midpoints")
    assert found[0].points == "atoms"
    midpoints = found[1:]
    assert {one.points for one in midpoints} == {"bond_midpoints"}
    assert len({one.bond_weight for one in midpoints}) == len(midpoints) > 0


def test_settings_of_a_training():
    study = carbon_study("paper", seed=2)
    (one,) = find_trainings(study.trainings, ["cnn_paper_without_middle_seed2"])
    config = one.config(Path("out"), [Path("a.extxyz")], (-7.5, -7.0), Path("cache"))
    assert (config.out, config.seed, config.data.frames) == ("out", 2, ["a.extxyz"])
    assert config.data.exclude_energies == (-7.5, -7.0)
    (other,) = find_trainings(study.trainings, ["ridge_paired_1_of_8_seed2"])
    config = other.config(Path("out"), [Path("a.extxyz")], (-7.5, -7.0), Path("cache"))
    assert config.data.exclude_energies is None
    assert config.data.fraction == 1 / 8
    assert config.model.kind == "ridge"


def test_trainings_are_found_by_name_or_family():
    trainings = carbon_study("paper").trainings
    found = find_trainings(trainings, ["ridge_paired_seed1", "cnn_paper"])
    assert [one.name for one in found] == [
        "cnn_paper_seed0",
        "cnn_paper_seed1",
        "cnn_paper_seed2",
        "ridge_paired_seed1",
    ]
    with pytest.raises(ConfigError, match=r"cnn_papr: .* did you mean cnn_paper\?"):
        find_trainings(trainings, ["cnn_papr"])
    with pytest.raises(ConfigError, match="`--list` names those it has"):
        find_trainings(trainings, ["42"])


def test_scales_and_sheets_there_are_not():
    with pytest.raises(ConfigError, match="unknown scale"):
        carbon_study("huge")
    with pytest.raises(ConfigError, match="unknown sheet"):
        graphene_study("demo", sheet="rolled")
