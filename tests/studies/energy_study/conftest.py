import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology.generate.run_folder import run_path
from amorphology.plots import coordination_legend, new_figure, plot_structure
from amorphology.studies.energy_study import study as module
from amorphology.studies.energy_study.figures import KINDS
from amorphology.studies.energy_study.plan import EnergyStudy, Material, Shade
from amorphology.studies.energy_study.study import run_study
from amorphology.studies.energy_study.trainings import COMBINED, PAPER, RANDOM, Training
from amorphology.studies.sheet import Sheet
from amorphology.training.config import (
    CNNConfig,
    DescriptorConfig,
    KernelRidgeConfig,
    OptimisationConfig,
    RidgeConfig,
    SplitConfig,
)


@dataclass(frozen=True)
class MadeRun:
    name: str
    n_atoms: int
    density: float


@dataclass(frozen=True)
class MadeSimulations:
    """Disordered cubic lattices with an energy that follows the disorder, in no time."""

    runs: tuple[MadeRun, ...]
    n_frames: int = 9

    def make(self, out, n_jobs, progress):
        out.mkdir(parents=True, exist_ok=True)
        (out / "generate.json").write_text(json.dumps({"made_with": {"lammps": "none"}}))
        for number, run in enumerate(self.runs):
            if not run_path(out, run.name).exists():
                write(run_path(out, run.name), self._frames(number, run), format="extxyz")
        return [run_path(out, run.name) for run in self.runs]

    def _frames(self, number, run):
        rng = np.random.default_rng(number)
        side = round(run.n_atoms ** (1 / 3))
        spacing = (12.011 / (0.60221408 * run.density)) ** (1 / 3)
        grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3) * spacing
        frames = []
        for step, disorder in enumerate(np.linspace(0.4, 0.05, self.n_frames)):
            atoms = Atoms(
                f"C{run.n_atoms}",
                grid + rng.normal(0, disorder, grid.shape),
                cell=[side * spacing] * 3,
                pbc=True,
            )
            atoms.info |= {
                "run": run.name,
                "stage": "melt" if disorder > 0.25 else "quench",
                "density": run.density,
                "temperature": 10000.0 * disorder,
                "time_fs": 10.0 * step,
            }
            energy = run.n_atoms * (-8 + 4 * disorder + 0.1 * run.density)
            atoms.calc = SinglePointCalculator(atoms, energy=energy)
            frames.append(atoms)
        return frames

    def as_dict(self):
        return {"name": "made"}


def draw_sheet():
    figure = new_figure(2, 2)
    figure.subplots().plot([0, 1])
    return figure


def one_sheet(frames):
    return [Sheet("line", draw_sheet, "a line", "<b>A line.</b>", 300, {"frames": len(frames)})]


MATERIAL = Material(
    name="made carbon",
    published={"train": 27.7, "test": 33.3, "larger": 33.6},
    published_with="another world",
    shade=Shade("density", "Density (g/cm³)", "g/cm³", 2),
    along="time",
    draw_structure=plot_structure,
    structure_key=coordination_legend,
    structure_words="atoms.",
    simulated=lambda numbers: f"<p>{numbers['n_frames']} frames.</p>",
    rings_words="Rings.",
    sheets=one_sheet,
    citation="nobody.",
)
HISTOGRAMS = {
    PAPER: (DescriptorConfig(bins=16),),
    COMBINED: (
        DescriptorConfig(
            homology=[0, 1, 2],
            bins=16,
            range=[(0.0, 1.3), (0.0, 2.5), (0.0, 2.5)],
            axes="radius",
            normalisation="per_atom",
            blur=[0.03, 0.1, 0.1],
        ),
    ),
}
BY_RUN = SplitConfig(by="run", validation=0.2, test=0.2)
OPTIMISATION = OptimisationConfig(
    epochs=3, batch_size=4, device="cpu", precision="float32", learning_rate=2e-3
)
KERNEL = KernelRidgeConfig(kind="kernel_ridge")
NETWORK = CNNConfig(hidden=8)


def training(option=PAPER, model=NETWORK, shows="a thing", **others):
    settings = {"split": BY_RUN, "optimisation": OPTIMISATION} | others
    return Training(shows, option, HISTOGRAMS[option], model, **settings)


TRAININGS = (
    training(),
    training(seed=1),
    training(split=RANDOM),
    training(fraction=1 / 4),
    training(without_middle=True),
    training(COMBINED, ensemble=2),
    training(COMBINED, KERNEL),
    training(COMBINED, KERNEL, seed=1),
    training(COMBINED, KERNEL, fraction=1 / 4),
    training(PAPER, RidgeConfig(kind="ridge")),
)
RUNS = (
    *(MadeRun(f"small_{number}", 27, 2.0 + 0.2 * number) for number in range(6)),
    MadeRun("large_0", 64, 2.6),
)
STUDY = EnergyStudy("tiny", MATERIAL, MadeSimulations(RUNS), TRAININGS)


@pytest.fixture(scope="session")
def study() -> EnergyStudy:
    return STUDY


@pytest.fixture(scope="session")
def short_study() -> EnergyStudy:
    """The same with two trainings that take no time."""
    return replace(STUDY, trainings=(training(COMBINED, KERNEL), TRAININGS[-1]))


@pytest.fixture(scope="session")
def finished(tmp_path_factory, study) -> Path:
    out = tmp_path_factory.mktemp("study") / "carbon"
    assert run_study(study, out, n_jobs=2) == out / "report.html"
    return out


@pytest.fixture
def plain_figures(monkeypatch):
    """Draw nothing, where a test is about something else: drawing takes most of the time."""

    def draw(figures, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in figures:
            for kind in KINDS:
                (folder / f"{name}.{kind}").write_text("<svg/>")

    monkeypatch.setattr(module, "draw_figures", draw)


@pytest.fixture
def copied(finished, tmp_path, plain_figures) -> Path:
    """The same study elsewhere, to be damaged."""
    out = tmp_path / "elsewhere"
    shutil.copytree(finished, out)
    return out
