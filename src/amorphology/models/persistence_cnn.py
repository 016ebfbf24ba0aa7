"""The convolutional network that reads an energy from a persistence histogram."""

import torch
from torch import Tensor, nn

from amorphology.errors import ConfigError

__all__ = ["PersistenceCNN"]


class PersistenceCNN(nn.Module):
    """
    Convolutional network of Minamitani et al. [1]_.

    Three 3x3 convolutions (64, 64 and 32 channels, size kept by zero padding), each with a ReLU and
    2x2 max pooling, then two fully connected layers. For 128 x 128 bins the first of these has
    16 x 16 x 32 = 8,192 inputs. Their hidden width is not published; 128 here keeps the fully
    connected part (1.05 million parameters) from dwarfing what training sets of some thousand
    frames can determine.

    Parameters
    ----------
    bins
        Width and height of the histograms, at least 8.
    in_channels
        Histograms a frame, for example one for each homology degree.
    hidden
        Width of the hidden fully connected layer.
    n_outputs
        Numbers a frame becomes: its energy, or more of them for a larger network.

    Raises
    ------
    ConfigError
        If `bins` is less than 8, so that nothing is left after three poolings.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).
    """

    def __init__(
        self, bins: int = 128, in_channels: int = 1, hidden: int = 128, n_outputs: int = 1
    ) -> None:
        super().__init__()
        if bins < 8:
            raise ConfigError(f"the network halves its image three times: bins is {bins}, need 8")
        self.bins = bins
        self.in_channels = in_channels
        self.hidden = hidden
        self.n_outputs = n_outputs
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.regressor = nn.Sequential(
            nn.Flatten(),
            nn.Linear(32 * (bins // 8) ** 2, hidden),
            nn.ReLU(),
            nn.Linear(hidden, n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """
        Standardised mean energy per atom.

        Parameters
        ----------
        x
            Standardised histograms, float32 (n_frames, in_channels, bins, bins).

        Returns
        -------
        torch.Tensor
            float32 (n_frames,), in standard deviations of the training energies from their mean;
            with more than one output (n_frames, n_outputs).
        """
        features = x
        for convolution, activation, pooling in zip(*[iter(self.features)] * 3, strict=True):
            # The largest of four, then ReLU, instead of the other way round: the same numbers and
            # gradients, with a quarter of the work for ReLU.
            features = activation(pooling(convolution(features)))
        # Under bfloat16 autocast the convolutions, 99 % of the work, run in bfloat16. Energies of
        # 8 significant bits would be rounded by several meV/atom, so the last layers stay float32.
        with torch.autocast(x.device.type, enabled=False):
            weights = next(self.regressor.parameters())
            energies: Tensor = self.regressor(features.to(weights.dtype))
        return energies.squeeze(1) if self.n_outputs == 1 else energies
