"""Torsion angles of the eight-membered ring, and which conformer a conformation is.

The canonical conformers, with all bonds and angles of `amorphology.generate.cyclooctane`, are

========  ===========  ==========================================  =======
name      point group  torsion angles / degrees                    images
========  ===========  ==========================================  =======
chair     C2h          124.4, -77.4, 0, 77.4, -124.4, 77.4, 0,     8
                       -77.4
boat      D2d          0, 77.4, 0, -77.4, 0, 77.4, 0, -77.4        4
crown     D4d          89.2, -89.2, 89.2, -89.2, 89.2, -89.2,      2
                       89.2, -89.2
========  ===========  ==========================================  =======

with the names that Hendrickson (J. Am. Chem. Soc. 86, 4854 (1964)) gives to them. An image is the
conformer numbered from another atom, backwards or mirrored; 32 over the order of the point group
are different. Another conformer of symmetry D2d, the boat-boat (55.9, 55.9, -55.9, -55.9, twice),
is not called a boat here: with its zero torsion angles and two parallel bonds bow and stern the
boat above is the analogue of cyclohexane's. Both lie on one path of pseudorotation.

**The rule.** A conformation is the conformer that has an image from which no torsion angle is
farther than `THRESHOLD`, 25 degrees; all others lie ``between``. Anything below half of the 55.9
degrees from boat to boat-boat keeps the boat apart from its nearest symmetric neighbour; chair,
boat and crown are 145 degrees and more from each other, so that no conformation has two labels.
The number of labelled conformations grows smoothly with the threshold (there is no gap to cut in:
all conformations are connected), and 25 degrees give each label about 2 % of an even sample.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from amorphology.errors import StructureError
from amorphology.generate.cyclooctane import (
    close_rings,
    generate_cyclooctane,
    ring_images,
    ring_positions,
    superpose,
)
from amorphology.generate.cyclooctane_matlab import read_cyclooctane_matlab
from amorphology.structures import write_frames

__all__ = [
    "CONFORMERS",
    "THRESHOLD",
    "canonical_conformers",
    "conformer_distances",
    "label_conformers",
    "torsion_angles",
    "write_conformations",
]

CONFORMERS = ("chair", "boat", "crown", "between")
"""Labels of conformations."""

THRESHOLD = 25.0
"""Largest difference of a torsion angle from the canonical conformer's, degrees."""

# Heights over the mean plane, Angstrom, and atoms (0) or bonds (1) on the x axis: rings of the
# right symmetry, which closing them keeps and which leaves one solution near.
_STARTS = {
    "chair": ((0.7, -0.7, 0.7, 0.7, -0.7, 0.7, -0.7, -0.7), 0),
    "boat": ((0.7, 0.7, -0.7, -0.7, 0.7, 0.7, -0.7, -0.7), 1),
    "crown": ((0.7, -0.7, 0.7, -0.7, 0.7, -0.7, 0.7, -0.7), 0),
}
_START_RADIUS = 2.0  # Angstrom


def torsion_angles(positions: ArrayLike) -> NDArray[np.float64]:
    """
    Torsion angles of rings.

    Parameters
    ----------
    positions
        Positions, (n, n_atoms, 3), Angstrom, atoms in ring order.

    Returns
    -------
    numpy.ndarray
        float64 (n, n_atoms), degrees in (-180, 180]: number i is that of atoms i - 1, i, i + 1 and
        i + 2, about the bond from i to i + 1; positive clockwise, looking along the bond.

    Raises
    ------
    StructureError
        If `positions` has another shape.
    """
    rings = np.asarray(positions, dtype=np.float64)
    if rings.ndim != 3 or rings.shape[2] != 3 or rings.shape[1] < 4:
        raise StructureError(
            f"positions have shape {rings.shape}; give rings of four or more atoms, (n, n_atoms, 3)"
        )
    bond = np.roll(rings, -1, axis=1) - rings
    normal = np.cross(np.roll(bond, 1, axis=1), bond)
    next_normal = np.roll(normal, -1, axis=1)
    unit = bond / np.linalg.norm(bond, axis=2, keepdims=True)
    sine = (np.cross(normal, next_normal) * unit).sum(axis=2)
    cosine = (normal * next_normal).sum(axis=2)
    angles: NDArray[np.float64] = np.degrees(np.arctan2(sine, cosine))
    angles[angles == -180.0] = 180.0  # of a sine of -0, or too small to count
    return angles


def canonical_conformers() -> dict[str, Atoms]:
    """
    Make the ideal chair, boat and crown.

    Returns
    -------
    dict of ase.Atoms
        By name, in the order of `CONFORMERS`; bonds and angles right to 1e-12, superposed as
        `generate_cyclooctane` does.
    """
    return {
        name: Atoms("C8", positions=positions)
        for name, positions in zip(_STARTS, _canonical_positions(), strict=True)
    }


def conformer_distances(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    """
    How far conformations are from the canonical conformers.

    The distance of two conformations is the largest circular difference of corresponding torsion
    angles, and that from a conformer the smallest over its images. It does not change when the ring
    is moved, mirrored or numbered differently.

    Parameters
    ----------
    frames
        Conformations, atoms in ring order.

    Returns
    -------
    numpy.ndarray
        float64 (n_frames, 3), degrees: from chair, boat and crown.

    Raises
    ------
    StructureError
        If a frame has not eight atoms, or a position is not finite.
    """
    angles = torsion_angles(ring_positions(frames))
    distances = np.empty((len(angles), len(_STARTS)))
    for column, images in enumerate(_canonical_angles()):
        # A remainder in place of a modulus: differences on the circle, in [-180, 180].
        differences = np.abs(np.remainder(angles[:, None] - images + 180.0, 360.0) - 180.0)
        distances[:, column] = differences.max(axis=2).min(axis=1)
    return distances


def label_conformers(frames: Sequence[Atoms], threshold: float = THRESHOLD) -> NDArray[np.str_]:
    """
    Label conformations by the rule that the module explains.

    Parameters
    ----------
    frames
        Conformations, atoms in ring order.
    threshold
        Largest difference of a torsion angle, degrees.

    Returns
    -------
    numpy.ndarray
        str (n_frames,), one of `CONFORMERS` each.

    Raises
    ------
    StructureError
        As for `conformer_distances`.
    """
    distances = conformer_distances(frames)
    names = np.array(CONFORMERS)
    nearest = distances.argmin(axis=1)
    near = distances.min(axis=1) <= threshold
    return names[np.where(near, nearest, CONFORMERS.index("between"))]


def write_conformations(
    out: str | Path,
    *,
    n_conformations: int = 6040,
    seed: int = 0,
    source: str | Path | None = None,
) -> str:
    """
    Write labelled conformations as extended XYZ; the file appears only once it is complete.

    Parameters
    ----------
    out
        File to write; every frame has its label in ``info["conformer"]``. Extended XYZ keeps eight
        decimals of the positions.
    n_conformations, seed
        As for `generate_cyclooctane`.
    source
        MATLAB file to take the conformations from in place of making them, as for
        `read_cyclooctane_matlab`.

    Returns
    -------
    str
        For example ``"6040 conformations: chair 132, boat 114, crown 101, between 5693"``.

    Raises
    ------
    ConfigError, StructureError
        As for `generate_cyclooctane` and `read_cyclooctane_matlab`, or if the folder of `out` does
        not exist.
    """
    if source is None:
        frames = generate_cyclooctane(n_conformations, seed=seed)
    else:
        frames = read_cyclooctane_matlab(source)
    labels = label_conformers(frames)
    for frame, label in zip(frames, labels, strict=True):
        frame.info["conformer"] = str(label)
    write_frames(out, frames)
    counts = Counter(labels.tolist())
    listed = ", ".join(f"{name} {counts[name]}" for name in CONFORMERS)
    return f"{len(frames)} conformations: {listed}"


@cache
def _canonical_positions() -> NDArray[np.float64]:
    starts = []
    for heights, on_bonds in _STARTS.values():
        turns = 2.0 * np.pi * (np.arange(8) + on_bonds / 2.0) / 8
        starts.append(
            np.stack(
                [_START_RADIUS * np.cos(turns), _START_RADIUS * np.sin(turns), heights], axis=1
            )
        )
    closed, _ = close_rings(starts)
    return superpose(closed)


@cache
def _canonical_angles() -> tuple[NDArray[np.float64], ...]:
    """Torsion angles of the different images of each conformer, float64 (n_images, 8), degrees."""
    found = []
    for positions in _canonical_positions():
        angles = torsion_angles(ring_images(positions[None]))
        found.append(np.unique(angles.round(6) + 0.0, axis=0))
    return tuple(found)
