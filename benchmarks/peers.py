"""The contenders: each turns atoms into the diagrams H0, H1, H2, in squared radii.

A contender is two functions. `prepare` puts atoms into the form that the library takes and is not
timed; `diagrams` goes from there to NumPy arrays of births and deaths and is. Libraries are used
as their manuals say, with the options that were fastest here and one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from ase import Atoms

from cases import Case

Arrays = list[np.ndarray]
Weights = np.ndarray | None


@dataclass(frozen=True)
class Contender:
    """A way to compute diagrams."""

    label: str
    modules: tuple[str, ...]
    prepare: Callable[[Atoms, Weights], Any]
    diagrams: Callable[[Any], Arrays]
    unfit: Callable[[Case], str | None] = lambda _: None
    """Why it cannot do a case, or None."""

    @property
    def installed(self) -> bool:
        """Whether its libraries can be imported."""
        return all(find_spec(module) for module in self.modules)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of its libraries."""
        return {module: version(module) for module in self.modules}


def _points(atoms: Atoms, weights: Weights) -> np.ndarray:
    """Positions, without the third column where the atoms lie in a plane: peers need that."""
    flat = not atoms.positions[:, 2].any()
    positions = np.ascontiguousarray(atoms.positions[:, : 2 if flat else 3])
    return positions if weights is None else np.column_stack([positions, weights])


def _ours(dims: tuple[int, ...]) -> Contender:
    def diagrams(frame: tuple[Atoms, Weights]) -> Arrays:
        from amorphology.homology import alpha_persistence

        atoms, weights = frame
        found = alpha_persistence(atoms, weights=weights, dims=dims, n_jobs=1)
        return [found[dim].pairs for dim in dims]

    label = "amorphology" if len(dims) == 3 else f"amorphology, dims={dims}"
    return Contender(label, ("amorphology",), lambda *frame: frame, diagrams)


def _homcloud() -> Contender:
    def prepare(atoms: Atoms, weights: Weights) -> tuple[np.ndarray, Any, bool]:
        box = tuple((0.0, length) for length in atoms.cell.lengths()) if atoms.pbc.all() else None
        return _points(atoms, weights), box, weights is not None

    def diagrams(frame: tuple[np.ndarray, Any, bool]) -> Arrays:
        import homcloud.interface as homcloud

        points, box, weighted = frame
        found = homcloud.PDList.from_alpha_filtration(
            points, weight=weighted, periodicity=box, save_suppl_info=False
        )
        dims = range(points.shape[1] - weighted)
        every = [found.dth_diagram(dim) for dim in dims]
        return [np.column_stack([diagram.births, diagram.deaths]) for diagram in every]

    def unfit(case: Case) -> str | None:
        return "no periodic planes" if case.system == "flat" and case.periodic else None

    return Contender("HomCloud", ("homcloud",), prepare, diagrams, unfit)


def _gudhi(precision: str) -> Contender:
    def prepare(atoms: Atoms, weights: Weights) -> tuple[np.ndarray, Weights]:
        return _points(atoms, None), weights

    def diagrams(frame: tuple[np.ndarray, Weights]) -> Arrays:
        import gudhi

        points, weights = frame
        alpha = gudhi.AlphaComplex(points=points, weights=weights, precision=precision)
        tree = alpha.create_simplex_tree()
        tree.compute_persistence(homology_coeff_field=2)
        return [tree.persistence_intervals_in_dimension(dim) for dim in range(points.shape[1])]

    def unfit(case: Case) -> str | None:
        return "no periodic cells" if case.periodic else None

    return Contender(f"GUDHI {precision}", ("gudhi",), prepare, diagrams, unfit)


def _oineus() -> Contender:
    def prepare(atoms: Atoms, weights: Weights) -> tuple[np.ndarray, dict[str, Any]]:
        options: dict[str, Any] = {} if weights is None else {"weights": weights}
        if atoms.pbc.all():
            options |= {"periodic": True, "compute_bounding_box": False}
            options |= {"bbox_min": [0.0] * 3, "bbox_max": atoms.cell.lengths().tolist()}
        return _points(atoms, None), options

    def diagrams(frame: tuple[np.ndarray, dict[str, Any]]) -> Arrays:
        import oineus

        points, options = frame
        found = oineus.compute_diagrams_alpha(points, **options)
        return [found.in_dimension(dim) for dim in range(points.shape[1])]

    def unfit(case: Case) -> str | None:
        # The periodic plane of CGAL is a square; a sheet of graphene is none.
        return "square planes only" if case.system == "flat" and case.periodic else None

    return Contender("Diode + Oineus", ("diode", "oineus"), prepare, diagrams, unfit)


OURS = "amorphology"
CONTENDERS: dict[str, Contender] = {
    OURS: _ours((0, 1, 2)),
    "homcloud": _homcloud(),
    "gudhi_fast": _gudhi("fast"),
    "gudhi_safe": _gudhi("safe"),
    "oineus": _oineus(),
}
FEWER_DIMS: dict[str, Contender] = {"dims_0": _ours((0,)), "dims_01": _ours((0, 1))}
