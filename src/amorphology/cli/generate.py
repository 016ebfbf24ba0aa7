"""``amorph generate``: structures to learn from."""

from pathlib import Path
from typing import Annotated

import typer

from amorphology.cli.options import JobsOption, ScaleOption, SeedOption

__all__ = ["generate"]

generate = typer.Typer(help="Make structures to learn from.", no_args_is_help=True)


@generate.command("carbon")
def generate_carbon_command(
    out: Annotated[Path, typer.Option(help="Folder for the runs, one extended-XYZ file each.")],
    scale: ScaleOption = "demo",
    engine: Annotated[
        str, typer.Option(metavar="lammps|vasp|ase", help="What computes the forces.")
    ] = "lammps",
    atoms: Annotated[
        int | None,
        typer.Option(help="Only cells of 216 or 512 atoms (vasp, ase: any cube); default: both."),
    ] = None,
    density: Annotated[
        list[float] | None,
        typer.Option(help="g/cm3, 2.0 to 3.4; may be repeated. Default: the scale's own."),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(help="Runs of each cell size; default: the scale's own number.")
    ] = None,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    calculator: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FACTORY", help="ase: what makes the calculator."),
    ] = None,
    potcar: Annotated[
        Path | None, typer.Option(help="vasp: POTCAR of carbon; default: from VASP_PP_PATH.")
    ] = None,
    incar: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG=VALUE", help="vasp: tag to change or add; may be repeated."),
    ] = None,
    write_only: Annotated[
        bool, typer.Option("--write-only", help="vasp: write the inputs, start nothing.")
    ] = False,
) -> None:
    """Melt and quench amorphous carbon; called again, it makes what is missing."""
    from rich.console import Console

    from amorphology.generate.carbon_engines import generate_carbon_with
    from amorphology.studies.progress import simulation_progress

    with simulation_progress(Console()) as progress:
        made = generate_carbon_with(
            engine,
            out,
            scale=scale,
            n_atoms=atoms,
            densities=density or None,
            n_runs=runs,
            seed=seed,
            n_jobs=jobs,
            calculator=calculator,
            potcar=potcar,
            incar=incar,
            write_only=write_only,
            progress=progress,
        )
    typer.echo(made)


@generate.command("graphene")
def generate_graphene_command(
    out: Annotated[Path, typer.Option(help="Folder for the runs, one extended-XYZ file each.")],
    scale: ScaleOption = "demo",
    sheet: Annotated[
        str, typer.Option(metavar="flat|rippled", help="Whether atoms may leave the plane.")
    ] = "flat",
    potential: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="rebo2, airebo, lcbop, tersoff or erhart-albe; rebo2 melts."
        ),
    ] = "rebo2",
    atoms: Annotated[
        int | None, typer.Option(help="Only sheets of 680 or of 2720 atoms; default: both.")
    ] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option(help="Cooling rate, K/ps; may be repeated. Default: the scale's own."),
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(help="Runs of each size at each rate; default: the scale's own number."),
    ] = None,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Melt and quench graphene with LAMMPS; called again, it makes what is missing."""
    from rich.console import Console

    from amorphology.generate import generate_graphene
    from amorphology.studies.progress import simulation_progress

    with simulation_progress(Console()) as progress:
        paths = generate_graphene(
            out,
            scale=scale,
            sheet=sheet,
            potential=potential,
            n_atoms=atoms,
            rates=rate or None,
            n_runs=runs,
            seed=seed,
            n_jobs=jobs,
            progress=progress,
        )
    typer.echo(f"{len(paths)} runs in {out}")


@generate.command("cyclooctane")
def generate_cyclooctane_command(
    out: Annotated[Path, typer.Option(help="Extended-XYZ file to write.")],
    conformations: Annotated[int, typer.Option(min=1, help="How many to make.")] = 6040,
    seed: SeedOption = 0,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.mat", help="Take them from this MATLAB file instead."),
    ] = None,
) -> None:
    """Write conformations of cyclo-octane's ring, evenly spread and labelled."""
    from amorphology.studies.cyclooctane.conformers import write_conformations

    typer.echo(write_conformations(out, n_conformations=conformations, seed=seed, source=source))
