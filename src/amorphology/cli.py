"""The command ``amorph``: every verb calls one public function."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from amorphology.errors import AmorphologyError, ConfigError

__all__ = ["app", "main"]

# Heavy modules (torch, ASE) are imported by the verbs that need them: help must come at once.
app = typer.Typer(
    help="Persistent-homology descriptors of atomic structures, and energies learned from them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

generate = typer.Typer(help="Make structures to learn from.", no_args_is_help=True)
app.add_typer(generate, name="generate")
reproduce = typer.Typer(
    help="Repeat a study of the paper, from nothing to a report.", no_args_is_help=True
)
app.add_typer(reproduce, name="reproduce")

ScaleOption = Annotated[
    str, typer.Option(metavar="demo|paper", help="demo: minutes. paper: the paper's own size.")
]
SeedOption = Annotated[int, typer.Option(help="All random numbers follow from it.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Side by side; default: the cores there are.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `amorph train` made.")]
FrameFiles = Annotated[
    list[str], typer.Argument(metavar="FRAMES...", help="Structure files that ASE reads.")
]


def main() -> None:
    """
    Run the command line.

    An error that the user can mend is one line on stderr and exit status 2; an interruption is
    exit status 130.
    """
    # PyTorch's threads spin while they wait for each other. Where another program has one of the
    # cores that made training ten times slower; with sleeping threads it is not slower alone.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except AmorphologyError as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
    except OSError as error:  # no permission, disk full: names the file, and is not ours to mend
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except SystemExit as stop:
        if stop.code == 130:  # what typer makes of Ctrl-C
            typer.echo("stopped; the same command goes on from the last thing saved", err=True)
        raise


def _version(wanted: bool) -> None:
    if wanted:
        from amorphology import __version__

        typer.echo(f"amorphology {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command("diagrams")
def diagrams_command(
    frames: FrameFiles,
    out: Annotated[Path, typer.Option(help="Zarr store to write or to go on with.")],
    jobs: JobsOption = None,
    on_error: Annotated[
        str,
        typer.Option(metavar="stop|skip", help="What to do about a frame that cannot be done."),
    ] = "stop",
    simplices: Annotated[
        bool, typer.Option(help="Keep the atoms of each pair: two thirds more space.")
    ] = True,
) -> None:
    """Compute persistence diagrams of any number of frames; stopped, it goes on."""
    from rich.console import Console

    from amorphology.store_writer import write_diagrams

    console = Console(stderr=True, highlight=False)
    with console.status("reading frames") as status:
        typer.echo(
            write_diagrams(
                frames,
                out,
                simplices=simplices,
                n_jobs=jobs,
                on_error=on_error,
                report=status.update if console.is_terminal else console.print,
            )
        )


@app.command("train")
def train_command(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG", help="YAML file with all settings.")
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a config that explains every setting.")
    ] = False,
) -> None:
    """Train a network on labelled frames; a stopped training goes on where it was."""
    from rich.console import Console

    from amorphology.training import example_config, train

    if example:
        typer.echo(example_config(), nl=False)
    elif config is None:
        raise ConfigError("give a config file; `amorph train --example > config.yaml` writes one")
    else:
        train(config, Console())


@app.command("evaluate")
def evaluate_command(run: RunFolder, frames: FrameFiles) -> None:
    """Print RMSE and MAE of predicted energies of labelled frames."""
    from amorphology.structures import read_frames
    from amorphology.training import evaluate

    typer.echo(str(evaluate(run, read_frames(frames))))


@app.command("predict")
def predict_command(
    run: RunFolder,
    frames: FrameFiles,
    out: Annotated[Path, typer.Option("--out", help="Extended-XYZ file to write.")],
) -> None:
    """Write frames with predicted energies; labels they came with are kept."""
    from amorphology.structures import read_frames
    from amorphology.training import write_predictions

    write_predictions(run, read_frames(frames), out)


@app.command("import")
def import_command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCES...", help="vasprun.xml, OUTCAR, or folders with them."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for one extended-XYZ file a run, or one .extxyz for all.")
    ],
    run: Annotated[
        str | None, typer.Option(help="Take all sources for the stages of one run of this name.")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(min=1, help="Take every N-th step; default: the protocol's frames, or all."),
    ] = None,
    keep_unconverged: Annotated[
        bool,
        typer.Option("--keep-unconverged", help="Keep frames with unconverged electronic steps."),
    ] = False,
) -> None:
    """Turn finished VASP runs into one data set."""
    from amorphology.generate.vasp.importing import import_vasp

    typer.echo(
        import_vasp(
            sources,
            out,
            run=run,
            every=every,
            keep_unconverged=keep_unconverged,
            report=typer.echo,
        )
    )


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
