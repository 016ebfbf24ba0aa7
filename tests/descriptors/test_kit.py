"""Every descriptor, with what it claims, through the checks of kit.py."""

import inspect

import pytest
from sklearn.base import BaseEstimator
from tests.descriptors.kit import (
    ANY_ORDER,
    CHANGES,
    CHECKS,
    PERIODIC_CHANGES,
    RIGID,
    Case,
    check_invariance,
)

import amorphology.descriptors
from amorphology.descriptors import (
    ACSF,
    SOAP,
    CartesianCoordinates,
    CoordinationNumbers,
    CoulombEigenspectrum,
    CoulombMatrix,
    PersistenceHistogram,
    PersistenceImage,
)

SMALL_SOAP = {"r_cut": 3.0, "n_max": 3, "l_max": 3}
ONE_CENTRE = RIGID | {"order but the first atom", "periods", "repeated cell"}
ALL_CENTRES = RIGID | ANY_ORDER | {"periods", "repeated cell"}
# Of a repeated cell, pairs of its own three holes round the torus take the place of finite ones.
DIAGRAM = RIGID | ANY_ORDER | {"species", "periods"}

CASES = [
    Case(
        "CartesianCoordinates",
        CartesianCoordinates(),
        frozenset({"species"}),
        fails=frozenset({"repeated cell"}),
    ),
    Case(
        "CartesianCoordinates, centred",
        CartesianCoordinates(subtract_centroid=True),
        frozenset({"species", "translation"}),
        fails=frozenset({"repeated cell"}),
    ),
    Case("SOAP", SOAP(**SMALL_SOAP), ONE_CENTRE),
    Case("SOAP, polynomial", SOAP(**SMALL_SOAP, basis="polynomial"), ONE_CENTRE),
    Case("SOAP, average", SOAP(**SMALL_SOAP, centre="average"), ALL_CENTRES),
    Case("CoordinationNumbers", CoordinationNumbers(cutoff=2.7), ALL_CENTRES | {"species"}),
    Case("ACSF", ACSF(), ONE_CENTRE),
    Case("ACSF, average", ACSF(centre="average"), ALL_CENTRES),
    Case("CoulombMatrix", CoulombMatrix(), RIGID, periodic=False),
    Case("CoulombMatrix, sorted", CoulombMatrix("sorted_l2"), RIGID | ANY_ORDER, periodic=False),
    Case("CoulombEigenspectrum", CoulombEigenspectrum(), RIGID | ANY_ORDER, periodic=False),
    Case("PersistenceHistogram", PersistenceHistogram(bins=32, standardisation=None), DIAGRAM),
    Case(
        "PersistenceImage",
        PersistenceImage(birth_range=(0.0, 5.0), death_range=(0.0, 5.0), mesh=(20, 20), sigma=0.2),
        DIAGRAM,
    ),
]


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def test_every_descriptor_is_here():
    public = {
        item
        for _, item in inspect.getmembers(amorphology.descriptors, inspect.isclass)
        if issubclass(item, BaseEstimator)
    }
    assert public == {type(case.descriptor) for case in CASES}


@each(CASES)
@pytest.mark.parametrize("change", [*CHANGES, *PERIODIC_CHANGES])
def test_invariance(case: Case, change: str):
    check_invariance(case, change)


@each(CASES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_kit(case: Case, check):
    check(case)
