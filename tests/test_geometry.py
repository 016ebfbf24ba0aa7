import re

import numpy as np
import pytest

from amorphology.geometry import geometry_problem

CUBE = np.eye(3) * 5.0
PERIODIC = [True, True, True]


def test_good_geometries_pass():
    for pbc in (PERIODIC, [True, True, False], [False, False, False]):
        cell = np.diag([5.0, 4.0, 0.0 if not pbc[2] else 3.0])
        assert geometry_problem([[0.0, 0, 0], [99.0, -1, 3]], cell, pbc) is None
    assert geometry_problem([[0.0, 0, 0]], CUBE * 1e-200, PERIODIC) is None
    assert geometry_problem([[0.0, 0, 0]], np.diag([1e-6, 1.0, 1e6]), PERIODIC) is None


@pytest.mark.parametrize(
    ("positions", "cell", "pbc", "message"),
    [
        ([[0, 0, 0], [0, np.nan, 0]], CUBE, PERIODIC, "atom 1 is at"),
        ([[0, 0, 0], [0, 0, np.inf]], CUBE, PERIODIC, "1 of 2 positions are not finite"),
        (np.empty((0, 3)), CUBE, PERIODIC, "no atoms"),
        ([[0, 0]], CUBE, PERIODIC, r"shape \(1, 2\)"),
        ([0, 0, 0], CUBE, PERIODIC, r"shape \(3,\)"),
        ([[0, 0, 0]], [5, 5, 5], PERIODIC, "cell has shape"),
        ([[0, 0, 0]], CUBE, True, "pbc has shape"),
        ([[0, 0, 0]], np.diag([5.0, 5.0, 0.0]), PERIODIC, "cell vector 2, which is zero"),
        ([[0, 0, 0]], np.diag([5.0, np.nan, 5.0]), PERIODIC, "cell vector 1 is"),
        ([[0, 0, 0]], [[5, 0, 0], [0, 5, 0], [5, 5, 0]], PERIODIC, "linearly dependent"),
        ([[0, 0, 0]], [[1e-6, 0, 0], [1e6, 0, 0], [0, 0, 5]], PERIODIC, "linearly dependent"),
        ([[0, 0, 0]], [[5, 0, 0], [5, 0, 0], [0, 0, 0]], [1, 1, 0], "linearly dependent"),
    ],
)
def test_bad_geometries(positions, cell, pbc, message: str):
    assert re.search(message, geometry_problem(positions, cell, pbc))
