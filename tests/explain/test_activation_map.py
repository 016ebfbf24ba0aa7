import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from scipy.signal import correlate2d

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.explain import ActivationMap, activation_map, activation_maps
from amorphology.explain.histogram_map import histograms_of, standardised
from amorphology.homology import alpha_persistence

from .runs import ONE_DEGREE, THREE_DEGREES, run_with


def convolved(images: np.ndarray, layer: torch.nn.Conv2d) -> np.ndarray:
    """Convolution and rectifier, (channels, n, n), in plain NumPy."""
    weight, bias = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    sums = [
        sum(
            correlate2d(image, one, mode="same") for image, one in zip(images, kernels, strict=True)
        )
        for kernels in weight
    ]
    return np.maximum(np.array(sums) + bias[:, None, None], 0.0)


def pooled(images: np.ndarray) -> np.ndarray:
    channels, n, _ = images.shape
    return images.reshape(channels, n // 2, 2, n // 2, 2).max(axis=(2, 4))


def test_a_small_network_by_hand(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **(ONE_DEGREE | {"bins": 8}))
    frame = copper_frames[11]
    features = standardised(run, histograms_of(run, [frame]))[0].double().numpy()
    for place in (0, 3, 6):
        features = convolved(features, run.model.features[place])
        if place < 6:
            features = pooled(features)
    assert features.shape == (32, 2, 2)
    # The last pooling leaves one number of each feature map, so that its gradient with respect to
    # the four places is that of the fully connected layers at the largest, and 0 at the others.
    hidden, last = run.model.regressor[1], run.model.regressor[3]
    inside = hidden.weight.detach().double().numpy() @ pooled(features).ravel()
    inside += hidden.bias.detach().double().numpy()
    through = (inside > 0) * last.weight.detach().double().numpy()[0]
    slopes = through @ hidden.weight.detach().double().numpy()
    expected = 50.0 * np.einsum("k,kij->ij", slopes / 4, features)

    found = activation_map(run, frame)
    np.testing.assert_allclose(found.map, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.raising, np.maximum(expected, 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.lowering, np.maximum(-expected, 0), rtol=1e-4, atol=1e-5)
    assert found.stride == 4


@pytest.mark.parametrize(
    ("layer", "size"),
    [("first convolution", 25), ("second convolution", 12), ("last convolution", 6)],
)
def test_maps_have_the_size_of_the_histogram(layer: str, size: int, copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **(THREE_DEGREES | {"bins": 25}))
    found = activation_map(run, copper_frames[3], layer=layer)
    assert found.map.shape == (size, size)
    assert found.weights.shape == found.rectified.shape == found.histogram.shape == (3, 25, 25)
    np.testing.assert_allclose(found.weights, found.rectified - found.rectified_lowering)
    np.testing.assert_array_equal(found.weights[0], found.weights[2])  # one map for all degrees
    assert found.degrees == (0, 1, 2)
    assert found.ranges[0] == (0.0, 3.0)
    assert found.axes == "squared_radius"
    if layer == "first convolution":
        np.testing.assert_allclose(found.weights[0], found.map, atol=1e-12)


def test_bins_take_values_between_those_of_the_nearest_places():
    ramp = np.add.outer(10.0 * np.arange(3), np.arange(3))
    found = ActivationMap(
        ramp, 0 * ramp, np.zeros((1, 13, 13)), (1,), ((0.0, 13.0),), "squared_radius", 4
    )
    wide = found.weights[0]
    # Place i is centred on bin 4 i + 1.5; between centres the ramp goes on.
    centres = (np.arange(2, 10) - 1.5) / 4
    np.testing.assert_allclose(wide[2:10, 2:10], np.add.outer(10 * centres, centres))
    assert wide[0, 0] == 0.0
    assert wide[12, 12] == 22.0  # of the odd bin, which pooling drops: as its neighbour
    assert wide[12, 0] == 20.0


def test_an_ensemble_has_the_mean_map(copper_frames: list[Atoms]):
    run = run_with("ensemble", copper_frames[:8], **ONE_DEGREE)
    found = activation_map(run, copper_frames[3])
    singles = [
        activation_map(replace(run, models=(model,)), copper_frames[3]).map for model in run.models
    ]
    np.testing.assert_allclose(found.map, np.mean(singles, axis=0), rtol=1e-5, atol=1e-6)
    assert np.abs(singles[0] - singles[1]).max() > 1e-3


def test_several_frames_have_the_mean_of_their_maps(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **ONE_DEGREE)
    frames = copper_frames[:20]  # more than a batch
    each = list(activation_maps(run, frames))
    together = activation_map(run, frames)
    for name in ("raising", "lowering", "histogram"):
        np.testing.assert_allclose(
            getattr(together, name), np.mean([getattr(one, name) for one in each], axis=0)
        )
    np.testing.assert_allclose(
        each[17].map, activation_map(run, frames[17]).map, rtol=1e-4, atol=1e-5
    )


def test_frames_and_diagrams_have_the_same_map(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **ONE_DEGREE)
    expected = activation_map(run, copper_frames[3]).map
    diagrams = alpha_persistence(copper_frames[3])
    np.testing.assert_array_equal(activation_map(run, diagrams).map, expected)
    np.testing.assert_array_equal(activation_map(run, diagrams[1]).map, expected)


def test_the_run_is_left_as_it_was(copper_frames: list[Atoms]):
    run = run_with("network", copper_frames[:8], **ONE_DEGREE)
    before = copy.deepcopy(run.model.state_dict())
    activation_map(run, copper_frames[0])
    assert all(torch.equal(before[name], value) for name, value in run.model.state_dict().items())
    assert all(parameter.grad is None for parameter in run.model.parameters())


def test_what_has_no_map(copper_frames: list[Atoms]):
    ridge = run_with("ridge", copper_frames[:8], **ONE_DEGREE)
    with pytest.raises(RunError, match="Ridge has no convolution to map; integrated_gradients and"):
        activation_map(ridge, copper_frames[0])
    network = run_with("network", copper_frames[:8], **ONE_DEGREE)
    with pytest.raises(ConfigError, match="no layer 'fourth'; choose first convolution, "):
        activation_map(network, copper_frames[0], layer="fourth")
    with pytest.raises(StructureError, match="no frames to map"):
        activation_map(network, [])
