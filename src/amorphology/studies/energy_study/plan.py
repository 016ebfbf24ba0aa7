"""What a study of energies is made of: a material, simulations, trainings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from ase import Atoms
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import NDArray

from amorphology.studies.energy_study.trainings import Training
from amorphology.studies.sheet import Sheet

__all__ = ["EnergyStudy", "Material", "Progress", "Shade", "Simulations"]

Progress: TypeAlias = Callable[[int, int, str], None]


class SimulatedRun(Protocol):
    """One simulation."""

    @property
    def name(self) -> str:
        """Name of the run and of its file."""

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""


class Simulations(Protocol):
    """Simulations that a study learns from, and how they are made."""

    @property
    def runs(self) -> Sequence[SimulatedRun]:
        """All of them. The smallest size is learned from, larger cells are only predicted."""

    def make(self, out: Path, n_jobs: int, progress: Progress | None) -> list[Path]:
        """Carry out those that are missing in `out`; the file of each, in the order of `runs`."""

    def as_dict(self) -> dict[str, Any]:
        """Describe them for ``report.json``."""


@dataclass(frozen=True)
class Shade:
    """
    What runs of a simulation are coloured by.

    Attributes
    ----------
    info
        Key of a frame's ``info``.
    title
        Name and unit, for axes and tables.
    unit
        The unit.
    digits
        After the decimal point.
    logarithmic
        Whether it spans decades.
    """

    info: str
    title: str
    unit: str
    digits: int
    logarithmic: bool = False

    def shown(self, value: float) -> str:
        """
        Write a value.

        Parameters
        ----------
        value
            The value.

        Returns
        -------
        str
            With its unit, for example ``"2.40 g/cm³"``.
        """
        return f"{value:,.{self.digits}f} {self.unit}"

    def of(self, frames: Sequence[Atoms]) -> NDArray[np.float64]:
        """
        Look it up.

        Parameters
        ----------
        frames
            Any.

        Returns
        -------
        numpy.ndarray
            float64 (n_frames,).
        """
        return np.array([frame.info[self.info] for frame in frames], dtype=np.float64)


@dataclass(frozen=True)
class Material:
    """
    What distinguishes the study of one material from that of another.

    Attributes
    ----------
    name
        For example ``"amorphous carbon"``.
    published
        RMSEs of the preprint, meV/atom: ``"train"``, ``"test"`` and ``"larger"``.
    published_with
        What they were obtained with; a clause.
    shade
        What its runs are coloured by.
    along
        What its runs are drawn against: ``"time"`` or ``"temperature"``.
    draw_structure
        Draws a frame.
    structure_key
        Makes the legend of it.
    structure_words
        What is to be seen on such a picture; a clause that follows "Left: ".
    simulated
        How the simulations are made, from the numbers of the report; HTML.
    rings_words
        What the diagrams show; HTML.
    sheets
        Figures of the structures themselves.
    citation
        Of the potential; HTML.
    """

    name: str
    published: Mapping[str, float]
    published_with: str
    shade: Shade
    along: Literal["time", "temperature"]
    draw_structure: Callable[[Axes, Atoms], Axes]
    structure_key: Callable[[], Sequence[Artist]]
    structure_words: str
    simulated: Callable[[dict[str, Any]], str]
    rings_words: str
    sheets: Callable[[Sequence[Atoms]], Sequence[Sheet]]
    citation: str


@dataclass(frozen=True)
class EnergyStudy:
    """
    Everything that decides the outcome of a study.

    Attributes
    ----------
    scale
        What to call it in the report, for example ``"demo"``.
    material
        What is studied.
    simulations
        Where the frames come from.
    trainings
        What is learned from them; the first is the paper's way, and figures of histograms show
        that of the option ``"paper"``.
    seed
        Of the simulations.
    """

    scale: str
    material: Material
    simulations: Simulations
    trainings: tuple[Training, ...]
    seed: int = 0

    @property
    def learned_size(self) -> int:
        """Atoms of the cells that are learned from."""
        return min(run.n_atoms for run in self.simulations.runs)

    @property
    def settings(self) -> str:
        """Say in text what decides the outcome: the same text, the same results."""
        return f"{self.material.name} {self.seed} {self.simulations!r} {self.trainings!r}"
