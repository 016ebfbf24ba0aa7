import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene
from ase.neighborlist import neighbor_list

from amorphology.bond_midpoints import bond_midpoints
from amorphology.bond_network import BondNetwork
from amorphology.errors import ConfigError
from amorphology.homology import alpha_persistence


def test_one_point_for_each_bond():
    frame = bulk("C", cubic=True) * (2, 2, 2)
    frame.rattle(0.1, seed=0)
    network = BondNetwork(frame, cutoff=1.9)
    ends = frame.positions[network.bonds]
    expected = (ends[:, 0] + ends[:, 1] + network.bond_offsets @ frame.cell.array) / 2
    points = bond_midpoints(frame)
    assert len(points) == len(expected) == 128
    # Compared modulo the cell, as periodic distances.
    together = Atoms(
        "X256",
        np.concatenate([points.positions, expected]),
        cell=frame.cell,
        pbc=True,
    )
    distances = together.get_all_distances(mic=True)[:128, 128:]
    np.testing.assert_allclose(distances.min(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-9)
    assert (points.cell == frame.cell).all()
    assert points.pbc.all()


def test_bonds_to_images_of_the_same_atom():
    cube = Atoms("C", cell=[1.5, 1.5, 1.5], pbc=True)
    points = bond_midpoints(cube, cutoff=1.6)
    fractions = sorted(points.get_scaled_positions().tolist())
    np.testing.assert_allclose(fractions, 0.5 * np.eye(3)[::-1])
    # Both diagonals of a square have one midpoint.
    assert len(bond_midpoints(cube, cutoff=2.2)) == 6


@pytest.mark.parametrize("shift", [0.0, -1e-17, -1e-9, 1e-9])
def test_points_that_coincide_across_a_face_of_the_cell(shift: float):
    # The diagonals cross on the face: midpoints at 0 and, but for rounding, at 1.
    square = Atoms("C4", [[0.1, 0, 0], [-0.1, 0, 0], [0, 0.1, 0], [0, -0.1, 0]], cell=[4, 4, 4])
    square.positions[2:, 0] += shift
    square.pbc = (True, False, False)
    assert len(bond_midpoints(square, cutoff=0.3)) == 5
    square.positions[2:, 0] += 1e-5
    assert len(bond_midpoints(square, cutoff=0.3)) == 6


def test_weights_follow_the_lengths_of_bonds():
    frame = bulk("C", cubic=True)
    points = bond_midpoints(frame, cutoff=2.6, weight=0.5)
    lengths = np.repeat([3.57 * 3**0.5 / 4, 3.57 / 2**0.5], [16, 48])
    np.testing.assert_allclose(points.arrays["weight"], -0.5 * (lengths / 2) ** 2)
    assert not bond_midpoints(frame).arrays["weight"].any()


def test_births_of_components_are_lengths_of_bonds():
    frame = bulk("C", cubic=True) * (2, 2, 2)
    frame.rattle(0.15, seed=0)
    points = bond_midpoints(frame, cutoff=2.6, weight=0.25)
    found = alpha_persistence(points, weights=points.arrays["weight"], dims=[0])[0]
    lengths = np.sort(neighbor_list("d", frame, 2.6))[::2]
    assert len(found.hidden_atoms) == 0
    assert len(lengths) > 5 * len(frame)
    np.testing.assert_allclose(np.sort(found.birth), 0.25 * (lengths / 2) ** 2, atol=1e-9)


def test_of_two_midpoints_in_one_place_the_shorter_bond_stays():
    rhombus = Atoms("C4", [[1.0, 0, 0], [-1.0, 0, 0], [0, 0.7, 0], [0, -0.7, 0]])
    points = bond_midpoints(rhombus, cutoff=2.1, weight=1.0)
    at_centre = np.linalg.norm(points.positions, axis=1) < 1e-9
    assert len(points) == 5
    np.testing.assert_allclose(points.arrays["weight"][at_centre], [-(0.7**2)])


def test_the_longest_bond_follows_the_elements():
    pair = Atoms("CH", positions=[[0, 0, 0], [1.33, 0, 0]])
    assert len(bond_midpoints(pair)) == 1  # 1.25 (0.76 + 0.31) = 1.3375
    pair.positions[1, 0] = 1.35
    assert len(bond_midpoints(pair)) == 0
    assert len(bond_midpoints(pair, cutoff=1.36)) == 1


def test_they_hold_the_distance_across_an_angle_that_atoms_lack():
    sheet = graphene(size=(4, 4, 1), vacuum=5.0)
    across = np.sqrt(3) * 1.42
    atoms = alpha_persistence(sheet, dims=[0, 1])
    assert not any(
        np.isclose(np.sqrt(np.concatenate([d.birth, d.death])), across / 2, atol=0.01).any()
        for d in atoms.values()
    )
    midpoints = alpha_persistence(bond_midpoints(sheet), dims=[0])
    np.testing.assert_allclose(2 * np.sqrt(midpoints[0].finite().death), across / 2, atol=0.02)


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.inf, np.nan])
def test_a_cutoff_that_is_no_length(cutoff: float):
    with pytest.raises(ConfigError, match=r"bond_cutoff is .*; give a positive number"):
        bond_midpoints(bulk("C"), cutoff=cutoff)
