"""What is known of frames, from diagrams to all pair distances, as squared distances of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from amorphology.descriptors import SOAP, CoordinationNumbers, PersistenceHistogram
from amorphology.homology import alpha_persistence
from amorphology.models.kernels import squared_distances

Matrices = list[NDArray[np.float64]]

BOND = 1.9  # Angstrom
ANGLES = np.linspace(0, np.pi, 60)
LENGTHS = np.linspace(0.8, 5.0, 120)  # Angstrom
RANGES = {"bonded": (0.8, 1.85), "second neighbours": (1.85, 3.0), "farther": (3.0, 5.0)}
SAME = 1e-7  # Angstrom: a birth is half of this distance
BIN = 0.1  # Angstrom


def distances_between_frames(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Squared distances of frames, of mean 1."""
    squares = squared_distances(features, features)
    return squares / squares.mean()


def histograms(
    frames: Sequence[Atoms], top: float, blurs: Sequence[float], **changes: Any
) -> dict[float, NDArray[np.float32]]:
    """Histograms of all degrees for each blur, (n_frames, 3, bins, bins)."""
    usual = {"counting": "shared", "essential": "paired"}
    descriptor = PersistenceHistogram(
        [0, 1, 2], 64, (0.0, top), "per_atom", None, axes="radius", **usual | changes
    )
    binned = descriptor.bin_pairs(frames)
    found = {}
    for blur in blurs:
        descriptor.set_params(blur=blur).fit_binned(binned)
        found[blur] = descriptor.transform_binned(binned)
    return found


def of_degrees(images: NDArray[np.float32]) -> Matrices:
    """Squared distances of frames for each degree of homology."""
    return [distances_between_frames(x.reshape(len(x), -1)) for x in images.swapaxes(0, 1)]


def averaged_soap(
    frames: Sequence[Atoms], r_cut: float = 4.0, n_max: int = 10, sigma: float = 0.3
) -> NDArray[np.float32]:
    """SOAP averaged over the atoms, neither standardised nor normalised."""
    soap = SOAP(r_cut=r_cut, n_max=n_max, l_max=6, sigma=sigma, centre="average")
    return soap.fit_transform(frames).astype(np.float32)


def simple(frames: Sequence[Atoms]) -> dict[str, NDArray[np.float32]]:
    """Blurred histograms of distances, bond angles and numbers of neighbours, per atom."""
    found: dict[str, list[NDArray[np.float64]]] = {"distances": [], "angles": []}
    for frame in frames:
        first, vectors, lengths = neighbor_list("iDd", frame, LENGTHS[-1])
        n = len(frame)
        spread = np.exp(-0.5 * ((LENGTHS - lengths[:, None]) / 0.06) ** 2).sum(axis=0)
        found["distances"].append(spread / n / LENGTHS**2)
        near = lengths < BOND
        order = np.argsort(first[near], kind="stable")
        units = (vectors[near] / lengths[near, None])[order]
        counts = np.bincount(first[near], minlength=n)
        angles = [np.empty(0)]
        for around in np.split(units, np.cumsum(counts)[:-1]):
            cosines = (around @ around.T)[np.triu_indices(len(around), 1)]
            angles.append(np.arccos(np.clip(cosines, -1, 1)))
        every = np.concatenate(angles)[:, None]
        found["angles"].append(np.exp(-0.5 * ((ANGLES - every) / 0.1) ** 2).sum(axis=0) / n)
    numbers = CoordinationNumbers(BOND).fit_transform(frames)
    described = {**found, "neighbours": numbers}
    return {name: np.array(rows, dtype=np.float32) for name, rows in described.items()}


def distances_in(features: NDArray[np.float32], ends: tuple[float, float]) -> NDArray[np.float32]:
    """Take the part of the histogram of distances between two lengths."""
    return features[:, (ends[0] <= LENGTHS) & (ends[1] > LENGTHS)]


def distances_held(frames: Sequence[Atoms]) -> dict[str, object]:
    """Count which pair distances are twice a birth or death radius of an edge of the diagrams."""
    edges = np.arange(1.0, 4.0 + BIN / 2, BIN)
    held, every = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    kinds = {"bonded": [0, 0], "second neighbours over one bonded atom": [0, 0], "others": [0, 0]}
    for frame in frames:
        first, vectors, lengths = neighbor_list("iDd", frame, edges[-1])
        diagrams = alpha_persistence(frame, dims=[0, 1])
        radii = np.sort(np.sqrt(np.concatenate([diagrams[0].finite().death, diagrams[1].birth])))
        after = np.clip(np.searchsorted(radii, lengths / 2), 1, len(radii) - 1)
        gaps = np.abs(radii[[after - 1, after]] - lengths / 2)
        inside = gaps.min(axis=0) < SAME
        held += np.histogram(lengths[inside], edges)[0]
        every += np.histogram(lengths, edges)[0]
        bonded = lengths < BOND
        third = np.zeros(len(lengths), dtype=bool)
        for atom in range(len(frame)):
            mine = first == atom
            gaps_to_bonded = np.linalg.norm(
                vectors[mine][:, None] - vectors[mine & bonded][None], axis=2
            )
            third[mine] = ((gaps_to_bonded < BOND) & (gaps_to_bonded > 1e-6)).any(axis=1)
        near = lengths < 3.0
        for name, chosen in (
            ("bonded", bonded),
            ("second neighbours over one bonded atom", ~bonded & third & near),
            ("others", ~bonded & ~third & near),
        ):
            kinds[name][0] += int(inside[chosen].sum())
            kinds[name][1] += int(chosen.sum())
    return {
        "edges_angstrom": edges.round(2).tolist(),
        "percent_by_length": (100 * held / np.maximum(every, 1)).round(1).tolist(),
        "percent_below_3_angstrom": {
            name: round(100 * part / total, 1) for name, (part, total) in kinds.items()
        },
    }
