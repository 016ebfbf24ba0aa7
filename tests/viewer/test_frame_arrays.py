"""What the page is told, against the diagrams and the alpha complex it comes from."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from ase.build import bulk
from ase.geometry import get_distances

from amorphology import _kernel
from amorphology.homology import alpha_persistence
from amorphology.homology.rings import bonds_of, cavities_of, rings_of
from amorphology.viewer.frame_arrays import frame_arrays, largest_death
from amorphology.viewer.packing import pack_arrays, unpack_arrays


@pytest.fixture
def shown(structure):
    arrays = frame_arrays(structure, alpha_persistence(structure))
    return unpack_arrays(pack_arrays(arrays))


def places(shown, structure, atoms, offsets):
    return shown["positions"][atoms] + offsets @ structure.cell.array


def members(shown, degree, pair):
    start = shown[f"h{degree}_start"]
    part = slice(start[pair], start[pair + 1])
    return shown[f"h{degree}_atoms"][part], shown[f"h{degree}_offsets"][part]


def test_atoms_are_the_same_modulo_the_lattice_and_in_the_cell(structure, shown):
    inside = shown["positions"] @ structure.cell.reciprocal().T
    assert (inside[:, structure.pbc] >= -1e-5).all()
    assert (inside[:, structure.pbc] <= 1 + 1e-5).all()
    moved = (shown["positions"] - structure.positions) @ structure.cell.reciprocal().T
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-5)
    still = shown["positions"] - structure.positions
    if not structure.pbc.any():
        np.testing.assert_allclose(still, 0, atol=1e-5)
    np.testing.assert_array_equal(shown["numbers"], structure.numbers)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_pairs_are_those_of_the_diagram(structure, shown, degree):
    diagram = alpha_persistence(structure)[degree]
    np.testing.assert_allclose(shown[f"h{degree}_birth"], diagram.finite().birth, rtol=1e-6)
    np.testing.assert_allclose(shown[f"h{degree}_death"], diagram.finite().death, rtol=1e-6)
    essential = diagram.birth[diagram.essential]
    np.testing.assert_allclose(shown[f"h{degree}_essential"], essential, rtol=1e-6)


@pytest.mark.parametrize(("degree", "find"), [(0, bonds_of), (1, rings_of), (2, cavities_of)])
def test_atoms_of_a_pair_are_congruent_to_its_ring(structure, shown, degree, find):
    found = find(structure)
    assert len(shown[f"h{degree}_start"]) == len(found) + 1
    for pair, one in enumerate(found):
        atoms, offsets = members(shown, degree, pair)
        np.testing.assert_array_equal(atoms, one.atoms)
        placed = places(shown, structure, atoms, offsets)
        translation = placed - one.positions(structure)
        np.testing.assert_allclose(translation, translation[:1].repeat(len(atoms), 0), atol=1e-4)
        middle = (placed @ structure.cell.reciprocal().T).mean(axis=0)[structure.pbc]
        assert (middle > -1e-4).all()
        assert (middle < 1 + 1e-4).all()


def test_edges_of_rings_are_at_most_as_long_as_their_birth_allows(structure, shown):
    # An edge is in the alpha complex at a quarter of its squared length or later.
    for pair, birth in enumerate(shown["h1_birth"]):
        atoms, offsets = members(shown, 1, pair)
        points = places(shown, structure, atoms, offsets)
        end = points[0] + shown["h1_closing"][pair] @ structure.cell.array
        lengths = np.linalg.norm(np.diff(np.vstack([points, end]), axis=0), axis=1)
        assert (lengths**2 / 4 <= birth * (1 + 1e-4)).all()


def test_surfaces_of_cavities_are_closed(structure, shown):
    first = shown["h2_triangle_start"]
    for pair in range(len(shown["h2_birth"])):
        triangles = shown["h2_triangles"][first[pair] : first[pair + 1]]
        atoms, offsets = members(shown, 2, pair)
        assert set(triangles.flat) == set(range(len(atoms)))
        # Modulo the lattice: a void may touch itself across a periodic boundary.
        edges = Counter()
        for triangle in triangles:
            for here, there in combinations(sorted(triangle, key=lambda k: atoms[k]), 2):
                step = tuple((offsets[there] - offsets[here]).tolist())
                edges[atoms[here], atoms[there], step] += 1
        assert all(count % 2 == 0 for count in edges.values())


def test_the_growing_complex_has_the_euler_characteristic_of_the_classes_alive(structure, shown):
    # V - E + F - T = b0 - b1 + b2 up to the last death; the page leaves tetrahedra to the kernel.
    diagrams = alpha_persistence(structure)
    tetrahedra, _, _ = _kernel.alpha_complex(
        structure.positions, structure.cell.array, tuple(structure.pbc.tolist())
    )[3]
    for radius in np.linspace(0.1, 2.0, 20):
        value = radius**2
        if value > last_death(diagrams):
            break
        alive = [
            int(((d.birth <= value) & (d.death > value)).sum()) for d in map(diagrams.get, range(3))
        ]
        edges, triangles, solids = (
            int((values <= value).sum())
            for values in (shown["edge_value"], shown["triangle_value"], tetrahedra)
        )
        assert len(structure) - edges + triangles - solids == alive[0] - alive[1] + alive[2]


def last_death(diagrams):
    return max(map(largest_death, diagrams.values()))


@pytest.mark.parametrize("name", ["edge", "triangle"])
def test_simplices_come_by_value_and_their_corners_are_near_enough(structure, shown, name):
    values = shown[f"{name}_value"]
    assert (np.diff(values) >= 0).all()
    assert values.max(initial=0.0) <= last_death(alpha_persistence(structure)) * (1 + 1e-6)
    atoms, offsets = shown[f"{name}_atoms"], shown[f"{name}_offsets"]
    corners = [shown["positions"][atoms[:, 0]]] + [
        places(shown, structure, atoms[:, k + 1], offsets[:, k]) for k in range(offsets.shape[1])
    ]
    for k in range(len(corners)):
        lengths = np.linalg.norm(corners[k] - corners[k - 1], axis=1)
        assert (lengths**2 / 4 <= values * (1 + 1e-4)).all()


def test_bonds_are_between_the_nearest_images(structure, shown):
    atoms, offset = shown["bond_atoms"], shown["bond_offset"]
    there = places(shown, structure, atoms[:, 1], offset)
    lengths = np.linalg.norm(there - shown["positions"][atoms[:, 0]], axis=1)
    # 1.2 times the sum of the covalent radii of any two of these elements.
    assert (lengths < 2.7).all()
    if len(structure) == 64:
        _, distances = get_distances(structure.positions, cell=structure.cell, pbc=True)
        assert len(lengths) == int((distances[np.triu_indices(64, 1)] < 1.824).sum())


def test_a_crystal_on_the_boundary_stays_together():
    frame = bulk("C", cubic=True)
    frame.positions -= 1e-13
    arrays = frame_arrays(frame, alpha_persistence(frame))
    np.testing.assert_allclose(arrays["positions"], frame.positions, atol=1e-9)
