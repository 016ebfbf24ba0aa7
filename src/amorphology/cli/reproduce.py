"""``amorph reproduce``: the paper's studies, from nothing to a report."""

from pathlib import Path
from typing import Annotated

import typer

from amorphology.cli.options import JobsOption, ScaleOption, SeedOption

__all__ = ["reproduce"]

reproduce = typer.Typer(
    help="Repeat a study of the paper, from nothing to a report.", no_args_is_help=True
)


@reproduce.command("carbon")
def reproduce_carbon_command(
    out: Annotated[Path, typer.Option(help="Folder for data, network, figures and report.")],
    scale: ScaleOption = "demo",
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Amorphous carbon: melt-quench, diagrams, training, report; stopped, it goes on."""
    from rich.console import Console

    from amorphology.studies import reproduce_carbon

    reproduce_carbon(out, scale=scale, n_jobs=jobs, seed=seed, console=Console())


@reproduce.command("cyclooctane")
def reproduce_cyclooctane_command(
    out: Annotated[Path, typer.Option(help="Folder for conformations, figures and report.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.mat", help="Take them from this MATLAB file instead."),
    ] = None,
    conformations: Annotated[int, typer.Option(help="How many to make; 50 or more.")] = 6040,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Cyclo-octane: conformations, descriptors side by side, the paper's statements checked."""
    from rich.console import Console

    from amorphology.studies import reproduce_cyclooctane

    reproduce_cyclooctane(
        out,
        source=source,
        n_conformations=conformations,
        n_jobs=jobs,
        seed=seed,
        console=Console(),
    )
