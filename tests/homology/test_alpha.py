from pathlib import Path

import gudhi
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amorphology.errors import ConfigError, StructureError
from amorphology.homology import alpha_persistence

from .complexes import largest_difference, sorted_pairs, squared_circumradius

SHARED = Path(__file__).parents[3] / "shared" / "data"


def gudhi_pairs(points: np.ndarray) -> list[np.ndarray]:
    tree = gudhi.AlphaComplex(points=points, precision="exact").create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2, min_persistence=1e-9)
    return [np.reshape(tree.persistence_intervals_in_dimension(d), (-1, 2)) for d in range(3)]


# --- free clouds -----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 5, 8, 30, 200, 1000])
def test_free_cloud_agrees_with_gudhi(n):
    points = np.random.default_rng(n).uniform(-5, 5, (n, 3))
    expected = gudhi_pairs(points)
    diagrams = alpha_persistence(points, min_persistence=1e-9)
    for dim in range(3):
        assert largest_difference(sorted_pairs(diagrams[dim]), expected[dim]) < 1e-9


@pytest.mark.parametrize("crystal", ["sc", "fcc", "bcc", "diamond"])
def test_free_crystallite_agrees_with_gudhi(crystal):
    points = (bulk("C", crystal, a=3.0) * (4, 4, 4)).positions
    expected = gudhi_pairs(points)
    diagrams = alpha_persistence(points, min_persistence=1e-9)
    for dim in range(3):
        assert largest_difference(sorted_pairs(diagrams[dim]), expected[dim]) < 1e-9


def test_points_on_a_sphere_agree_with_gudhi():
    # The last point, the centre, conflicts with every tetrahedron at once.
    points = np.random.default_rng(3).normal(size=(400, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points = np.vstack([points, np.zeros((1, 3))])
    expected = gudhi_pairs(points)
    diagrams = alpha_persistence(points, min_persistence=1e-9)
    for dim in range(3):
        assert largest_difference(sorted_pairs(diagrams[dim]), expected[dim]) < 1e-9


# --- closed forms: perfect crystals, squared radii by hand -------------------------------------

SC, FCC, BCC, DIAMOND = 2.5, 4.05, 2.87, 3.567
CLOSED_FORMS = {
    "sc": (
        bulk("X", "sc", a=SC),
        {
            0: [(0, np.inf)],
            1: 3 * [(SC**2 / 4, np.inf)],
            2: 3 * [(SC**2 / 2, np.inf)],
        },
    ),
    "fcc": (
        bulk("X", "fcc", a=FCC),
        {
            0: [(0, np.inf)],
            1: 3 * [(FCC**2 / 8, FCC**2 / 6)] + 3 * [(FCC**2 / 8, np.inf)],
            2: 2 * [(FCC**2 / 6, 3 * FCC**2 / 16)] + 3 * [(FCC**2 / 6, np.inf)],
        },
    ),
    "bcc": (
        bulk("X", "bcc", a=BCC),
        {
            0: [(0, np.inf)],
            1: [(3 * BCC**2 / 16, 9 * BCC**2 / 32)]
            + 3 * [(3 * BCC**2 / 16, np.inf)]
            + 3 * [(BCC**2 / 4, 9 * BCC**2 / 32)],
            2: 5 * [(9 * BCC**2 / 32, 5 * BCC**2 / 16)] + 3 * [(9 * BCC**2 / 32, np.inf)],
        },
    ),
    "diamond": (
        bulk("X", "diamond", a=DIAMOND),
        {
            0: [(0, 3 * DIAMOND**2 / 64), (0, np.inf)],
            1: 3 * [(3 * DIAMOND**2 / 64, np.inf)],
            2: 4 * [(DIAMOND**2 / 6, 11 * DIAMOND**2 / 64)]
            + [(DIAMOND**2 / 6, 3 * DIAMOND**2 / 16)]
            + 3 * [(DIAMOND**2 / 6, np.inf)],
        },
    ),
}


@pytest.mark.parametrize("crystal", CLOSED_FORMS)
def test_closed_forms_of_crystals(crystal):
    atoms, expected = CLOSED_FORMS[crystal]
    diagrams = alpha_persistence(atoms)
    for dim in range(3):
        pairs = np.array(expected[dim], dtype=float)
        assert largest_difference(sorted_pairs(diagrams[dim]), pairs) < 1e-10


def test_square_ring_of_atoms():
    # A square of side 2 with two far atoms above and below: born with the last edge at radius 1,
    # filled at half the diagonal.
    square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [1, 1, 9], [1, 1, -9]]
    ring = alpha_persistence(square, dims=[1])[1]
    longest = ring.persistence.argmax()
    assert ring.birth[longest] == pytest.approx(1)
    assert ring.death[longest] == pytest.approx(2)
    assert set(ring.death_simplex[longest]) < {0, 1, 2, 3}


# --- simplices ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 1, 0), (0, 0, 1), (0, 0, 0)])
@pytest.mark.parametrize("n", [3, 40])
def test_simplices_carry_the_births_and_deaths(pbc, n):
    """A simplex that starts or ends a class has nothing else inside its smallest sphere.

    So the squared radius of that sphere, taken from the atoms and offsets in the user's own
    cell, must be the birth or death itself.
    """
    rng = np.random.default_rng(n)
    cell = np.array([[6.0, 0.3, -0.2], [-4.0, 7.0, 0.5], [11.0, 3.0, 8.0]])
    n += 2 * (3 - sum(pbc))  # no slab or wire is flat
    scattered = rng.uniform(-2, 3, (n, 3)) @ cell
    for diagram in alpha_persistence(scattered, cell=cell, pbc=pbc).values():
        for simplices, offsets, values in (
            (diagram.birth_simplex, diagram.birth_offset, diagram.birth),
            (diagram.death_simplex, diagram.death_offset, diagram.death),
        ):
            for simplex, offset, value in zip(simplices, offsets, values, strict=True):
                if np.isinf(value):
                    assert (simplex == -1).all()
                    continue
                assert (offset[0] == 0).all()
                assert (offset[:, np.logical_not(pbc)] == 0).all()
                corners = scattered[simplex] + offset @ cell
                assert squared_circumradius(corners) == pytest.approx(value, abs=1e-9)


# --- recorded diagrams of HomCloud ----------------------------------------------------------------

oracle = pytest.mark.skipif(
    not (SHARED / "homcloud_oracle").is_dir(), reason="recorded HomCloud diagrams are not here"
)


@oracle
@pytest.mark.parametrize("i", range(5))
def test_homcloud_diagrams_of_free_clouds(i):
    folder = SHARED / "homcloud_oracle"
    text = (folder / f"pcd_{i}.txt").read_text().replace(",", " ")
    points = np.array(text.split(), dtype=float).reshape(-1, 3)
    diagrams = alpha_persistence(points)
    for dim in range(3):
        expected = np.loadtxt(folder / f"dim{dim}_{i}.txt", ndmin=2)
        expected = expected[np.isfinite(expected).all(axis=1)]
        assert largest_difference(sorted_pairs(diagrams[dim].finite()), expected) < 1e-12


@oracle
def test_homcloud_diagram_of_a_periodic_cloud():
    points = np.loadtxt(SHARED / "homcloud_oracle" / "periodic" / "pointcloud.txt")
    pairs = sorted_pairs(alpha_persistence(points, cell=[1, 1, 1])[1].finite())
    assert len(pairs) == 3956
    assert len(alpha_persistence(points)[1]) == 3383
    known = (0.0021688455616267486, 0.005663084335456451)
    assert np.abs(pairs - known).max(axis=1).min() < 1e-12
    by_death = pairs[pairs[:, 1].argsort()]
    first = [(0.00103596, 0.00106352), (0.00100508, 0.00108161), (0.00116762, 0.00119129)]
    last = [(0.01369992, 0.01416671), (0.01460543, 0.0148616), (0.01508903, 0.0153579)]
    assert np.abs(by_death[:3] - first).max() < 5e-9  # all the digits recorded
    assert np.abs(by_death[-3:] - last).max() < 5e-9


# --- arguments -----------------------------------------------------------------------------------


def test_atoms_and_arrays_are_the_same():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=0)
    from_atoms = alpha_persistence(atoms)
    from_array = alpha_persistence(atoms.positions, cell=atoms.cell.lengths(), pbc=True)
    for dim in range(3):
        assert np.array_equal(from_atoms[dim].birth, from_array[dim].birth)
        assert np.array_equal(from_atoms[dim].death, from_array[dim].death)


def test_input_is_left_alone():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(3.0, seed=0)  # well outside the cell
    before = atoms.copy()
    alpha_persistence(atoms)
    assert atoms == before


def test_dims_and_min_persistence_select():
    points = np.random.default_rng(0).uniform(0, 5, (50, 3))
    everything = alpha_persistence(points)
    assert list(alpha_persistence(points, dims=[1])) == [1]
    long = alpha_persistence(points, min_persistence=0.3)
    for dim in range(3):
        assert np.array_equal(
            sorted_pairs(long[dim]), sorted_pairs(everything[dim], min_persistence=0.3)
        )
    assert 0 < len(long[1]) < len(everything[1])
    with pytest.raises(ConfigError, match="dimensions are 0, 1, 2 and 3"):
        alpha_persistence(points, dims=[4])


def test_vectors_of_directions_that_are_not_periodic_are_not_read():
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.1, seed=0)
    atoms.pbc = (True, True, False)
    one = alpha_persistence(atoms)[1]
    atoms.set_cell([*atoms.cell[:2], [np.nan, 0, 0]])
    other = alpha_persistence(atoms)[1]
    assert np.array_equal(one.death, other.death)


BAD_INPUT = {
    "not finite": (np.array([[0, 0, 0], [1, np.nan, 0], [2, 0, 1]]), None, "atom 1"),
    "infinite": (np.array([[0, 0, 0], [np.inf, 0, 0]]), None, "atom 1"),
    "empty": (np.zeros((0, 3)), None, "no atoms"),
    "four columns": (np.zeros((4, 4)), None, r"\(4, 4\)"),
    "coincide in the plane": (np.array([[0, 0], [1, 0], [0, 1], [1, 0]]), None, "1 and 3"),
    "coincide on a line": (np.array([[0, 0, 0], [1, 1, 1], [2, 2, 2], [1, 1, 1]]), None, "1 and 3"),
    "two atoms on one place": (np.ones((2, 3)), None, "0 and 1"),
    "coincide": (
        np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        None,
        "1 and 4",
    ),
    "coincide modulo the lattice": (
        np.array([[0.1, 0, 0], [1, 2, 3], [4.1, 0, 0]]),
        [4, 4, 4],
        r"0 and 2 lie on one place, lattice offset \(-1, 0, 0\)",
    ),
    "coincide after rounding": (
        np.array([[0.1, 0, 0], [1, 2, 3], [0.1 + 3e-10, 0, 0]]),
        [4, 4, 4],
        "0 and 2 lie on one place",
    ),
    "zero vector": (np.ones((3, 3)), [4, 0, 4], "cell vector 1"),
    "dependent": (np.ones((3, 3)), [[1, 2, 3], [0, 1, 0], [2, 5, 6]], "dependent"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_clear_error(case):
    positions, cell, message = BAD_INPUT[case]
    with pytest.raises(StructureError, match=message):
        alpha_persistence(positions, cell=cell)


def test_error_names_the_frame():
    atoms = Atoms("H2", positions=np.zeros((2, 3)), cell=[3, 3, 3], pbc=True)
    with pytest.raises(StructureError, match=r"^frame H2: atoms 0 and 1"):
        alpha_persistence(atoms)
    with pytest.raises(StructureError, match=r"^the second: atoms 0 and 1"):
        alpha_persistence(atoms, name="the second")


def test_far_from_the_origin():
    points = np.random.default_rng(0).uniform(0, 8, (60, 3))
    here = alpha_persistence(points, cell=[8, 8, 8])
    there = alpha_persistence(points + np.array([8e4, -1.6e5, 0.3]), cell=[8, 8, 8])
    for dim in range(3):
        a, b = (sorted_pairs(d[dim], 1e-8) for d in (here, there))
        assert largest_difference(a, b) < 1e-9


def test_threads_within_one_structure_change_nothing():
    points = np.random.default_rng(0).uniform(0, 20, (1500, 3))
    one, four = (alpha_persistence(points, cell=[20, 20, 20], n_jobs=n) for n in (1, 4))
    for dim in range(3):
        assert np.array_equal(one[dim].birth, four[dim].birth)
        assert np.array_equal(one[dim].death_simplex, four[dim].death_simplex)
    with pytest.raises(StructureError, match="lie on one place"):
        alpha_persistence(np.vstack([points, points[:1]]), n_jobs=4)
