from dataclasses import replace

import numpy as np
import pytest

from amorphology.studies.comparison import trainings as module
from amorphology.studies.comparison.datasets import (
    CARBON,
    DFT,
    GRAPHENE,
    read_dft,
    read_simulations,
)
from amorphology.studies.comparison.rows import SPACE, comparison_rows
from amorphology.studies.comparison.sweeps import sensitivity_sweeps, settings_of
from amorphology.studies.comparison.trainings import SCALES, ComparedTraining, comparison

ROWS = {row.name: row for row in comparison_rows(SPACE)}


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_names_are_of_one_training_each(scale):
    plan = comparison(scale, 0, [CARBON, GRAPHENE, DFT])
    names = [one.name for one in plan.trainings]
    assert len(set(names)) == len(names)
    assert all(one.name.startswith(f"{one.family}_") for one in plan.trainings)
    for row in ROWS:
        assert f"carbon_{row}_run_seed0" in names
        assert f"graphene_{row}_random_seed0" in names
        assert (f"dft_{row}_group_fold2" in names) != ROWS[row].one_size


def test_paper_scale_has_three_seeds_and_five_folds():
    plan = comparison(SCALES["paper"], 5, [CARBON, DFT])
    assert {one.seed for one in plan.of(CARBON)} == {5, 6, 7}
    assert {one.fold for one in plan.of(DFT)} == {0, 1, 2, 3, 4}
    assert not plan.of(GRAPHENE)
    first = [one.seed for one in plan.of(CARBON)]
    assert first == sorted(first)
    assert {one.seed for one in plan.of(CARBON) if one.split == "random"} == {5}


def test_cells_of_one_size_are_compared_number_by_number():
    plan = comparison(SCALES["demo"], 0, [DFT], one_size=True)
    assert "dft_cartesian_ridge_group_fold1" in [one.name for one in plan.trainings]
    assert plan.sweeps == ()


def test_larger_cells_are_only_predicted(simulations):
    data = read_simulations(CARBON, simulations)
    training = ComparedTraining(CARBON, ROWS["pd_ridge"], "run", 0, 1)
    labelled = training.labelled(data)
    assert labelled.frames == data.frames
    assert set(labelled.split.subset[48:]) == {"larger"}
    held_out = set(labelled.runs[labelled.split.indices("test")])
    assert held_out.isdisjoint(labelled.runs[labelled.split.indices("train")])
    assert len(training.labelled(data).split.indices("train")) == 8 * 4


def test_what_compares_numbers_one_by_one_sees_no_larger_cells(simulations):
    data = read_simulations(CARBON, simulations)
    training = ComparedTraining(CARBON, ROWS["coulomb_eigenspectrum_ridge"], "run", 0, 1)
    labelled = training.labelled(data)
    assert len(labelled.frames) == 48
    assert not any(frame.pbc.any() for frame in labelled.frames)
    assert data.frames[0].pbc.all()


def test_random_and_run_splits_have_frames_in_the_same_order(simulations):
    """So that they share their features."""
    data = read_simulations(CARBON, simulations)
    run, random = (
        ComparedTraining(CARBON, ROWS["acsf_ridge"], split, 0, 1).labelled(data)
        for split in ("run", "random")
    )
    assert run.frames == random.frames
    assert not np.array_equal(run.split.subset, random.split.subset)


def test_training_sets_are_cut_where_memory_ends(simulations, monkeypatch):
    data = read_simulations(CARBON, simulations)
    kernel = ComparedTraining(CARBON, ROWS["soap_kernel_ridge"], "run", 0, 1)
    assert kernel.most_frames(216) == int((7e9 / 8 / 3) ** 0.5)
    matrix = ComparedTraining(CARBON, ROWS["coulomb_matrix_ridge"], "run", 0, 1)
    assert matrix.most_frames(680) == int(1e9 / 4 / 680**2)
    # All kernels of the paper's 9,072 training frames fit.
    assert min(replace(kernel, row=row).most_frames(6) for row in ROWS.values()) > 9072
    monkeypatch.setattr(module, "KERNEL_BYTES", 3 * 8 * 10**2)
    split = kernel.labelled(data).split
    assert [len(split.indices(name)) for name in ("train", "unused", "test")] == [10, 22, 8]
    assert len(kernel.split_of(data).indices("train")) == 32


def test_folds_of_groups_and_of_frames(dft_frames):
    data = read_dft(dft_frames)
    for split in ("group", "random"):
        folds = [
            ComparedTraining(DFT, ROWS["pd_ridge"], split, 0, 1, fold, 4).labelled(data)
            for fold in range(4)
        ]
        tested = sum((one.split.subset == "test").astype(int) for one in folds)
        assert (tested == 1).all()
        test, train = (set(data.runs[folds[0].split.indices(name)]) for name in ("test", "train"))
        assert test.isdisjoint(train) == (split == "group")


def test_a_config_names_the_settings_of_the_row(simulations, tmp_path):
    data = read_simulations(CARBON, simulations)
    training = ComparedTraining(CARBON, ROWS["soap_hdnnp"], "run", 3, 17)
    config = training.config(tmp_path / "run", data, tmp_path / "features")
    assert (config.seed, config.optimisation.epochs, config.split.by) == (3, 17, "run")
    assert config.descriptor == ROWS["soap_hdnnp"].descriptor
    fold = ComparedTraining(DFT, ROWS["soap_hdnnp"], "group", 0, 1, 1, 5)
    config = fold.config(tmp_path / "run", data, tmp_path / "features")
    assert (config.split.by, config.split.test) == ("near_copies", 0.2)


@pytest.mark.parametrize("many", [False, True])
def test_sweeps_change_one_setting_of_the_paper(many):
    sweeps = sensitivity_sweeps(many=many)
    assert [sweep.key for sweep in sweeps if sweep.method == "soap"] == [
        "sigma",
        "r_cut",
        "n_max",
        "l_max",
    ]
    for sweep in sweeps:
        assert [setting.is_paper for setting in sweep.settings].count(True) == 1
        (paper,) = (s.row.descriptor for s in sweep.settings if s.is_paper)
        values = []
        for setting in sweep.settings:
            changed = {
                key
                for key, value in setting.row.descriptor.model_dump().items()
                if value != paper.model_dump()[key]
            }
            assert changed <= {sweep.key}
            values.append(setting.row.descriptor.model_dump()[sweep.key])
        assert len({str(value) for value in values}) == len(values) >= 2
    names = [row.name for row in settings_of(sweeps)]
    assert len(set(names)) == len(names) == sum(len(sweep.settings) - 1 for sweep in sweeps) + 2
    sigmas = next(sweep for sweep in sweeps if sweep.key == "sigma")
    assert {"0.5", "1"} <= {setting.label for setting in sigmas.settings}
