import math

import numpy as np
import pytest

from amorphology.errors import StructureError
from amorphology.training import calibration, recalibration_factor

RNG = np.random.default_rng(0)
SIGMA = RNG.uniform(0.005, 0.05, 50_000)  # eV/atom
ENERGIES = RNG.normal(-8.0, 0.4, SIGMA.shape)


def test_honest_spreads():
    predictions = ENERGIES + RNG.normal(size=SIGMA.shape) * SIGMA
    found = calibration(ENERGIES, predictions, SIGMA, n_bins=5)
    assert found.within_one == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.01)
    assert found.within_two == pytest.approx(math.erf(2 / math.sqrt(2)), abs=0.01)
    np.testing.assert_allclose(found.rmse, found.spread, rtol=0.03)
    assert (np.diff(found.spread) > 0).all()
    assert found.n_frames.tolist() == [10_000] * 5
    assert found.spread[-1] == pytest.approx(45.6, abs=0.5)  # meV/atom
    assert recalibration_factor(ENERGIES, predictions, SIGMA) == pytest.approx(1, abs=0.01)
    # |e| = sigma |z| with independent z; its rank correlation is far from both 0 and 1.
    assert 0.3 < found.correlation < 0.6


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_spreads_that_are_too_small_or_too_large(factor: float):
    predictions = ENERGIES + factor * RNG.normal(size=SIGMA.shape) * SIGMA
    found = recalibration_factor(ENERGIES, predictions, SIGMA)
    assert found == pytest.approx(factor, rel=0.01)
    assert calibration(ENERGIES, predictions, found * SIGMA).within_one == pytest.approx(
        0.683, abs=0.01
    )
    expected = math.erf(1 / factor / math.sqrt(2))
    within = calibration(ENERGIES, predictions, SIGMA).within_one
    assert within == pytest.approx(expected, abs=0.01)


def test_by_hand():
    found = calibration([0, 0, 0, 0], [0.001, -0.003, 0.02, 0.0], [0.002, 0.002, 0.01, 0.01])
    assert (found.within_one, found.within_two) == (0.5, 1.0)
    found = calibration([0, 0, 0], [0.001, -0.003, 0.02], [0.002, 0.002, 0.01], n_bins=2)
    assert found.n_frames.tolist() == [2, 1]
    assert found.rmse == pytest.approx([math.sqrt(5), 20])
    assert found.spread == pytest.approx([2, 10])
    numbers = found.as_dict()
    assert numbers["bins"][1] == {
        "spread_mev_per_atom": pytest.approx(10),
        "rmse_mev_per_atom": pytest.approx(20),
        "n_frames": 1,
    }


def test_frames_without_spread_do_not_decide_the_factor():
    assert recalibration_factor([0, 0], [0.5, 0.03], [0.0, 0.01]) == pytest.approx(3)
    assert recalibration_factor([0, 0], [0.5, 0.03], [0.0, 0.0]) == 1.0
    constant = calibration([0, 0], [0.5, 0.03], [0.1, 0.1])
    assert np.isnan(constant.correlation)
    assert constant.as_dict()["rank_correlation"] is None


def test_no_frames():
    for compare in (calibration, recalibration_factor):
        with pytest.raises(StructureError, match="no frames"):
            compare([], [], [])
