"""Networks that read the diagram of a frame and the neighbourhoods of its atoms together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

import torch
from torch import Tensor, nn

from amorphology.errors import ConfigError
from amorphology.models.hdnnp import HDNNP, Environments
from amorphology.models.persistence_cnn import PersistenceCNN

__all__ = ["Both", "JointNetwork"]

T = TypeVar("T", Tensor, Environments)


@dataclass(frozen=True)
class Both(Generic[T]):
    """
    Two descriptors of the same frames.

    Attributes
    ----------
    whole
        Of whole frames: standardised histograms, (n_frames, channels, bins, bins); or several
        descriptors of them.
    local
        Of the neighbourhoods of atoms: `Environments`, or their averages, (n_frames, n_features).
        Or what else there is of whole frames.
    """

    whole: "Tensor | Both[Any]"
    local: T

    def to(self, device: torch.device) -> "Both[T]":
        """
        Copy to a device.

        Parameters
        ----------
        device
            Where to.

        Returns
        -------
        Both
            There; the same one if it is there already.
        """
        if isinstance(self.whole, Tensor) and self.whole.ndim == 4:
            whole: Tensor | Both[Any] = self.whole.to(device, memory_format=torch.channels_last)
        else:
            whole = self.whole.to(device)
        return replace(self, whole=whole, local=self.local.to(device))


class JointNetwork(nn.Module):
    """
    Energy from a persistence histogram and the neighbourhoods of all atoms.

    Parameters
    ----------
    bins, in_channels
        Of the histograms, as for `PersistenceCNN`.
    n_features, n_species
        Of the neighbourhoods, as for `HDNNP`.
    design
        ``"sum"``: the energy of a `PersistenceCNN` plus that of an `HDNNP`. ``"embedding"``: the
        `PersistenceCNN` turns the histogram into `embedding` numbers, which every atomic network
        of the `HDNNP` sees beside the features of its atom. Both do not depend on the order of the
        atoms, nor on the size of a repeated cell as far as histograms do not.
    hidden
        Widths of the hidden layers of the atomic networks.
    hidden_histogram
        Width of the hidden fully connected layer of the `PersistenceCNN`.
    embedding
        Numbers a histogram becomes; plays no part in a sum.

    Raises
    ------
    ConfigError
        If there is no such design, or a size is too small.
    """

    def __init__(
        self,
        n_features: int,
        n_species: int = 1,
        bins: int = 128,
        in_channels: int = 1,
        design: Literal["embedding", "sum"] = "embedding",
        hidden: Sequence[int] = (64, 64),
        hidden_histogram: int = 128,
        embedding: int = 16,
    ) -> None:
        super().__init__()
        if design not in ("sum", "embedding"):
            raise ConfigError(f"design is {design}; choose sum or embedding")
        self.design = design
        n_outputs, n_inputs = (1, 0) if design == "sum" else (embedding, embedding)
        self.histogram = PersistenceCNN(bins, in_channels, hidden_histogram, n_outputs)
        self.atoms = HDNNP(n_features + n_inputs, n_species, hidden)

    def forward(self, x: Both[Environments]) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Standardised histograms and neighbourhoods.

        Returns
        -------
        torch.Tensor
            (n_frames,), in standard deviations of the training energies from their mean.
        """
        seen: Tensor = self.histogram(x.whole)
        if self.design == "sum":
            energies: Tensor = self.atoms(x.local) + seen
        else:
            features = torch.cat([x.local.features, seen[x.local.frames()]], dim=1)
            energies = self.atoms(replace(x.local, features=features))
        return energies
