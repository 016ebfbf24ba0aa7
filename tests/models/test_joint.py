import math
from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import nn

from amorphology.errors import ConfigError
from amorphology.models import HDNNP, Both, Environments, JointNetwork, PersistenceCNN

SIZES = {"bins": 8, "in_channels": 2, "n_features": 3, "n_species": 2}
BOTH = pytest.mark.parametrize("design", ["sum", "embedding"])


def frames(n: int, seed: int = 0, n_atoms: int = 4) -> Both[Environments]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n, 2, 8, 8, generator=generator, dtype=torch.float64)
    features = torch.randn(n * n_atoms, 3, generator=generator, dtype=torch.float64)
    species = torch.randint(2, (n * n_atoms,), generator=generator)
    return Both(images, Environments(features, species, torch.full((n,), n_atoms)))


def network(design: Literal["sum", "embedding"]) -> JointNetwork:
    torch.manual_seed(1)
    return JointNetwork(**SIZES, design=design, hidden=[6], hidden_histogram=5).double()


@BOTH
def test_the_order_of_atoms_does_not_matter(design):
    x = frames(2)
    order = torch.tensor([3, 0, 1, 2, 4, 6, 7, 5])
    local = replace(x.local, features=x.local.features[order], species=x.local.species[order])
    torch.testing.assert_close(network(design)(replace(x, local=local)), network(design)(x))


@BOTH
def test_the_mean_energy_of_a_repeated_cell_is_that_of_the_cell(design):
    x = frames(1)  # its histogram, per atom, is that of the repeated cell
    local = Environments(x.local.features.tile(3, 1), x.local.species.tile(3), x.local.sizes * 3)
    torch.testing.assert_close(network(design)(replace(x, local=local)), network(design)(x))


@BOTH
def test_a_batch_is_its_frames(design):
    x = frames(3)
    alone = []
    for number in range(3):
        atoms = slice(4 * number, 4 * number + 4)
        local = Environments(
            x.local.features[atoms], x.local.species[atoms], x.local.sizes[number : number + 1]
        )
        alone.append(network(design)(Both(x.whole[number : number + 1], local)))
    torch.testing.assert_close(network(design)(x), torch.cat(alone))


@BOTH
def test_gradients(design):
    x = frames(2)
    model = network(design)
    features, images = x.local.features.requires_grad_(), x.whole.requires_grad_()

    def energies(features: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        return model(Both(images, replace(x.local, features=features)))

    assert torch.autograd.gradcheck(energies, (features, images))


def test_a_sum_is_the_sum_of_its_parts():
    x = frames(3)
    model = network("sum")
    torch.testing.assert_close(model(x), model.histogram(x.whole) + model.atoms(x.local))


def fitted(model: nn.Module, inputs, targets: torch.Tensor) -> float:
    """Root-mean-square error after some steps, in standard deviations of the targets."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    steps = 100
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 5e-3 * (1 + math.cos(math.pi * step / steps))
        error = (model(inputs) - targets).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    return float(error.sqrt().detach())


def single(x: Both[Environments]) -> Both[Environments]:
    return Both(x.whole.float(), replace(x.local, features=x.local.features.float()))


@pytest.fixture(scope="module")
def needs_both() -> tuple[Both[Environments], torch.Tensor, float]:
    """Frames, energies that follow from both descriptors, and what is left by the better one."""
    x = single(frames(60))
    whole = x.whole[:, 0, :4].mean(dim=(1, 2))
    local = x.local.features[:, 0].view(60, 4).mean(dim=1)
    parts = [(part - part.mean()) / part.std() for part in (whole, local)]
    targets = (parts[0] + parts[1]) / math.sqrt(2)
    torch.manual_seed(1)
    either = (
        fitted(PersistenceCNN(8, 2, 5), x.whole, targets),
        fitted(HDNNP(3, 2, [6]), x.local, targets),
    )
    return x, targets, min(either)


@BOTH
def test_more_is_learned_from_both_than_from_either(design, needs_both):
    x, targets, either = needs_both
    assert fitted(network(design).float(), x, targets) < 0.9 * either


def test_unknown_design():
    with pytest.raises(ConfigError, match="design is product; choose sum or embedding"):
        JointNetwork(**SIZES, design="product")
