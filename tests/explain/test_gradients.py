import numpy as np
import pytest
from ase import Atoms

from amorphology.errors import ConfigError, RunError
from amorphology.explain import gradient_times_input, input_gradients, integrated_gradients
from amorphology.explain.histogram_map import histograms_of
from amorphology.homology import alpha_persistence

from .runs import ONE_DEGREE, THREE_DEGREES, run_with

SETTINGS = pytest.mark.parametrize("settings", [ONE_DEGREE, THREE_DEGREES], ids=["H1", "all"])


@pytest.fixture
def baseline(copper_frames: list[Atoms]):
    def of(run):
        return histograms_of(run, copper_frames[:8]).mean(axis=0)

    return of


@SETTINGS
@pytest.mark.parametrize("kind", ["network", "ensemble", "kernel_ridge"])
def test_integrated_gradients_are_complete(
    kind: str, settings: dict, copper_frames: list[Atoms], baseline
):
    run = run_with(kind, copper_frames[:8], **settings)
    start = baseline(run)
    frame = copper_frames[15]
    found = integrated_gradients(run, frame, baseline=start)
    prediction = run.predict([frame])[0]
    location, scale = (
        np.reshape(value, (-1, 1, 1)) for value in (run.descriptor.location_, run.descriptor.scale_)
    )
    at_start = run.predict_histograms(((start - location) / scale).astype(np.float32)[None])[0]
    rise = prediction - at_start
    assert abs(rise) > 1.0
    assert found.prediction == pytest.approx(prediction, abs=1e-4)
    assert found.baseline_prediction == pytest.approx(at_start, abs=1e-4)
    assert found.values.sum() == pytest.approx(1000 * rise, rel=2e-3)
    assert abs(found.residual) <= 1e-3 * abs(1000 * rise)
    assert found.steps >= 8


@SETTINGS
def test_a_linear_model_is_explained_exactly(settings: dict, copper_frames: list[Atoms], baseline):
    run = run_with("ridge", copper_frames[:8], **settings)
    weights = run.model.weights.numpy().reshape(-1, 16, 16)
    slope = 1000 * 50.0 * weights / np.reshape(run.descriptor.scale_, (-1, 1, 1))
    frame = copper_frames[12]
    found = input_gradients(run, frame)
    np.testing.assert_allclose(found.values, slope, rtol=1e-5)
    start = baseline(run)
    integrated = integrated_gradients(run, frame, baseline=start)
    np.testing.assert_allclose(integrated.values, (found.histogram - start) * slope, rtol=1e-5)
    assert integrated.steps == 8

    product = gradient_times_input(run, frame)
    empty = integrated_gradients(run, frame, baseline=np.zeros_like(start))
    np.testing.assert_allclose(product.values, empty.values, rtol=1e-5)
    assert product.values.sum() == pytest.approx(
        1000 * (empty.prediction - empty.baseline_prediction), rel=1e-4
    )
    assert (product.values[found.histogram == 0] == 0).all()


def test_coordinates_and_diagrams(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **THREE_DEGREES)
    found = input_gradients(run, copper_frames[3])
    assert found.degrees == (0, 1, 2)
    assert found.ranges == ((0.0, 3.0), (1.0, 4.0), (1.0, 4.0))
    assert found.axes == "squared_radius"
    same = input_gradients(run, alpha_persistence(copper_frames[3]))
    np.testing.assert_array_equal(same.values, found.values)


def test_what_cannot_be_integrated(copper_frames: list[Atoms], baseline):
    run = run_with("network", copper_frames[:8], **ONE_DEGREE)
    with pytest.raises(ConfigError, match=r"baseline has shape \(3, 3\)"):
        integrated_gradients(run, copper_frames[0], baseline=np.zeros((3, 3)))
    with pytest.raises(RunError, match="after 8 steps; raise tolerance or max_steps"):
        integrated_gradients(
            run,
            copper_frames[0],
            baseline=baseline(run),
            tolerance=1e-12,
            max_steps=8,
        )
    with pytest.raises(RunError, match="training frames are not known; pass a baseline"):
        integrated_gradients(run, copper_frames[0])
