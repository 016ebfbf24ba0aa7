"""Shares of atoms with so many neighbours."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from numpy.testing import assert_allclose, assert_array_equal

from amorphology.descriptors import CoordinationNumbers
from amorphology.errors import ConfigError


@pytest.mark.parametrize(
    ("frame", "neighbours"),
    [
        (bulk("C"), 4),  # every neighbour is an image of the other atom
        (graphene(vacuum=5.0), 3),
        (Atoms("C", cell=[1.5, 20, 20], pbc=[True, False, False]), 2),  # its own images
        (Atoms("C"), 0),
    ],
)
def test_known_structures(frame, neighbours):
    once, again = CoordinationNumbers().fit_transform(
        [frame, frame.repeat(np.where(frame.pbc, 2, 1))]
    )
    assert_array_equal(once, np.eye(8)[neighbours])
    assert_array_equal(again, once)


def test_the_last_share():
    methane = molecule("CH4")
    descriptor = CoordinationNumbers(cutoff=1.2, most=2).fit([methane])
    assert_allclose(descriptor.transform([methane]), [[0, 0.8, 0.2]])
    assert list(descriptor.get_feature_names_out()) == [
        "neighbours_0",
        "neighbours_1",
        "neighbours_2_or_more",
    ]


def test_agrees_with_all_distances():
    frame = bulk("C", cubic=True).repeat(3)
    frame.rattle(0.25, seed=0)
    (shares,) = CoordinationNumbers(cutoff=1.85, most=9).fit_transform([frame])
    assert len(np.flatnonzero(shares)) > 2
    neighbours = (frame.get_all_distances(mic=True) < 1.85).sum(axis=1) - 1
    assert_allclose(shares, np.bincount(neighbours, minlength=10) / len(frame))


@pytest.mark.parametrize("wrong", [{"cutoff": -1.0}, {"cutoff": np.nan}, {"most": 0}])
def test_wrong_parameters(wrong):
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))} is .*; give a positive"):
        CoordinationNumbers(**wrong).fit([bulk("C")])
