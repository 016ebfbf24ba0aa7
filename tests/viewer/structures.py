"""Structures to show: crystal, glass, sheet, molecules, next to nothing."""

import numpy as np
from ase import Atoms
from ase.build import bulk, graphene, molecule


def rattled_diamond(seed: int = 0) -> Atoms:
    frame = bulk("C", cubic=True) * 2
    frame.rattle(0.12, seed=seed)
    # Atoms of a trajectory leave the cell they started in.
    frame.positions += np.random.default_rng(seed).integers(-1, 2, (64, 3)) @ frame.cell.array
    return frame


TRAJECTORY = [rattled_diamond(0), rattled_diamond(1)]


def skewed() -> Atoms:
    rng = np.random.default_rng(3)
    cell = [[7.0, 0.0, 0.0], [3.0, 6.0, 0.0], [-2.0, 1.5, 8.0]]
    return Atoms("SiO2" * 10, scaled_positions=rng.random((30, 3)) * 3 - 1, cell=cell, pbc=True)


def sheet() -> Atoms:
    frame = graphene(size=(4, 4, 1), vacuum=6.0)
    noise = np.random.default_rng(5).normal(0.0, 0.08, (len(frame), 2))
    frame.positions[:, :2] += noise
    return frame


STRUCTURES = {
    "diamond": rattled_diamond(),
    "skewed": skewed(),
    "sheet": sheet(),
    "molecule": molecule("CH3CH2OH"),
    "buckyball": molecule("C60"),
    "atom": Atoms("Ar"),
    "one atom in a cell": Atoms("Ar", cell=[4, 4, 4], pbc=True),
}
