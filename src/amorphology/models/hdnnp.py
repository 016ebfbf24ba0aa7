"""The network that sums energies of atoms, each read from the atom's neighbourhood."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from amorphology.errors import ConfigError

__all__ = ["HDNNP", "Environments", "mean_over_atoms"]


@dataclass(frozen=True)
class Environments:
    """
    Descriptors of all atoms of some frames, which may differ in size, one frame after the other.

    Attributes
    ----------
    features
        Standardised features, floating point (n_atoms, n_features).
    species
        Which sub-network reads each atom, int64 (n_atoms,).
    sizes
        Atoms of each frame, int64 (n_frames,); they add up to n_atoms.
    """

    features: Tensor
    species: Tensor
    sizes: Tensor

    def __len__(self) -> int:
        return len(self.sizes)

    def to(self, device: torch.device) -> "Environments":
        """
        Copy to a device.

        Parameters
        ----------
        device
            Where to.

        Returns
        -------
        Environments
            There; the same one if it is there already.
        """
        return Environments(
            self.features.to(device), self.species.to(device), self.sizes.to(device)
        )

    def frames(self) -> Tensor:
        """
        Tell which frame each atom belongs to.

        Returns
        -------
        torch.Tensor
            int64 (n_atoms,), rising.
        """
        numbers = torch.arange(len(self.sizes), device=self.sizes.device)
        return torch.repeat_interleave(numbers, self.sizes, output_size=len(self.species))


def mean_over_atoms(values: Tensor, environments: Environments) -> Tensor:
    """
    Average a number of each atom over the atoms of its frame.

    Parameters
    ----------
    values
        (n_atoms,) or (n_atoms, n).
    environments
        The frames.

    Returns
    -------
    torch.Tensor
        (n_frames,) or (n_frames, n).
    """
    sums = values.new_zeros(len(environments), *values.shape[1:])
    sums = sums.index_add(0, environments.frames(), values)
    return sums / environments.sizes.to(values.dtype).view(-1, *[1] * (values.ndim - 1))


class HDNNP(nn.Module):
    r"""
    High-dimensional neural network potential of Behler and Parrinello [1]_, for mean energies.

    :math:`E / N = N^{-1} \sum_i f_{s_i}(x_i)`, with the descriptor x of the neighbourhood of each
    of N atoms and a network f of fully connected layers for each species s. So the energy does not
    depend on the order of the atoms, and the mean energy of a repeated cell is that of the cell.

    Parameters
    ----------
    n_features
        Numbers that describe an atom.
    n_species
        Sub-networks.
    hidden
        Widths of the hidden layers, each with a SiLU.

    Raises
    ------
    ConfigError
        If a width is below 1.

    References
    ----------
    .. [1] J. Behler and M. Parrinello, "Generalized neural-network representation of
       high-dimensional potential-energy surfaces", Physical Review Letters 98, 146401 (2007).
    """

    def __init__(
        self, n_features: int, n_species: int = 1, hidden: Sequence[int] = (64, 64)
    ) -> None:
        super().__init__()
        widths = [n_features, *hidden]
        if min(widths) < 1:
            raise ConfigError(f"widths of layers are {widths}; each must be 1 or more")
        self.n_features = n_features
        self.networks = nn.ModuleList(_network(widths) for _ in range(n_species))

    def start_at(self, energies: Sequence[float]) -> None:
        """
        Move the energies of all atoms of a species, before training.

        Parameters
        ----------
        energies
            What is added for each species, in standard deviations of the training energies.
        """
        with torch.no_grad():
            for network, energy in zip(self.networks, energies, strict=True):
                last = network.get_submodule(str(len(list(network.children())) - 1))
                assert isinstance(last, nn.Linear)
                last.bias.add_(energy)

    def atomic_energies(self, x: Environments) -> Tensor:
        """
        Parts of the atoms in the energy.

        Parameters
        ----------
        x
            Frames.

        Returns
        -------
        torch.Tensor
            (n_atoms,), in standard deviations of the training energies from their mean.
        """
        # Never in bfloat16: features of 8 significant bits tell few neighbourhoods apart.
        with torch.autocast(x.features.device.type, enabled=False):
            if len(self.networks) == 1:
                energies: Tensor = self.networks[0](x.features)
                return energies.squeeze(1)
            energies = x.features.new_zeros(len(x.features))
            for number, network in enumerate(self.networks):
                atoms = (x.species == number).nonzero().squeeze(1)
                found = network(x.features.index_select(0, atoms)).squeeze(1)
                energies = energies.index_copy(0, atoms, found)
            return energies

    def forward(self, x: Environments) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Frames.

        Returns
        -------
        torch.Tensor
            (n_frames,), in standard deviations of the training energies from their mean.
        """
        return mean_over_atoms(self.atomic_energies(x), x)


def _network(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))
