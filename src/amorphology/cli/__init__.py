"""The command ``amorph``: every verb calls one public function."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from amorphology.cli.generate import generate
from amorphology.cli.options import FrameFiles, JobsOption, RunFolder
from amorphology.cli.reproduce import reproduce
from amorphology.errors import AmorphologyError, ConfigError

__all__ = ["app", "main"]

# Heavy modules (torch, ASE) are imported by the verbs that need them: help must come at once.
app = typer.Typer(
    help="Persistent-homology descriptors of atomic structures, and energies learned from them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(generate, name="generate")
app.add_typer(reproduce, name="reproduce")


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


@app.command("explain")
def explain_command(
    run: RunFolder,
    frame: Annotated[Path, typer.Argument(metavar="FRAME", help="Structure file.")],
    out: Annotated[Path, typer.Option(help="Folder for figure, frame, rings and numbers.")],
    index: Annotated[int, typer.Option(help="Which frame of the file; -1: the last.")] = -1,
) -> None:
    """Say which pairs, rings and atoms a predicted energy rests on."""
    from amorphology.studies.frame_explanation import explain

    typer.echo(f"written: {explain(run, frame, out, index=index)}")


@app.command("view")
def view_command(
    frames: FrameFiles,
    out: Annotated[Path, typer.Option(help="HTML file to write; needs no network to be opened.")],
    run: Annotated[
        Path | None, typer.Option(help="Trained run whose activation map is shown as well.")
    ] = None,
    index: Annotated[
        int | None, typer.Option(help="Only this frame of all; -1: the last. Default: all.")
    ] = None,
) -> None:
    """Write a page with diagrams and structure side by side: click a pair to see its ring."""
    from amorphology.structures import read_frames
    from amorphology.viewer import write_page

    chosen = read_frames(frames)
    if index is not None:
        if not -len(chosen) <= index < len(chosen):
            raise ConfigError(f"there is no frame {index}; the files hold {len(chosen)}, from 0 on")
        chosen = [chosen[index]]
    typer.echo(f"written: {write_page(chosen, out, run=run)}")


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
