import numpy as np
import pytest
from scipy.stats import binomtest

from amorphology.errors import StructureError
from amorphology.studies.explanation.measures import compare_groups, liquid_threshold


def test_threshold_separates_hot_from_cold():
    energy = np.array([-8.5, -8.2, -7.9, -7.7, -7.2, -7.0])
    temperature = np.array([300.0, 900, 5000, 3900, 6000, 9000])
    # Two thresholds have one frame on the wrong side; the lower one is taken.
    assert liquid_threshold(energy, temperature, 4000) == pytest.approx(-8.05)
    shuffled = np.array([3, 0, 5, 1, 4, 2])
    assert liquid_threshold(energy[shuffled], temperature[shuffled], 4000) == pytest.approx(-8.05)


@pytest.mark.parametrize(("melting", "side"), [(100, "above"), (10_000, "below")])
def test_threshold_needs_both(melting: float, side: str):
    with pytest.raises(StructureError, match=f"all frames are {side} {melting} K"):
        liquid_threshold(np.array([-8.0, -7.0]), np.array([300.0, 9000]), melting)


def frames_of(runs: int, difference: float) -> tuple[np.ndarray, ...]:
    """Two liquid and three low-energy frames a run; every run has a level of its own."""
    name = np.repeat([f"run{number}" for number in range(runs)], 5)
    liquid = np.tile([True, True, False, False, False], runs)
    level = np.repeat(np.random.default_rng(0).normal(size=runs), 5)
    values = level + np.where(liquid, 0.0, difference)
    return values, name, liquid, ~liquid


def test_runs_are_compared_with_themselves():
    found = compare_groups(*frames_of(6, 0.25))
    assert found.difference == pytest.approx(0.25)
    assert found.low - found.liquid == pytest.approx(0.25)
    assert found.interval == pytest.approx((0.25, 0.25))
    # The sign test: all six agree.
    assert found.p_value == pytest.approx(binomtest(6, 6, alternative="greater").pvalue)
    assert (found.n_runs, found.n_runs_agreeing, found.n_frames) == (6, 6, 30)


def test_no_difference_is_no_evidence():
    values, runs, liquid, low = frames_of(8, 0.0)
    random = np.random.default_rng(1).normal(size=len(values))
    found = compare_groups(random, runs, liquid, low)
    assert 0.05 < found.p_value < 0.95
    assert found.interval[0] < 0 < found.interval[1]
    assert compare_groups(values, runs, liquid, low).p_value == 1.0
    assert compare_groups(*frames_of(8, -1.0)).p_value == 1.0


def test_many_runs_are_drawn_at_random():
    values, runs, liquid, low = frames_of(30, 0.1)
    noise = np.random.default_rng(2).normal(scale=0.4, size=len(values))
    found = compare_groups(values + noise, runs, liquid, low)
    again = compare_groups(values + noise, runs, liquid, low)
    assert found == again
    assert found.p_value > 0
    mean = found.difference
    assert found.interval[0] < mean < found.interval[1]


def test_frames_without_a_number_are_left_out():
    values, runs, liquid, low = frames_of(3, 0.5)
    values[2:5] = np.nan  # all low-energy frames of the first run
    values[5] = np.nan
    found = compare_groups(values, runs, liquid, low)
    assert found.n_runs == 2
    assert found.n_frames == 9
    assert found.difference == pytest.approx(0.5)
    with pytest.raises(StructureError, match="no run has both"):
        compare_groups(np.full(15, np.nan), runs, liquid, low)
