"""Parameters of persistence histograms: one value for all homology degrees, or one for each."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms

from amorphology.bond_midpoints import bond_midpoints
from amorphology.descriptors.diagram_input import check_homology, check_positive, check_rising
from amorphology.errors import ConfigError

__all__ = [
    "check_choice",
    "checked_blurs",
    "checked_degrees",
    "checked_ranges",
    "is_several",
    "maker_of_points",
]


def is_several(value: Any) -> bool:
    """
    Tell a list of values from one value.

    Parameters
    ----------
    value
        A parameter.

    Returns
    -------
    bool
        Whether it is a list, a tuple or an array.
    """
    return isinstance(value, Sequence | np.ndarray)


def checked_degrees(homology: Any) -> tuple[int, ...]:
    """
    Check the degrees of homology.

    Parameters
    ----------
    homology
        One degree, or several.

    Returns
    -------
    tuple of int
        All of them.

    Raises
    ------
    ConfigError
        If one is not 0, 1 or 2, or there is none, or one twice.
    """
    degrees = tuple(homology) if is_several(homology) else (homology,)
    for degree in degrees:
        check_homology(degree)
    if not degrees or len(set(degrees)) < len(degrees):
        raise ConfigError(f"homology is {homology!r}; give one or more different degrees")
    return tuple(int(degree) for degree in degrees)


def checked_ranges(given: Any, n_degrees: int) -> tuple[tuple[float, float], ...]:
    """
    Check the ranges of the axes.

    Parameters
    ----------
    given
        A pair of numbers, or one for each degree.
    n_degrees
        Degrees of homology.

    Returns
    -------
    tuple of tuple of float
        A pair for each degree.

    Raises
    ------
    ConfigError
        If there are more or fewer pairs than degrees, or one is not rising.
    """
    pairs = is_several(given) and any(is_several(ends) for ends in given)
    ranges = tuple(given) if pairs else (given,) * n_degrees
    if len(ranges) != n_degrees:
        raise ConfigError(
            f"range is {given!r}; give one pair of numbers, or one for each degree of homology"
        )
    return tuple(check_rising("range", ends) for ends in ranges)


def checked_blurs(given: Any, n_degrees: int) -> tuple[float, ...]:
    """
    Check the widths of the blur.

    Parameters
    ----------
    given
        One number, or one for each degree.
    n_degrees
        Degrees of homology.

    Returns
    -------
    tuple of float
        A number for each degree; 0 for no blur.

    Raises
    ------
    ConfigError
        If there are more or fewer numbers than degrees, or one is negative or not finite.
    """
    blurs = tuple(given) if is_several(given) else (given,)
    if len(blurs) == 1:
        blurs = blurs * n_degrees
    if len(blurs) != n_degrees:
        raise ConfigError(f"blur is {given!r}; give one number, or one for each degree of homology")
    return tuple(0.0 if blur == 0 else check_positive("blur", blur) for blur in blurs)


def check_choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """
    Check a parameter that is one of some words.

    Parameters
    ----------
    name, value
        The parameter.
    allowed
        The words.

    Raises
    ------
    ConfigError
        If it is another one.
    """
    if value not in allowed:
        *others, last = map(str, allowed)
        raise ConfigError(f"{name} is {value!r}; choose {', '.join(others)} or {last}")


def maker_of_points(
    points: object, bond_cutoff: float | None, bond_weight: float
) -> Callable[[Atoms], Atoms] | None:
    """
    Find what makes the points of a frame whose diagrams are counted.

    Parameters
    ----------
    points
        ``"atoms"`` or ``"bond_midpoints"``.
    bond_cutoff
        Longest bond, Angstrom; None for the rule of `amorphology.bond_midpoints.bond_midpoints`.
    bond_weight
        See there.

    Returns
    -------
    callable or None
        From a frame to a structure of its points; None where they are its atoms.

    Raises
    ------
    ConfigError
        If there are no such points, the longest bond is not a positive number, or the weight a
        negative one.
    """
    check_choice("points", points, ("atoms", "bond_midpoints"))
    if bond_cutoff is not None:
        check_positive("bond_cutoff", bond_cutoff)
    if not bond_weight >= 0:
        raise ConfigError(f"bond_weight is {bond_weight}; give a number that is not negative")
    if points == "atoms":
        return None
    return partial(bond_midpoints, cutoff=bond_cutoff, weight=bond_weight)
