"""Time of one frame's persistence diagrams, beside GUDHI where it can do the same.

GUDHI has no periodic alpha complex for general use; it stands beside the free clouds.
Run with `make bench`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import gudhi
import numpy as np
from ase import Atoms
from rich.console import Console
from rich.table import Table

from amorphology import __version__
from amorphology.homology import alpha_persistence
from measure import cpu_seconds, machine, write_json

ATOMIC_DENSITY = 0.14  # atoms per cubic Angstrom: carbon at 2.8 g/cm3


def disordered(n_per_side: int, *, periodic: bool) -> Atoms:
    """Atoms of a cubic grid displaced by about a quarter of a bond, a stand-in for a glass."""
    rng = np.random.default_rng(n_per_side)
    length = n_per_side / ATOMIC_DENSITY ** (1 / 3)
    grid = np.stack(np.meshgrid(*3 * [np.arange(n_per_side)]), axis=-1).reshape(-1, 3)
    positions = grid * (length / n_per_side) + rng.normal(0, 0.4, grid.shape)
    return Atoms(f"C{len(grid)}", positions=positions, cell=3 * [length], pbc=periodic)


def gudhi_diagrams(points: np.ndarray, precision: str) -> list[np.ndarray]:
    """H0 to H2 of a free cloud by GUDHI."""
    tree = gudhi.AlphaComplex(points=points, precision=precision).create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2)
    return [tree.persistence_intervals_in_dimension(dim) for dim in range(3)]


def main() -> None:
    """Measure, print a table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--sizes", type=int, nargs="+", default=[6, 8, 16], help="atoms per side")
    arguments = parser.parse_args()

    table = Table(title="Persistence diagrams H0 to H2, milliseconds of processor time a frame")
    for column in (
        "atoms",
        "periodic",
        "free",
        "GUDHI fast, free",
        "GUDHI safe, free",
        "GUDHI fast / free",
    ):
        table.add_column(column, justify="right")
    rows = []
    for side in arguments.sizes:
        periodic, free = disordered(side, periodic=True), disordered(side, periodic=False)
        jobs: dict[str, Callable[[], object]] = {
            "periodic": lambda atoms=periodic: alpha_persistence(atoms),
            "free": lambda atoms=free: alpha_persistence(atoms),
            "gudhi_fast_free": lambda atoms=free: gudhi_diagrams(atoms.positions, "fast"),
            "gudhi_safe_free": lambda atoms=free: gudhi_diagrams(atoms.positions, "safe"),
        }
        times = cpu_seconds(jobs, repeats=max(5, 20_000 // side**3))
        rows.append({"atoms": side**3, "seconds": times})
        table.add_row(
            f"{side**3:,}",
            *(f"{1e3 * seconds:.2f}" for seconds in times.values()),
            f"{times['gudhi_fast_free'] / times['free']:.1f} x",
        )
    Console().print(table)
    result = {
        "amorphology": __version__,
        "gudhi": gudhi.__version__,
        "machine": machine(),
        "rows": rows,
    }
    if arguments.json:
        write_json(arguments.json, result)
        Console().print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
