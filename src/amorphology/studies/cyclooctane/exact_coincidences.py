"""Conformations moved until their persistence diagrams are equal, not only close."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.generate.cyclooctane import ANGLE_DISTANCE, BOND_LENGTH, superpose
from amorphology.homology import alpha_persistence
from amorphology.studies.cyclooctane.coincidences import (
    matching_distance,
    shape_distances,
    sorted_apart,
)

__all__ = ["ExactCoincidence", "make_exact"]


@dataclass(frozen=True)
class ExactCoincidence:
    """
    Two conformations near a coinciding pair whose diagrams are equal up to rounding.

    Attributes
    ----------
    first, second
        The conformations.
    difference
        Largest difference of corresponding births and deaths, Angstrom^2.
    distance
        Root-mean-square distance of the two conformations, Angstrom.
    """

    first: Atoms
    second: Atoms
    difference: float
    distance: float


def make_exact(
    first: Atoms, second: Atoms, *, max_steps: int = 30, tolerance: float = 1e-10
) -> ExactCoincidence | None:
    """
    Move two conformations along the variety until their H1 diagrams are equal up to rounding.

    Newton steps of least norm on the bonds and angles of both and on the differences of their
    births and deaths, with derivatives from finite differences.

    Parameters
    ----------
    first, second
        Conformations with nearly the same H1 diagram.
    max_steps
        Steps after which to give up.
    tolerance
        Largest difference left, Angstrom^2.

    Returns
    -------
    ExactCoincidence or None
        None where there is no such pair of conformations near.
    """
    state = np.concatenate([first.positions.ravel(), second.positions.ravel()])

    def residual(values: NDArray[np.float64]) -> NDArray[np.float64]:
        one, other = values[:24].reshape(8, 3), values[24:].reshape(8, 3)
        lengths = [_length_errors(ring) for ring in (one, other)]
        return np.concatenate([*lengths, _sorted_h1(one) - _sorted_h1(other)])

    for _ in range(max_steps):
        try:
            errors = residual(state)
            if np.abs(errors).max() < tolerance:
                break
            step = np.linalg.lstsq(_derivatives(residual, state), -errors, rcond=1e-7)[0]
        except ValueError:  # a pair appeared or vanished: vectors of different lengths
            return None
        if np.abs(step).max() > 0.1:  # off to somewhere else
            return None
        state = state + step
    else:
        return None
    rings = superpose(state.reshape(2, 8, 3))
    one, other = (Atoms("C8", positions=ring) for ring in rings)
    h1 = [alpha_persistence(ring, dims=(1,))[1].pairs for ring in rings]
    if matching_distance(h1[0], h1[1]) > 10 * tolerance:
        return None  # births and deaths are the same, but paired differently
    distance = float(shape_distances(rings, np.array([[0, 1]], dtype=np.intp))[0])
    return ExactCoincidence(one, other, float(np.abs(errors).max()), distance)


def _length_errors(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Errors of squared distances of first and second neighbours, float64 (16,), Angstrom^2."""
    errors = [
        np.sum((np.roll(ring, -apart, axis=0) - ring) ** 2, axis=1) - length**2
        for apart, length in ((1, BOND_LENGTH), (2, ANGLE_DISTANCE))
    ]
    return np.concatenate(errors)


def _sorted_h1(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    return sorted_apart([alpha_persistence(ring, dims=(1,))[1].pairs])


def _derivatives(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    values: NDArray[np.float64],
    step: float = 1e-6,
) -> NDArray[np.float64]:
    """Differentiate a vector, float64 (n_results, n_values), by central differences."""
    columns = []
    for index in range(len(values)):
        moved = np.zeros_like(values)
        moved[index] = step
        columns.append((function(values + moved) - function(values - moved)) / (2 * step))
    return np.stack(columns, axis=1)
