"""Whether the spread of an ensemble tells how wrong it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amorphology.errors import StructureError
from amorphology.training.metrics import MEV

__all__ = ["Calibration", "calibration", "recalibration_factor"]


@dataclass(frozen=True)
class Calibration:
    """
    Errors beside the standard deviations that were predicted for them.

    If errors are normally distributed with these standard deviations, 0.683 of them are within
    one and 0.954 within two, and in every bin the RMSE equals the spread.

    Attributes
    ----------
    within_one, within_two
        Parts of the frames whose error is at most one and two standard deviations.
    correlation
        Rank correlation (Spearman) of standard deviation and absolute error; NaN where one of them
        is the same for all frames.
    spread, rmse
        Of frames of similar spread: root mean square of the standard deviations, and of the
        errors; float64 (n_bins,), meV/atom, spread rising.
    n_frames
        How many these are, int (n_bins,).
    """

    within_one: float
    within_two: float
    correlation: float
    spread: NDArray[np.float64]
    rmse: NDArray[np.float64]
    n_frames: NDArray[np.intp]

    def as_dict(self) -> dict[str, object]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Keys ``within_one_sigma``, ``within_two_sigma``, ``rank_correlation`` and ``bins``, a
            list of ``spread_mev_per_atom``, ``rmse_mev_per_atom``, ``n_frames``.
        """
        return {
            "within_one_sigma": self.within_one,
            "within_two_sigma": self.within_two,
            "rank_correlation": self.correlation if np.isfinite(self.correlation) else None,
            "bins": [
                {
                    "spread_mev_per_atom": float(spread),
                    "rmse_mev_per_atom": float(rmse),
                    "n_frames": int(n_frames),
                }
                for spread, rmse, n_frames in zip(
                    self.spread, self.rmse, self.n_frames, strict=True
                )
            ],
        }


def calibration(
    energies: ArrayLike, predictions: ArrayLike, spreads: ArrayLike, *, n_bins: int = 10
) -> Calibration:
    """
    Compare errors with predicted standard deviations.

    Parameters
    ----------
    energies, predictions
        Mean energies per atom, (n_frames,), eV/atom.
    spreads
        Their predicted standard deviations, (n_frames,), eV/atom, not negative.
    n_bins
        Bins of equally many frames, by rising spread [1]_; no more than there are frames.

    Returns
    -------
    Calibration
        How well they fit.

    Raises
    ------
    StructureError
        If there are no frames.

    References
    ----------
    .. [1] Levi, Gispan, Giladi and Fetaya, Sensors 22, 5540 (2022).
    """
    errors, sigma = _errors_and_spreads(energies, predictions, spreads)
    bins = np.array_split(np.argsort(sigma, kind="stable"), min(n_bins, len(sigma)))
    return Calibration(
        within_one=float(np.mean(abs(errors) <= sigma)),
        within_two=float(np.mean(abs(errors) <= 2 * sigma)),
        correlation=_rank_correlation(sigma, abs(errors)),
        spread=np.array([_root_mean_square(sigma[chosen]) for chosen in bins]),
        rmse=np.array([_root_mean_square(errors[chosen]) for chosen in bins]),
        n_frames=np.array([len(chosen) for chosen in bins]),
    )


def recalibration_factor(energies: ArrayLike, predictions: ArrayLike, spreads: ArrayLike) -> float:
    r"""
    Find the number that standard deviations are to be multiplied with.

    It makes normally distributed errors most likely: :math:`s^2 = n^{-1} \sum_i (e_i /
    \sigma_i)^2`, see [1]_. Frames without spread are left out.

    Parameters
    ----------
    energies, predictions, spreads
        As for `calibration`, of frames that the model was not fitted to: the validation set.

    Returns
    -------
    float
        The factor s; 1 if no frame has any spread.

    Raises
    ------
    StructureError
        If there are no frames.

    References
    ----------
    .. [1] Laves, Ihler, Fast, Kahrs and Ortmaier, Proc. Mach. Learn. Res. 121, 393 (2020).
    """
    errors, sigma = _errors_and_spreads(energies, predictions, spreads)
    known = sigma > 0
    return _root_mean_square(errors[known] / sigma[known]) if known.any() else 1.0


def _errors_and_spreads(
    energies: ArrayLike, predictions: ArrayLike, spreads: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both in meV/atom, float64 (n_frames,)."""
    errors = MEV * (np.asarray(predictions, np.float64) - np.asarray(energies, np.float64))
    if errors.size == 0:
        raise StructureError("no frames to compare errors and spreads of; pass at least one")
    return errors, MEV * np.asarray(spreads, np.float64)


def _root_mean_square(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if len(np.unique(a)) < 2 or len(np.unique(b)) < 2:
        return float("nan")
    # Imported late: SciPy's statistics take longer to import than most calls take.
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)
