"""What tests of rings and cavities share: small frames, their complexes, chains of simplices."""

import numpy as np
from ase import Atoms

from .complexes import alpha_complex, canonical


def random_frame(seed: int, pbc: tuple[bool, ...], n_atoms: int = 14, *, flat: bool = False):
    rng = np.random.default_rng([seed, *pbc, flat])
    cell = np.diag([3.0, 3.4, 3.8]) + rng.uniform(-0.4, 0.4, (3, 3))
    if flat:
        cell[:2, 2] = cell[2, :2] = 0
    fractional = rng.random((n_atoms, 3)) * [1, 1, 0 if flat else 1]
    return Atoms(f"C{n_atoms}", positions=fractional @ cell, cell=cell, pbc=pbc)


def filtration_of(frame: Atoms):
    return alpha_complex(frame.positions, frame.cell.array, frame.pbc.tolist())


def chain_of(simplices) -> frozenset:
    """The sum modulo 2: what is there twice cancels."""
    chain: set = set()
    for simplex in simplices:
        chain ^= {simplex}
    return frozenset(chain)


def simplex_of(atoms, offsets):
    return canonical(zip(atoms, offsets, strict=True))
