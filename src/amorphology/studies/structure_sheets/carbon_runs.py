"""Melt-quench runs of carbon by density: which frames stand for the solid, and for the liquid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from matplotlib.colors import Normalize, to_hex
from numpy.typing import NDArray

from amorphology.errors import StructureError
from amorphology.plots.style import DENSITY_MAP
from amorphology.structures import frame_name, run_labels

__all__ = [
    "AT_MOST",
    "LIQUID",
    "CarbonRun",
    "carbon_runs",
    "density_colour",
    "of_density",
    "shown_densities",
    "straight_line",
]

LIQUID = 5000.0
"""Temperature of the frames that stand for the liquid, K: that of the protocol's `hold`."""

AT_MOST = 5
"""Frames of a run that stand for its solid, and for its liquid."""


@dataclass(frozen=True)
class CarbonRun:
    """
    One run in the order of time.

    Attributes
    ----------
    name
        Of the run.
    density
        g/cm^3.
    frames
        All of them.
    temperature
        Of each frame, float64 (n_frames,), K.
    """

    name: str
    density: float
    frames: list[Atoms]
    temperature: NDArray[np.float64]

    @property
    def n_atoms(self) -> int:
        """Atoms of the cell."""
        return len(self.frames[0])

    @property
    def hottest(self) -> int:
        """Frame with the highest temperature; those before it are of the heating."""
        return int(np.argmax(self.temperature))

    @property
    def solid(self) -> list[Atoms]:
        """The last five frames: the quenched solid."""
        return self.frames[-AT_MOST:]

    @property
    def liquid(self) -> list[Atoms]:
        """The five frames nearest to 5,000 K from the hottest one on, in the order of time."""
        distance = np.abs(self.temperature[self.hottest :] - LIQUID)
        nearest = np.sort(np.argsort(distance, kind="stable")[:AT_MOST])
        return [self.frames[self.hottest + k] for k in nearest]


def carbon_runs(frames: Sequence[Atoms]) -> list[CarbonRun]:
    """
    Sort frames by run and time.

    Parameters
    ----------
    frames
        As `amorphology.generate.carbon.generate_carbon` makes them: with ``info`` run, density
        (g/cm^3), temperature (K) and time_fs.

    Returns
    -------
    list of CarbonRun
        Ordered by density, number of atoms and name.

    Raises
    ------
    StructureError
        If there are no frames, or one lacks what is said above.
    """
    if not frames:
        raise StructureError("no frames of carbon to look at; pass at least one run")
    for index, frame in enumerate(frames):
        for key in ("density", "temperature", "time_fs"):
            if key not in frame.info:
                raise StructureError(
                    f'{frame_name(frame, index)}: has no info["{key}"]; give it, or frames as '
                    "`amorph generate carbon` makes them"
                )
    labels = run_labels(frames)
    runs = []
    for name in np.unique(labels):
        own = [frames[index] for index in np.flatnonzero(labels == name).tolist()]
        own.sort(key=lambda frame: float(frame.info["time_fs"]))
        temperature = np.array([float(frame.info["temperature"]) for frame in own])
        runs.append(
            CarbonRun(str(name), round(float(own[-1].info["density"]), 2), own, temperature)
        )
    return sorted(runs, key=lambda run: (run.density, run.n_atoms, run.name))


def shown_densities(runs: Sequence[CarbonRun]) -> list[float]:
    """
    Choose densities to show.

    Parameters
    ----------
    runs
        At least one.

    Returns
    -------
    list of float
        Of the smallest cells the lowest density, the one nearest to the middle, and the highest;
        each once, rising.
    """
    smallest = min(run.n_atoms for run in runs)
    densities = np.unique([run.density for run in runs if run.n_atoms == smallest])
    middle = densities[np.argmin(np.abs(densities - (densities[0] + densities[-1]) / 2))]
    return sorted({float(densities[0]), float(middle), float(densities[-1])})


def of_density(runs: Sequence[CarbonRun], density: float) -> list[CarbonRun]:
    """
    Pick the runs at one density.

    Parameters
    ----------
    runs
        Any.
    density
        One of theirs, g/cm^3.

    Returns
    -------
    list of CarbonRun
        Those of the smallest cells at this density, at most six.
    """
    own = [run for run in runs if run.density == density]
    smallest = min(run.n_atoms for run in own)
    return [run for run in own if run.n_atoms == smallest][:6]


def density_colour(runs: Sequence[CarbonRun], density: float) -> str:
    """
    Choose the colour of a density.

    Parameters
    ----------
    runs
        All runs; their lowest and highest densities have the first and the last colour.
    density
        g/cm^3.

    Returns
    -------
    str
        Such as ``"#440154"``.
    """
    return to_hex(DENSITY_MAP(Normalize(runs[0].density, runs[-1].density)(density)))


def straight_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, float] | None:
    """
    Fit a straight line by least squares.

    Parameters
    ----------
    x, y
        Points, float64 (n_points,) each.

    Returns
    -------
    dict or None
        ``slope``, ``intercept`` and ``r_squared``, the share of the variance of y that the line
        explains; None where it would say nothing: fewer than three points, or all y equal.
    """
    if len(x) < 3 or np.ptp(y) == 0:
        return None
    slope, intercept = np.polyfit(x, y, 1)
    left = ((y - slope * x - intercept) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    return {"slope": float(slope), "intercept": float(intercept), "r_squared": float(1 - left)}
