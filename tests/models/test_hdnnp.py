from dataclasses import replace

import pytest
import torch
from ase import Atoms
from ase.build import bulk

from amorphology.descriptors import SOAP
from amorphology.errors import ConfigError
from amorphology.models import HDNNP, Environments, build_model
from amorphology.models.hdnnp import mean_over_atoms


def environments(sizes: list[int], n_features: int = 5, n_species: int = 1, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    n_atoms = sum(sizes)
    return Environments(
        torch.randn(n_atoms, n_features, generator=generator, dtype=torch.float64),
        torch.randint(n_species, (n_atoms,), generator=generator),
        torch.tensor(sizes),
    )


def network(n_features: int = 5, n_species: int = 1) -> HDNNP:
    torch.manual_seed(1)
    return HDNNP(n_features, n_species, hidden=(7, 6)).double()


def frame_of(x: Environments, number: int) -> Environments:
    start = int(x.sizes[:number].sum())
    atoms = slice(start, start + int(x.sizes[number]))
    return Environments(x.features[atoms], x.species[atoms], x.sizes[number : number + 1])


def test_energies_are_means_over_atoms_of_the_networks_of_their_species():
    x = environments([3, 1, 4], n_species=3)
    model = network(n_species=3)
    expected = []
    for number in range(3):
        one = frame_of(x, number)
        parts = [
            model.networks[species](features)
            for features, species in zip(one.features, one.species.tolist(), strict=True)
        ]
        expected.append(torch.stack(parts).mean())
    torch.testing.assert_close(model(x), torch.stack(expected))


def test_a_batch_of_frames_of_different_sizes_is_its_frames():
    x = environments([2, 9, 1, 5], n_species=2)
    model = network(n_species=2)
    alone = torch.cat([model(frame_of(x, number)) for number in range(4)])
    torch.testing.assert_close(model(x), alone)


@pytest.mark.parametrize("n_species", [1, 2])
def test_the_order_of_atoms_does_not_matter(n_species: int):
    x = environments([6], n_species=n_species)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    mixed = replace(x, features=x.features[order], species=x.species[order])
    model = network(n_species=n_species)
    torch.testing.assert_close(model(mixed), model(x))


@pytest.mark.parametrize("n_species", [1, 2])
def test_gradients(n_species: int):
    x = environments([2, 3], n_species=n_species)
    model = network(n_species=n_species)
    features = x.features.requires_grad_()

    def energies(features: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        names = [name for name, _ in model.named_parameters()]
        parameters = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(model, parameters, replace(x, features=features))

    assert torch.autograd.gradcheck(energies, (features, *model.parameters()))


def crystal() -> Atoms:
    frame = bulk("SiC", "zincblende", 4.36, cubic=True)
    frame.rattle(0.1, seed=2)
    return frame


def test_the_mean_energy_of_a_repeated_cell_is_that_of_the_cell():
    frame = crystal()
    soap = SOAP(r_cut=4.0, n_max=3, l_max=2).fit([frame])
    energies = []
    for cell in (frame, frame.repeat((2, 1, 3))):
        features = torch.from_numpy(next(soap.per_atom([cell])))
        species = torch.tensor([soap.species_.index(symbol) for symbol in cell.symbols])
        x = Environments(features, species, torch.tensor([len(cell)]))
        energies.append(network(features.shape[1], n_species=2)(x))
    torch.testing.assert_close(energies[1], energies[0], rtol=1e-9, atol=1e-9)


def test_energies_to_start_at():
    x = environments([4, 3], n_species=2)
    model = network(n_species=2)
    before = model.atomic_energies(x)
    model.start_at([0.5, -2.0])
    moved = model.atomic_energies(x) - before
    torch.testing.assert_close(moved, torch.tensor([0.5, -2.0]).double()[x.species])


def test_means_of_vectors():
    x = environments([2, 3])
    values = torch.arange(10.0).view(5, 2)
    expected = torch.stack([values[:2].mean(dim=0), values[2:].mean(dim=0)])
    torch.testing.assert_close(mean_over_atoms(values, x), expected)


def test_never_in_bfloat16():
    x = environments([4, 3])
    single = replace(x, features=x.features.float())
    model = network().float()
    with torch.autocast("cpu", torch.bfloat16):
        energies = model(single)
    assert torch.equal(energies, model(single))


def test_built_from_settings():
    model = build_model({"kind": "hdnnp", "n_features": 4, "n_species": 2, "hidden": [3]})
    assert sum(parameter.numel() for parameter in model.parameters()) == 2 * (4 * 3 + 3 + 3 + 1)
    with pytest.raises(ConfigError, match=r"widths of layers are \[4, 0\]"):
        HDNNP(4, hidden=(0,))
