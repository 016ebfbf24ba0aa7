"""Pairs that the essential classes of a periodic structure make where its cell is repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.errors import StructureError
from amorphology.homology.diagram import PersistenceDiagram

__all__ = ["pair_essential_classes"]


def pair_essential_classes(
    diagrams: Mapping[int, PersistenceDiagram], degrees: Sequence[int]
) -> dict[int, PersistenceDiagram]:
    r"""Pair the essential classes of a periodic structure with each other.

    The torus that p periodic directions make has :math:`\binom pk` classes of degree k that
    nothing kills. They come from the boundaries, not from the material: per atom, a small cell has
    more of them than a large one, and fewer finite pairs, by :math:`\binom{p-1}k` a cell. This
    gives these pairs back, as they are where the cell is repeated without end.

    Repeated along a direction x, the cell has copies of each essential class :math:`\sigma` that
    does not go along x. They become equal, so that all but one die, when the complex holds
    :math:`\sigma \times x`, an essential class of one degree more. What comes of it is a pair a
    cell, born with :math:`\sigma` and dead with the birth of :math:`\sigma \times x`, where x is
    the direction in which the copies are joined first. Hence of the births of each degree in
    rising order, the last :math:`\binom{p-1}k` of degree k are paired with the first
    :math:`\binom{p-1}k` of degree k + 1, in this order. None of these pairs dies before it is born:
    by the cup product, r independent classes of the torus's H2 need 2 (r = 1) or 3 of its H1.

    Parameters
    ----------
    diagrams
        Of one structure, by degree: `degrees`, and for each of them the next one. Without a least
        persistence.
    degrees
        Degrees wanted, out of 0, 1 and 2.

    Returns
    -------
    dict of int to PersistenceDiagram
        For each of `degrees` the diagram, in which those essential classes that are paired have
        the death of their pair, and the simplex and offsets of it: the simplex that the other class
        is born with. Nothing else changes; of a structure that is not periodic, nothing at all.

    Raises
    ------
    StructureError
        If a degree is missing, or the essential classes are not those of a torus.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from amorphology.homology import alpha_persistence
    >>> diagrams = alpha_persistence(bulk("C"), dims=(0, 1, 2, 3))
    >>> diagrams[0]
    PersistenceDiagram(H0: 1 finite and 1 essential pairs, 2 atoms)
    >>> pair_essential_classes(diagrams, [0])[0]
    PersistenceDiagram(H0: 2 finite and 0 essential pairs, 2 atoms)
    """
    missing = sorted({d for degree in degrees for d in (degree, degree + 1)} - set(diagrams))
    if missing:
        raise StructureError(
            f"diagrams of degrees {sorted(diagrams)} without {missing[0]}: essential classes are "
            "paired with those of one degree more; compute both"
        )
    return {degree: _with_deaths(diagrams[degree], diagrams[degree + 1]) for degree in degrees}


def _with_deaths(diagram: PersistenceDiagram, above: PersistenceDiagram) -> PersistenceDiagram:
    born, killers = _essential_by_birth(diagram), _essential_by_birth(above)
    # Binomial coefficients of p - 1: 1 unless p = 0; p - 1; and 1 only if p = 3.
    n = (min(1, len(killers)), max(0, len(born) - 1), len(killers))[diagram.dimension]
    if n > len(born) or n > len(killers):
        raise StructureError(
            f"{len(born)} essential classes of H{diagram.dimension} and {len(killers)} of "
            f"H{above.dimension} are not those of one periodic structure"
        )
    born, killers = born[len(born) - n :], killers[:n]
    changed: dict[str, Any] = {}
    for name in ("death", "death_simplex", "death_offset"):
        values = np.array(getattr(diagram, name))
        values[born] = getattr(above, name.replace("death", "birth"))[killers]
        changed[name] = values
    return replace(diagram, **changed)


def _essential_by_birth(diagram: PersistenceDiagram) -> NDArray[np.intp]:
    """Numbers of the essential classes, in the order of their births."""
    numbers = np.flatnonzero(diagram.essential)
    return numbers[np.argsort(diagram.birth[numbers], kind="stable")]
