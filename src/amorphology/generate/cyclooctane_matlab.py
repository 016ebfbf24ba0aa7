"""Reading conformations of the eight-membered ring from MATLAB files."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from amorphology.errors import StructureError
from amorphology.generate.cyclooctane import ANGLE_DISTANCE, BOND_LENGTH, N_ATOMS

__all__ = ["read_cyclooctane_matlab"]

_TOLERANCE = 0.02  # Angstrom; wide enough for rounded files, far below any other distance


def read_cyclooctane_matlab(path: str | Path) -> list[Atoms]:
    """
    Read conformations from a MATLAB file, such as the 6,040 of Martin et al. (2010).

    The file holds one real array of 24 columns or 24 rows, under any name. Whether a conformation's
    24 numbers are x1 y1 z1 x2 ... or x1 ... x8 y1 ... y8 z1 ... z8, and in which order the atoms
    follow each other around the ring, is found out: one way gives equal bonds.

    Parameters
    ----------
    path
        File of MATLAB version 4 to 7.2 (``save -v7``, or ``-v6``).

    Returns
    -------
    list of ase.Atoms
        Eight carbon atoms each, in ring order from the file's first atom, not periodic, centred at
        the origin, in the orientation of the file. ``info["source"]`` says where each came from.

    Raises
    ------
    StructureError
        If the file is missing, no such MATLAB file, holds no such array, or its rings have other
        bonds and angles than `BOND_LENGTH` and `BOND_ANGLE` by more than 0.02 Angstrom in the
        distances of first and second neighbours.
    """
    path = Path(path)
    arrays = {name: value for name, value in _contents(path).items() if _shape_fits(value)}
    if not arrays:
        raise StructureError(
            f"{path}: holds no real array of 24 columns or 24 rows; save the conformations as one "
            "array, 24 numbers each"
        )
    for name, array in arrays.items():
        for rings in _layouts(np.asarray(array, dtype=np.float64)):
            order = _ring_order(rings)
            if order is not None:
                ordered = rings[:, order] - rings.mean(axis=1, keepdims=True)
                return [
                    Atoms(
                        f"C{N_ATOMS}",
                        positions=ring,
                        info={"source": f"{path} {name} conformation {index}"},
                    )
                    for index, ring in enumerate(ordered)
                ]
    raise StructureError(
        f"{path}: {' and '.join(arrays)} in no order give rings of eight bonds of {BOND_LENGTH:g} "
        f"Angstrom and second neighbours at {ANGLE_DISTANCE:.4f}; give coordinates in Angstrom of "
        "conformations with these bonds and angles"
    )


def _contents(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise StructureError(f"{path}: no such file; check the path")
    with path.open("rb") as file:
        start = file.read(19)
    if start.startswith((b"\x89HDF\r\n\x1a\n", b"MATLAB 7.3 MAT-file")):
        raise StructureError(
            f"{path}: is a MATLAB 7.3 (HDF5) file; save it again with `save -v7` in MATLAB"
        )
    try:
        contents: dict[str, Any] = loadmat(path, appendmat=False)
    except (
        MatReadError,
        NotImplementedError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OSError,
        MemoryError,
        struct.error,
        zlib.error,
    ) as error:
        # What SciPy's reader lets through where a file ends early or never was a MATLAB file.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StructureError(
            f"{path}: cannot be read as a MATLAB file ({reason[:120]}); get or save it again"
        ) from error
    return contents


def _shape_fits(value: object) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind in "iuf"
        and value.ndim == 2
        and value.size > 0
        and 3 * N_ATOMS in value.shape
    )


def _layouts(array: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Every way to read the array as rings, float64 (n, 8, 3)."""
    for rows in (array, array.T):
        if rows.shape[1] == 3 * N_ATOMS:
            yield rows.reshape(-1, N_ATOMS, 3)
            yield rows.reshape(-1, 3, N_ATOMS).transpose(0, 2, 1)


def _ring_order(rings: NDArray[np.float64]) -> list[int] | None:
    """Atoms in ring order, from atom 0 towards its lower neighbour; None where it is no ring."""
    distances = np.linalg.norm(rings[:, :, None] - rings[:, None], axis=3)
    bonded = (np.abs(distances - BOND_LENGTH) < _TOLERANCE).all(axis=0)
    if (bonded.sum(axis=0) != 2).any():
        return None
    order = [0]
    while len(order) < N_ATOMS:
        onward = [atom for atom in np.flatnonzero(bonded[order[-1]]) if atom not in order]
        if not onward:
            return None
        order.append(int(onward[0]))
    second = distances[:, order, np.roll(order, -2)]
    return order if (np.abs(second - ANGLE_DISTANCE) < _TOLERANCE).all() else None
