import pytest

from amorphology.errors import StructureError
from amorphology.training import error_metrics


def test_errors_by_hand():
    errors = error_metrics([-8.0, -7.0], [-8.003, -6.996], "test, by run")
    assert errors.mae == pytest.approx(3.5)
    assert errors.rmse == pytest.approx(12.5**0.5)
    assert str(errors) == "test, by run: RMSE 3.5, MAE 3.5 meV/atom (2 frames)"
    assert errors.as_dict() == {
        "rmse_mev_per_atom": errors.rmse,
        "mae_mev_per_atom": errors.mae,
        "n_frames": 2,
        "split": "test, by run",
    }


def test_no_frames():
    with pytest.raises(StructureError, match="no frames"):
        error_metrics([], [], "test")
