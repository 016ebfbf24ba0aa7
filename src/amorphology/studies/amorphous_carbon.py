"""Amorphous carbon: melt and quench it, learn its energies from persistence histograms, report."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from amorphology.generate.carbon import run_melt_quench
from amorphology.generate.melt_quench import SCALES, MeltQuenchRun, Protocol, plan_runs
from amorphology.plots import coordination_legend, plot_structure
from amorphology.studies.energy_study.plan import EnergyStudy, Material, Progress, Shade
from amorphology.studies.energy_study.study import run_study
from amorphology.studies.energy_study.trainings import (
    COMBINED,
    LENGTHS,
    MIDPOINTS,
    PAIRED,
    PAPER,
    demo_trainings,
    of_midpoints,
    paper_trainings,
)
from amorphology.studies.structure_sheets import carbon_sheets
from amorphology.training.config import DescriptorConfig, OptimisationConfig

__all__ = ["CARBON", "CARBON_HISTOGRAMS", "CarbonSimulations", "carbon_study", "reproduce_carbon"]

TOGETHER = DescriptorConfig(
    homology=[0, 1, 2],
    bins=64,
    range=[(0.0, 1.3), (0.0, 2.5), (0.0, 2.5)],
    axes="radius",
    normalisation="per_atom",
    blur=[0.03, 0.1, 0.1],
    counting="shared",
)
ALL_PAIRED = TOGETHER.model_copy(update={"essential": "paired"})

CARBON_HISTOGRAMS = {
    PAPER: (DescriptorConfig(),),
    "channels": (DescriptorConfig(homology=[0, 1, 2], range=[(0.0, 2.0), (0.0, 8.0), (0.0, 8.0)]),),
    "per_atom": (DescriptorConfig(normalisation="per_atom"),),
    "blur": (DescriptorConfig(blur=0.19),),
    "radius": (DescriptorConfig(axes="radius", range=(0.0, 2.5)),),
    COMBINED: (TOGETHER,),
    PAIRED: (ALL_PAIRED,),
    LENGTHS: (ALL_PAIRED,),
    MIDPOINTS: (ALL_PAIRED, of_midpoints(ALL_PAIRED)),
}
"""Histograms of carbon, by the names of the options: the paper's first."""


@dataclass(frozen=True)
class CarbonSimulations:
    """
    Melt-quench runs of carbon.

    Attributes
    ----------
    protocol
        Temperature programme.
    runs
        The runs.
    """

    protocol: Protocol
    runs: tuple[MeltQuenchRun, ...]

    def make(self, out: Path, n_jobs: int, progress: Progress | None) -> list[Path]:
        """
        Carry out the runs that are missing.

        Parameters
        ----------
        out
            Folder of the runs.
        n_jobs
            Side by side.
        progress
            See `amorphology.generate.generate_carbon`.

        Returns
        -------
        list of pathlib.Path
            The file of each run.
        """
        return run_melt_quench(out, self.protocol, self.runs, n_jobs=n_jobs, progress=progress)

    def as_dict(self) -> dict[str, Any]:
        """
        Describe the programme.

        Returns
        -------
        dict
            JSON types only.
        """
        duration = self.protocol.n_steps * self.protocol.timestep
        paper = SCALES["paper"].protocol
        return {
            "name": self.protocol.name,
            "steps": self.protocol.n_steps,
            "timestep_fs": self.protocol.timestep,
            "duration_fs": duration,
            "paper_duration_over_this": paper.n_steps * paper.timestep / duration,
        }


def _simulated(numbers: dict[str, Any]) -> str:
    protocol = numbers["protocol"]
    slower = protocol["paper_duration_over_this"]
    densities = [row["density"] for row in numbers["simulations"]]
    sizes = " or ".join(map(str, [numbers["learned_atoms"], *numbers["larger_atoms"]]))
    return (
        f"<p>Simple cubic carbon of {sizes} atoms is molten and quenched at constant volume with "
        "LAMMPS and the carbon SNAP potential of Willman et al. (2022), over "
        f"{protocol['duration_fs']:,.0f} fs. {numbers['n_runs']} simulations between "
        f"{min(densities):.2f} and {max(densities):.2f} g/cm³ give {numbers['n_frames']:,} frames, "
        "each with its energy. "
        + (
            f"The authors’ protocol takes {slower:.0f} times as long, so the solids here hold more "
            "defects; <code>--scale paper</code> follows it.</p>"
            if slower > 1.5
            else "The temperatures and times are the authors’.</p>"
        )
    )


CARBON = Material(
    name="amorphous carbon",
    published={"train": 27.7, "test": 33.3, "larger": 33.6},
    published_with=(
        "12,960 frames of 216 atoms and larger cells of 512, with energies of density functional "
        "theory"
    ),
    shade=Shade("density", "Density (g/cm³)", "g/cm³", 2),
    along="time",
    draw_structure=plot_structure,
    structure_key=coordination_legend,
    structure_words=(
        "seen along z, with atoms coloured by their number of neighbours within 1.85 Å; far atoms "
        "are paler."
    ),
    simulated=_simulated,
    rings_words=(
        "Rings held together by carbon bonds of 1.4 to 1.6 Å appear near 0.5 to 0.65 Å². They are "
        "the narrow column at the left of the solid’s diagram, and their height tells their size: "
        "flat rings of five, six and seven atoms with bonds of 1.42 Å die at 1.5, 2.0 and 2.7 Å². "
        "In the liquid bonds are stretched and broken, the column is smeared out, and many rings "
        "fill as soon as they close, on the diagonal."
    ),
    sheets=carbon_sheets,
    citation=(
        "J. T. Willman et al., “Machine learning interatomic potential for simulations of carbon "
        "at extreme conditions”, arXiv:2205.01209 (2022)."
    ),
)
"""Section 3.2 of the paper."""


def carbon_study(scale: str, seed: int = 0) -> EnergyStudy:
    """
    Plan the study of amorphous carbon.

    Parameters
    ----------
    scale
        ``"demo"`` or ``"paper"``.
    seed
        Of everything.

    Returns
    -------
    EnergyStudy
        The plan.

    Raises
    ------
    ConfigError
        If there is no such scale, or the seed is negative.
    """
    protocol, runs = plan_runs(scale, seed=seed)
    trainings = demo_trainings if scale == "demo" else paper_trainings
    return EnergyStudy(
        scale,
        CARBON,
        CarbonSimulations(protocol, runs),
        trainings(CARBON_HISTOGRAMS, OptimisationConfig(), seed),
        seed,
    )


def reproduce_carbon(
    out: str | Path,
    *,
    scale: str = "demo",
    only: Iterable[str] | None = None,
    report_only: bool = False,
    n_jobs: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Learn the energy of amorphous carbon from persistence diagrams, from nothing to a report.

    Carbon is molten and quenched with LAMMPS; the network of Minamitani et al. [1]_ and models past
    it are trained on histograms of the smaller cells, and predict runs they never saw and larger
    cells. Stopped and called again, it goes on where it was; what is there is used again. Once the
    simulations are there, several calls for one folder may run side by side: each takes trainings
    that no other is at.

    Parameters
    ----------
    out
        Folder for all results, made if need be: ``report.html``, ``report.json``, ``figures/``,
        ``predictions.csv``, ``data/`` (the simulations) and ``models/`` (a folder for each
        training, for ``amorph predict``). A training may be done in a copy of ``data/`` on another
        machine, and its folder be put beside the others.
    scale
        ``"demo"``: some minutes on two cores. ``"paper"``: the paper's protocol and number of
        frames, about 7 core hours of simulation and hours of training.
    only
        Names of trainings (`carbon_study` lists them), or of families of them that differ in the
        seed: do these, and write no report.
    report_only
        Report what is finished, and train nothing.
    n_jobs
        Simulations, and threads for diagrams, side by side; None takes the cores of this process.
    seed
        Of simulations, splits and trainings.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    pathlib.Path
        ``report.html``; with `only`, the folder of the trainings.

    Raises
    ------
    ConfigError
        If an option is out of range, or `out` holds results made with other settings.
    MissingDependencyError
        If LAMMPS is needed and not installed.
    RunError
        If a simulation or a training fails, or `out` holds a model trained on other frames.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).

    Examples
    --------
    >>> reproduce_carbon("demo", scale="demo")  # doctest: +SKIP
    PosixPath('demo/report.html')
    """
    return run_study(
        carbon_study(scale, seed),
        Path(out),
        only=only,
        report_only=report_only,
        n_jobs=n_jobs,
        console=console,
    )
