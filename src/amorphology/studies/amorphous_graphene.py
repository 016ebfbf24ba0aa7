"""Amorphous graphene: melt and quench sheets, learn their energies from histograms, report."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from amorphology.generate.graphene import run_graphene
from amorphology.generate.graphene_runs import GrapheneRun, plan_graphene_runs
from amorphology.generate.potentials import Potential, graphene_potential
from amorphology.plots.sheets import plot_sheet, ring_legend
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
from amorphology.studies.structure_sheets import graphene_sheets
from amorphology.training.config import DescriptorConfig, OptimisationConfig

__all__ = [
    "GRAPHENE",
    "GRAPHENE_HISTOGRAMS",
    "GrapheneSimulations",
    "graphene_study",
    "reproduce_graphene",
]

# No H2: a sheet encloses no cavities.
TOGETHER = DescriptorConfig(
    homology=[0, 1],
    bins=64,
    range=[(0.0, 1.3), (0.0, 2.5)],
    axes="radius",
    normalisation="per_atom",
    blur=[0.03, 0.1],
    counting="shared",
)
ALL_PAIRED = TOGETHER.model_copy(update={"essential": "paired"})
# With several weights midpoints tell more of lengths and angles. In a plane nearly all of their
# pairs end early: rather finer bins.
MIDPOINTS_OF_SHEETS = tuple(
    of_midpoints(ALL_PAIRED).model_copy(
        update={
            "bins": 128,
            "range": [(0.0, end), (0.0, end)],
            "bond_weight": weight,
            "bond_cutoff": cutoff,
        }
    )
    for weight, cutoff, end in (
        (0.25, 2.6, 1.4),
        (0.5, 2.6, 1.6),
        (0.75, 2.6, 1.6),
        (1.0, 2.0, 1.8),
    )
)
PAPER_WAY: dict[str, Any] = {"range": (0.0, 4.0), "standardisation": "max_min"}

GRAPHENE_HISTOGRAMS = {
    PAPER: (DescriptorConfig(**PAPER_WAY),),
    "channels": (
        DescriptorConfig(
            homology=[0, 1], range=[(0.0, 1.0), (0.0, 4.0)], standardisation="max_min"
        ),
    ),
    "per_atom": (DescriptorConfig(**PAPER_WAY, normalisation="per_atom"),),
    "blur": (DescriptorConfig(**PAPER_WAY, blur=0.2),),
    "radius": (DescriptorConfig(axes="radius", range=(0.0, 2.0), standardisation="max_min"),),
    COMBINED: (TOGETHER,),
    PAIRED: (ALL_PAIRED,),
    LENGTHS: (ALL_PAIRED,),
    MIDPOINTS: (ALL_PAIRED, *MIDPOINTS_OF_SHEETS),
}
"""Histograms of graphene, by the names of the options: the paper's first."""

# A seventh of the frames of carbon: more passes for as many steps.
OPTIMISATION = OptimisationConfig(epochs=100)


@dataclass(frozen=True)
class GrapheneSimulations:
    """
    Melt-quench runs of graphene.

    Attributes
    ----------
    scale
        What the set is called.
    runs
        The runs.
    potential
        What computes the forces.
    """

    scale: str
    runs: tuple[GrapheneRun, ...]
    potential: Potential

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
            See `amorphology.generate.generate_graphene`.

        Returns
        -------
        list of pathlib.Path
            The file of each run.
        """
        return run_graphene(
            out, self.runs, self.potential, scale=self.scale, n_jobs=n_jobs, progress=progress
        )

    def as_dict(self) -> dict[str, Any]:
        """
        Describe the programme.

        Returns
        -------
        dict
            JSON types only.
        """
        protocol = self.runs[0].protocol()
        melt = protocol.stages[0]
        return {
            "name": self.scale,
            "sheet": self.runs[0].sheet,
            "potential": self.potential.name,
            "timestep_fs": protocol.timestep,
            "melt_temperature_k": melt.start_temperature,
            "melt_duration_fs": melt.duration,
            "final_temperature_k": protocol.stages[-1].end_temperature,
        }


def _simulated(numbers: dict[str, Any]) -> str:
    protocol = numbers["protocol"]
    rates = [row["cooling_rate"] for row in numbers["simulations"]]
    sizes = " or ".join(
        f"{size:,}" for size in [numbers["learned_atoms"], *numbers["larger_atoms"]]
    )
    flat = protocol["sheet"] == "flat"
    return (
        f"<p>Sheets of graphene of {sizes} atoms, periodic in their plane, are molten at "
        f"{protocol['melt_temperature_k']:,.0f} K, quenched to "
        f"{protocol['final_temperature_k']:,.0f} K at {min(rates):,.0f} to {max(rates):,.0f} K/ps "
        f"and minimised in energy, with LAMMPS and the potential {protocol['potential']}. "
        f"{numbers['n_runs']:,} simulations give {numbers['n_frames']:,} frames: the final state "
        "of each, and of some also frames from along the quench. "
        + (
            "Atoms stay in the plane: a sheet that may leave it evaporates before it melts, and "
            "in a flat one every ring is seen at its full size. "
            if flat
            else "Atoms are free to leave the plane once their network has formed. "
        )
        + "Diagrams are periodic as the sheets are: no ring is cut by an edge.</p>"
    )


GRAPHENE = Material(
    name="amorphous graphene",
    published={"train": 7.9, "test": 8.3, "larger": 3.1},
    published_with=(
        "1,830 sheets of 680 atoms and larger ones of 2,720 from classical molecular dynamics, "
        "with diagrams that do not know of periodic boundaries"
    ),
    shade=Shade("cooling_rate", "Cooling rate (K/ps)", "K/ps", 0, logarithmic=True),
    along="temperature",
    draw_structure=plot_sheet,
    structure_key=ring_legend,
    structure_words="seen along z, with rings coloured by their number of atoms.",
    simulated=_simulated,
    rings_words=(
        "Bonds of 1.42 Å close rings near 0.5 Å²; flat regular rings of five, six and seven such "
        "bonds die at 1.5, 2.0 and 2.7 Å². In the liquid bonds are stretched and broken, and "
        "births and deaths are smeared out."
    ),
    sheets=graphene_sheets,
    citation=(
        "D. W. Brenner et al., “A second-generation reactive empirical bond order (REBO) potential "
        "energy expression for hydrocarbons”, <em>J. Phys.: Condens. Matter</em> <b>14</b>, 783 "
        "(2002)."
    ),
)
"""Section 2.2 of the paper."""


def graphene_study(scale: str, seed: int = 0, sheet: str = "flat") -> EnergyStudy:
    """
    Plan the study of amorphous graphene.

    Parameters
    ----------
    scale
        ``"demo"`` or ``"paper"``.
    seed
        Of everything.
    sheet
        ``"flat"`` or ``"rippled"``.

    Returns
    -------
    EnergyStudy
        The plan.

    Raises
    ------
    ConfigError
        If there is no such scale or sheet, or the seed is negative.
    """
    runs = plan_graphene_runs(scale, sheet=sheet, seed=seed)
    trainings = demo_trainings if scale == "demo" else paper_trainings
    return EnergyStudy(
        scale,
        GRAPHENE,
        GrapheneSimulations(scale, runs, graphene_potential("rebo2")),
        trainings(GRAPHENE_HISTOGRAMS, OPTIMISATION, seed),
        seed,
    )


def reproduce_graphene(
    out: str | Path,
    *,
    scale: str = "demo",
    sheet: str = "flat",
    only: Iterable[str] | None = None,
    report_only: bool = False,
    n_jobs: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Learn the energy of amorphous graphene from persistence diagrams, from nothing to a report.

    Sheets are molten and quenched with LAMMPS and REBO2 at rates over two decades; the network of
    Minamitani et al. [1]_ and models past it are trained on histograms of the smaller ones, and
    predict runs they never saw and larger sheets. It is stopped, continued and shared out as
    `amorphology.studies.reproduce_carbon` is.

    Parameters
    ----------
    out
        Folder for all results, as that of `amorphology.studies.reproduce_carbon`.
    scale
        ``"demo"``: some minutes on two cores. ``"paper"``: the paper's number of sheets, about 7
        core hours of simulation and hours of training.
    sheet
        ``"flat"``: atoms stay in the plane, the area is that at which quenched sheets are free of
        stress. ``"rippled"``: they may leave it once a network has formed.
    only
        Names of trainings (`graphene_study` lists them), or of families of them that differ in the
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
    >>> reproduce_graphene("sheets", scale="demo")  # doctest: +SKIP
    PosixPath('sheets/report.html')
    """
    return run_study(
        graphene_study(scale, seed, sheet),
        Path(out),
        only=only,
        report_only=report_only,
        n_jobs=n_jobs,
        console=console,
    )
