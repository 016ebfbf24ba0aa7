"""Crystals, where everything is degenerate: perfect, disguised and nearly perfect."""

import gudhi
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.lattice.hexagonal import Graphite
from ase.spacegroup import crystal

from amorphology.homology import alpha_persistence

from .complexes import largest_difference, sorted_pairs
from .random_structures import BETTI
from .strategies import Structure, moved
from .test_fuzz import distance

CRYSTALS = {
    "sc": bulk("Po", "sc", a=3.35).repeat(2),
    "bcc": bulk("Fe", "bcc", a=2.87, cubic=True).repeat(2),
    "fcc": bulk("Cu", "fcc", a=3.61, cubic=True).repeat(2),
    "hcp": bulk("Mg", "hcp", a=3.2, c=3.2 * (8 / 3) ** 0.5).repeat(2),
    "diamond": bulk("C", "diamond", a=3.567, cubic=True),
    "graphite": Graphite("C", latticeconstant={"a": 2.461, "c": 6.708}, size=(2, 2, 1)),
    "NaCl": bulk("NaCl", "rocksalt", a=5.64, cubic=True),
    "quartz": crystal(
        ["Si", "O"],
        basis=[(0.4697, 0, 0), (0.4135, 0.2669, 0.1191)],
        spacegroup=152,
        cellpar=[4.916, 4.916, 5.4054, 90, 90, 120],
    ),
    "perovskite": Atoms(
        "SrTiO3",
        scaled_positions=[
            (0, 0, 0),
            (0.5, 0.5, 0.5),
            (0.5, 0.5, 0),
            (0.5, 0, 0.5),
            (0, 0.5, 0.5),
        ],
        cell=3 * [3.905],
        pbc=True,
    ).repeat(2),
}
PERIODICITIES = {3: (True, True, True), 2: (True, True, False), 1: (False, False, True)}


def structure_of(atoms: Atoms, pbc=PERIODICITIES[3]) -> Structure:
    return Structure(atoms.positions.copy(), atoms.cell.array.copy(), pbc, None)


def diagrams_of(structure: Structure):
    return alpha_persistence(structure.positions, cell=structure.cell, pbc=structure.pbc)


@pytest.mark.parametrize("n_periodic", PERIODICITIES)
@pytest.mark.parametrize("name", CRYSTALS)
def test_crystals_in_disguise(name, n_periodic):
    """Skewed bases, other images, permutations, rotations and reflections."""
    structure = structure_of(CRYSTALS[name], PERIODICITIES[n_periodic])
    diagrams = diagrams_of(structure)
    assert tuple(diagrams[dim].essential.sum() for dim in range(3)) == BETTI[n_periodic]
    rng = np.random.default_rng(0)
    for _ in range(4):
        other, _ = moved(rng, structure)
        others = diagrams_of(other)
        for dim in range(3):
            assert distance(diagrams[dim], others[dim], squared=False) < 1e-9 * other.size


@pytest.mark.parametrize("noise", [1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("name", CRYSTALS)
def test_noise_moves_radii_by_no_more_than_atoms(name, noise):
    """The stability theorem of persistence diagrams.

    D. Cohen-Steiner, H. Edelsbrunner, J. Harer, "Stability of persistence diagrams", Discrete &
    Computational Geometry 37, 103 (2007): distances to the nearest atom change by no more than
    the largest displacement, and so do births and deaths as radii.
    """
    perfect = structure_of(CRYSTALS[name])
    rng = np.random.default_rng(1)
    for pbc in PERIODICITIES.values():
        shifts = rng.normal(size=perfect.positions.shape)
        shifts *= noise / np.linalg.norm(shifts, axis=1).max()
        noisy = Structure(perfect.positions + shifts, perfect.cell, pbc, None)
        diagrams = diagrams_of(noisy)
        expected = diagrams_of(Structure(perfect.positions, perfect.cell, pbc, None))
        for dim in range(3):
            assert distance(diagrams[dim], expected[dim], squared=False) <= noise + 1e-11


@pytest.mark.parametrize("name", CRYSTALS)
def test_free_crystallites_agree_with_gudhi(name):
    points = CRYSTALS[name].repeat(2 if len(CRYSTALS[name]) < 30 else 1).positions
    complex_ = gudhi.AlphaComplex(points=points, precision="exact")
    tree = complex_.create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2)
    diagrams = alpha_persistence(points)
    for dim in range(3):
        expected = np.reshape(tree.persistence_intervals_in_dimension(dim), (-1, 2))
        pairs = sorted_pairs(diagrams[dim])
        assert gudhi.bottleneck_distance(pairs, expected) < 1e-10
        assert len(pairs) == np.sum(expected[:, 1] - expected[:, 0] > 1e-9)


@pytest.mark.parametrize("repeats", [(2, 3, 4), (1, 1, 100), (100, 1, 1), (1, 30, 2)], ids=str)
@pytest.mark.parametrize("skew", [0, 1, 100])
def test_closed_form_of_simple_cubic_supercells(repeats, skew):
    """n atoms, 3 n edges, 3 n squares, n cubes: Euler's relation fixes all numbers."""
    a = 2.0
    atoms = bulk("Po", "sc", a=a).repeat(repeats)
    n = len(atoms)
    cell = np.array([[1, 0, 0], [skew, 1, 0], [0, -skew, 1]]) @ atoms.cell.array
    diagrams = alpha_persistence(atoms.positions, cell=cell)
    joined, filled, full = a**2 / 4, a**2 / 2, 3 * a**2 / 4
    expected = {
        0: (n - 1) * [(0, joined)] + [(0, np.inf)],
        1: (2 * n - 2) * [(joined, filled)] + 3 * [(joined, np.inf)],
        2: (n - 1) * [(filled, full)] + 3 * [(filled, np.inf)],
    }
    for dim in range(3):
        pairs = np.array(expected[dim], dtype=float)
        assert largest_difference(sorted_pairs(diagrams[dim]), pairs) < 1e-7


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("n_periodic", PERIODICITIES)
def test_rows_of_atoms_across_every_period(n, n_periodic):
    """Collinear atoms, periodic along their line, across it, or both."""
    pbc = PERIODICITIES[n_periodic]
    cell = np.diag([3.0, 4.0, 5.0])
    for axis in range(3):
        positions = np.zeros((n, 3))
        positions[:, axis] = np.arange(n) * cell[axis, axis] / n
        structure = Structure(positions, cell, pbc, None)
        diagrams = diagrams_of(structure)
        assert tuple(diagrams[dim].essential.sum() for dim in range(3)) == BETTI[n_periodic]
        step = cell[axis, axis] / n / 2
        assert np.allclose(diagrams[0].finite().death, min(step, 5) ** 2 if n > 1 else 0)
        loops = np.sort(diagrams[1].birth[diagrams[1].essential])
        halves = np.diag(cell) / 2
        halves[axis] = step
        assert np.allclose(loops, np.sort(halves[list(pbc)] ** 2), rtol=1e-9)
