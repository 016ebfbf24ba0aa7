"""What models read of frames, a batch at a time."""

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amorphology.models.hdnnp import Environments
from amorphology.models.joint import Both
from amorphology.training.feature_store import FeatureRows

__all__ = ["Batch", "BothInputs", "EnvironmentInputs", "Inputs", "VectorInputs", "to_device"]

Batch: TypeAlias = Tensor | Environments | Both[Any]
"""What the forward pass of a model takes."""


class Inputs(Protocol):
    """Frames as a model reads them; a tensor is one, too."""

    def __len__(self) -> int:
        """Count the frames."""

    def __getitem__(self, batch: Tensor, /) -> Any:
        """Read a `Batch` of frames, int64 (n,)."""


class _RowInputs:
    """Features from memory or disk; standardised when they are asked for."""

    def __init__(
        self, rows: FeatureRows, location: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> None:
        self._rows = rows
        self._frames = np.arange(len(rows))
        self._location = torch.from_numpy(location.astype(np.float32))
        self._factor = torch.from_numpy((1.0 / scale).astype(np.float32))

    def __len__(self) -> int:
        return len(self._frames)

    def subset(self, frames: NDArray[np.intp]) -> Self:
        """
        Choose frames; the features are shared.

        Parameters
        ----------
        frames
            Which, (n,).

        Returns
        -------
        VectorInputs or EnvironmentInputs
            Of these frames, in this order.
        """
        chosen = object.__new__(type(self))
        chosen.__dict__.update(self.__dict__)
        chosen._frames = self._frames[frames]
        return chosen


class VectorInputs(_RowInputs):
    """
    One vector a frame.

    Parameters
    ----------
    rows
        One row a frame.
    location, scale
        What is subtracted from each feature, and what it is divided by then, float64 (n_features,).
    """

    def __getitem__(self, batch: Tensor) -> Tensor:
        """
        Read frames.

        Parameters
        ----------
        batch
            Which, int64 (n,).

        Returns
        -------
        torch.Tensor
            float32 (n, n_features).
        """
        features = torch.from_numpy(self._rows.of_frames(self._frames[batch.numpy()]))
        return features.sub_(self._location).mul_(self._factor)


class EnvironmentInputs(_RowInputs):
    """
    One vector an atom.

    Parameters
    ----------
    rows
        One row an atom.
    location, scale
        What is subtracted from each feature of an atom of each species, and what it is divided by
        then, float64 (n_species, n_features).
    numbers
        Atomic numbers of the species.
    """

    def __init__(
        self,
        rows: FeatureRows,
        location: NDArray[np.float64],
        scale: NDArray[np.float64],
        numbers: Sequence[int],
    ) -> None:
        super().__init__(rows, location, scale)
        self._species = np.zeros(256, np.int64)
        self._species[list(numbers)] = np.arange(len(numbers))

    def __getitem__(self, batch: Tensor) -> Environments:
        """
        Read frames.

        Parameters
        ----------
        batch
            Which, int64 (n,).

        Returns
        -------
        Environments
            Of all atoms of these frames.
        """
        frames = self._frames[batch.numpy()]
        features = torch.from_numpy(self._rows.of_frames(frames))
        species = torch.from_numpy(self._species[self._rows.numbers_of(frames)])
        if len(self._location) == 1:
            features.sub_(self._location).mul_(self._factor)
        else:
            features.sub_(self._location[species]).mul_(self._factor[species])
        sizes = torch.from_numpy(self._rows.sizes(frames))
        return Environments(features, species, sizes)


class BothInputs:
    """
    Two descriptors of the same frames.

    Parameters
    ----------
    whole, local
        Frames as each of them describes them.
    """

    def __init__(self, whole: Any, local: Any) -> None:
        self._whole = whole
        self._local = local

    def __len__(self) -> int:
        return len(self._local)

    def subset(self, frames: NDArray[np.intp]) -> "BothInputs":
        """
        Choose frames.

        Parameters
        ----------
        frames
            Which, (n,).

        Returns
        -------
        BothInputs
            Of these frames, in this order.
        """
        return BothInputs(self._whole.subset(frames), self._local.subset(frames))

    def __getitem__(self, batch: Tensor) -> Both[Any]:
        """
        Read frames.

        Parameters
        ----------
        batch
            Which, int64 (n,).

        Returns
        -------
        Both
            Of these frames.
        """
        return Both(self._whole[batch], self._local[batch])


def to_device(batch: Batch, device: torch.device) -> Batch:
    """
    Copy a batch to a device.

    Parameters
    ----------
    batch
        The batch.
    device
        Where to.

    Returns
    -------
    torch.Tensor, Environments or Both
        There; images with channels last.
    """
    if isinstance(batch, Tensor) and batch.ndim == 4:
        return batch.to(device, memory_format=torch.channels_last)
    return batch.to(device)
