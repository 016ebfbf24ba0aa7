"""What the descriptors of persistence diagrams share: reading diagrams, checking parameters."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import TypeAlias

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.errors import ConfigError, StructureError
from amorphology.geometry import geometry_problem
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.homology.batch import map_in_order
from amorphology.homology.essential_pairs import pair_essential_classes
from amorphology.structures import frame_name

__all__ = [
    "Diagrams",
    "bin_centres",
    "check_homology",
    "check_positive",
    "check_rising",
    "check_whole",
    "counted_pairs",
    "diagrams_of_degree",
    "diagrams_of_degrees",
    "needed_degrees",
]

Diagrams: TypeAlias = PersistenceDiagram | Mapping[int, PersistenceDiagram]


def diagrams_of_degree(
    X: Sequence[Atoms | Diagrams], homology: int, *, n_jobs: int | None = None
) -> Iterator[PersistenceDiagram]:
    """
    Read the diagrams of one homology degree, one at a time: `X` may be a store on disk.

    Parameters
    ----------
    X
        Frames, of which diagrams are computed; or `PersistenceDiagram` of degree `homology`; or
        what `alpha_persistence` returns; or an `amorphology.store.DiagramStore`.
    homology
        The degree.
    n_jobs
        Threads that compute diagrams of frames; None takes the cores of this process.

    Yields
    ------
    PersistenceDiagram
        In the order of `X`.

    Raises
    ------
    StructureError
        If a frame or diagram cannot be used; names it by its index. If `X` is a single one.
    """
    return (diagrams[0] for diagrams in diagrams_of_degrees(X, (homology,), n_jobs=n_jobs))


def diagrams_of_degrees(
    X: Sequence[Atoms | Diagrams],
    degrees: Sequence[int],
    *,
    n_jobs: int | None = None,
    points: Callable[[Atoms], Atoms] | None = None,
    paired: bool = False,
) -> Iterator[tuple[PersistenceDiagram, ...]]:
    """
    Read the diagrams of some homology degrees, one frame at a time.

    Parameters
    ----------
    X
        As for `diagrams_of_degree`; single diagrams only where one degree is asked for.
    degrees
        The degrees.
    n_jobs
        Threads that compute diagrams of frames; None takes the cores of this process.
    points
        What makes the points of a frame whose diagrams are read, with weights in their array
        ``"weight"``; None takes its atoms. Their diagrams count per atom of the frame.
    paired
        Whether essential classes are paired, see `pair_essential_classes`; the diagrams of the
        next degrees are then needed, too.

    Yields
    ------
    tuple of PersistenceDiagram
        One for each of `degrees`, in the order of `X`.

    Raises
    ------
    StructureError
        As for `diagrams_of_degree`; or if `X` holds diagrams, which are of atoms, where `points`
        is given.
    """
    if isinstance(X, Atoms | PersistenceDiagram | Mapping):
        raise StructureError(
            f"one {type(X).__name__} was passed on its own; pass a list of frames or of diagrams"
        )
    needed = needed_degrees(degrees, paired=paired)
    found: Iterable[Atoms | Diagrams] = X
    if len(X) and isinstance(X[0], Atoms):
        frames = [x for x in X if isinstance(x, Atoms)]
        if len(frames) < len(X):
            index = next(index for index, x in enumerate(X) if not isinstance(x, Atoms))
            raise _unusable(X[index], index)

        def compute(numbered: tuple[int, Atoms]) -> dict[int, PersistenceDiagram]:
            index, frame = numbered
            name = frame_name(frame, index)
            if points is None:
                return alpha_persistence(frame, dims=needed, n_jobs=1, name=name)
            problem = geometry_problem(frame.positions, frame.cell.array, frame.pbc)
            if problem is not None:
                raise StructureError(f"{name}: {problem}")
            return _of_points(points(frame), needed, name, len(frame))

        # Computed while earlier ones are used, and then dropped: diagrams of 12,960 frames with
        # their simplices are over a gigabyte.
        found = map_in_order(compute, enumerate(frames), n_jobs=n_jobs)
    elif len(X) and points is not None and isinstance(X[0], PersistenceDiagram | Mapping):
        raise StructureError(
            "diagrams were passed, but those of other points than atoms are needed; pass frames"
        )
    for index, x in enumerate(found):
        diagrams = {degree: _of_degree(x, index, degree) for degree in needed}
        if paired:
            diagrams = pair_essential_classes(diagrams, degrees)
        yield tuple(diagrams[degree] for degree in degrees)


def needed_degrees(degrees: Sequence[int], *, paired: bool) -> tuple[int, ...]:
    """
    Tell which diagrams have to be there.

    Parameters
    ----------
    degrees
        Degrees to read.
    paired
        As for `diagrams_of_degrees`.

    Returns
    -------
    tuple of int
        In rising order.
    """
    return tuple(sorted({*degrees, *(degree + 1 for degree in degrees if paired)}))


def _of_points(
    points: Atoms, degrees: Sequence[int], name: str, n_atoms: int
) -> dict[int, PersistenceDiagram]:
    """Diagrams of points that stand for a frame of so many atoms; empty ones of no points."""
    if len(points) == 0:
        return {
            degree: PersistenceDiagram.from_pairs(degree, [], [], n_atoms=n_atoms)
            for degree in degrees
        }
    weights = points.arrays["weight"]
    found = alpha_persistence(
        points, weights=weights if weights.any() else None, dims=degrees, n_jobs=1, name=name
    )
    return {degree: replace(diagram, n_atoms=n_atoms) for degree, diagram in found.items()}


def _of_degree(x: Atoms | Diagrams, index: int, homology: int) -> PersistenceDiagram:
    if isinstance(x, Mapping):
        if homology in x:
            return x[homology]
        raise StructureError(
            f"diagrams {index}: degrees {sorted(x)} without {homology}; compute them with "
            f"dims that contain {homology}"
        )
    if not isinstance(x, PersistenceDiagram):
        raise _unusable(x, index)
    if x.dimension != homology:
        raise StructureError(
            f"diagram {index}: of degree {x.dimension}, not {homology}; pass that degree "
            "or set homology"
        )
    return x


def _unusable(x: object, index: int) -> StructureError:
    """Error about an item that is of another kind than the first, or of no kind that is read."""
    if isinstance(x, Atoms | PersistenceDiagram | Mapping):
        return StructureError(
            f"item {index}: frames and diagrams are mixed; pass all frames or all diagrams"
        )
    return StructureError(
        f"item {index}: {type(x).__name__} is neither ase.Atoms nor a PersistenceDiagram; "
        "pass frames, or what alpha_persistence returns"
    )


def counted_pairs(
    diagram: PersistenceDiagram,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Births and deaths of the pairs that descriptors count: finite, with death above birth.

    Parameters
    ----------
    diagram
        The diagram.

    Returns
    -------
    births, deaths : numpy.ndarray
        float64 (n_counted,), squared radii, Angstrom^2.
    """
    counted = np.isfinite(diagram.death) & (diagram.death > diagram.birth)
    return diagram.birth[counted], diagram.death[counted]


def bin_centres(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Centres of bins.

    Parameters
    ----------
    edges
        float64 (n_bins + 1,).

    Returns
    -------
    numpy.ndarray
        float64 (n_bins,).
    """
    return (edges[:-1] + edges[1:]) / 2


def check_homology(homology: object) -> None:
    """
    Check the degree of a homology.

    Parameters
    ----------
    homology
        The parameter of this name.

    Raises
    ------
    ConfigError
        If it is not 0, 1 or 2.
    """
    if homology not in (0, 1, 2):
        raise ConfigError(f"homology is {homology!r}; choose 0, 1 or 2")


def check_whole(name: str, value: object) -> int:
    """
    Check a number of bins.

    Parameters
    ----------
    name, value
        The parameter.

    Returns
    -------
    int
        The value.

    Raises
    ------
    ConfigError
        If it is not a positive whole number.
    """
    if not isinstance(value, Integral) or int(value) < 1:
        raise ConfigError(f"{name} is {value!r}; give a positive whole number")
    return int(value)


def check_positive(name: str, value: object) -> float:
    """
    Check a number that has to be positive and finite.

    Parameters
    ----------
    name, value
        The parameter.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ConfigError
        If it is not.
    """
    if not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise ConfigError(f"{name} is {value!r}; give a positive number")
    return float(value)


def check_rising(name: str, value: object) -> tuple[float, float]:
    """
    Check the two ends of a range.

    Parameters
    ----------
    name, value
        The parameter.

    Returns
    -------
    tuple of float
        Its lower and its upper end.

    Raises
    ------
    ConfigError
        If they are not two finite numbers, the second above the first.
    """
    ends = [
        float(end)
        for end in (value if isinstance(value, Sequence | np.ndarray) else ())
        if isinstance(end, Real)
    ]
    if len(ends) != 2 or not (np.isfinite(ends).all() and ends[0] < ends[1]):
        raise ConfigError(f"{name} is {value!r}; give two rising numbers, (low, high)")
    return ends[0], ends[1]
