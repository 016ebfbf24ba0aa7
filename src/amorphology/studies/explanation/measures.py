"""Liquid and low-energy frames, and whether a number differs between them from run to run."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import StructureError

__all__ = ["Comparison", "compare_groups", "liquid_threshold"]

EXACT = 14  # runs up to which all sign patterns are tried
DRAWS = 20_000


@dataclass(frozen=True)
class Comparison:
    """
    A number of frames, compared between liquid and low-energy frames of the same runs.

    Attributes
    ----------
    liquid, low
        Means over runs of the mean over a run's frames.
    difference
        Mean over runs of low less liquid.
    interval
        Middle 95 % of this mean when runs are drawn with replacement.
    p_value
        How often the mean difference is at least as large if liquid and low energy are exchanged at
        random in each run; of one side, that low energy has the larger number.
    n_runs
        Runs that have both.
    n_runs_agreeing
        Those of them in which low energy has the larger number.
    n_frames
        Frames that were compared.
    """

    liquid: float
    low: float
    difference: float
    interval: tuple[float, float]
    p_value: float
    n_runs: int
    n_runs_agreeing: int
    n_frames: int

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Keys as the attributes.
        """
        return asdict(self)


def liquid_threshold(
    energy: NDArray[np.float64], temperature: NDArray[np.float64], melting: float
) -> float:
    """
    Find the energy that best tells hot from cold frames.

    Parameters
    ----------
    energy
        Mean energy per atom, float64 (n_frames,), eV/atom.
    temperature
        Of each frame, float64 (n_frames,), K.
    melting
        Frames above this temperature are hot, K.

    Returns
    -------
    float
        Half way between two neighbouring energies, such that as few frames as can be are hot and
        below it, or cold and above; eV/atom.

    Raises
    ------
    StructureError
        If all frames are hot, or all are cold.
    """
    order = np.argsort(energy, kind="stable")
    hot = temperature[order] > melting
    if hot.all() or not hot.any():
        raise StructureError(
            f"all frames are {'above' if hot.all() else 'below'} {melting:g} K, so that there is "
            "nothing to compare; take whole melt-quench runs"
        )
    # Errors when the first k frames are taken for cold.
    wrong = np.concatenate([[0], np.cumsum(hot)]) + np.concatenate(
        [np.cumsum(~hot[::-1])[::-1], [0]]
    )
    k = int(np.clip(wrong.argmin(), 1, len(hot) - 1))
    return float(energy[order][k - 1 : k + 1].mean())


def compare_groups(
    values: NDArray[np.float64],
    runs: NDArray[np.str_],
    liquid: NDArray[np.bool_],
    low: NDArray[np.bool_],
    seed: int = 0,
) -> Comparison:
    """
    Compare liquid with low-energy frames, run by run: frames of one run are near-copies.

    Parameters
    ----------
    values
        One number a frame, float64 (n_frames,); NaN where there is none.
    runs
        Run of each frame, str (n_frames,).
    liquid, low
        Which frames are of which group, bool (n_frames,).
    seed
        Of the draws.

    Returns
    -------
    Comparison
        Over all runs that have frames of both groups.

    Raises
    ------
    StructureError
        If no run has both.
    """
    known = np.isfinite(values)
    pairs, n_frames = [], 0
    for run in np.unique(runs):
        groups = [values[known & (runs == run) & group] for group in (liquid, low)]
        if all(len(group) for group in groups):
            pairs.append([group.mean() for group in groups])
            n_frames += sum(map(len, groups))
    if not pairs:
        raise StructureError("no run has both liquid and low-energy frames; take whole runs")
    means = np.array(pairs)
    differences = means[:, 1] - means[:, 0]
    n_runs = len(differences)
    random = np.random.default_rng(seed)
    if n_runs <= EXACT:
        signs = 1 - 2 * (np.arange(2**n_runs)[:, np.newaxis] >> np.arange(n_runs) & 1)
    else:
        signs = random.choice([-1, 1], size=(DRAWS, n_runs))
        signs[0] = 1  # as it is found: the p-value is never 0
    exchanged = (signs * differences).mean(axis=1)
    drawn = differences[random.integers(n_runs, size=(DRAWS, n_runs))].mean(axis=1)
    return Comparison(
        liquid=float(means[:, 0].mean()),
        low=float(means[:, 1].mean()),
        difference=float(differences.mean()),
        interval=(float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))),
        # Sums of the same numbers in another order differ by rounding.
        p_value=float(np.mean(exchanged >= differences.mean() - 1e-12 * np.abs(differences).max())),
        n_runs=n_runs,
        n_runs_agreeing=int((differences > 0).sum()),
        n_frames=n_frames,
    )
