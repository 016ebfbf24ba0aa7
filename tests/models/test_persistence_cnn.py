import pytest
import torch
from torch import nn

from amorphology.errors import ConfigError
from amorphology.models import PersistenceCNN


def test_layers_are_those_of_the_paper():
    model = PersistenceCNN()
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64, 64, 32]
    assert all(layer.kernel_size == (3, 3) for layer in convolutions)
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in model.modules()) == 3
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == [16 * 16 * 32, 128]
    assert linear[-1].out_features == 1
    # 3*3*(1*64 + 64*64 + 64*32) + 160 in the convolutions, 8192*128 + 128*1 + 129 behind them
    assert sum(parameter.numel() for parameter in model.parameters()) == 1_104_865


@pytest.mark.parametrize(("bins", "channels"), [(8, 1), (20, 3), (128, 1)])
def test_one_energy_a_frame(bins: int, channels: int):
    model = PersistenceCNN(bins=bins, in_channels=channels, hidden=4)
    assert model(torch.zeros(2, channels, bins, bins)).shape == (2,)


def test_pooling_before_relu_changes_nothing():
    torch.manual_seed(0)
    model = PersistenceCNN(bins=32, in_channels=2)
    images = torch.randn(4, 2, 32, 32)
    parameters = list(model.parameters())
    ours, usual = model(images), model.regressor(model.features(images)).squeeze(1)
    assert torch.equal(ours, usual)
    for one, other in zip(
        torch.autograd.grad(ours.square().sum(), parameters),
        torch.autograd.grad(usual.square().sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_too_few_bins():
    with pytest.raises(ConfigError, match="bins is 7"):
        PersistenceCNN(bins=7)


def test_autocast_leaves_the_last_layers_in_float32():
    torch.manual_seed(0)
    model = PersistenceCNN(bins=16, hidden=4)
    inputs = torch.randn(3, 1, 16, 16)
    expected = model(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        energies = model(inputs)
    assert energies.dtype == torch.float32
    torch.testing.assert_close(energies, expected, rtol=0.05, atol=0.01)
