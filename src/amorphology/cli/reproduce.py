"""``amorph reproduce``: the paper's studies, from nothing to a report."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amorphology.cli.options import JobsOption, ScaleOption, SeedOption

if TYPE_CHECKING:
    from amorphology.studies.comparison.trainings import ComparedTraining
    from amorphology.studies.energy_study.trainings import Training

__all__ = ["reproduce"]

reproduce = typer.Typer(
    help="Repeat a study of the paper, from nothing to a report.", no_args_is_help=True
)

OutOption = Annotated[Path, typer.Option(help="Folder for data, models, figures and report.")]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TRAINING", help="Do only this training; may be repeated. No report."),
]
ListOption = Annotated[bool, typer.Option("--list", help="Name the trainings, and do nothing.")]
ReportOnlyOption = Annotated[
    bool, typer.Option("--report-only", help="Report what is finished, and train nothing.")
]


@reproduce.command("carbon")
def reproduce_carbon_command(
    out: OutOption,
    scale: ScaleOption = "demo",
    only: OnlyOption = None,
    list_trainings: ListOption = False,
    report_only: ReportOnlyOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Amorphous carbon: melt-quench, diagrams, trainings, report; stopped, it goes on."""
    from rich.console import Console

    from amorphology.studies import carbon_study, reproduce_carbon

    if list_trainings:
        _print_trainings(carbon_study(scale, seed).trainings)
        return
    reproduce_carbon(
        out,
        scale=scale,
        only=only or None,
        report_only=report_only,
        n_jobs=jobs,
        seed=seed,
        console=Console(),
    )


@reproduce.command("graphene")
def reproduce_graphene_command(
    out: OutOption,
    scale: ScaleOption = "demo",
    sheet: Annotated[
        str, typer.Option(metavar="flat|rippled", help="Whether atoms may leave the plane.")
    ] = "flat",
    only: OnlyOption = None,
    list_trainings: ListOption = False,
    report_only: ReportOnlyOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Amorphous graphene: melt-quench, diagrams, trainings, report; stopped, it goes on."""
    from rich.console import Console

    from amorphology.studies import graphene_study, reproduce_graphene

    if list_trainings:
        _print_trainings(graphene_study(scale, seed, sheet).trainings)
        return
    reproduce_graphene(
        out,
        scale=scale,
        sheet=sheet,
        only=only or None,
        report_only=report_only,
        n_jobs=jobs,
        seed=seed,
        console=Console(),
    )


def _print_trainings(trainings: "Iterable[Training | ComparedTraining]") -> None:
    for training in trainings:
        typer.echo(f"{training.name}: {training.title}, {training.shows}")


@reproduce.command("comparison")
def reproduce_comparison_command(
    out: OutOption,
    scale: ScaleOption = "demo",
    carbon: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Finished runs of carbon; default: made in OUT/data."),
    ] = None,
    graphene: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Finished runs of graphene; default: made in OUT/data."),
    ] = None,
    dft_frames: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Frames with energies, for a table by cross-validation."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="carbon|graphene", help="Leave it out; may be repeated."),
    ] = None,
    only: OnlyOption = None,
    list_trainings: ListOption = False,
    report_only: ReportOnlyOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
) -> None:
    """Diagrams beside SOAP, ACSF and others on the same frames: tables, sensitivity, report."""
    from rich.console import Console

    from amorphology.studies.comparison import comparison_plan, reproduce_comparison

    if list_trainings:
        plan = comparison_plan(scale, seed, dft_frames=dft_frames, skip=skip or ())
        _print_trainings(plan.trainings)
        return
    reproduce_comparison(
        out,
        scale=scale,
        carbon=carbon,
        graphene=graphene,
        dft_frames=dft_frames,
        skip=skip or (),
        only=only or None,
        report_only=report_only,
        n_jobs=jobs,
        seed=seed,
        console=Console(),
    )


@reproduce.command("explanation")
def reproduce_explanation_command(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="Folder that `amorph reproduce carbon` filled.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for figures and report; default: in STUDY.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Run to explain; default: the paper's network in STUDY.")
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Activation maps of liquid and low-energy carbon, checked by numbers; rings behind them."""
    from rich.console import Console

    from amorphology.studies.explanation import reproduce_explanation

    reproduce_explanation(study, out, model=model, seed=seed, console=Console())


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
