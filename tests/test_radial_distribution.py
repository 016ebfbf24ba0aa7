import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene
from ase.neighborlist import neighbor_list

from amorphology.errors import ConfigError, StructureError
from amorphology.radial_distribution import first_shell, number_density, radial_distribution


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (True, False, True)])
def test_an_ideal_gas_has_none(pbc):
    rng = np.random.default_rng(0)
    cell = np.array([[9.0, 0, 0], [2.0, 8.0, 0], [1.0, -1.0, 10.0]])
    if not all(pbc):  # a sheet in the plane of its two periodic vectors
        cell[np.flatnonzero(~np.array(pbc))[0]] = [0, 0, 30] if pbc[1] else [0, 30, 0]
    frames = [
        Atoms("C100", (rng.uniform(size=(100, 3)) * pbc) @ cell, cell=cell, pbc=pbc)
        for _ in range(12)
    ]
    r, g = radial_distribution(frames, r_max=3.5, n_bins=7)
    np.testing.assert_allclose(r, 0.5 * np.arange(7) + 0.25)
    # 99 others around each atom in place of the 100 of the density
    np.testing.assert_allclose(g[2:] * 100 / 99, 1.0, atol=0.05)


def number_within(r, g, density, dimension):
    """Neighbours of an atom, from the integral of g."""
    width = r[1] - r[0]
    edges = np.arange(len(r) + 1) * width
    unit = np.pi if dimension == 2 else 4 / 3 * np.pi
    return np.cumsum(g * density * unit * np.diff(edges**dimension))


def test_shells_of_graphene_by_area():
    atoms = graphene(a=2.465, size=(2, 2, 1), vacuum=20.0)
    atoms.pbc = (True, True, False)
    r, g = radial_distribution([atoms, atoms], r_max=3.2, n_bins=320)
    area = np.sqrt(3) / 2 * 2.465**2 / 2  # an atom
    shells = [(2.465 / np.sqrt(3), 3), (2.465, 6), (2 * 2.465 / np.sqrt(3), 3)]
    assert np.flatnonzero(g).tolist() == [int(distance / 0.01) for distance, _ in shells]
    within = number_within(r, g, 1 / area, 2)[np.flatnonzero(g)]
    np.testing.assert_allclose(within, np.cumsum([n for _, n in shells]))


def test_shells_of_diamond_by_volume_and_beyond_the_cell():
    atoms = bulk("C", "diamond", a=3.57)
    r, g = radial_distribution([atoms], r_max=4.5, n_bins=450)
    shells = [(3.57 * np.sqrt(s), n) for s, n in ((3 / 16, 4), (1 / 2, 12), (11 / 16, 12))]
    peaks = np.flatnonzero(g)
    assert peaks[:3].tolist() == [int(distance / 0.01) for distance, _ in shells]
    within = number_within(r, g, 8 / 3.57**3, 3)[peaks[:3]]
    np.testing.assert_allclose(within, np.cumsum([n for _, n in shells]))


def test_what_has_no_density_is_refused():
    periodic = bulk("C")
    sheet = periodic.copy()
    sheet.pbc = (True, True, False)
    with pytest.raises(StructureError, match="in 2, 3 directions"):
        radial_distribution([periodic, sheet])
    with pytest.raises(StructureError, match="in 0 directions"):
        radial_distribution([Atoms("C2", [[0, 0, 0], [1, 0, 0]])])
    with pytest.raises(StructureError, match="no frame"):
        radial_distribution([])
    for options in ({"r_max": 0.0}, {"r_max": float("nan")}, {"n_bins": 0}):
        with pytest.raises(ConfigError, match="must be positive"):
            radial_distribution([periodic], **options)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False)])
@pytest.mark.parametrize("r_max", [3.4, 5.5])  # shorter and longer than half of the cell
def test_pairs_are_those_of_a_neighbour_list(pbc, r_max):
    rng = np.random.default_rng(3)
    cell = np.array([[8.0, 0, 0], [2.5, 7.5, 0], [0, 0, 9.0]])
    points = rng.uniform(-1, 2, size=(40, 3)) @ cell  # also far outside of the cell
    atoms = Atoms("C40", points, cell=cell, pbc=pbc)
    _, g = radial_distribution([atoms], r_max=r_max, n_bins=17)
    edges = np.linspace(0, r_max, 18)
    expected = np.histogram(neighbor_list("d", atoms, r_max), edges)[0]
    dimension = sum(pbc)
    shells = np.diff(edges**dimension) * (4 / 3 * np.pi if dimension == 3 else np.pi)
    np.testing.assert_allclose(g * 40 * number_density(atoms) * shells, expected, atol=1e-9)
    assert expected.sum() > 100
    assert number_density(atoms) == pytest.approx(40 / (60 * (9 if dimension == 3 else 1)))


LATTICES = {
    "diamond": (bulk("C", "diamond", a=3.57), 3.57 * np.sqrt(3) / 4, 4),
    "simple cubic": (bulk("Po", "sc", a=1.5), 1.5, 6),
    "body-centred": (bulk("Fe", "bcc", a=2.0), np.sqrt(3), 8),
    "face-centred": (bulk("Cu", "fcc", a=2.2), 2.2 / np.sqrt(2), 12),
}


@pytest.mark.parametrize("name", LATTICES)
def test_first_shell_of_lattices(name):
    atoms, distance, neighbours = LATTICES[name]
    r, g = radial_distribution([atoms], r_max=4.0, n_bins=400)
    shell = first_shell(r, g, number_density(atoms))
    assert shell.peak == pytest.approx(distance, abs=0.005 + 1e-9)
    assert shell.neighbours == pytest.approx(neighbours)
    assert distance < shell.minimum < 1.5 * distance


def test_first_shell_of_a_sheet():
    atoms = graphene(a=2.46, size=(2, 2, 1), vacuum=20.0)
    atoms.pbc = (True, True, False)
    r, g = radial_distribution([atoms], r_max=4.0, n_bins=400)
    shell = first_shell(r, g, number_density(atoms), dimension=2)
    assert shell.peak == pytest.approx(1.4203, abs=0.005)
    assert shell.neighbours == pytest.approx(3)


def test_first_shell_counts_what_is_within_its_minimum():
    atoms = bulk("C", "diamond", a=3.57, cubic=True) * (2, 2, 2)
    frames = [atoms.copy() for _ in range(3)]
    for seed, frame in enumerate(frames):
        frame.rattle(0.2, seed=seed)
    r, g = radial_distribution(frames, r_max=3.2, n_bins=64)
    shell = first_shell(r, g, number_density(atoms))
    end = shell.minimum + 0.025  # of the bin
    within = np.mean([len(neighbor_list("i", frame, end)) / len(frame) for frame in frames])
    assert shell.neighbours == pytest.approx(within)
    assert g[np.searchsorted(r, shell.peak)] == g[r < 2].max()
    lowest = g[(r > shell.peak) & (r < 1.5 * shell.peak)].min()
    assert g[np.argmin(np.abs(r - shell.minimum))] == lowest > 0


def test_no_first_shell():
    r = np.linspace(0.05, 2.95, 30)
    with pytest.raises(StructureError, match="no distance up to"):
        first_shell(r, np.ones(30), 0.1)
    with pytest.raises(ConfigError, match="r_max must be above 3"):
        first_shell(r, np.where(r > 2.4, 2.0, 0.0), 0.1)
