"""What the cyclo-octane study found: planes, claims, coincidences, and the sample itself."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from amorphology.generate.cyclooctane import generate_cyclooctane, ring_images, ring_positions
from amorphology.generate.cyclooctane_variety import Evenness, evenness, on_sphere
from amorphology.homology import PersistenceDiagram, alpha_persistence_many
from amorphology.studies.cyclooctane.claims import VERDICTS, Claim, check_planes
from amorphology.studies.cyclooctane.coincidences import (
    DIFFERENT,
    STATED,
    TOLERANCES,
    Coincidences,
    find_coincidences,
    removed_atom_pairs,
    rings_of,
    set_distance,
    shapes_of,
)
from amorphology.studies.cyclooctane.conformers import (
    CONFORMERS,
    THRESHOLD,
    conformer_distances,
    label_conformers,
    torsion_angles,
)
from amorphology.studies.cyclooctane.exact_coincidences import ExactCoincidence, make_exact
from amorphology.studies.cyclooctane.measures import Labelled
from amorphology.studies.cyclooctane.planes import (
    Plane,
    Setting,
    atom_planes,
    descriptor_planes,
    orientation_planes,
    places_of_images,
    setting_planes,
)
from amorphology.studies.record import StageTime

__all__ = ["ROUNDING", "Results", "collect_results"]

MOST_EXACT = 40
"""Coinciding pairs, most different first, that are moved to exact coincidence."""

ROUNDING = 1e-8
"""Differences of births and deaths below this are rounding, Angstrom^2."""


OTHER_THRESHOLDS = (20.0, 30.0)
"""Thresholds of the labels to try beside their own, degrees."""


@dataclass(frozen=True)
class Results:
    """
    Everything that figures and report show.

    Attributes
    ----------
    frames
        The conformations.
    labels
        Label of each, str (n,).
    distances
        Distances from the canonical conformers, float64 (n, 3), degrees.
    diagrams
        Persistence diagrams of each.
    shapes
        Number of the shape of each, (n,): images of each other share it.
    evenness
        How evenly the sample is spread.
    nearest
        Root-mean-square distance of each to the nearest other one, float64 (n,), Angstrom.
    planes
        Plane of each descriptor, by its key.
    images
        For each descriptor how many points the 32 images of a conformation make.
    atoms
        Planes of SOAP on each atom.
    orientations
        Planes of Cartesian coordinates, by the convention of orientation.
    settings
        Planes of SOAP and ACSF with other parameters.
    coincidences
        By what is compared.
    exact
        Exact coincidences of H1, most different conformations first.
    removed_differences
        For each of them, how far the eight diagrams with one atom removed differ, Angstrom^2.
    claims
        Every statement with its verdict.
    """

    frames: list[Atoms]
    labels: NDArray[np.str_]
    distances: NDArray[np.float64]
    diagrams: list[dict[int, PersistenceDiagram]]
    shapes: NDArray[np.intp]
    evenness: Evenness
    nearest: NDArray[np.float64]
    planes: dict[str, Plane]
    images: dict[str, dict[str, int]]
    atoms: list[Plane]
    orientations: dict[str, Plane]
    settings: list[Setting]
    coincidences: dict[str, Coincidences]
    exact: list[ExactCoincidence]
    removed_differences: list[float]
    claims: list[Claim] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """
        Count labels.

        Returns
        -------
        dict of int
            By label.
        """
        return {name: int((self.labels == name).sum()) for name in CONFORMERS}

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Nested, of numbers and words.
        """
        h1 = [diagrams[1] for diagrams in self.diagrams]
        births = np.concatenate([diagram.birth for diagram in h1])
        deaths = np.concatenate([diagram.death for diagram in h1])
        lengths = [len(diagram) for diagram in h1]
        signs = np.sign(torsion_angles(ring_positions(self.frames)))
        alternating = (signs == -np.roll(signs, 1, axis=1)).all(axis=1) & (signs != 0).all(axis=1)
        return {
            "sample": {
                "conformations": len(self.frames),
                "shapes": int(self.shapes.max()) + 1,
                "labels": self.counts(),
                "threshold_degrees": THRESHOLD,
                "on_sphere": int(on_sphere(self.frames).sum()),
                "alternating_torsions": int(alternating.sum()),
                "nearest_ratio": self.evenness.nearest_ratio,
                "covering_ratio": self.evenness.covering_ratio,
                "nearest_50_angstrom": self.evenness.nearest_50,
                "h1_pairs": [min(lengths), max(lengths)],
                "h1_births": [float(births.min()), float(births.max())],
                "h1_deaths": [float(deaths.min()), float(deaths.max())],
            },
            "planes": {
                key: {
                    "length": plane.length,
                    "explained": plane.explained.tolist(),
                    "points_of_32_images": self.images[key],
                }
                for key, plane in self.planes.items()
            },
            "claims": [claim.as_dict() for claim in self.claims],
            "verdicts": {
                verdict: sum(claim.verdict == verdict for claim in self.claims)
                for verdict in VERDICTS
            },
            "orientations": [
                _orientation(name, Labelled(plane.scores, self.labels))
                for name, plane in self.orientations.items()
            ],
            "settings": [
                _setting(one.name, Labelled(one.plane.scores, self.labels[one.chosen]))
                for one in self.settings
            ]
            + self._variations(),
            "coincidences": {
                "different_angstrom": DIFFERENT,
                "tolerances": list(TOLERANCES),
                "counts": {
                    kind: [len(found.within(tolerance).pairs) for tolerance in TOLERANCES]
                    for kind, found in self.coincidences.items()
                },
                "exact": [
                    {
                        "distance_angstrom": one.distance,
                        "told_apart": difference > ROUNDING,
                        # None where the numbers of pairs differ: JSON has no infinity.
                        "removed_difference": difference if np.isfinite(difference) else None,
                    }
                    for one, difference in zip(self.exact, self.removed_differences, strict=True)
                ],
            },
        }

    def _variations(self) -> list[dict[str, Any]]:
        """Measure the plane of SOAP on one atom with other labels, and with a third component."""
        plane = self.planes["soap"]
        with_third = np.column_stack([plane.scores, plane.third])
        found = [_setting("as panel b, third component added", Labelled(with_third, self.labels))]
        for threshold in OTHER_THRESHOLDS:
            labels = label_conformers(self.frames, threshold)
            name = f"as panel b, labels up to {threshold:g}°"
            found.append(_setting(name, Labelled(plane.scores, labels)))
        return found


def collect_results(
    frames: list[Atoms],
    *,
    seed: int = 0,
    n_jobs: int | None = None,
    report: Callable[[str], None] | None = None,
) -> tuple[Results, list[StageTime]]:
    """
    Find out everything about a sample of conformations.

    Parameters
    ----------
    frames
        Conformations, atoms in ring order.
    seed
        Of what is drawn at random.
    n_jobs
        Threads for diagrams; None takes the cores of this process.
    report
        Called with its name before each stage.

    Returns
    -------
    results : Results
        What was found.
    stages : list of StageTime
        What each stage took.

    Raises
    ------
    StructureError
        If a frame is no ring of eight atoms.
    MissingDependencyError
        If DScribe is not installed.
    """
    stages: list[StageTime] = []

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        if report is not None:
            report(name)
        start = time.perf_counter()
        yield
        stages.append(StageTime(name, time.perf_counter() - start, reused=False))

    with stage("Labels and evenness of the sample"):
        labels, distances = label_conformers(frames), conformer_distances(frames)
        rings = rings_of(frames)
        shapes = shapes_of(rings)
        even = evenness(frames, _witnesses(len(frames), seed))
        flat = rings.reshape(len(rings), -1) / np.sqrt(rings.shape[1])
        nearest = cKDTree(flat).query(flat, 2)[0][:, 1]
    with stage("Persistence diagrams"):
        diagrams = alpha_persistence_many(frames, n_jobs=n_jobs)
    with stage("Descriptors and principal components"):
        planes = dict(descriptor_planes(frames, diagrams, seed=seed))
        images = {key: places_of_images(plane, frames) for key, plane in planes.items()}
    with stage("SOAP on each atom, other orientations and parameters"):
        atoms = atom_planes(frames)
        orientations = orientation_planes(frames)
        settings = list(setting_planes(frames, labels != "between", seed=seed))
    with stage("Diagrams with one atom removed"):
        removed = removed_atom_pairs(frames, n_jobs=n_jobs)
    with stage("Coincidences of diagrams"):
        full = [[one[degree].finite().pairs for degree in (0, 1, 2)] for one in diagrams]
        coincidences = find_coincidences(rings, full, removed)
        exact = _exact(frames, coincidences["h1"])
        differences = [
            set_distance(*removed_atom_pairs([one.first, one.second], n_jobs=1)) for one in exact
        ]
    with stage("Claims"):
        claims = check_planes(
            {key: plane.scores for key, plane in planes.items()},
            labels,
            images,
            [plane.scores for plane in atoms],
        )
        claims += _claims_about_diagrams(exact, differences)
    results = Results(
        frames,
        labels,
        distances,
        diagrams,
        shapes,
        even,
        nearest,
        planes,
        images,
        atoms,
        orientations,
        settings,
        coincidences,
        exact,
        differences,
        claims,
    )
    return results, stages


def _witnesses(n_conformations: int, seed: int) -> list[Atoms]:
    """Four times as many conformations as the sample has, made without it."""
    few = generate_cyclooctane(max(n_conformations // 8, 50), seed=seed + 1)
    return [Atoms("C8", positions=ring) for ring in ring_images(ring_positions(few))]


def _exact(frames: Sequence[Atoms], found: Coincidences) -> list[ExactCoincidence]:
    near = found.within(STATED).pairs[:MOST_EXACT]
    moved = [make_exact(frames[first], frames[second]) for first, second in near]
    kept = [one for one in moved if one is not None and one.distance > DIFFERENT]
    return sorted(kept, key=lambda one: -one.distance)


def _claims_about_diagrams(
    exact: Sequence[ExactCoincidence], differences: Sequence[float]
) -> list[Claim]:
    sentences = (
        "Diagrams of different conformations sometimes coincide.",
        "Diagrams of the ring with one C removed tell them apart.",
    )
    measurements = (
        f"pairs that differ by more than {DIFFERENT:g} Å with H1 diagrams equal up to rounding: at "
        "least one",
        "all of these pairs have different diagrams of the eight rings with one C removed",
    )
    if not exact:  # what is not found in a sample may still exist
        return [
            Claim("diagrams", sentence, measurement, "no such pair", {}, VERDICTS[2])
            for sentence, measurement in zip(sentences, measurements, strict=True)
        ]
    told = sum(difference > ROUNDING for difference in differences)
    coincide = Claim(
        "diagrams",
        sentences[0],
        measurements[0],
        f"{len(exact)} pairs, up to {exact[0].distance:.2f} Å apart",
        {"pairs": float(len(exact)), "largest distance": exact[0].distance},
        VERDICTS[0],
    )
    told_apart = Claim(
        "diagrams",
        sentences[1],
        measurements[1],
        f"{told} of {len(exact)} are told apart",
        {"told apart": float(told), "pairs": float(len(exact))},
        VERDICTS[0 if told == len(exact) else 1],
    )
    return [coincide, told_apart]


def _orientation(name: str, plane: Labelled) -> dict[str, Any]:
    if not plane.enough():
        return {"name": name}
    pairs = (("chair", "crown"), ("boat", "chair"), ("boat", "crown"))
    return {"name": name, **plane.purities(pairs), "groups boat": plane.groups("boat")}


def _setting(name: str, plane: Labelled) -> dict[str, Any]:
    if not plane.enough():
        return {"name": name}
    pairs = (("chair", "boat"), ("chair", "crown"), ("boat", "crown"))
    return {"name": name, **plane.purities(pairs), "groups chair": plane.groups("chair")}
