import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology.studies.comparison import tables, trainings
from amorphology.studies.comparison.rows import SPACE, Row, comparison_rows
from amorphology.studies.comparison.sweeps import Setting, Sweep
from amorphology.training.config import CNNConfig, DescriptorConfig
from amorphology.training.descriptor_config import ACSFConfig

KEPT = ("cartesian_ridge", "coulomb_eigenspectrum_ridge", "acsf_ridge", "pd_ridge")


def lattice(side: int, disorder: float, rng: np.random.Generator, spacing: float = 1.6) -> Atoms:
    """Disordered cubic lattice with an energy that follows the disorder."""
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3) * spacing
    atoms = Atoms(
        f"C{side**3}",
        grid + rng.normal(0, disorder, grid.shape),
        cell=[side * spacing] * 3,
        pbc=True,
    )
    atoms.calc = SinglePointCalculator(atoms, energy=(-8 + 4 * disorder) * len(atoms))
    return atoms


@pytest.fixture(scope="session")
def simulations(tmp_path_factory) -> Path:
    """Six runs of 27 atoms and one of 64, eight frames each."""
    folder = tmp_path_factory.mktemp("simulations")
    for number, side in enumerate([3] * 6 + [4]):
        rng = np.random.default_rng(number)
        frames = [lattice(side, disorder, rng) for disorder in np.linspace(0.3, 0.05, 8)]
        name = f"{'run' if side == 3 else 'large'}_{side**3}_{number}"
        for frame in frames:
            frame.info["run"] = name
        write(folder / f"{name}.extxyz", frames, format="extxyz")
    return folder


@pytest.fixture(scope="session")
def dft_frames(tmp_path_factory) -> Path:
    """Sixteen structures of 8 or 27 atoms, each in a cell of its own, with two near-copies each."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(16):
        first = lattice(2 + number % 2, 0.05 + 0.015 * number, rng, spacing=1.6 + 0.01 * number)
        for _ in range(3):
            copy = first.copy()
            copy.rattle(0.01, rng=rng)
            copy.calc = SinglePointCalculator(copy, energy=first.get_potential_energy())
            frames.append(copy)
    path = tmp_path_factory.mktemp("dft") / "dft.extxyz"
    write(path, frames, format="extxyz")
    return path


def tiny(shape: str = SPACE) -> tuple[Row, ...]:
    rows = {row.name: row for row in comparison_rows(shape)}
    network = replace(
        rows["pd_cnn_paper"],
        descriptor=DescriptorConfig(bins=16, range=(0.0, 4.0)),
        model=CNNConfig(hidden=8),
    )
    acsf = rows["acsf_ridge"]
    rows["acsf_ridge"] = replace(acsf, descriptor=ACSFConfig(kind="acsf_average", r_cut=2.0))
    return (*(rows[name] for name in KEPT), network)


def tiny_sweeps(*, many: bool) -> tuple[Sweep, ...]:
    assert not many
    settings = [
        Setting(
            str(bins),
            Row(
                f"pd_b{bins}",
                "PD H1",
                "CNN",
                DescriptorConfig(bins=bins, range=(0.0, 4.0)),
                CNNConfig(hidden=8),
            ),
            bins == 16,
        )
        for bins in (8, 16)
    ]
    return (Sweep("bins", "Bins along an axis", "pd", tuple(settings)),)


@pytest.fixture
def small(monkeypatch):
    """The demo, with rows and sweeps that take no time."""
    pytest.importorskip("dscribe")
    monkeypatch.setattr(trainings, "comparison_rows", tiny)
    monkeypatch.setattr(tables, "comparison_rows", tiny)
    monkeypatch.setattr(trainings, "sensitivity_sweeps", tiny_sweeps)
    demo = trainings.SCALES["demo"]
    scale = replace(demo, epochs=dict.fromkeys(demo.epochs, 2))
    monkeypatch.setitem(trainings.SCALES, "demo", scale)


def read_numbers(out: Path) -> dict:
    return json.loads((out / "report.json").read_text(encoding="utf-8"))
