import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, make_supercell
from ase.neighborlist import neighbor_list

from amorphology.bond_network import BondNetwork, coordination_shares
from amorphology.errors import ConfigError, StructureError

CC = 1.42  # Angstrom


def sheet(repeats):
    """Graphene as a sheet of rectangular cells of four atoms."""
    atoms = make_supercell(graphene(a=2.46, vacuum=5.0), [[1, 0, 0], [1, 2, 0], [0, 0, 1]])
    return atoms * (*repeats, 1)


def sizes(counts):
    return {size: int(n) for size, n in enumerate(counts) if n}


@pytest.mark.parametrize("repeats", [(1, 1), (2, 1), (3, 2), (6, 4)])
def test_graphene_is_half_as_many_hexagons_as_atoms(repeats):
    """Also in cells so small that a ring meets several images of one atom."""
    network = BondNetwork(sheet(repeats), 1.6)
    assert (network.coordination == 3).all()
    assert len(network.bonds) == 3 * network.n_atoms // 2
    assert sizes(network.ring_sizes(12)) == {6: network.n_atoms // 2}


@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("cubic", [True, False])
def test_diamond_has_twelve_hexagons_through_each_atom(repeat, cubic):
    """Franzblau's count for the diamond network; there are no larger shortest-path rings."""
    network = BondNetwork(bulk("C", "diamond", a=3.57, cubic=cubic) * ((repeat,) * 3), 1.7)
    rings = network.rings(12)
    assert sizes(network.ring_sizes(12)) == {6: 2 * network.n_atoms}
    through = np.bincount(np.concatenate([ring.atoms for ring in rings]))
    np.testing.assert_array_equal(through, 12)


def test_a_stone_wales_defect_is_two_pentagons_and_two_heptagons():
    atoms = sheet((6, 4))
    network = BondNetwork(atoms, 1.6)
    (a, b), offset = network.bonds[40], network.bond_offsets[40]
    middle = (atoms.positions[a] + atoms.positions[b] + offset @ atoms.cell[:]) / 2
    atoms.positions -= middle - atoms.cell.sum(axis=0) / 2
    atoms.wrap()
    centre = atoms.cell.sum(axis=0) / 2
    # the bond turned by 90 degrees: two of the four bonds beside it change ends
    for atom in (a, b):
        x, y, _ = atoms.positions[atom] - centre
        atoms.positions[atom, :2] = centre[:2] + np.array([-y, x])
    network = BondNetwork(atoms, 1.7)
    assert (network.coordination == 3).all()
    n = len(atoms)
    assert sizes(network.ring_sizes(12)) == {5: 2, 6: n // 2 - 4, 7: 2}


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 12])
def test_a_polygon_is_one_ring(n):
    angle = 2 * np.pi * np.arange(n) / n
    radius = CC / (2 * np.sin(np.pi / n))
    points = radius * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    network = BondNetwork(Atoms(f"C{n}", points), 1.01 * CC)
    assert sizes(network.ring_sizes(12)) == {n: 1}
    assert sizes(network.ring_sizes(n - 1) if n > 3 else [0]) == {}


def test_a_way_around_the_cell_is_no_ring():
    chain = Atoms("C5", [[CC * k, 5, 5] for k in range(5)], cell=[5 * CC, 10, 10], pbc=True)
    assert BondNetwork(chain, 1.5).rings(12) == []


def test_the_cube_has_faces_and_the_hexagons_around_its_diagonals():
    """Franzblau's example of shortest-path rings that are sums of smaller ones."""
    cube = Atoms("C8", 1.5 * np.array(list(itertools.product((0, 1), repeat=3))))
    assert sizes(BondNetwork(cube, 1.6).ring_sizes()) == {4: 6, 6: 4}


@pytest.mark.parametrize("seed", range(6))
def test_random_networks_agree_with_a_search_through_all_cycles(seed):
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(seed)
    atoms = Atoms("C26", rng.uniform(0, 5.2, (26, 3)))
    cutoff = 1.9
    graph = networkx.Graph()
    graph.add_edges_from(zip(*neighbor_list("ij", atoms, cutoff), strict=True))
    distance = dict(networkx.all_pairs_shortest_path_length(graph))
    expected = {}
    for cycle in networkx.simple_cycles(graph, length_bound=9):
        n = len(cycle)
        along = ((i, j, min(j - i, n - j + i)) for i, j in itertools.combinations(range(n), 2))
        if all(distance[cycle[i]][cycle[j]] == steps for i, j, steps in along):
            expected[n] = expected.get(n, 0) + 1
    network = BondNetwork(atoms, cutoff)
    assert sum(expected.values()) > 5
    assert sizes(network.ring_sizes(9)) == expected
    assert len({frozenset(r.atoms) for r in network.rings(9)}) <= sum(expected.values())


@pytest.mark.parametrize("seed", range(3))
def test_a_repeated_cell_has_repeated_rings(seed):
    """In a disordered periodic cell smaller than its rings."""
    atoms = bulk("C", "diamond", a=3.3, cubic=True)
    atoms.rattle(0.25, seed=seed)
    small = BondNetwork(atoms, 1.85).ring_sizes(10)
    assert np.count_nonzero(small) > 5
    large = BondNetwork(atoms * (2, 3, 2), 1.85).ring_sizes(10)
    np.testing.assert_array_equal(large, 12 * small)


def test_rings_close_in_space():
    atoms = sheet((3, 2))
    atoms.rattle(0.05, seed=1)
    atoms.positions += [3.0, 1.0, 0.0]
    atoms.wrap()
    rings = BondNetwork(atoms, 1.75).rings()
    assert len(rings) == len(atoms) // 2
    for ring in rings:
        corners = ring.positions(atoms)
        edges = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
        assert edges.max() < 1.75
        assert ring.size == 6
        np.testing.assert_array_equal(ring.offsets[0], 0)


def test_every_bond_is_listed_once_and_spans_its_length():
    atoms = bulk("C", "diamond", a=3.57)  # two atoms with four bonds to images of each other
    network = BondNetwork(atoms, 1.7)
    first, second = network.bonds.T
    vectors = (
        atoms.positions[second] + network.bond_offsets @ atoms.cell[:] - atoms.positions[first]
    )
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 3.57 * np.sqrt(3) / 4)
    assert len(network.bonds) == 4
    chain = Atoms("C", cell=[1.4, 9, 9], pbc=True)  # bonded to itself on both sides
    network = BondNetwork(chain, 1.5)
    assert network.coordination.tolist() == [2]
    assert network.bond_offsets.tolist() == [[1, 0, 0]]


def test_bad_input_is_refused():
    atoms = sheet((1, 1))
    for cutoff in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="positive number"):
            BondNetwork(atoms, cutoff)
    with pytest.raises(ConfigError, match="max_size is 2"):
        BondNetwork(atoms).rings(2)
    atoms.positions[3, 1] = np.nan
    with pytest.raises(StructureError, match="atom 3"):
        BondNetwork(atoms)


def test_an_empty_structure_has_no_rings():
    network = BondNetwork(Atoms())
    assert network.rings() == []
    assert network.coordination.shape == (0,)


@pytest.mark.parametrize("vacancies", [0, 3])
def test_rings_of_a_plane_network_obey_eulers_theorem(vacancies):
    """On a torus V - E + F = 0; the rings of a sheet with defects are its faces."""
    atoms = sheet((10, 6))
    for k in range(vacancies):  # far apart: each makes one ring of twelve of three hexagons
        corner = atoms.cell.sum(axis=0) * (k + 0.5) / max(vacancies, 1)
        del atoms[int(np.argmin(np.linalg.norm((atoms.positions - corner)[:, :2], axis=1)))]
    network = BondNetwork(atoms, 1.6)
    counts = network.ring_sizes(12)
    assert counts[12] == vacancies
    assert counts.sum() == len(network.bonds) - len(atoms)
    z = network.coordination.mean()
    assert counts @ np.arange(13) / counts.sum() == pytest.approx(2 * z / (z - 2))


def test_coordination_shares_of_lattices():
    diamond, layer = bulk("C", "diamond", a=3.57, cubic=True), sheet((2, 1))
    np.testing.assert_array_equal(
        coordination_shares([diamond], [1.5, 1.6]), [[1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0]]
    )
    both = coordination_shares([diamond, layer], [1.6], most=4)
    np.testing.assert_allclose(both, [[0, 0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(coordination_shares([diamond], [1.6], most=3), [[0, 0, 0, 1]])


def test_coordination_shares_of_a_random_cell():
    rng = np.random.default_rng(5)
    atoms = Atoms("C60", rng.uniform(size=(60, 3)) * 9.0, cell=[9.0] * 3, pbc=True)
    distance = atoms.get_all_distances(mic=True) + 99 * np.eye(60)
    for cutoff, shares in zip((1.4, 2.2), coordination_shares([atoms], [1.4, 2.2]), strict=True):
        neighbours = np.minimum((distance < cutoff).sum(axis=1), 6)
        np.testing.assert_allclose(shares, np.bincount(neighbours, minlength=7) / 60)
    with pytest.raises(ConfigError, match="positive number"):
        coordination_shares([atoms], [1.4, 0.0])
    with pytest.raises(StructureError, match="no atoms"):
        coordination_shares([], [1.4])
