import numpy as np
import pytest

from amorphology.studies.comparison.results import Outcome, errors_of
from amorphology.studies.comparison.rows import SPACE, comparison_rows
from amorphology.studies.comparison.trainings import ComparedTraining

ROW = comparison_rows(SPACE)[0]


def outcome(number: int, *, in_folds: bool) -> Outcome:
    rng = np.random.default_rng(number)
    energy = rng.normal(-8, 0.3, 30)
    subset = np.where(np.arange(30) % 3 == number % 3, "test", "train")
    training = (
        ComparedTraining("dft", ROW, "group", 0, 1, number, 3)
        if in_folds
        else ComparedTraining("carbon", ROW, "run", number, 1)
    )
    error = rng.normal(0, 0.02 * (1 + number), 30)
    return Outcome(training, energy, energy + error, float(energy.mean()), subset, {}, {})


def errors(one: Outcome) -> np.ndarray:
    return 1000 * (one.prediction - one.energy)[one.subset == "test"]


def test_folds_are_pooled():
    some = [outcome(number, in_folds=True) for number in range(3)]
    found = errors_of(some, "test")
    pooled = np.concatenate([errors(one) for one in some])
    assert found == {
        "rmse_mev_per_atom": pytest.approx(np.sqrt(np.mean(pooled**2))),
        "mae_mev_per_atom": pytest.approx(np.abs(pooled).mean()),
        "n_frames": 30,
    }


def test_seeds_are_averaged_with_their_spread():
    some = [outcome(number, in_folds=False) for number in range(3)]
    found = errors_of(some, "test")
    rmse = [np.sqrt(np.mean(errors(one) ** 2)) for one in some]
    assert found["rmse_mev_per_atom"] == pytest.approx(np.mean(rmse))
    assert found["rmse_spread_mev_per_atom"] == pytest.approx(np.std(rmse, ddof=1))
    assert found["n_frames"] == 10


def test_a_guess_is_the_mean_of_each_training_set():
    some = [outcome(number, in_folds=True) for number in range(3)]
    pooled = np.concatenate(
        [1000 * (one.energy.mean() - one.energy[one.subset == "test"]) for one in some]
    )
    found = errors_of(some, "test", guess=True)
    assert found["rmse_mev_per_atom"] == pytest.approx(np.sqrt(np.mean(pooled**2)))


def test_no_frames_no_errors():
    assert errors_of([outcome(0, in_folds=False)], "larger") is None
    assert errors_of([], "test") is None
