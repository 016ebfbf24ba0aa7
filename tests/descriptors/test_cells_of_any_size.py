import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import StructureError
from amorphology.homology import alpha_persistence, pair_essential_classes

DEGREES = [0, 1, 2]


def rattled(seed: int = 0) -> Atoms:
    frame = bulk("C", cubic=True)
    frame.rattle(0.2, seed=seed)
    return frame


def histogram(**settings) -> PersistenceHistogram:
    usual = {"homology": DEGREES, "bins": 16, "range": (0.0, 6.0), "standardisation": None}
    return PersistenceHistogram(**usual | {"normalisation": "per_atom"} | settings)


@pytest.mark.parametrize("points", ["atoms", "bond_midpoints"])
def test_counts_per_atom_do_not_depend_on_the_size_of_the_cell(points: str):
    frames = [rattled(), rattled() * (2, 2, 2)]
    per_atom = {
        essential: histogram(essential=essential, points=points)
        .fit_transform(frames)
        .sum(axis=(2, 3))
        for essential in ("left_out", "paired")
    }
    np.testing.assert_allclose(*per_atom["paired"], rtol=1e-6)
    missing = np.array([1, 2, 1]) * (1 / 8 - 1 / 64)
    np.testing.assert_allclose(np.diff(per_atom["left_out"], axis=0)[0], missing, rtol=1e-5)


def test_pairs_of_essential_classes_are_counted():
    diagrams = alpha_persistence(rattled(), dims=(0, 1, 2, 3))
    paired = pair_essential_classes(diagrams, DEGREES)
    expected = histogram().fit_transform([paired])
    np.testing.assert_array_equal(histogram(essential="paired").fit_transform([diagrams]), expected)
    np.testing.assert_array_equal(
        histogram(essential="paired").fit_transform([rattled()]), expected
    )


def test_diagrams_of_the_next_degree_are_asked_for():
    diagrams = alpha_persistence(rattled())
    with pytest.raises(StructureError, match=r"degrees \[0, 1, 2\] without 3; compute them"):
        histogram(essential="paired").fit([diagrams])
    histogram(essential="paired", homology=[0, 1]).fit([diagrams])
