import numpy as np
import pytest

from amorphology.errors import ConfigError
from amorphology.training import split_frames
from amorphology.training.splits import exclude_energies, reduce_training

RUNS = np.repeat([f"run{i}" for i in range(10)], [48, 3, 48, 48, 48, 1, 48, 48, 48, 48])


@pytest.mark.parametrize("seed", range(20))
def test_a_split_by_run_never_mixes_runs(seed: int):
    split = split_frames(RUNS, by="run", validation=0.1, test=0.2, seed=seed)
    subsets = {run: set(split.subset[run == RUNS]) for run in np.unique(RUNS)}
    assert all(len(found) == 1 for found in subsets.values())
    held_out = [next(iter(found)) for found in subsets.values()]
    assert [held_out.count(name) for name in ("train", "validation", "test")] == [7, 1, 2]


def test_interleaved_runs_stay_together():
    runs = np.array(["a", "b", "c", "d"] * 5)
    split = split_frames(runs, by="run", validation=0.25, test=0.25, seed=0)
    assert all(len(set(split.subset[runs == run])) == 1 for run in "abcd")


def test_a_random_split_has_the_fractions_and_is_named():
    split = split_frames(RUNS, by="random", validation=0.1, test=0.2, seed=0)
    n = len(RUNS)
    assert split.name == "random"
    assert len(split.indices("test")) == round(0.2 * n)
    assert len(split.indices("validation")) == round(0.1 * n)
    together = np.concatenate([split.indices(name) for name in ("train", "validation", "test")])
    assert sorted(together) == list(range(n))


def test_the_seed_decides():
    splits = [
        split_frames(RUNS, by="run", validation=0.1, test=0.2, seed=seed).subset
        for seed in (0, 0, 1)
    ]
    assert (splits[0] == splits[1]).all()
    assert (splits[0] != splits[2]).any()


def test_no_test_set_is_allowed():
    split = split_frames(RUNS, by="run", validation=0.1, test=0.0, seed=0)
    assert len(split.indices("test")) == 0


def test_a_split_by_near_copies_is_one_by_run_of_their_groups():
    by_run, by_copies = (
        split_frames(RUNS, by=by, validation=0.1, test=0.2, seed=3) for by in ("run", "near_copies")
    )
    np.testing.assert_array_equal(by_run.subset, by_copies.subset)
    assert by_copies.name == "by near-copies"
    with pytest.raises(ConfigError, match=r"at least 3 groups of near-copies.*there is 1; give"):
        split_frames(np.array(["a"]), by="near_copies", validation=0.1, test=0.1, seed=0)


def test_too_few_runs():
    with pytest.raises(
        ConfigError, match=r"needs at least 3 runs.*there are 2.*split\.by to random"
    ):
        split_frames(np.array(["a", "b"] * 9), by="run", validation=0.1, test=0.1, seed=0)
    with pytest.raises(
        ConfigError, match=r"needs at least 3 frames.*there is 1; give more frames$"
    ):
        split_frames(np.array(["a"]), by="random", validation=0.1, test=0.1, seed=0)


def whole_split(seed: int = 0):
    return split_frames(RUNS, by="run", validation=0.1, test=0.2, seed=seed)


def test_smaller_training_sets_are_nested_and_leave_the_rest_alone():
    split = whole_split()
    full = set(split.indices("train"))
    before = full
    for fraction in (0.8, 0.5, 0.1):
        reduced = reduce_training(split, fraction=fraction, seed=4)
        kept = set(reduced.indices("train"))
        assert len(kept) == round(fraction * len(full))
        assert kept < before
        assert set(reduced.indices("unused")) == full - kept
        for subset in ("validation", "test"):
            np.testing.assert_array_equal(reduced.indices(subset), split.indices(subset))
        before = kept
    by_number = reduce_training(split, n_train=len(before), seed=4)
    assert set(by_number.indices("train")) == before
    assert set(reduce_training(split, fraction=0.1, seed=5).indices("train")) != before
    assert (reduce_training(split, fraction=1.0, seed=4).subset == split.subset).all()
    assert reduce_training(split, seed=4) is split
    assert len(reduce_training(split, fraction=1e-9, seed=4).indices("train")) == 1


def test_more_training_frames_than_there_are():
    with pytest.raises(ConfigError, match=r"n_train is 1000, but the training set has \d+ frames"):
        reduce_training(whole_split(), n_train=1000, seed=0)


def test_energies_are_excluded_from_every_subset():
    split = whole_split()
    energies = np.random.default_rng(0).uniform(-8.6, -6.8, len(RUNS))
    energies[:2] = (-8.0, -7.5)  # the ends belong to the window
    reduced = exclude_energies(split, energies, (-8.0, -7.5))
    inside = (energies >= -8.0) & (energies <= -7.5)
    for subset in ("train", "validation", "test"):
        expected = np.flatnonzero((split.subset == subset) & ~inside)
        np.testing.assert_array_equal(reduced.indices(subset), expected)
    test = np.flatnonzero((split.subset == "test") & inside)
    np.testing.assert_array_equal(reduced.indices("excluded_test"), test)
    assert len(reduced.indices("excluded")) == inside.sum() - len(test)
    assert reduced.name == "by run"


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ((-6.0, -5.0), r"no frame has an energy in \[-6, -5\].*from -8\.\d+ to -6\.\d+"),
        ((-9.0, -5.0), "leaves no train frames"),
    ],
)
def test_windows_that_make_no_sense(window: tuple[float, float], message: str):
    energies = np.linspace(-8.6, -6.8, len(RUNS))
    with pytest.raises(ConfigError, match=message):
        exclude_energies(whole_split(), energies, window)
