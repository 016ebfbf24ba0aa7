"""The structures that are timed: glasses, sheets, and real frames where they are at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from ase import Atoms

ATOMIC_DENSITY = 0.14  # atoms per cubic Angstrom: carbon at 2.8 g/cm3
BOND_LENGTH = 1.42  # Angstrom, graphene
CARBON_FRAMES = Path(__file__).parents[2] / "shared/data/carbon_snap_216.npz"
WEIGHTS = (0.2, 0.8)  # range of the squared radii, Angstrom^2: no atom is hidden by another

System = Literal["glass", "carbon", "rippled", "flat"]


@dataclass(frozen=True)
class Case:
    """One row of the benchmark."""

    system: System
    atoms: int
    periodic: bool
    weighted: bool = False

    def __str__(self) -> str:
        kind = {
            "glass": "disordered cube",
            "carbon": "amorphous carbon, MD",
            "rippled": "rippled sheet",
            "flat": "flat sheet",
        }[self.system]
        boundary = "periodic" if self.periodic else "free"
        weights = ", weighted" if self.weighted else ""
        return f"{kind}, {self.atoms:,} atoms, {boundary}{weights}"

    def build(self) -> tuple[list[Atoms], np.ndarray | None]:
        """Make the frames of this case, and the weights of their atoms."""
        if self.system == "carbon":
            frames = carbon_frames(20, periodic=self.periodic)
        elif self.system == "glass":
            frames = [glass(round(self.atoms ** (1 / 3)), periodic=self.periodic)]
        else:
            height = 0.3 if self.system == "rippled" else 0.0
            frames = [sheet(self.atoms, height, periodic=self.periodic)]
        if any(len(atoms) != self.atoms for atoms in frames):
            raise ValueError(f"{self}: made {len(frames[0])} atoms")
        rng = np.random.default_rng(self.atoms)
        return frames, rng.uniform(*WEIGHTS, self.atoms) if self.weighted else None


def glass(n_per_side: int, *, periodic: bool) -> Atoms:
    """Atoms of a cubic grid displaced by about a quarter of a bond, a stand-in for a glass."""
    rng = np.random.default_rng(n_per_side)
    length = n_per_side / ATOMIC_DENSITY ** (1 / 3)
    grid = np.stack(np.meshgrid(*3 * [np.arange(n_per_side)]), axis=-1).reshape(-1, 3)
    positions = grid * (length / n_per_side) + rng.normal(0, 0.4, grid.shape)
    atoms = Atoms(numbers=np.full(len(grid), 6), positions=positions, cell=3 * [length])
    if periodic:
        atoms.pbc = True
        atoms.wrap()  # HomCloud and Diode die of atoms outside the box
    return atoms


def sheet(n_atoms: int, height: float, *, periodic: bool) -> Atoms:
    """Graphene with thermal disorder in its plane, and with ripples of a height in Angstrom."""
    per_side = (n_atoms / 680) ** 0.5  # 17 x 10 rectangular cells of 4 atoms, nearly a square
    cells = round(17 * per_side), round(10 * per_side)
    lengths = np.array([3**0.5 * BOND_LENGTH, 3 * BOND_LENGTH])
    basis = np.array([[0, 0], [0.5, 1 / 6], [0.5, 0.5], [0, 2 / 3]])
    corners = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), axis=-1)
    rng = np.random.default_rng(n_atoms)
    plane = (corners.reshape(-1, 1, 2) + basis).reshape(-1, 2) * lengths
    plane += rng.normal(0, 0.05, plane.shape)
    waves = np.sin(plane @ np.array([[0.30, 0.11], [-0.17, 0.41]])).sum(axis=1)
    out = height * waves + rng.normal(0, 0.3 * height, len(plane)) if height else 0 * waves
    return Atoms(
        numbers=np.full(len(plane), 6),
        positions=np.column_stack([plane, out]),
        cell=[*(lengths * cells), 20.0],
        pbc=[periodic, periodic, False],
    )


def carbon_frames(number: int, *, periodic: bool) -> list[Atoms]:
    """Frames of 216 carbon atoms spread over melt-quench runs, wrapped into their boxes."""
    with np.load(CARBON_FRAMES) as data:
        chosen = np.linspace(0, len(data["positions"]) - 1, number).astype(int)
        positions = data["positions"][chosen].astype(np.float64)
        lengths = data["box_length"][chosen].astype(np.float64)
    frames = []
    for frame, length in zip(positions, lengths, strict=True):
        atoms = Atoms(numbers=np.full(len(frame), 6), positions=frame, cell=3 * [length])
        atoms.pbc = periodic
        atoms.positions %= length
        frames.append(atoms)
    return frames


def case_list(scale: Literal["quick", "default", "full"]) -> list[Case]:
    """List the rows of the benchmark, from small to large."""
    sides = {"quick": [6, 8, 16], "default": [6, 8, 16, 32], "full": [6, 8, 16, 32, 64, 100]}
    cases = [
        Case("glass", side**3, periodic) for side in sides[scale] for periodic in (True, False)
    ]
    if scale == "default":
        cases.append(Case("glass", 64**3, periodic=True))
    cases += [
        Case("glass", 216, periodic=False, weighted=True),
        Case("rippled", 680, periodic=False),
        Case("rippled", 2720, periodic=False),
        Case("flat", 680, periodic=False),
        Case("flat", 680, periodic=True),
    ]
    if CARBON_FRAMES.exists():
        cases += [Case("carbon", 216, periodic) for periodic in (True, False)]
    return sorted(cases, key=lambda case: case.atoms)
