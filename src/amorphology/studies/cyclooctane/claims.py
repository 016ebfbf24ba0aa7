"""What the paper says of each descriptor's plane, as measurements with a threshold and a verdict.

Labels count as *separated* if on average at least `PURITY` of the five nearest labelled neighbours
of a conformation carry its own label, for both labels (`neighbour_purity`): less than one neighbour
in twenty is wrong, which a rim where two areas touch would already exceed. Labels mixed at random
would share neighbours in proportion to their numbers, far below. Labels are *well clustered* if
they are separated, each is one group (`count_groups`) and the mean silhouette exceeds `SILHOUETTE`,
from where on Kaufman and Rousseeuw call a structure reasonable. Thresholds are
the same for all descriptors, and none was adjusted to a verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amorphology.studies.cyclooctane.measures import (
    LABELS,
    LEAST,
    NEIGHBOURS,
    Labelled,
    count_groups,
    distance_correlation,
    label_silhouette,
    spread,
)

__all__ = ["PURITY", "SILHOUETTE", "VERDICTS", "Claim", "check_planes"]

PURITY = 0.95
SILHOUETTE = 0.5
SAME_PLACE = 16
"""Of the 32 images of a conformation, those that must share a point for "many on one point"."""
ALIKE = 0.8
"""Rank correlation of distances from which two planes are alike."""

VERDICTS = ("agrees", "does not agree", "too few conformations")


@dataclass(frozen=True)
class Claim:
    """
    A statement about a descriptor, and what was found.

    Attributes
    ----------
    descriptor
        Key of the descriptor in `amorphology.studies.cyclooctane_planes.TITLES`, or ``"diagrams"``.
    sentence
        The statement.
    measurement
        What is measured, and from where on the statement holds.
    found
        The result in words.
    values
        The numbers.
    verdict
        One of `VERDICTS`.
    """

    descriptor: str
    sentence: str
    measurement: str
    found: str
    values: dict[str, float]
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """
        Contents for a file.

        Returns
        -------
        dict
            Keys as the attributes.
        """
        return asdict(self)


EVERY_PAIR = (("chair", "boat"), ("chair", "crown"), ("boat", "crown"))
SEPARATED = (
    f"share of own label among the {NEIGHBOURS} nearest labelled neighbours: at least {PURITY:g} "
    "for both labels"
)
MIXED = (
    f"share of own label among the {NEIGHBOURS} nearest labelled neighbours: below {PURITY:g} for "
    "one of the labels"
)


def check_planes(
    planes: Mapping[str, NDArray[np.float64]],
    labels: NDArray[np.str_],
    images: Mapping[str, Mapping[str, int]],
    atoms: Sequence[NDArray[np.float64]],
) -> list[Claim]:
    """
    Check every statement about the planes.

    Parameters
    ----------
    planes
        Scores, float64 (n, 2), by the descriptor's key.
    labels
        Labels of the conformations, (n,).
    images
        For each descriptor, what `places_of_images` returns.
    atoms
        Scores of SOAP on each atom of the ring.

    Returns
    -------
    list of Claim
        In the order of the descriptors.
    """
    claims = []
    cartesian = Labelled(planes["cartesian"], labels)
    claims += [
        mixed("cartesian", cartesian, "chair", "crown"),
        separated(
            "cartesian", cartesian, "The boat lies apart.", (("boat", "chair"), ("boat", "crown"))
        ),
        grouped("cartesian", cartesian, "boat", 4),
    ]
    for key in ("soap", "acsf"):
        one = Labelled(planes[key], labels)
        claims += [
            separated(key, one, "Chair, boat and crown are separated.", EVERY_PAIR),
            grouped(key, one, "chair", 2),
        ]
    claims.append(any_atom([Labelled(scores, labels) for scores in atoms]))
    average = Labelled(planes["soap_average"], labels)
    claims += [
        clustered("soap_average", average),
        coinciding("soap_average", images["soap_average"]),
    ]
    coulomb = Labelled(planes["coulomb"], labels)
    claims += [mixed("coulomb", coulomb, "boat", "crown"), grouped("coulomb", coulomb, "chair", 4)]
    eigenvalues = Labelled(planes["eigenvalues"], labels)
    claims += [
        clustered("eigenvalues", eigenvalues),
        coinciding("eigenvalues", images["eigenvalues"]),
        alike(planes["eigenvalues"], planes["soap_average"]),
    ]
    claims.append(clustered("image", Labelled(planes["image"], labels)))
    return claims


def separated(key: str, plane: Labelled, sentence: str, pairs: Sequence[tuple[str, str]]) -> Claim:
    """
    Check that labels keep apart.

    Parameters
    ----------
    key
        Of the descriptor.
    plane
        Its plane.
    sentence
        The statement.
    pairs
        Labels that are to keep apart.

    Returns
    -------
    Claim
        With the verdict.
    """

    def measure() -> tuple[str, dict[str, float], bool]:
        values = plane.purities(pairs)
        found = ", ".join(f"{a} and {b} {values[f'purity {a}-{b}']:.2f}" for a, b in pairs)
        holds = all(values[f"purity {a}-{b}"] >= PURITY for a, b in pairs)
        return found, values, holds

    names = sorted({name for pair in pairs for name in pair})
    return _claim(key, sentence, SEPARATED, plane.enough(names), measure)


def mixed(key: str, plane: Labelled, first: str, second: str) -> Claim:
    """
    Check that two labels do not keep apart.

    Parameters
    ----------
    key
        Of the descriptor.
    plane
        Its plane.
    first, second
        The labels.

    Returns
    -------
    Claim
        With the verdict.
    """

    def measure() -> tuple[str, dict[str, float], bool]:
        values = plane.purities([(first, second)])
        purity = values[f"purity {first}-{second}"]
        return f"{first} and {second} {purity:.2f}", values, purity < PURITY

    sentence = f"{first.capitalize()} and {second} are not separated."
    return _claim(key, sentence, MIXED, plane.enough((first, second)), measure)


def grouped(key: str, plane: Labelled, label: str, expected: int) -> Claim:
    """
    Check into how many groups a label falls.

    Parameters
    ----------
    key
        Of the descriptor.
    plane
        Its plane.
    label
        The label.
    expected
        Groups it is said to form.

    Returns
    -------
    Claim
        With the verdict.
    """

    def measure() -> tuple[str, dict[str, float], bool]:
        groups = count_groups(plane.scores[plane.labels == label], spread(plane.scores))
        values = {
            "groups": groups.count,
            "shortest link": groups.shortest,
            "longest link": groups.longest,
        }
        found = (
            f"{groups.count} for linking lengths of {groups.shortest:.2f} to {groups.longest:.2f} "
            "spreads"
        )
        return found, values, groups.count == expected

    words = {2: "two", 4: "four"}
    sentence = f"The {label} forms {words.get(expected, expected)} groups."
    measurement = f"most persistent number of single-linkage groups: {expected}"
    return _claim(key, sentence, measurement, plane.enough((label,)), measure)


def clustered(key: str, plane: Labelled) -> Claim:
    """
    Check that the three labels are well clustered.

    Parameters
    ----------
    key
        Of the descriptor.
    plane
        Its plane.

    Returns
    -------
    Claim
        With the verdict.
    """

    def measure() -> tuple[str, dict[str, float], bool]:
        values = plane.purities(EVERY_PAIR)
        purity = min(values[f"purity {a}-{b}"] for a, b in EVERY_PAIR)
        silhouette = label_silhouette(plane.scores, plane.labels, LABELS)
        groups = {f"groups {name}": plane.groups(name) for name in LABELS}
        values |= {"silhouette": silhouette, **groups}
        counts = ", ".join(str(groups[f"groups {name}"]) for name in LABELS)
        found = f"share {purity:.2f}, silhouette {silhouette:.2f}, groups {counts}"
        holds = purity >= PURITY and silhouette > SILHOUETTE and set(groups.values()) == {1}
        return found, values, holds

    measurement = (
        f"share of own label among the {NEIGHBOURS} nearest at least {PURITY:g}, mean silhouette "
        f"above {SILHOUETTE:g}, one group each"
    )
    sentence = "Chair, boat and crown are well clustered."
    return _claim(key, sentence, measurement, plane.enough(), measure)


def coinciding(key: str, images: Mapping[str, int]) -> Claim:
    """
    Check that many conformations fall on one point.

    Parameters
    ----------
    key
        Of the descriptor.
    images
        What `places_of_images` returns.

    Returns
    -------
    Claim
        With the verdict.
    """
    places = images["any"]
    return Claim(
        key,
        "Many conformations fall on one point.",
        f"of the 32 images of a conformation at least {SAME_PLACE} share a point",
        f"32 images make {places} point{'' if places == 1 else 's'}",
        {"points": places},
        VERDICTS[0] if 32 / places >= SAME_PLACE else VERDICTS[1],
    )


def alike(first: NDArray[np.float64], second: NDArray[np.float64]) -> Claim:
    """
    Check that the plane of the eigenvalues is like that of averaged SOAP.

    Parameters
    ----------
    first, second
        Their scores, float64 (n, 2); a thousand of them are compared.

    Returns
    -------
    Claim
        With the verdict.
    """
    every = max(1, len(first) // 1000)
    correlation = distance_correlation(first[::every], second[::every])
    return Claim(
        "eigenvalues",
        "The plane is like that of averaged SOAP.",
        f"rank correlation of all distances on the two planes at least {ALIKE:g}",
        f"{correlation:.2f}",
        {"correlation": correlation},
        VERDICTS[0] if correlation >= ALIKE else VERDICTS[1],
    )


def any_atom(planes: Sequence[Labelled]) -> Claim:
    """
    Check that it does not matter which atom SOAP is taken on.

    Parameters
    ----------
    planes
        One for each atom of the ring.

    Returns
    -------
    Claim
        With the verdict.
    """

    def measure() -> tuple[str, dict[str, float], bool]:
        lowest = [min(plane.purity(a, b) for a, b in EVERY_PAIR) for plane in planes]
        groups = [plane.groups("chair") for plane in planes]
        values = {
            "lowest purity": min(lowest),
            "highest purity": max(lowest),
            "fewest groups": min(groups),
            "most groups": max(groups),
        }
        same_side = len({value >= PURITY for value in lowest}) == 1
        counts = "/".join(str(count) for count in sorted(set(groups)))
        found = f"smallest share {min(lowest):.2f} to {max(lowest):.2f}, groups of chair {counts}"
        return found, values, same_side and len(set(groups)) == 1

    return _claim(
        "soap",
        "The choice of the atom does not matter.",
        "all eight atoms: the same verdict on separation, the same number of groups of the chair",
        planes[0].enough(),
        measure,
    )


def _claim(
    key: str,
    sentence: str,
    measurement: str,
    enough: bool,
    measure: Callable[[], tuple[str, dict[str, float], bool]],
) -> Claim:
    if not enough:
        found = f"fewer than {LEAST} conformations of a label"
        return Claim(key, sentence, measurement, found, {}, VERDICTS[2])
    found, values, holds = measure()
    return Claim(key, sentence, measurement, found, values, VERDICTS[0 if holds else 1])
