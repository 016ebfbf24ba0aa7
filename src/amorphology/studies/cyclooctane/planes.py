"""Descriptors of conformations, each seen on the plane of its first two principal components."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from amorphology.descriptors import (
    ACSF,
    SOAP,
    CartesianCoordinates,
    CoulombEigenspectrum,
    CoulombMatrix,
    PersistenceImage,
)
from amorphology.generate.cyclooctane import ring_images, superpose
from amorphology.studies.cyclooctane.conformers import canonical_conformers
from amorphology.studies.cyclooctane.measures import count_places, spread

__all__ = [
    "TITLES",
    "Plane",
    "Setting",
    "atom_planes",
    "descriptor_planes",
    "orientation_planes",
    "places_of_images",
    "setting_planes",
]

TITLES = {
    "cartesian": "Cartesian coordinates",
    "soap": "SOAP on one C",
    "soap_average": "SOAP, mean of 8 C",
    "coulomb": "Coulomb matrix",
    "eigenvalues": "Coulomb eigenvalues",
    "image": "persistence image (H1)",
    "acsf": "ACSF on one C",
}
"""What each descriptor is called, by its key: first those of panels a to f."""

WIDE = 1000
"""Numbers of features from which principal components are found by random projections."""

SCAN_FRAMES = 1500
"""Conformations that principal components of other settings are fitted to."""

WHOLE_RING: dict[str, Any] = {
    "r_cut": 6.0,
    "g2": [(2.0, 0.5 * step) for step in range(2, 12)],
    "g4": [(0.01, zeta, sign) for zeta in (1.0, 2.0, 4.0, 16.0) for sign in (1.0, -1.0)],
}
"""Symmetry functions that see all atoms from each: wide in the distances, out to 5.5 Angstrom."""


@dataclass(frozen=True)
class Plane:
    """
    Conformations on the plane of a descriptor's first two principal components.

    Attributes
    ----------
    length
        Numbers of the descriptor.
    scores
        First two principal components of each conformation, float64 (n, 2).
    third
        The next one, float64 (n,).
    explained
        Share of the variance that each of them holds, float64 (2,).
    project
        Takes further frames to their scores.
    """

    length: int
    scores: NDArray[np.float64]
    third: NDArray[np.float64]
    explained: NDArray[np.float64]
    project: Callable[[Sequence[Atoms]], NDArray[np.float64]]


@dataclass(frozen=True)
class Setting:
    """
    A descriptor of one atom with other parameters.

    Attributes
    ----------
    name
        What differs, for people.
    chosen
        Which conformations are on the plane, (n,).
    plane
        The plane.
    """

    name: str
    chosen: NDArray[np.intp]
    plane: Plane


def descriptor_planes(
    frames: Sequence[Atoms], diagrams: Sequence[Any], *, seed: int = 0
) -> Iterator[tuple[str, Plane]]:
    """
    Find the planes of all descriptors.

    Parameters
    ----------
    frames
        Conformations.
    diagrams
        Their persistence diagrams, as `alpha_persistence_many` returns them.
    seed
        Of the random projections for the persistence image.

    Yields
    ------
    key, plane : str, Plane
        In the order of `TITLES`.
    """
    for key, descriptor in _descriptors().items():
        described = diagrams if key == "image" else frames
        features = descriptor.fit(described[:1]).transform(described)
        yield key, _plane(descriptor, features, seed)


def atom_planes(frames: Sequence[Atoms]) -> list[Plane]:
    """
    Find the planes of SOAP on each atom of the ring.

    Parameters
    ----------
    frames
        Conformations.

    Returns
    -------
    list of Plane
        One for each atom, in ring order.
    """
    features = np.stack(list(SOAP().fit(frames[:1]).per_atom(frames)))
    return [
        _plane(SOAP(centre=atom).fit(frames[:1]), features[:, atom], 0)
        for atom in range(features.shape[1])
    ]


def orientation_planes(frames: Sequence[Atoms]) -> dict[str, Plane]:
    """
    Find the planes of Cartesian coordinates for other conventions of orientation.

    Parameters
    ----------
    frames
        Conformations.

    Returns
    -------
    dict of Plane
        By the name of the convention.
    """
    rings = np.array([frame.positions for frame in frames])
    turned = {"superposed on a flat octagon": superpose(rings)}
    for name, atoms in canonical_conformers().items():
        turned[f"superposed on the {name}"] = superpose(rings, atoms.positions)
    turned["atom 1 at the origin, 2 on x, 3 in xy"] = _on_three_atoms(rings)
    planes = {}
    for name, positions in turned.items():
        descriptor = CartesianCoordinates()
        oriented = [Atoms("C8", positions=ring) for ring in positions]
        planes[name] = _plane(descriptor, descriptor.fit_transform(oriented), 0)
    return planes


def setting_planes(
    frames: Sequence[Atoms], labelled: NDArray[np.bool_], *, seed: int = 0
) -> Iterator[Setting]:
    """
    Find the planes of SOAP and ACSF on one atom with other parameters.

    Parameters
    ----------
    frames
        Conformations.
    labelled
        Those that have to be on the planes, (n,); of the others some are drawn at random.
    seed
        Of the drawing.

    Yields
    ------
    Setting
        One for each set of parameters.
    """
    order = np.random.default_rng(seed).permutation(len(frames))[:SCAN_FRAMES]
    base = np.sort(order)
    added = np.setdiff1d(np.flatnonzero(labelled), base)
    chosen = np.concatenate([base, added])
    settings: dict[str, SOAP | ACSF] = {
        f"SOAP, cut-off {r_cut:g} Å, sigma {sigma:g} Å": SOAP(r_cut=r_cut, sigma=sigma)
        for r_cut in (4.0, 6.0)
        for sigma in (0.3, 0.5, 0.7, 1.0)
    }
    settings |= {
        f"ACSF, cut-off {r_cut:g} Å": ACSF(**WHOLE_RING | {"r_cut": r_cut})
        for r_cut in (4.0, 5.0, 6.0, 8.0)
    }
    for name, descriptor in settings.items():
        features = descriptor.fit(frames[:1]).transform([frames[index] for index in chosen])
        yield Setting(name, chosen, _plane(descriptor, features, seed, n_fitted=len(base)))


def places_of_images(
    plane: Plane, frames: Sequence[Atoms], *, n_frames: int = 10
) -> dict[str, int]:
    """
    Count the points that the 32 images of a conformation make on a plane.

    An image is the conformation numbered from another atom, backwards or mirrored.

    Parameters
    ----------
    plane
        The plane.
    frames
        Conformations, of which the first `n_frames` are tried.
    n_frames
        How many.

    Returns
    -------
    dict of int
        For the canonical ``"chair"``, ``"boat"`` and ``"crown"``, and as ``"any"`` the most of any
        tried one: symmetric conformations have fewer different images.
    """
    size = spread(plane.scores)
    tried = {name: atoms.positions for name, atoms in canonical_conformers().items()}
    tried |= {str(number): frame.positions for number, frame in enumerate(frames[:n_frames])}
    images = ring_images(superpose(np.array(list(tried.values())))).reshape(32, len(tried), 8, 3)
    flat = [Atoms("C8", positions=ring) for ring in images.reshape(-1, 8, 3)]
    scores = plane.project(flat).reshape(32, len(tried), 2)
    counts = {
        name: count_places(scores[:, number], size, tolerance=1e-5)
        for number, name in enumerate(tried)
    }
    others = [counts.pop(str(number)) for number in range(len(tried) - 3)]
    return {**counts, "any": max(others)}


def _descriptors() -> dict[str, Any]:
    return {
        "cartesian": CartesianCoordinates(),
        "soap": SOAP(),
        "soap_average": SOAP(centre="average"),
        "coulomb": CoulombMatrix(),
        "eigenvalues": CoulombEigenspectrum(),
        # 6,040 images of 15,278 numbers: half the memory, and 7 digits are plenty for a figure.
        "image": PersistenceImage(dtype="float32"),
        "acsf": ACSF(**WHOLE_RING),
    }


def _plane(
    descriptor: Any, features: NDArray[Any], seed: int, *, n_fitted: int | None = None
) -> Plane:
    wide = features.shape[1] > WIDE
    solver = "randomized" if wide else "covariance_eigh"
    analysis = PCA(3, svd_solver=solver, random_state=seed).fit(features[:n_fitted])
    components = analysis.transform(features).astype(np.float64)

    def project(frames: Sequence[Atoms]) -> NDArray[np.float64]:
        projected: NDArray[np.float64] = analysis.transform(descriptor.transform(frames))[:, :2]
        return projected.astype(np.float64)

    explained = analysis.explained_variance_ratio_[:2].astype(np.float64)
    return Plane(features.shape[1], components[:, :2], components[:, 2], explained, project)


def _on_three_atoms(rings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate rings so that the first bond lies on x and the third atom in the plane xy."""
    arms = rings - rings[:, :1]
    first = arms[:, 1] / np.linalg.norm(arms[:, 1], axis=1, keepdims=True)
    second = arms[:, 2] - np.sum(arms[:, 2] * first, axis=1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    axes = np.stack([first, second, np.cross(first, second)], axis=1)
    rotated: NDArray[np.float64] = arms @ axes.transpose(0, 2, 1)
    return rotated
