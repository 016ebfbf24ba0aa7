"""A study from nothing to a report, in pieces that may be stopped and shared out."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

import amorphology
from amorphology.errors import ConfigError
from amorphology.generate.run_folder import run_path
from amorphology.parallel import available_cores
from amorphology.structures import write_text
from amorphology.studies.energy_study.figures import KINDS, draw_figures, study_figures
from amorphology.studies.energy_study.numbers import result_numbers
from amorphology.studies.energy_study.page_background import histogram_words
from amorphology.studies.energy_study.pieces import Piece, finish_piece
from amorphology.studies.energy_study.plan import EnergyStudy
from amorphology.studies.energy_study.report_page import write_page
from amorphology.studies.energy_study.results import Results, collect_results
from amorphology.studies.energy_study.study_frames import StudyFrames
from amorphology.studies.energy_study.trainings import Training, find_trainings
from amorphology.studies.progress import simulation_progress
from amorphology.studies.record import SecondsFile, StageTime, machine, versions
from amorphology.studies.sheet import Sheet
from amorphology.training import TrainingConfig
from amorphology.training.progress import message

__all__ = ["run_study"]

DATA, MODELS, FIGURE_FOLDER, CACHE = "data", "models", "figures", "counted_pairs"
SECONDS, CHECKED = "seconds.json", "simulations.json"
PAGE, NUMBERS, PREDICTIONS = "report.html", "report.json", "predictions.csv"

STAGES = {
    "reading": "Reading frames",
    "diagrams": "Persistence diagrams and histograms",
    "descriptors": "Statistics of histograms",
    "training": "Training",
    "predicting": "Predicting the frames of the training",
    "larger": "Larger cells: diagrams and predictions",
}


def run_study(
    study: EnergyStudy,
    out: Path,
    *,
    only: Iterable[str] | None = None,
    report_only: bool = False,
    n_jobs: int | None = None,
    console: Console | None = None,
) -> Path:
    """
    Carry out a study, or what is missing of it.

    Parameters
    ----------
    study
        What to do.
    out
        Folder of the study.
    only
        Names of trainings, or of families of them: do these, and write no report.
    report_only
        Report the trainings that are finished, and do no others.
    n_jobs
        Simulations, and threads for diagrams, side by side; None takes the cores of this process.
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
        If a simulation or a training fails, a training was made from other frames, or there is
        nothing to report.
    """
    wanted = study.trainings if only is None else find_trainings(study.trainings, only)
    if only is not None and report_only:
        raise ConfigError("a report is of all trainings that are finished; leave out the names")
    folder = _Folder(study, out)
    simulated = _simulate(folder, n_jobs, console)
    made = [] if report_only else _train(folder, wanted, n_jobs, console)
    if only is not None:
        done = sum(folder.piece(one).is_finished for one in study.trainings)
        message(console, f"{done} of {len(study.trainings)} trainings of this study are finished")
        return out / MODELS
    message(console, "3/4 figures")
    made_from = _fingerprint(folder)
    if _is_reported(out, made_from):
        message(console, f"{out / PAGE}: made from just these data and models; nothing to do")
        return out / PAGE
    pieces = {one.name: folder.piece(one) for one in study.trainings}
    for training in study.trainings:
        if pieces[training.name].is_finished:
            pieces[training.name].check(folder.config(training))
    results = collect_results(study, folder.frames, pieces)
    write_text(out / PREDICTIONS, results.as_csv())
    start = time.perf_counter()
    sheets = study.material.sheets(results.data.frames)
    figures = study_figures(results) | {sheet.name: sheet.draw for sheet in sheets}
    draw_figures(figures, out / FIGURE_FOLDER)
    drawn = StageTime("Figures", time.perf_counter() - start, reused=False)
    message(console, "4/4 report")
    stages = [simulated, *_stages(results, made), drawn]
    _write_report(folder, results, sheets, list(figures), stages, made_from)
    for outcome in results.outcomes:
        message(console, f"{outcome.training.name}: {outcome.errors['test'].metrics}")
    if results.missing:
        message(console, f"not finished: {', '.join(one.name for one in results.missing)}")
    message(console, f"report: {out / PAGE}")
    return out / PAGE


@dataclass(frozen=True)
class _Folder:
    """The folder of a study, and what is in it."""

    study: EnergyStudy
    out: Path

    def paths(self, *, larger: bool) -> list[Path]:
        """Name the files of the cells that are learned from, or of the larger ones."""
        return [
            run_path(self.out / DATA, run.name)
            for run in self.study.simulations.runs
            if (run.n_atoms > self.study.learned_size) == larger
        ]

    @cached_property
    def frames(self) -> StudyFrames:
        """All frames."""
        return StudyFrames.read(self.paths(larger=False), self.paths(larger=True))

    def piece(self, training: Training) -> Piece:
        """Folder of a training."""
        return Piece(self.out / MODELS / training.name)

    def config(self, training: Training) -> TrainingConfig:
        """Write down the settings of a training."""
        # Frames are read only where the settings depend on them.
        middle = self.frames.middle() if training.without_middle else None
        return training.config(
            self.piece(training).folder, self.paths(larger=False), middle, self.out / CACHE
        )


def _simulate(folder: _Folder, n_jobs: int | None, console: Console | None) -> StageTime:
    """Make the simulations that are not there yet."""
    data, runs = folder.out / DATA, folder.study.simulations.runs
    what = f"Molecular dynamics of {len(runs):,} runs"
    there = sum(run_path(data, run.name).exists() for run in runs)
    message(console, f"1/4 molecular dynamics: {there} of {len(runs)} runs are there")
    seconds = SecondsFile(folder.out / SECONDS)
    checked = folder.out / CHECKED
    settings = {"simulations": repr(folder.study.simulations)}
    if there == len(runs):
        # Once they are known to be made with these settings the folder is not locked again, so
        # that trainings can be started side by side.
        known = checked.is_file() and json.loads(checked.read_text(encoding="utf-8")) == settings
        if not known:
            folder.study.simulations.make(data, 1, None)
    else:
        with seconds.adding("simulation"), simulation_progress(console) as progress:
            folder.study.simulations.make(data, n_jobs or available_cores(), progress)
    if not checked.is_file():
        write_text(checked, json.dumps(settings, indent=2) + "\n")
    return StageTime(what, seconds.get("simulation"), reused=there == len(runs))


def _train(
    folder: _Folder, wanted: Sequence[Training], n_jobs: int | None, console: Console | None
) -> list[str]:
    """Finish trainings; return the names of those that were not finished before."""
    missing = [one for one in wanted if not folder.piece(one).is_finished]
    message(console, f"2/4 training: {len(missing)} of {len(wanted)} models to make")
    for number, training in enumerate(missing):
        message(
            console,
            f"{training.name} ({number + 1} of {len(missing)}): {training.shows}",
        )
        finish_piece(
            folder.config(training), folder.paths(larger=True), n_jobs=n_jobs, console=console
        )
    for training in wanted:
        if training not in missing:
            folder.piece(training).check(folder.config(training))
    return [one.name for one in missing]


def _stages(results: Results, made: Sequence[str]) -> list[StageTime]:
    """Time of all trainings together, stage by stage."""
    seconds: dict[tuple[str, bool], float] = {}
    for outcome in results.outcomes:
        reused = outcome.training.name not in made
        spent: dict[str, float] = dict(outcome.metrics["seconds"])
        on_larger = outcome.made_on
        spent["larger"] = (
            on_larger["seconds_larger_diagrams"] + on_larger["seconds_larger_prediction"]
        )
        for key, value in spent.items():
            title = STAGES[key]
            if key == "training":
                title = f"{title}: {outcome.training.title}"
            seconds[title, reused] = seconds.get((title, reused), 0.0) + value
    earlier_first = sorted(seconds.items(), key=lambda entry: not entry[0][1])
    return [StageTime(title, value, reused) for (title, reused), value in earlier_first]


def _fingerprint(folder: _Folder) -> str:
    """Say in one word what a report is made from: the same word, the same report."""
    digest = hashlib.sha256(f"{amorphology.__version__} {folder.study.settings}".encode())
    for path in [*folder.paths(larger=False), *folder.paths(larger=True)]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for training in folder.study.trainings:
        piece = folder.piece(training)
        if piece.is_finished:
            digest.update(training.name.encode())
            for path in piece.record:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _is_reported(out: Path, made_from: str) -> bool:
    if not (out / NUMBERS).is_file():
        return False
    written = json.loads((out / NUMBERS).read_text(encoding="utf-8"))
    pictures = [
        out / FIGURE_FOLDER / f"{name}.{kind}"
        for name in written.get("figures", [])
        for kind in KINDS
    ]
    needed = [out / PAGE, out / PREDICTIONS, *pictures]
    return written.get("made_from") == made_from and all(path.is_file() for path in needed)


def _write_report(
    folder: _Folder,
    results: Results,
    sheets: Sequence[Sheet],
    figures: list[str],
    stages: list[StageTime],
    made_from: str,
) -> None:
    """Write the page, and last of all the numbers, whose presence says that all is done."""
    study, out = folder.study, folder.out
    known = [stage.seconds for stage in stages if stage.seconds is not None]
    numbers = {
        "study": f"{study.material.name}, {study.scale} scale",
        "material": study.material.name,
        "scale": study.scale,
        "made_from": made_from,
        "written": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "seed": study.seed,
        "machine": machine().as_dict(),
        "versions": versions(out / DATA),
        "protocol": study.simulations.as_dict(),
        "histograms": {
            training.option: "; and ".join(
                histogram_words(one.model_dump(mode="json")) for one in training.descriptors
            )
            for training in study.trainings
        },
        **result_numbers(results),
        "structure": {sheet.name: sheet.numbers for sheet in sheets},
        "figures": figures,
        "stages": [stage.as_dict() for stage in stages],
        "seconds_total": sum(known),
    }
    page = write_page(numbers, out / FIGURE_FOLDER, study.material, sheets)
    write_text(out / PAGE, page)
    write_text(out / NUMBERS, json.dumps(numbers, indent=2) + "\n")
