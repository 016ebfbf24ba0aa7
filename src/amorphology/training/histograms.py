"""Standardised histograms as tensors, drawn a batch at a time."""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams

__all__ = ["Histograms"]


class Histograms:
    """
    What `PersistenceHistogram.transform_binned` makes, on any device, and never all at once.

    Three channels of 12,960 frames are 2.5 GB as images, and at most 0.14 GB as filled bins.

    Parameters
    ----------
    descriptor
        Fitted.
    binned
        Frames.
    device
        Where images are drawn; the filled bins are kept there.
    """

    def __init__(
        self, descriptor: PersistenceHistogram, binned: BinnedDiagrams, device: torch.device
    ) -> None:
        self.shape = binned.shape
        self._frames = torch.arange(len(binned))
        self._offsets = torch.from_numpy(binned.offsets).to(device)
        self._places = torch.from_numpy(binned.places).to(device)
        self._values = torch.from_numpy(binned.values).to(device)
        self._blur = [
            None if matrix is None else torch.from_numpy(matrix).to(device)
            for matrix in descriptor.blur_matrices()
        ]
        location, scale = (
            torch.tensor(np.reshape(value, (-1, 1, 1)), dtype=torch.float32, device=device)
            for value in (descriptor.location_, descriptor.scale_)
        )
        self._location, self._scale = location, scale

    def __len__(self) -> int:
        return len(self._frames)

    def subset(self, frames: NDArray[np.intp]) -> Self:
        """
        Choose frames; the filled bins are shared.

        Parameters
        ----------
        frames
            Which, (n,).

        Returns
        -------
        Histograms
            Of these frames, in this order.
        """
        chosen = object.__new__(type(self))
        chosen.__dict__.update(self.__dict__)
        chosen._frames = self._frames[torch.from_numpy(frames)]
        return chosen

    def __getitem__(self, batch: Tensor) -> Tensor:
        """
        Draw images.

        Parameters
        ----------
        batch
            Which frames, int64 (n,).

        Returns
        -------
        torch.Tensor
            float32 (n, channels, bins, bins), on the device.
        """
        device = self._offsets.device
        frames = self._frames[batch].to(device)
        starts = self._offsets[frames]
        lengths = self._offsets[frames + 1] - starts
        rows = torch.repeat_interleave(torch.arange(len(frames), device=device), lengths)
        before = lengths.cumsum(0) - lengths
        entries = torch.arange(len(rows), device=device) + (starts - before)[rows]
        images = torch.zeros(len(frames), int(np.prod(self.shape)), device=device)
        images[rows, self._places[entries].long()] = self._values[entries]
        images = images.view(-1, *self.shape)
        for channel, matrix in enumerate(self._blur):
            if matrix is not None:
                images[:, channel] = matrix @ images[:, channel] @ matrix.T
        return images.sub_(self._location).div_(self._scale)
