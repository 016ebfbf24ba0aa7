"""What the page shows of one frame, as arrays: atoms, pairs, their rings, the alpha complex."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from ase import Atoms
from ase.neighborlist import natural_cutoffs, neighbor_list
from numpy.typing import NDArray

from amorphology import _kernel
from amorphology.homology import PersistenceDiagram
from amorphology.homology.alpha import kernel_arguments
from amorphology.homology.rings import bonds_of, cavities_of, rings_of
from amorphology.viewer.packing import smallest_integers

__all__ = ["frame_arrays", "largest_death"]

# Atoms nearer than this times the sum of their covalent radii are drawn as bonded: 1.82 Angstrom
# for two carbon atoms, in the gap between the first two shells of its amorphous forms.
BOND_STRETCH = 1.2

Diagrams = dict[int, PersistenceDiagram]
Arrays = dict[str, NDArray[np.generic]]


class _Class(Protocol):
    """What rings, cavities and bonds have in common."""

    @property
    def atoms(self) -> NDArray[np.integer]: ...

    @property
    def offsets(self) -> NDArray[np.integer]: ...


def frame_arrays(frame: Atoms, diagrams: Diagrams) -> Arrays:
    """
    Collect what the page shows of one frame.

    Atoms are put into the cell, and everything that lies across its boundary is given by atoms and
    the lattice vectors to add to them.

    Parameters
    ----------
    frame
        The structure.
    diagrams
        Its persistence diagrams H0, H1 and H2, as `alpha_persistence` gives them.

    Returns
    -------
    dict of str to numpy.ndarray
        ``positions`` (n, 3), Angstrom, and ``numbers`` (n,), atomic numbers; ``bond_atoms`` (m, 2)
        with ``bond_offset`` (m, 3); for each degree d ``h{d}_birth`` and ``h{d}_death``
        (n_pairs,), Angstrom^2, of the finite pairs, ``h{d}_essential``, the births of the others,
        and the atoms of each pair: those from ``h{d}_start[k]`` to ``h{d}_start[k + 1]`` of
        ``h{d}_atoms`` and ``h{d}_offsets`` (n, 3); ``h1_closing`` (n_pairs, 3), the offset at
        which a ring closes, and ``h1_filled`` and ``h2_winds`` (n_pairs,), see
        `amorphology.homology.rings`; ``h2_triangles`` (t, 3), places within a cavity's atoms, from
        ``h2_triangle_start[k]`` on; ``edge_value``, ``edge_atoms``, ``edge_offsets`` and the same
        of triangles: the alpha complex up to the last death, by value, Angstrom^2.

    Raises
    ------
    StructureError
        If the frame carries no filtration.
    """
    shift = _into_cell(frame)
    positions = frame.positions - shift @ frame.cell.array
    arrays: Arrays = {
        "positions": positions.astype(np.float32),
        "numbers": smallest_integers(frame.numbers),
        **_bonds(frame, shift),
    }
    wrapped = Atoms(frame.numbers, positions, cell=frame.cell, pbc=frame.pbc)
    bonds, rings, cavities = bonds_of(frame), rings_of(frame), cavities_of(frame)
    members: tuple[Sequence[_Class], ...] = (bonds, rings, cavities)
    for degree, classes in enumerate(members):
        diagram, name = diagrams[degree], f"h{degree}"
        finite = diagram.finite()
        arrays[f"{name}_birth"] = finite.birth.astype(np.float32)
        arrays[f"{name}_death"] = finite.death.astype(np.float32)
        arrays[f"{name}_essential"] = diagram.birth[diagram.essential].astype(np.float32)
        arrays |= _members(name, classes, wrapped, shift)
    closing = [ring.closing_offset for ring in rings]
    arrays["h1_closing"] = smallest_integers(np.reshape(closing, (-1, 3)))
    arrays["h1_filled"] = smallest_integers([ring.filled for ring in rings])
    arrays["h2_winds"] = smallest_integers([cavity.winds for cavity in cavities])
    triangles = [cavity.triangles for cavity in cavities]
    arrays["h2_triangles"] = smallest_integers(np.concatenate([np.empty((0, 3)), *triangles]))
    arrays["h2_triangle_start"] = _starts(triangles)
    return arrays | _alpha_complex(frame, shift, max(map(largest_death, diagrams.values())))


def largest_death(diagram: PersistenceDiagram) -> float:
    """
    Find where the last finite pair of a diagram dies.

    Parameters
    ----------
    diagram
        The diagram.

    Returns
    -------
    float
        Angstrom^2; 0 without finite pairs.
    """
    return float(diagram.finite().death.max(initial=0.0))


def _into_cell(frame: Atoms) -> NDArray[np.int64]:
    """Lattice vectors to take from each atom to have it in the cell, (n, 3)."""
    scaled = frame.cell.scaled_positions(frame.positions)
    # Atoms of a crystal lie on the boundary but for rounding: they stay together on one side of it.
    cells = np.floor(scaled + 1e-6).astype(np.int64)
    return np.where(frame.pbc, cells, 0)


def _bonds(frame: Atoms, shift: NDArray[np.int64]) -> Arrays:
    cutoffs = natural_cutoffs(frame, mult=BOND_STRETCH)
    first, second, offset = neighbor_list("ijS", frame, cutoffs)
    once = (first < second) | ((first == second) & (offset @ [10**6, 10**3, 1] > 0))
    offset = (offset + shift[second] - shift[first])[once]
    return {
        "bond_atoms": smallest_integers(np.column_stack([first, second])[once]),
        "bond_offset": smallest_integers(offset),
    }


def _starts(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.integer]:
    return smallest_integers(np.cumsum([0, *map(len, parts)]))


def _members(
    name: str, classes: Sequence[_Class], wrapped: Atoms, shift: NDArray[np.int64]
) -> Arrays:
    """Atoms of each pair in one piece, with its middle in the cell."""
    atoms = [np.asarray(one.atoms, np.int64) for one in classes]
    together = np.concatenate([np.empty(0, np.int64), *atoms])
    offsets = [np.reshape(one.offsets, (-1, 3)) for one in classes]
    shifted = np.concatenate([np.empty((0, 3), np.int64), *offsets]) + shift[together]
    if len(together):
        starts = np.cumsum([0, *map(len, atoms[:-1])])
        sizes = np.array([len(part) for part in atoms])
        places = wrapped.cell.scaled_positions(wrapped.positions)[together] + shifted
        middles = np.add.reduceat(places, starts, axis=0) / sizes[:, None]
        cells = np.where(wrapped.pbc, np.floor(middles + 1e-6), 0).astype(np.int64)
        shifted -= np.repeat(cells, sizes, axis=0)
    return {
        f"{name}_start": _starts(atoms),
        f"{name}_atoms": smallest_integers(together),
        f"{name}_offsets": smallest_integers(shifted),
    }


def _alpha_complex(frame: Atoms, shift: NDArray[np.int64], largest: float) -> Arrays:
    """Edges and triangles by value, the first corner of each in the cell."""
    simplices = _kernel.alpha_complex(*kernel_arguments(frame))
    arrays: Arrays = {}
    for name, (values, atoms, offsets) in zip(("edge", "triangle"), simplices[1:3], strict=True):
        order = np.argsort(values, kind="stable")
        # Past the last death only the essential classes are left, and nothing happens to them.
        order = order[values[order] <= largest]
        placed = offsets[order] + shift[atoms[order]]
        placed -= placed[:, :1]
        arrays[f"{name}_value"] = values[order].astype(np.float32)
        arrays[f"{name}_atoms"] = smallest_integers(atoms[order])
        arrays[f"{name}_offsets"] = smallest_integers(placed[:, 1:])
    return arrays
