import numpy as np
import pytest

from amorphology.errors import ConfigError
from amorphology.training import split_frames

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


def test_too_few_runs():
    with pytest.raises(
        ConfigError, match=r"needs at least 3 runs.*there are 2.*split\.by to random"
    ):
        split_frames(np.array(["a", "b"] * 9), by="run", validation=0.1, test=0.1, seed=0)
    with pytest.raises(
        ConfigError, match=r"needs at least 3 frames.*there is 1; give more frames$"
    ):
        split_frames(np.array(["a"]), by="random", validation=0.1, test=0.1, seed=0)
