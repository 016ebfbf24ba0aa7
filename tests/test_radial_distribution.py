import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene

from amorphology.errors import ConfigError, StructureError
from amorphology.radial_distribution import radial_distribution


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
    atoms = graphene(a=2.46, size=(2, 2, 1), vacuum=20.0)
    atoms.pbc = (True, True, False)
    r, g = radial_distribution([atoms, atoms], r_max=3.2, n_bins=320)
    area = np.sqrt(3) / 2 * 2.46**2 / 2  # an atom
    shells = [(2.46 / np.sqrt(3), 3), (2.46, 6), (2 * 2.46 / np.sqrt(3), 3)]
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
