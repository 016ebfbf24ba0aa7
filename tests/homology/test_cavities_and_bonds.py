"""Cavities and bonds: closed surfaces around their voids, and the shortest tree."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from amorphology.homology import alpha_persistence, bonds_of, cavities_of

from .cycle_classes import FilteredCycles
from .random_structures import PERIODICITIES
from .ring_checks import chain_of, filtration_of, random_frame, simplex_of


def check_cavities(frame, cavities, diagram, *, rounding=0.0):
    """Closed surfaces of the class of their pairs, that enclose the void."""
    filtration = filtration_of(frame)
    cycles = FilteredCycles(filtration, 2)
    finite = diagram.finite()
    assert len(cavities) == len(finite)
    for cavity, birth, death, atoms, offsets in zip(
        cavities, finite.birth, finite.death, finite.birth_simplex, finite.birth_offset, strict=True
    ):
        assert (cavity.birth, cavity.death) == (birth, death)
        surface = [
            simplex_of(cavity.atoms[corners], cavity.offsets[corners])
            for corners in cavity.triangles
        ]
        chain = chain_of(surface)
        assert simplex_of(atoms, offsets) in chain
        assert max(filtration[triangle] for triangle in surface) <= birth
        assert cycles.is_cycle(chain)
        assert not cycles.is_older(chain, birth, birth)
        assert cycles.bounds(chain, death + rounding)
        assert not cycles.bounds(chain, death - rounding, before=True)
        if not cavity.winds:
            # Every directed side once, its reverse once: closed and oriented; volume inside.
            corners = cavity.positions(frame)[cavity.triangles]
            sides = np.concatenate([cavity.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
            assert sorted(map(tuple, sides)) == sorted(map(tuple, sides[:, ::-1]))
            assert np.linalg.det(corners).sum() > 0


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_cavities_of_random_frames(pbc):
    for seed in range(4):
        frame = random_frame(seed, pbc, n_atoms=16)
        check_cavities(frame, cavities_of(frame), alpha_persistence(frame)[2])


def test_a_void_around_the_cell():
    """A pore: rods of atoms around an axis, every void in it joined to the next."""
    angles = np.arange(6) * np.pi / 3
    rods = np.column_stack([3 * np.cos(angles), 3 * np.sin(angles), 0 * angles])
    frame = Atoms("C6", positions=rods + 5, cell=[10, 10, 1.5], pbc=(False, False, True))
    frame.rattle(0.02, seed=1)
    cavities = cavities_of(frame)
    assert any(cavity.winds for cavity in cavities)
    check_cavities(frame, cavities, alpha_persistence(frame)[2])


@pytest.mark.parametrize(
    ("positions", "birth", "death"),
    [
        # Closed by its faces' circumcircles, filled at its circumsphere.
        (np.stack(np.meshgrid([0, 2], [0, 2], [0, 2]), -1).reshape(-1, 3), 2, 3),
        (np.vstack([np.eye(3), -np.eye(3)]) * 2**0.5, 4 / 3, 2),
    ],
    ids=["cube", "octahedron"],
)
def test_cavities_of_polyhedra(positions, birth, death):
    frame = Atoms(f"C{len(positions)}", positions=positions)
    (cavity,) = cavities_of(frame)
    assert cavity.atoms.tolist() == list(range(len(positions)))
    assert (cavity.birth, cavity.death) == pytest.approx((birth, death))
    assert len(cavity.triangles) == 2 * len(positions) - 4


def test_cavity_of_fullerene():
    fullerene = molecule("C60")
    cavity = max(cavities_of(fullerene), key=lambda cavity: cavity.death - cavity.birth)
    assert cavity.atoms.tolist() == list(range(60))
    radius = np.linalg.norm(fullerene.positions - fullerene.positions.mean(axis=0), axis=1).mean()
    assert cavity.death == pytest.approx(radius**2, rel=5e-3)
    pentagons_and_hexagons = 12 * 3 + 20 * 4
    assert len(cavity.triangles) == pentagons_and_hexagons


def test_bonds_are_a_minimum_spanning_tree():
    frame = random_frame(0, (True, True, True))
    bonds = bonds_of(frame)
    assert len(bonds) == len(frame) - 1
    joined = {i: {i} for i in range(len(frame))}
    for bond in bonds:
        length = np.linalg.norm(np.diff(bond.positions(frame), axis=0))
        assert bond.death == pytest.approx(length**2 / 4)
        a, b = bond.atoms
        # Of the distances between the two components the shortest.
        assert b not in joined[a]
        shortest = min(frame.get_distance(i, j, mic=True) for i in joined[a] for j in joined[b])
        assert length == pytest.approx(shortest)
        union = joined[a] | joined[b]
        joined.update(dict.fromkeys(union, union))
