import numpy as np
import pytest
import torch
from ase import Atoms

from amorphology.explain.histogram_map import (
    energies_and_gradients,
    histograms_of,
    mean_persistence,
    standardised,
)

from .runs import ONE_DEGREE, THREE_DEGREES, run_with

KINDS = ("network", "ensemble", "ridge", "kernel_ridge")


@pytest.mark.parametrize("settings", [ONE_DEGREE, THREE_DEGREES], ids=["H1", "H0 H1 H2"])
@pytest.mark.parametrize("kind", KINDS)
def test_energies_are_the_predictions(kind: str, settings: dict, copper_frames: list[Atoms]):
    run = run_with(kind, copper_frames[:8], **settings)
    frames = copper_frames[8:28]  # more than a batch
    energies, gradients = energies_and_gradients(run, histograms_of(run, frames))
    np.testing.assert_allclose(energies, run.predict(frames), rtol=1e-5, atol=1e-4)
    assert gradients.shape == (20, len(run.descriptor.degrees), 16, 16)


def test_histograms_are_those_before_standardisation(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **THREE_DEGREES)
    plain = run.descriptor.set_params(standardisation=None).fit_transform(copper_frames[:4])
    run = run_with("network", copper_frames[:8], **THREE_DEGREES)
    np.testing.assert_allclose(histograms_of(run, copper_frames[:4]), plain, atol=1e-7)
    images = standardised(run, histograms_of(run, copper_frames[:4])).numpy()
    np.testing.assert_allclose(images, run.descriptor.transform(copper_frames[:4]), atol=1e-4)


@pytest.mark.parametrize("kind", ["network", "ensemble"])
def test_gradients_of_networks_are_finite_differences(kind: str, copper_frames: list[Atoms]):
    run = run_with(kind, copper_frames[:8], **THREE_DEGREES)
    histogram = histograms_of(run, copper_frames[9:10])
    # Where bins are empty, features are equal and the maximum of a pooling has a kink: random
    # numbers on all bins move it away.
    histogram += np.random.default_rng(0).uniform(0, histogram.max() / 4, size=histogram.shape)
    _, gradients = energies_and_gradients(run, histogram)
    location, scale = (
        np.reshape(value, (-1, 1, 1)) for value in (run.descriptor.location_, run.descriptor.scale_)
    )
    networks = [network.double() for network in run.models]

    def energy(histogram: np.ndarray) -> float:
        images = torch.from_numpy((histogram - location) / scale)
        with torch.no_grad():
            outputs = [network.regressor(network.features(images)) for network in networks]
        return -3.0 + 50.0 * float(np.mean(outputs))

    step = 1e-7
    strongest = np.argsort(np.abs(gradients).ravel())[-12:]
    for place in strongest:
        moved = np.zeros(histogram.size)
        moved[place] = step
        moved = moved.reshape(histogram.shape)
        slope = (energy(histogram + moved) - energy(histogram - moved)) / (2 * step)
        assert gradients.ravel()[place] == pytest.approx(slope, rel=2e-3)


def test_mean_persistence_of_two_bins():
    weights = np.zeros((4, 4))
    weights[0, 3], weights[1, 2] = 1.0, 3.0
    assert mean_persistence(weights, (0.0, 4.0)) == pytest.approx((1 * 3 + 3 * 1) / 4)
    # Radii 0.5, 1.5, 2.5, 3.5: squares 0.25, 2.25, 6.25, 12.25.
    assert mean_persistence(weights, (0.0, 4.0), "radius") == pytest.approx((12 + 3 * 4) / 4)
    weights[3, 0] = 100.0  # below the diagonal, where no pair can be
    assert mean_persistence(weights, (0.0, 4.0)) == pytest.approx(1.5)
    where = np.zeros((4, 4), bool)
    where[1, 2] = True
    assert mean_persistence(weights, (0.0, 4.0), where=where) == pytest.approx(1.0)
    assert np.isnan(mean_persistence(np.zeros((4, 4)), (0.0, 4.0)))
