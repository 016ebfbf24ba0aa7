import math
from collections.abc import Callable
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
    return JointNetwork(**SIZES, design=design, hidden=[6], hidden_histogram=16).double()


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


def needing_both(n: int, seed: int) -> tuple[Both[Environments], torch.Tensor]:
    """Frames whose energy follows half from how full the histogram is and half from the atoms."""
    x = frames(n, seed)
    fullness = torch.rand(n, generator=torch.Generator().manual_seed(seed + 1))
    whole = x.whole.float() * fullness.view(-1, 1, 1, 1)
    local = replace(x.local, features=x.local.features.float())
    atoms = local.features[:, 0].view(n, 4).mean(dim=1)
    energies = ((fullness - 0.5) * math.sqrt(12) + atoms * 2) / math.sqrt(2)
    return Both(whole, local), energies


TRAIN, TEST = needing_both(100, 3), needing_both(60, 5)


def unseen_error(model: nn.Module, reads: Callable[[Both[Environments]], object]) -> float:
    """Root-mean-square error on frames it was not fitted to."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    steps = 200
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 5e-3 * (1 + math.cos(math.pi * step / steps))
        error = (model(reads(TRAIN[0])) - TRAIN[1]).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    with torch.inference_mode():
        return float((model(reads(TEST[0])) - TEST[1]).square().mean().sqrt())


@pytest.fixture(scope="module")
def better_of_the_parts() -> float:
    torch.manual_seed(1)
    return min(
        unseen_error(PersistenceCNN(8, 2, 16), lambda x: x.whole),
        unseen_error(HDNNP(3, 2, [6]), lambda x: x.local),
    )


@BOTH
def test_more_is_learned_from_both_than_from_either(design, better_of_the_parts: float):
    assert better_of_the_parts > 0.5  # what the other part makes is 0.7
    found = unseen_error(network(design).float(), lambda x: x)
    assert found < 0.6 * better_of_the_parts


def test_unknown_design():
    with pytest.raises(ConfigError, match="design is product; choose sum or embedding"):
        JointNetwork(**SIZES, design="product")
