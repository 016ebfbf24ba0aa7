"""Ring statistics against crystals, regular polygons and the rings themselves."""

import numpy as np
import pytest
from ase.build import bulk, graphene

from amorphology.errors import ConfigError
from amorphology.homology import rings_of
from amorphology.ring_statistics import ring_shape, ring_statistics


def sheet():
    atoms = graphene(size=(4, 4, 1), vacuum=5.0)
    atoms.pbc = (True, True, False)
    return atoms


def test_shape_of_polygons():
    angles = np.arange(7) * 2 * np.pi / 7
    polygon = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert ring_shape(3.1 * polygon @ turn + [1, 2, 3]) == pytest.approx((1, 1))
    assert ring_shape(polygon * [1, 0.4, 0]) == pytest.approx((0.4, 1))
    # A crown: the polygon's corners up and down in turns, at a height h of the radius 1. Half the
    # squares are in either direction of the plane: s1^2 = s2^2 = n / 2, s3^2 = n h^2.
    angles = np.arange(8) * np.pi / 4
    crown = np.column_stack([np.cos(angles), np.sin(angles), 0.3 * (-1.0) ** np.arange(8)])
    assert ring_shape(crown) == pytest.approx((1, 1 - 0.3 * 2**0.5))
    roundness, planarity = ring_shape([[0, 0, 0], [1, 1, 1], [3, 3, 3]])
    assert roundness == pytest.approx(0, abs=1e-9)
    assert np.isnan(planarity)
    assert np.isnan(ring_shape(np.zeros((2, 3)))).all()


def test_statistics_of_crystals():
    found = ring_statistics([sheet(), bulk("C", cubic=True) * (2, 2, 2)], cutoff=1.85)
    # One hexagon of the sheet fills the torus; of diamond's, twice as many as atoms, those that
    # are independent are counted.
    assert found.sizes().tolist()[0] == [0] * 6 + [15] + [0] * 6
    assert found.sizes()[1].nonzero()[0].tolist() == [6]
    assert found.sizes()[1, 6] == 62
    assert found.shortest_path_sizes[:, 6].tolist() == [16, 128]
    roundness, planarity = found.mean_shape()
    assert roundness[6] == pytest.approx(1, abs=1e-3)
    assert np.isnan(roundness[[3, 4, 5, 7]]).all()
    # In units of the bond, corners of a chair are 1 / 6 off its plane, 2 sqrt(2) / 3 from its axis.
    chair = 1 - 2**0.5 / (6 * 2 * 2**0.5 / 3)
    chairs = found.frame == 1
    assert found.planarity[chairs] == pytest.approx(chair)
    assert found.planarity[~chairs] == pytest.approx(1)
    assert planarity[6] == pytest.approx((15 + 62 * chair) / 77)
    assert found.species == ("C",)
    assert (found.composition == 6).all()


def test_rows_are_those_of_the_rings():
    frames = [sheet(), sheet()]
    for seed, frame in enumerate(frames):
        frame.rattle(0.1, seed=seed)
        frame.symbols[::3] = "N"
        frame.symbols[1] = "B"
    found = ring_statistics(frames, min_persistence=0.2, tolerance=0.0)
    assert found.shortest_path_sizes is None
    assert found.species == ("B", "C", "N")
    for index, frame in enumerate(frames):
        rings = [ring for ring in rings_of(frame) if ring.death - ring.birth > 0.2]
        mine = found.frame == index
        assert found.size[mine].tolist() == [ring.size for ring in rings]
        assert found.birth[mine].tolist() == [ring.birth for ring in rings]
        assert found.death[mine].tolist() == [ring.death for ring in rings]
        assert found.filled[mine].tolist() == [ring.filled for ring in rings]
        assert found.composition[mine].tolist() == [
            [int((frame.symbols[ring.atoms] == s).sum()) for s in "BCN"] for ring in rings
        ]
        for ring, shape in zip(rings, found.roundness[mine], strict=True):
            assert shape == pytest.approx(ring_shape(ring.positions(frame))[0])


def test_rings_around_the_cell_have_no_shape():
    chain = bulk("C", crystalstructure="sc", a=1.4) * (4, 1, 1)
    chain.set_cell([5.6, 9.0, 9.0])
    chain.rattle(0.05, seed=0)
    found = ring_statistics([chain], min_persistence=0.0)
    assert np.isnan(found.roundness[found.winds]).all()
    assert np.isfinite(found.roundness[~found.winds]).all()


def test_without_rings_or_frames():
    found = ring_statistics([bulk("C")])
    assert found.sizes().sum() == 0
    assert found.composition.shape == (0, 1)
    with pytest.raises(ConfigError, match="no frames"):
        ring_statistics([])
