"""Conformations of the eight-membered carbon ring with fixed bond lengths and bond angles.

The conformations of cyclo-octane's carbon ring, all bonds and all angles fixed, fill a
two-dimensional variety: a sphere and a Klein bottle that meet in two circles [1]_. Here it is
sampled evenly and from nothing.

**Orientation.** Every conformation is superposed (Kabsch, least squares, proper rotations only) on
one flat regular octagon: centre of mass at the origin, the mean plane of the ring xy, atom 0 near
the positive x axis, counter-clockwise. This rotation is unique for every conformation of the
variety and depends on it continuously, and since the octagon has all symmetries of the ring's
numbering, so have the positions: numbering the ring from another atom or backwards and mirroring it
are rotations and reflections of R^24.

**Distance.** The root-mean-square distance of corresponding atoms so superposed. For near
conformations it exceeds the distance after optimal superposition of one on the other by 0.4 % at
most (0.05 % in the median), so the variety's shape and area are those of the space of
conformations. Atoms are told apart, and so are mirror images.

References
----------
.. [1] Martin, Thompson, Coutsias and Watson, J. Chem. Phys. 132, 234115 (2010).
"""

import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from amorphology.errors import ConfigError, StructureError
from amorphology.structures import frame_name

__all__ = [
    "BOND_ANGLE",
    "BOND_LENGTH",
    "close_rings",
    "generate_cyclooctane",
    "ring_images",
    "ring_positions",
    "superpose",
]

BOND_LENGTH = 1.52
"""Length of all eight bonds, Angstrom."""

BOND_ANGLE = 115.0
"""All eight bond angles, degrees."""

N_ATOMS = 8
"""Atoms of the ring."""

ANGLE_DISTANCE = 2.0 * BOND_LENGTH * math.sin(math.radians(BOND_ANGLE / 2.0))
"""Distance of second neighbours that the bond angle fixes, Angstrom."""

_ATOMS = np.arange(N_ATOMS)
_FROM = np.concatenate([_ATOMS, _ATOMS])
_TO = np.concatenate([(_ATOMS + 1) % N_ATOMS, (_ATOMS + 2) % N_ATOMS])
_SQUARES = np.repeat([BOND_LENGTH**2, ANGLE_DISTANCE**2], N_ATOMS)

_TURNS = 2.0 * np.pi * _ATOMS / N_ATOMS
_RADIUS = BOND_LENGTH / (2.0 * math.sin(math.pi / N_ATOMS))
_OCTAGON = _RADIUS * np.stack([np.cos(_TURNS), np.sin(_TURNS), np.zeros(N_ATOMS)], axis=1)

_TOLERANCE = 1e-12  # Angstrom^2, of the squared distances; rounding leaves about 1e-14
_MAX_STEPS = 60  # a start that closes at all takes 6 to 30
_N_STARTS = 1500
_START_NOISE = 1.2  # Angstrom; with 0.5 boats, without the octagon crowns are seldom reached
_N_AROUND = 2  # new conformations around each point: 64 images, 32 different ones on the sphere
_COARSEST = 400  # below this many points a round of refinement finds nothing new


def generate_cyclooctane(
    n_conformations: int = 6040, *, seed: int = 0, reference: ArrayLike | None = None
) -> list[Atoms]:
    """
    Sample the conformations of the ring evenly.

    Random positions about a flat octagon are moved onto the 16 constraints (`close_rings`); that
    reaches all parts of the variety, but some of them many times more often than others. So the
    sample is thinned to points far from each other, new conformations are made around each of these
    and all their images under the ring's symmetries are added; for large samples this is repeated
    with more and more points. The last, even and dense set is thinned by farthest-point sampling
    (Gonzalez, Theor. Comput. Sci. 38, 293 (1985)): the next point is the candidate farthest from
    all points chosen before. So no candidate is farther from the sample than any two of its points
    are from each other.

    Parameters
    ----------
    n_conformations
        Number of conformations.
    seed
        All random numbers follow from it.
    reference
        Positions, (8, 3), Angstrom, that every conformation is superposed on in place of the
        octagon (see the module); the choice of conformations does not depend on it.

    Returns
    -------
    list of ase.Atoms
        Eight carbon atoms each, in ring order, not periodic, centred at the origin, bonds of
        `BOND_LENGTH` and angles of `BOND_ANGLE` to 1e-9. The first k of them are themselves
        spread evenly, for every k.

    Raises
    ------
    ConfigError
        If `n_conformations` is not positive or `seed` is negative.
    StructureError
        If `reference` has another shape, or its atoms lie on a line.
    """
    if n_conformations < 1:
        raise ConfigError(f"n_conformations is {n_conformations}; ask for at least one")
    if seed < 0:
        raise ConfigError(f"seed is {seed}; it must not be negative")
    random = np.random.default_rng(seed)
    n_starts = min(_N_STARTS, 200 + 4 * n_conformations)
    noise = random.normal(scale=_START_NOISE, size=(n_starts, N_ATOMS, 3))
    closed, converged = close_rings(_OCTAGON + noise)
    candidates = ring_images(superpose(closed[converged]))
    n_given = 1
    for n_points in _rounds(n_conformations):
        chosen, radius = _farthest_points(candidates, n_points, n_given)
        spread = candidates[chosen]
        # The tangential part of this noise is as long as the holes are wide.
        around = np.tile(spread, (_N_AROUND, 1, 1))
        closed, converged = close_rings(around + random.normal(scale=radius / 2, size=around.shape))
        candidates = np.concatenate([spread, ring_images(superpose(closed[converged]))])
        # Points that are still far apart stay; thinning starts from them.
        n_given = 1 + n_points // 8
    chosen, _ = _farthest_points(candidates, n_conformations, n_given)
    positions = candidates[chosen]
    if reference is not None:
        positions = superpose(positions, reference)
    return [Atoms(f"C{N_ATOMS}", positions=ring) for ring in positions]


def close_rings(positions: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Move rings the shortest way onto the constraints, by damped Gauss-Newton steps.

    The steps are of least norm, so whatever symmetry a ring has it keeps.

    Parameters
    ----------
    positions
        Positions to start from, (n, 8, 3), Angstrom, atoms in ring order.

    Returns
    -------
    positions : numpy.ndarray
        float64 (n, 8, 3), Angstrom.
    converged : numpy.ndarray
        bool (n,): whether all squared distances of first and second neighbours are right to 1e-12
        Angstrom^2; one of about six random starts ends in a local minimum.
    """
    rings = np.array(positions, dtype=np.float64)
    converged = np.zeros(len(rings), dtype=bool)
    active = np.arange(len(rings))
    rows = np.arange(len(_FROM))
    for _ in range(_MAX_STEPS):
        arms = rings[active][:, _TO] - rings[active][:, _FROM]
        errors = (arms**2).sum(axis=-1) - _SQUARES
        worst = np.abs(errors).max(axis=1)
        done = worst < _TOLERANCE
        converged[active[done]] = True
        active, arms, errors, worst = active[~done], arms[~done], errors[~done], worst[~done]
        if len(active) == 0:
            break
        gradients = np.zeros((len(active), len(_FROM), N_ATOMS, 3))
        gradients[:, rows, _TO] = 2.0 * arms
        gradients[:, rows, _FROM] = -2.0 * arms
        jacobian = gradients.reshape(len(active), len(_FROM), 3 * N_ATOMS)
        normal = jacobian @ jacobian.transpose(0, 2, 1)
        # The damping dies out with the error and leaves the convergence quadratic; it keeps steps
        # short near the two circles, where the constraints depend on each other.
        damping = 1e-3 * np.minimum(1.0, worst)
        normal += damping[:, None, None] * np.eye(len(_FROM))
        solution = np.linalg.solve(normal, errors[..., None])
        step = (jacobian.transpose(0, 2, 1) @ solution)[..., 0]
        rings[active] -= step.reshape(-1, N_ATOMS, 3)
    return rings, converged


def superpose(positions: ArrayLike, reference: ArrayLike | None = None) -> NDArray[np.float64]:
    """
    Centre rings at the origin and rotate them onto a reference by least squares.

    Parameters
    ----------
    positions
        Positions, (n, 8, 3), Angstrom.
    reference
        Positions, (8, 3), Angstrom; None for the flat regular octagon in the xy plane.

    Returns
    -------
    numpy.ndarray
        float64 (n, 8, 3), Angstrom.

    Raises
    ------
    StructureError
        If the reference is not finite, has another shape, or its atoms lie on a line.

    Notes
    -----
    Kabsch, Acta Cryst. A 32, 922 (1976). Mirror images are never superposed on each other.
    """
    target = _OCTAGON if reference is None else np.array(reference, dtype=np.float64)
    if target.shape != (N_ATOMS, 3) or not np.isfinite(target).all():
        raise StructureError(f"reference has shape {target.shape}; give finite positions, (8, 3)")
    target = target - target.mean(axis=0)
    if np.linalg.matrix_rank(target) < 2:
        raise StructureError("the atoms of the reference lie on a line; give a ring")
    rings = np.array(positions, dtype=np.float64)
    rings -= rings.mean(axis=1, keepdims=True)
    left, _, right = np.linalg.svd(rings.transpose(0, 2, 1) @ target)
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    rotated: NDArray[np.float64] = rings @ (left @ right)
    return rotated


def ring_images(positions: ArrayLike) -> NDArray[np.float64]:
    """
    All images of conformations under the symmetries of the ring's numbering, and mirrored.

    Parameters
    ----------
    positions
        Positions superposed on the octagon, (n, 8, 3), Angstrom.

    Returns
    -------
    numpy.ndarray
        float64 (32 n, 8, 3), Angstrom, superposed on the octagon as well: the 8 atoms to start the
        numbering from, the 2 directions and the 2 mirror images, n conformations each, the
        unchanged ones first.
    """
    rings = np.asarray(positions, dtype=np.float64)
    images = []
    for shift, angle in enumerate(_TURNS):
        cosine, sine = math.cos(angle), math.sin(angle)
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        turned = np.roll(rings, -shift, axis=1) @ turn
        backwards = turned[:, -_ATOMS] * [1.0, -1.0, -1.0]
        images += [turned, turned * [1.0, 1.0, -1.0], backwards, backwards * [1.0, 1.0, -1.0]]
    return np.concatenate(images)


def ring_positions(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    """
    Positions of frames of eight atoms.

    Parameters
    ----------
    frames
        Rings of eight atoms, in ring order.

    Returns
    -------
    numpy.ndarray
        float64 (n_frames, 8, 3), Angstrom.

    Raises
    ------
    StructureError
        If a frame has not eight atoms, or a position is not finite; it names the frame.
    """
    positions = np.empty((len(frames), N_ATOMS, 3))
    for index, frame in enumerate(frames):
        if len(frame) != N_ATOMS:
            raise StructureError(
                f"{frame_name(frame, index)}: {len(frame)} atoms; a conformation of cyclo-octane "
                "is its eight carbon atoms"
            )
        positions[index] = frame.positions
        if not np.isfinite(positions[index]).all():
            raise StructureError(
                f"{frame_name(frame, index)}: a position is not finite; correct or remove the frame"
            )
    return positions


def _rounds(n_conformations: int) -> list[int]:
    """Numbers of points of the rounds of refinement, a quarter of the next one each."""
    rounds = [n_conformations]
    while rounds[0] // 4 >= _COARSEST:
        rounds.insert(0, rounds[0] // 4)
    return rounds


def _farthest_points(
    rings: NDArray[np.float64], n_points: int, n_given: int = 1
) -> tuple[NDArray[np.intp], float]:
    """
    Choose points far from each other, the first `n_given` ones and more.

    Returns the indices of `n_points` and how far the farthest point is from them, Angstrom.
    """
    points = rings.reshape(len(rings), -1)
    tree = cKDTree(points)
    chosen = np.arange(n_points)
    distance, _ = cKDTree(points[:n_given]).query(points)
    for i in range(n_given, n_points):
        index = int(distance.argmax())
        # No point is farther from the chosen ones than this one was: its ball holds all points
        # that come nearer.
        near = tree.query_ball_point(points[index], distance[index])
        distance[near] = np.minimum(
            distance[near], np.linalg.norm(points[near] - points[index], axis=1)
        )
        chosen[i] = index
    return chosen, float(distance.max())
