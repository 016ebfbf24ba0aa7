"""A kernel on whole frames and a network on neighbourhoods of atoms, whose errors differ."""

from typing import Any

from torch import Tensor, nn

from amorphology.models.joint import Both

__all__ = ["KernelAndNetwork"]


class KernelAndNetwork(nn.Module):
    """
    Mean of what two models say of a frame that were fitted each for itself.

    Two predictions with errors of equal variance and correlation c have a mean whose error has a
    variance (1 + c) / 2 times theirs.

    Parameters
    ----------
    kernel
        Reads whole frames, as `CombinedKernelRidge`.
    network
        Reads neighbourhoods of atoms, as `HDNNP`.
    """

    def __init__(self, kernel: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.kernel = kernel
        self.network = network

    def forward(self, x: Both[Any]) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Frames: `whole` as the kernel reads them, `local` as the network does.

        Returns
        -------
        torch.Tensor
            float32 (n_frames,), in standard deviations of the training energies from their mean.
        """
        energies: Tensor = (self.kernel(x.whole) + self.network(x.local)) / 2
        return energies
