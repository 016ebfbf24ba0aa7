import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from amorphology.errors import RunError, StructureError
from amorphology.homology import alpha_persistence_many
from amorphology.structures import mean_energy_per_atom
from amorphology.training import evaluate, load_run, predict, write_predictions


def test_frames_and_diagrams_predict_the_same(trained_run: Path, copper_frames: list[Atoms]):
    frames = copper_frames[:5]
    predictions = predict(trained_run, frames)
    assert predictions.shape == (5,)
    assert predictions.dtype == np.float64
    diagrams = alpha_persistence_many(frames)
    np.testing.assert_array_equal(predict(load_run(trained_run), diagrams), predictions)


def test_predictions_of_nothing(trained_run: Path):
    assert predict(trained_run, []).shape == (0,)


def test_predictions_do_not_see_the_image_chosen(trained_run: Path, copper_frames: list[Atoms]):
    frame = copper_frames[5].copy()
    frame.positions += frame.cell.array[0] + 0.1
    expected = predict(trained_run, copper_frames[5:6])
    np.testing.assert_allclose(predict(trained_run, [frame]), expected, atol=1e-5)


def test_evaluate(trained_run: Path, copper_frames: list[Atoms]):
    errors = evaluate(trained_run, copper_frames)
    difference = predict(trained_run, copper_frames) - mean_energy_per_atom(copper_frames)
    assert errors.n_frames == 40
    assert errors.mae == pytest.approx(1000 * np.abs(difference).mean())


def test_evaluate_needs_energies(trained_run: Path, copper_frames: list[Atoms]):
    with pytest.raises(StructureError, match="no energy"):
        evaluate(trained_run, [copper_frames[0].copy()])


def test_predictions_leave_labels_alone(
    trained_run: Path, copper_frames: list[Atoms], tmp_path: Path
):
    labelled, bare = copper_frames[0], copper_frames[1].copy()
    write_predictions(trained_run, [labelled, bare], tmp_path / "out.extxyz")
    assert "predicted_energy" not in labelled.info
    written = read(tmp_path / "out.extxyz", ":")
    predictions = predict(trained_run, [labelled, bare])
    for frame, prediction in zip(written, predictions, strict=True):
        assert frame.info["predicted_energy_per_atom"] == pytest.approx(prediction)
        assert frame.info["predicted_energy"] == pytest.approx(32 * prediction)
    assert written[0].get_potential_energy() == pytest.approx(labelled.get_potential_energy())
    assert written[1].calc is None


def test_the_spread_of_an_ensemble_is_written(
    trained_run: Path, copper_frames: list[Atoms], tmp_path: Path
):
    run = load_run(trained_run)
    with pytest.raises(RunError, match="holds one model"):
        run.predict_with_spread(copper_frames[:2])
    # A network with another last bias predicts another energy, for every frame the same.
    other = copy.deepcopy(run.model)
    other.regressor[-1].bias.data += 0.02 / run.target_scale
    ensemble = replace(run, models=(run.model, other), recalibration=3.0)
    write_predictions(ensemble, copper_frames[:2], tmp_path / "out.extxyz")
    predictions = run.predict(copper_frames[:2])
    for frame, prediction in zip(read(tmp_path / "out.extxyz", ":"), predictions, strict=True):
        assert frame.info["predicted_energy_per_atom"] == pytest.approx(prediction + 0.01)
        spread = frame.info["predicted_energy_per_atom_spread"]
        assert spread == pytest.approx(0.02 / np.sqrt(2), rel=1e-3)
        uncertainty = frame.info["predicted_energy_per_atom_uncertainty"]
        assert uncertainty == pytest.approx(3 * spread)
    write_predictions(replace(ensemble, recalibration=None), copper_frames[:1], tmp_path / "b.xyz")
    assert "predicted_energy_per_atom_uncertainty" not in read(tmp_path / "b.xyz").info


def test_no_run(tmp_path: Path):
    with pytest.raises(RunError, match="no such run folder"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"best\.pt: no such checkpoint"):
        load_run(tmp_path)
