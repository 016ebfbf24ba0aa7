import numpy as np
import pytest

from amorphology.errors import ConfigError
from amorphology.studies.comparison.folds import assign_folds, fold_split


@pytest.fixture
def groups() -> np.ndarray:
    """A few large groups among many small ones, as simulations among single structures."""
    sizes = [40, 38, 20] + [1] * 60 + [3] * 14
    return np.random.default_rng(3).permutation(np.repeat(np.arange(len(sizes)), sizes))


def test_a_group_is_in_one_fold_and_folds_are_even(groups):
    folds = assign_folds(groups, 5, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in np.unique(groups))
    counts = np.bincount(folds, minlength=5)
    assert counts.tolist() == [40] * 5  # 200 frames; small groups fill what large ones leave


def test_another_seed_has_other_folds(groups):
    assert np.array_equal(assign_folds(groups, 5, 0), assign_folds(groups, 5, 0))
    assert not np.array_equal(assign_folds(groups, 5, 0), assign_folds(groups, 5, 1))


def test_every_frame_is_tested_once_and_never_beside_its_group(groups):
    folds = assign_folds(groups, 4, seed=0)
    tested = np.zeros(len(groups), int)
    for fold in range(4):
        split = fold_split(groups, folds, fold, seed=0)
        assert split.name == f"fold {fold + 1} of 4"
        tested += split.subset == "test"
        sets = [set(groups[split.indices(name)]) for name in ("train", "validation", "test")]
        assert all(sets)
        assert sum(map(len, sets)) == len(set().union(*sets))
    assert (tested == 1).all()


def test_too_few_groups():
    with pytest.raises(ConfigError, match="2 groups of frames cannot be shared out to 3 folds"):
        assign_folds(np.array([0, 0, 1, 1]), 3, seed=0)
    with pytest.raises(ConfigError, match="1 folds"):
        assign_folds(np.array([0, 1]), 1, seed=0)
