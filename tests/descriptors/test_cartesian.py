import numpy as np
import pytest
from ase import Atoms

from amorphology.descriptors import CartesianCoordinates
from amorphology.errors import StructureError

WATER = Atoms("OH2", [[0.0, 0.0, 0.1], [0.0, 0.8, -0.5], [0.0, -0.8, -0.5]])


def test_positions_in_the_order_of_the_atoms():
    row = CartesianCoordinates().fit_transform([WATER])
    assert row.dtype == np.float64
    np.testing.assert_array_equal(row, [[0, 0, 0.1, 0, 0.8, -0.5, 0, -0.8, -0.5]])


def test_positions_from_the_centroid():
    row = CartesianCoordinates(subtract_centroid=True).fit_transform([WATER])
    np.testing.assert_allclose(row, [[0, 0, 0.4, 0, 0.8, -0.2, 0, -0.8, -0.2]], atol=1e-15)


def test_names():
    names = CartesianCoordinates().fit([WATER]).get_feature_names_out()
    assert list(names[:4]) == ["atom0_x", "atom0_y", "atom0_z", "atom1_x"]


def test_every_frame_has_as_many_atoms():
    message = "frame 1: has 2 atoms, not 3"
    with pytest.raises(StructureError, match=message):
        CartesianCoordinates().fit([WATER, WATER[:2]])
    with pytest.raises(StructureError, match=message):
        CartesianCoordinates().fit([WATER]).transform([WATER, WATER[:2]])
