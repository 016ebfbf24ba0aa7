"""Amorphous carbon: melt and quench it, learn its energies from persistence histograms, report."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from rich.console import Console

import amorphology
from amorphology.generate.carbon import run_melt_quench
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, plan_runs
from amorphology.generate.run_folder import run_path
from amorphology.parallel import available_cores
from amorphology.structures import whole_file
from amorphology.studies.carbon_figures import FIGURES, draw_figures
from amorphology.studies.carbon_page import write_page
from amorphology.studies.carbon_results import Results, collect_results
from amorphology.studies.progress import simulation_progress
from amorphology.studies.record import SecondsFile, StageTime, machine, versions
from amorphology.training import Run, TrainingConfig, train
from amorphology.training.config import (
    CNNConfig,
    DataConfig,
    DescriptorConfig,
    ModelConfig,
    OptimisationConfig,
    SplitConfig,
)
from amorphology.training.progress import message
from amorphology.training.run import METRICS

__all__ = ["CarbonStudy", "reproduce_carbon", "run_study"]

DATA, MODEL, FIGURE_FOLDER = "data", "model", "figures"
CONFIG, SECONDS = "train.yaml", "seconds.json"
PAGE, NUMBERS, PREDICTIONS = "report.html", "report.json", "predictions.csv"


@dataclass(frozen=True)
class CarbonStudy:
    """
    Everything that decides the outcome of a study.

    Attributes
    ----------
    name
        What to call it in the report, for example ``"demo"``.
    protocol
        Temperature programme of the simulations.
    runs
        Simulations. The smallest size is learned from; all larger cells are only predicted.
    seed
        Of simulations, split and training.
    split, descriptor, model, optimisation
        Settings of the training, see `amorphology.training.TrainingConfig`.
    """

    name: str
    protocol: Protocol
    runs: tuple[MeltQuenchRun, ...]
    seed: int = 0
    # Of the demo's ten runs two are never seen, one says when to stop, and seven are learned from.
    split: SplitConfig = field(default=SplitConfig(by="run", validation=0.1, test=0.2))
    descriptor: DescriptorConfig = field(default=DescriptorConfig())
    model: ModelConfig = field(default=CNNConfig())
    optimisation: OptimisationConfig = field(default=OptimisationConfig())

    @classmethod
    def at_scale(cls, scale: str, seed: int = 0) -> "CarbonStudy":
        """
        Plan the study at one of the scales of `generate_carbon`.

        Parameters
        ----------
        scale
            ``"demo"`` or ``"paper"``.
        seed
            Of everything.

        Returns
        -------
        CarbonStudy
            The plan.

        Raises
        ------
        ConfigError
            If there is no such scale, or the seed is negative.
        """
        protocol, runs = plan_runs(scale, seed=seed)
        return cls(scale, protocol, runs, seed)

    @property
    def learned_size(self) -> int:
        """Atoms of the cells that are learned from."""
        return min(run.n_atoms for run in self.runs)

    def training_config(self, out: Path) -> TrainingConfig:
        """
        Write down the settings of the training.

        Parameters
        ----------
        out
            Folder of the study.

        Returns
        -------
        TrainingConfig
            What `amorphology.training.train` is called with.
        """
        learned = [run for run in self.runs if run.n_atoms == self.learned_size]
        return TrainingConfig(
            out=str(out / MODEL),
            seed=self.seed,
            data=DataConfig(frames=[str(run_path(out / DATA, run.name)) for run in learned]),
            split=self.split,
            descriptor=self.descriptor,
            model=self.model,
            optimisation=self.optimisation,
        )


def reproduce_carbon(
    out: str | Path,
    *,
    scale: str = "demo",
    n_jobs: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Learn the energy of amorphous carbon from persistence diagrams, from nothing to a report.

    Carbon is molten and quenched with LAMMPS; the network of Minamitani et al. [1]_ is trained on
    the H1 histograms of the smaller cells, and predicts runs it never saw and larger cells.
    Stopped and called again, it goes on where it was; what is there is used again.

    Parameters
    ----------
    out
        Folder for all results, made if need be: ``report.html``, ``report.json``, ``figures/``,
        ``predictions.csv``, ``data/`` (the simulations), ``model/`` (the trained run, for
        ``amorph predict``) and ``train.yaml`` (its settings, for ``amorph train``).
    scale
        ``"demo"``: some minutes on two cores. ``"paper"``: the paper's protocol and number of
        frames, about 7 core hours of simulation.
    n_jobs
        Simulations, and threads for diagrams, side by side; None takes the cores of this process.
    seed
        Of simulations, split and training.
    console
        Where to show progress; None shows nothing.

    Returns
    -------
    pathlib.Path
        ``report.html``.

    Raises
    ------
    ConfigError
        If an option is out of range, or `out` holds results made with other settings.
    MissingDependencyError
        If LAMMPS is needed and not installed.
    RunError
        If a simulation or the training fails, or `out` holds a network trained on other frames.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).

    Examples
    --------
    >>> reproduce_carbon("demo", scale="demo")  # doctest: +SKIP
    PosixPath('demo/report.html')
    """
    return run_study(CarbonStudy.at_scale(scale, seed), Path(out), n_jobs=n_jobs, console=console)


def run_study(
    study: CarbonStudy,
    out: Path,
    *,
    n_jobs: int | None = None,
    console: Console | None = None,
) -> Path:
    """
    Carry out a study, or what is missing of it.

    Parameters
    ----------
    study
        What to do.
    out, n_jobs, console
        As for `reproduce_carbon`.

    Returns
    -------
    pathlib.Path
        ``report.html``.

    Raises
    ------
    ConfigError, MissingDependencyError, RunError
        As for `reproduce_carbon`.
    """
    paths, simulated = _simulate(study, out, n_jobs, console)
    run, trained = _train(study, out, console)
    message(console, "3/4 larger cells and figures")
    made_from = _fingerprint(study, paths, run)
    if _is_reported(out, made_from):
        message(console, f"{out / PAGE}: made from just these data and this network; nothing to do")
        return out / PAGE
    results, predicted = collect_results(run, paths, study.learned_size, n_jobs)
    with whole_file(out / PREDICTIONS) as unfinished:
        unfinished.write_text(results.as_csv(), encoding="utf-8")
    start = time.perf_counter()
    draw_figures(results, out / FIGURE_FOLDER)
    drawn = StageTime("Figures", time.perf_counter() - start, reused=False)
    message(console, "4/4 report")
    stages = [simulated, *trained, *predicted, drawn]
    _write_report(study, out, results, stages, made_from)
    for error in results.errors:
        message(console, str(error.metrics))
    message(console, f"report: {out / PAGE}")
    return out / PAGE


def _simulate(
    study: CarbonStudy, out: Path, n_jobs: int | None, console: Console | None
) -> tuple[list[Path], StageTime]:
    """Make the simulations that are not there yet."""
    what = f"Molecular dynamics of {len(study.runs)} runs"
    there = sum(run_path(out / DATA, run.name).exists() for run in study.runs)
    message(console, f"1/4 molecular dynamics: {there} of {len(study.runs)} runs are there")
    seconds = SecondsFile(out / SECONDS)
    if there == len(study.runs):
        # Called all the same: it refuses runs that were made with other settings.
        paths = run_melt_quench(out / DATA, study.protocol, study.runs, n_jobs=1)
        return paths, StageTime(what, seconds.get("simulation"), reused=True)
    with seconds.adding("simulation"), simulation_progress(console) as progress:
        paths = run_melt_quench(
            out / DATA,
            study.protocol,
            study.runs,
            n_jobs=n_jobs or available_cores(),
            progress=progress,
        )
    return paths, StageTime(what, seconds.get("simulation"), reused=False)


def _train(study: CarbonStudy, out: Path, console: Console | None) -> tuple[Run, list[StageTime]]:
    """Train the network, or load it."""
    message(console, "2/4 persistence diagrams and training")
    config = study.training_config(out)
    header = (
        "# Settings of the network of this study. From the folder where the study was started,\n"
        f"# `amorph train {out / CONFIG}` trains it again: change `out` first.\n"
        "# `amorph train --example` explains every key.\n"
    )
    text = header + yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    path = out / CONFIG
    if not path.exists():  # at once, so that it is there also when the training is stopped
        _write(path, text)
    reused = (out / MODEL / METRICS).is_file()
    run = train(config, console)  # refuses a folder trained with other settings
    if path.read_text(encoding="utf-8") != text:
        _write(path, text)
    seconds = run.metrics()["seconds"]
    names = {
        "reading": "Reading frames",
        "diagrams": "Persistence diagrams",
        "descriptors": "Histograms",
        "training": "Training",
        "predicting": "Predicting these frames",
    }
    return run, [
        StageTime(f"{names.get(key, key)}, {study.learned_size} atoms", value, reused)
        for key, value in seconds.items()
    ]


def _fingerprint(study: CarbonStudy, data: list[Path], run: Run) -> str:
    """Say in one word what a report is made from: the same word, the same report."""
    digest = hashlib.sha256(f"{amorphology.__version__} {study}".encode())
    for path in [*data, run.path / "best.pt", run.path / METRICS]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _is_reported(out: Path, made_from: str) -> bool:
    if not (out / NUMBERS).is_file():
        return False
    pictures = [
        out / FIGURE_FOLDER / f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")
    ]
    needed = [out / PAGE, out / PREDICTIONS, *pictures]
    written = json.loads((out / NUMBERS).read_text(encoding="utf-8")).get("made_from")
    return written == made_from and all(path.is_file() for path in needed)


def _write_report(
    study: CarbonStudy, out: Path, results: Results, stages: list[StageTime], made_from: str
) -> None:
    """Write the page, and last of all the numbers, whose presence says that all is done."""
    known = [stage.seconds for stage in stages if stage.seconds is not None]
    numbers = {
        "study": f"amorphous carbon, {study.name} scale",
        "made_from": made_from,
        "written": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "seed": study.seed,
        "machine": machine().as_dict(),
        "versions": versions(out / DATA),
        "protocol": {
            "name": study.protocol.name,
            "steps": study.protocol.n_steps,
            "timestep_fs": study.protocol.timestep,
        },
        **results.as_dict(),
        "settings": study.training_config(out).model_dump(mode="json"),
        "stages": [stage.as_dict() for stage in stages],
        "seconds_total": sum(known),
    }
    page = write_page(numbers, out / FIGURE_FOLDER, study.training_config(out))
    _write(out / PAGE, page)
    _write(out / NUMBERS, json.dumps(numbers, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
