"""Rings: closed, in the complex at birth, of the right class."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from hypothesis import HealthCheck, given, settings

from amorphology.errors import ConfigError, StructureError
from amorphology.homology import alpha_persistence, bonds_of, cavities_of, rings_of
from amorphology.homology.volume_optimal import OptimalVolumes

from .complexes import canonical
from .cycle_classes import FilteredCycles
from .random_structures import PERIODICITIES
from .ring_checks import chain_of, filtration_of, random_frame, simplex_of
from .strategies import structures

SETTINGS = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=150
)
ROUNDING = 1e-9  # Angstrom^2


def edges_of(ring) -> list:
    """The edges along a ring, the last one closing it."""
    corners = [*zip(ring.atoms, ring.offsets, strict=True), (ring.atoms[0], ring.closing_offset)]
    return [canonical(pair) for pair in pairwise(corners)]


def check_rings(frame: Atoms, rings, diagram, *, tolerance: float = 0.0, rounding: float = 0.0):
    """Every statement of `rings_of` about rings, for rings of all pairs of a diagram."""
    filtration = filtration_of(frame)
    cycles = FilteredCycles(filtration, 1)
    assert len(rings) == len(diagram)
    for ring, birth, death, atoms, offsets in zip(
        rings,
        diagram.birth,
        diagram.death,
        diagram.birth_simplex,
        diagram.birth_offset,
        strict=True,
    ):
        assert (ring.birth, ring.death) == (birth, death)
        edges = edges_of(ring)
        chain = chain_of(edges)
        assert cycles.is_cycle(chain)
        values = [filtration[edge] for edge in edges]  # every edge is one of the complex
        latest = birth + (tolerance if ring.filled else 0)
        assert max(values) <= latest + rounding
        assert values[0] == max(values)
        images = {tuple(image) for image in np.column_stack([ring.atoms, ring.offsets]).tolist()}
        assert len(images) == ring.size
        assert not ring.offsets[0].any()
        if tolerance == rounding == 0:
            assert edges[0] == simplex_of(atoms, offsets)
            assert edges.count(edges[0]) == 1
        # Born: not homologous to a cycle from before.
        assert not cycles.is_older(chain, birth - rounding, latest + rounding)
        if np.isinf(death):
            assert not ring.filled
            assert not cycles.is_older(chain, birth - rounding, np.inf)
            continue
        # Dead: merged with older ones at death and not before, as the elder rule has it.
        assert not cycles.is_older(chain, birth - rounding, death - rounding, before=True)
        if rounding == 0:  # among edges that enter at once, "older" is by their unknown order
            assert cycles.is_older(chain, birth, death)
        if ring.filled:
            assert cycles.bounds(chain, death + rounding)
            assert not cycles.bounds(chain, death - rounding, before=True)


@pytest.mark.parametrize("method", ["tight", "minimal"])
@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_rings_of_random_frames(pbc, method):
    for seed in range(4):
        frame = random_frame(seed, pbc)
        diagram = alpha_persistence(frame)[1]
        rings = rings_of(frame, range(len(diagram)), method=method)
        check_rings(frame, rings, diagram)
        assert sum(ring.filled for ring in rings) > 0


@pytest.mark.parametrize("method", ["tight", "minimal"])
@pytest.mark.parametrize("pbc", [(True, True, False), (False, True, False), (False, False, False)])
def test_rings_in_the_plane(pbc, method):
    for seed in range(4):
        frame = random_frame(seed, pbc, flat=True)
        diagram = alpha_persistence(frame)[1]
        check_rings(frame, rings_of(frame, range(len(diagram)), method=method), diagram)


@pytest.mark.parametrize("method", ["tight", "minimal"])
@pytest.mark.parametrize("pbc", [(True, True, True), (False, False, False)])
def test_rings_with_later_edges(pbc, method):
    shorter = 0
    for seed in range(4):
        frame = random_frame(seed, pbc, n_atoms=24)
        diagram = alpha_persistence(frame)[1].finite()
        at_birth = rings_of(frame, method=method)
        later = rings_of(frame, method=method, tolerance=0.1)
        lasting = diagram.persistence > 0.1  # a tolerance beyond death makes no sense
        check_rings(
            frame,
            [ring for ring, lasts in zip(later, lasting, strict=True) if lasts],
            diagram[lasting],
            tolerance=0.1,
        )
        for one, other in zip(at_birth, later, strict=True):
            if method == "tight" and one.filled:
                assert other.filled
                assert other.size <= one.size
                shorter += other.size < one.size
    assert shorter > 0 or method == "minimal"


@SETTINGS
@given(structures(max_atoms=9, weighted=False))
def test_rings_of_any_structure(structure):
    frame = Atoms(
        f"C{len(structure.positions)}",
        positions=structure.positions,
        cell=structure.cell,
        pbc=structure.pbc,
    )
    diagram = alpha_persistence(frame)[1]
    # Births and deaths that differ by rounding only are one; what lasts no longer says nothing.
    rounding = 1e-9 * structure.size**2
    clear = np.flatnonzero(diagram.persistence > 4 * rounding)
    check_rings(frame, rings_of(frame, clear), diagram[clear], rounding=rounding)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, False, False)])
def test_no_shorter_ring_is_filled(pbc):
    """All closed paths through the birth edge, shorter ones first, against linear algebra."""
    most = 5
    compared = 0
    for seed in range(8):
        frame = random_frame(seed, pbc, n_atoms=10)
        cycles = FilteredCycles(filtration_of(frame), 1)
        for ring in rings_of(frame):
            expected = shortest_filled(frame, cycles, ring, most)
            if ring.filled and ring.size <= most:
                assert (ring.size, pytest.approx(perimeter(frame, ring))) == expected
                compared += ring.size > 3
            else:
                assert expected is None
    assert compared > 4


def shortest_filled(frame, cycles, ring, most):
    """Size and perimeter of the shortest ring through the birth edge that the death fills."""
    birth_edge = edges_of(ring)[0]
    neighbours: dict[int, list] = {}
    for edge, value in cycles.cells.items():
        if value <= ring.birth and edge != birth_edge:
            (a, _), (b, shift) = edge
            neighbours.setdefault(a, []).append((b, np.array(shift), edge))
            neighbours.setdefault(b, []).append((a, -np.array(shift), edge))
    walks = [(birth_edge, (birth_edge,))]  # images passed, edges
    for size in range(1, most + 1):
        filled, longer = [], []
        for images, edges in walks:
            atom, offset = images[-1]
            if atom == images[0][0]:
                chain = chain_of(edges)
                if cycles.bounds(chain, ring.death) and not cycles.bounds(
                    chain, ring.death, before=True
                ):
                    filled.append(walk_length(frame, images))
            if images[-1] in images[:-1]:
                continue
            for to, step, edge in neighbours.get(atom, []):
                image = (to, tuple((step + offset).tolist()))
                if image not in images[1:]:
                    longer.append(((*images, image), (*edges, edge)))
        if filled:
            return size, min(filled)
        walks = longer
    return None


def walk_length(frame: Atoms, images) -> float:
    atoms, offsets = zip(*images, strict=True)
    places = frame.positions[list(atoms)] + np.array(offsets) @ frame.cell.array
    return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())


def perimeter(frame: Atoms, ring) -> float:
    images = [*zip(ring.atoms, ring.offsets, strict=True), (ring.atoms[0], ring.closing_offset)]
    return walk_length(frame, images)


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize("pbc", [(False, False, False), (True, True, True)])
def test_no_fewer_triangles_fill_the_minimal_ring(pbc, tolerance):
    """All sets of triangles that may, for pairs with few of them."""
    compared = 0
    for seed in range(8):
        frame = random_frame(seed, pbc, n_atoms=12)
        volumes = OptimalVolumes(frame)
        diagram = alpha_persistence(frame)[1]
        filtration = filtration_of(frame)
        triangles = {s: v for s, v in filtration.items() if len(s) == 3}
        for number in np.flatnonzero(~diagram.essential):
            latest = diagram.birth[number] + tolerance
            death = simplex_of(diagram.death_simplex[number], diagram.death_offset[number])
            others = [s for s, v in triangles.items() if latest < v < diagram.death[number]]
            if diagram.death[number] < latest or len(others) > 12:
                continue
            expected = fewest_triangles(death, others, filtration, latest)
            assert len(volumes.volume(diagram, number, tolerance)) == expected
            compared += expected > 1
    assert compared > 10


def fewest_triangles(death, others, filtration, latest) -> int:
    """Least number of triangles, with `death`, whose boundary has no edge later than `latest`."""
    for number in range(len(others) + 1):
        for chosen in combinations(others, number):
            edges: set = set()
            for triangle in (death, *chosen):
                for pair in combinations(triangle, 2):
                    edges ^= {canonical(pair)}
            if all(filtration[edge] <= latest for edge in edges):
                return number + 1
    raise AssertionError("the death triangle fills nothing")


@pytest.mark.parametrize("method", ["tight", "minimal"])
def test_rings_of_crystals(method):
    benzene = molecule("C6H6")[:6]
    (ring,) = rings_of(benzene, method=method)
    assert sorted(ring.atoms) == list(range(6))
    assert np.allclose(
        np.linalg.norm(np.diff(ring.positions(benzene), axis=0), axis=1), 1.395, atol=1e-3
    )

    sheet = graphene(size=(4, 4, 1), vacuum=5.0)
    sheet.pbc = (True, True, False)
    hexagons = rings_of(sheet, method=method)
    assert {ring.size for ring in hexagons} == {6}
    # Each is another one; the last of the 16 closes the torus.
    assert len({tuple(sorted(ring.atoms)) for ring in hexagons}) == 15

    diamond = bulk("C", cubic=True) * (2, 2, 2)
    chairs = rings_of(diamond, method=method)
    assert {ring.size for ring in chairs} == {6}
    assert len({tuple(sorted(ring.atoms)) for ring in chairs}) == len(chairs) == 62
    for ring in chairs:
        corners = ring.positions(diamond)
        assert np.allclose(np.linalg.norm(np.diff(corners, axis=0), axis=1), 3**0.5 / 4 * 3.57)
        normal = np.linalg.svd(corners - corners.mean(axis=0))[2][2]
        heights = (corners - corners.mean(axis=0)) @ normal
        assert np.allclose(heights, heights[0] * (-1) ** np.arange(6))  # up and down in turns
        assert abs(heights[0]) == pytest.approx(3.57 / 4 / 3**0.5 / 2)


def test_rings_around_the_cell():
    chain = Atoms("C2", positions=[[0, 0, 0], [1.2, 0, 0]], cell=[2.5, 8, 8], pbc=True)
    diagram = alpha_persistence(chain)[1]
    first = rings_of(chain, [0])[0]
    assert np.isinf(diagram.death[0])
    assert sorted(first.atoms) == [0, 1]
    assert abs(first.closing_offset).tolist() == [1, 0, 0]
    assert not first.filled
    corners = np.vstack(
        [first.positions(chain), first.positions(chain)[0] + first.closing_offset @ chain.cell]
    )
    assert sorted(np.abs(np.diff(corners[:, 0]))) == pytest.approx([1.2, 1.3])


def test_a_tube_has_no_ring_that_is_filled():
    """Two squares, a small step apart: filling the side joins them, and one of them remains."""
    square = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], dtype=float)
    turned = square @ [[1, 1, 0], [-1, 1, 0], [0, 0, 0]] / 2**0.5
    tube = Atoms("C8", positions=np.vstack([square, 1.001 * turned + [0, 0, 1.5]]))
    tube.rattle(1e-3, seed=0)
    diagram = alpha_persistence(tube)[1]
    rings = rings_of(tube)
    check_rings(tube, rings, diagram)
    assert any(not ring.filled for ring in rings)


def test_pairs_are_chosen_by_their_numbers():
    frame = random_frame(1, (True, True, True))
    for find, dim in ((rings_of, 1), (cavities_of, 2), (bonds_of, 0)):
        everything = find(frame)
        finite = np.flatnonzero(~alpha_persistence(frame)[dim].essential)
        some = find(frame, finite[[4, 1]])
        assert [part.death for part in some] == [everything[i].death for i in (4, 1)]
        assert np.array_equal(some[0].atoms, everything[4].atoms)
        assert find(frame, []) == []
        with pytest.raises(ConfigError, match="there is no pair 9999: the diagram has"):
            find(frame, [9999])
        with pytest.raises(ConfigError, match="there is no pair -1"):
            find(frame, [-1])
        with pytest.raises(ConfigError, match="list of integers"):
            find(frame, [0.5])
    for find, dim in ((cavities_of, 2), (bonds_of, 0)):
        essential = np.flatnonzero(alpha_persistence(frame)[dim].essential)
        with pytest.raises(ConfigError, match="essential"):
            find(frame, essential[:1])


def test_options_and_frames_that_cannot_be_used():
    frame = random_frame(1, (True, True, True))
    with pytest.raises(ConfigError, match="choose tight or minimal"):
        rings_of(frame, method="best")
    for tolerance in (-1, np.nan, np.inf):
        with pytest.raises(ConfigError, match="give 0 Angstrom"):
            rings_of(frame, tolerance=tolerance)
    frame.positions[3] = np.nan
    for find in (rings_of, cavities_of, bonds_of):
        with pytest.raises(StructureError, match="atom 3"):
            find(frame)
    frame.positions[3] = frame.positions[4]
    for find in (rings_of, cavities_of, bonds_of):
        with pytest.raises(StructureError, match="lie on one place"):
            find(frame)
