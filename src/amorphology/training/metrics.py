"""Errors of predicted energies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from amorphology.errors import StructureError

__all__ = ["MEV", "ErrorMetrics", "error_metrics"]

MEV = 1000.0
"""meV in an eV."""


@dataclass(frozen=True)
class ErrorMetrics:
    """
    Errors of predicted mean energies per atom.

    Attributes
    ----------
    rmse, mae
        Root-mean-square and mean absolute error, meV/atom.
    n_frames
        Number of frames they are taken over.
    split
        Which frames these are and how they were held out, for example ``"test, by run"``.
    """

    rmse: float
    mae: float
    n_frames: int
    split: str

    def __str__(self) -> str:
        """One line for people."""
        frames = f"{self.n_frames} frame{'' if self.n_frames == 1 else 's'}"
        return f"{self.split}: RMSE {self.rmse:.1f}, MAE {self.mae:.1f} meV/atom ({frames})"

    def as_dict(self) -> dict[str, float | int | str]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Keys ``rmse_mev_per_atom``, ``mae_mev_per_atom``, ``n_frames``, ``split``.
        """
        return {
            "rmse_mev_per_atom": self.rmse,
            "mae_mev_per_atom": self.mae,
            "n_frames": self.n_frames,
            "split": self.split,
        }


def error_metrics(energies: ArrayLike, predictions: ArrayLike, split: str) -> ErrorMetrics:
    """
    Compare predicted with reference energies.

    Parameters
    ----------
    energies, predictions
        Mean energies per atom, (n_frames,), eV/atom.
    split
        Which frames these are and how they were held out.

    Returns
    -------
    ErrorMetrics
        RMSE and MAE in meV/atom.

    Raises
    ------
    StructureError
        If there are no frames.
    """
    errors = MEV * (np.asarray(predictions, np.float64) - np.asarray(energies, np.float64))
    if errors.size == 0:
        raise StructureError(f"{split}: no frames to take errors over")
    return ErrorMetrics(
        rmse=float(np.sqrt(np.mean(errors**2))),
        mae=float(np.mean(np.abs(errors))),
        n_frames=errors.size,
        split=split,
    )
