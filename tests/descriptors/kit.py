"""
What every descriptor has to pass: how it behaves under changes of a frame, and as a transformer.

A descriptor is listed once, in test_kit.py, with what it claims to be invariant under. The kit
checks that the claims hold, and that whatever is not claimed does change the descriptor: a claim
that holds for everything would say nothing.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from scipy.spatial.distance import pdist
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from amorphology.errors import StructureError


def rotation(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.linalg.det(q)  # no mirror


def mapped(frame: Atoms, matrix: np.ndarray) -> Atoms:
    return Atoms(frame.numbers, frame.positions @ matrix, cell=frame.cell @ matrix, pbc=frame.pbc)


def translated(frame: Atoms) -> Atoms:
    frame = frame.copy()
    frame.translate((1.3, -2.1, 0.7))
    return frame


def rotated(frame: Atoms) -> Atoms:
    return mapped(frame, rotation(5))


def reflected(frame: Atoms) -> Atoms:
    return mapped(frame, np.diag([1.0, 1.0, -1.0]))


def reordered(frame: Atoms) -> Atoms:
    """Another order of all atoms; another one is the first, of the same species."""
    order = np.random.default_rng(6).permutation(len(frame))
    same = np.flatnonzero(frame.numbers[order] == frame.numbers[0])
    same = same[order[same] != 0]
    order[[0, same[0]]] = order[[same[0], 0]]
    return frame[order]


def reordered_but_first(frame: Atoms) -> Atoms:
    return frame[[0, *range(len(frame) - 1, 0, -1)]]


def other_species(frame: Atoms) -> Atoms:
    """The last atom that differs from the first takes its species."""
    frame = frame.copy()
    frame.numbers[np.flatnonzero(frame.numbers != frame.numbers[0])[-1]] = frame.numbers[0]
    return frame


def moved_by_periods(frame: Atoms) -> Atoms:
    """Atoms moved by cell vectors, some of them several cells away."""
    frame = frame.copy()
    frame.positions += np.random.default_rng(7).integers(-3, 4, (len(frame), 3)) @ frame.cell.array
    return frame


def repeated(frame: Atoms) -> Atoms:
    return frame.repeat((2, 1, 1))


CHANGES: dict[str, Callable[[Atoms], Atoms]] = {
    "translation": translated,
    "rotation": rotated,
    "reflection": reflected,
    "order": reordered,
    "order but the first atom": reordered_but_first,
    "species": other_species,
}

# Of periodic frames only.
PERIODIC_CHANGES: dict[str, Callable[[Atoms], Atoms]] = {
    "periods": moved_by_periods,
    "repeated cell": repeated,
}

RIGID = frozenset({"translation", "rotation", "reflection"})
ANY_ORDER = frozenset({"order", "order but the first atom"})


def puckered_rings() -> list[Atoms]:
    """Four rings of eight atoms, rattled, of two species."""
    angles = np.arange(8) * np.pi / 4
    height = 0.4 * (-1.0) ** np.arange(8)
    ring = Atoms("C3NC2NC", np.column_stack([2 * np.cos(angles), 2 * np.sin(angles), height]))
    return rattled(ring, 0.15)


def skewed_crystals() -> list[Atoms]:
    """Four periodic cells of eight atoms, rattled, of two species and no right angle."""
    crystal = bulk("SiC", "zincblende", 4.36, cubic=True)
    crystal.set_cell(crystal.cell @ [[1, 0.2, 0.1], [0, 1, -0.15], [0, 0, 1.1]], scale_atoms=True)
    return rattled(crystal, 0.15)


def rattled(frame: Atoms, amplitude: float) -> list[Atoms]:
    frames = []
    for seed in range(4):
        moved = frame.copy()
        moved.rattle(amplitude, seed=seed)
        frames.append(moved)
    return frames


@dataclass(frozen=True)
class Case:
    """
    A descriptor and what it claims.

    `invariant` and `fails` are keys of CHANGES and PERIODIC_CHANGES: those that leave the
    descriptor as it is, and those that give frames it does not take.
    """

    name: str
    descriptor: BaseEstimator
    invariant: frozenset[str]
    fails: frozenset[str] = field(default=frozenset())
    periodic: bool = True

    def new(self, **settings) -> BaseEstimator:
        return clone(self.descriptor).set_params(**settings)

    def frames(self) -> dict[str, list[Atoms]]:
        kinds = {"rings": puckered_rings()}
        return kinds | {"crystals": skewed_crystals()} if self.periodic else kinds


def check_invariance(case: Case, change: str) -> None:
    kinds = case.frames()
    if change in PERIODIC_CHANGES:
        if not case.periodic:
            return
        kinds.pop("rings")
    changed = (CHANGES | PERIODIC_CHANGES)[change]
    for frames in kinds.values():
        descriptor = case.new().fit(frames)
        expected = flat(descriptor.transform(frames))
        others = [changed(frame) for frame in frames]
        if change in case.fails:
            with pytest.raises(StructureError, match="frame 0"):
                descriptor.transform(others)
            continue
        differences = np.abs(flat(descriptor.transform(others)) - expected).max(axis=1)
        scale = np.abs(expected).max()
        assert scale > 0
        if change in case.invariant:
            assert differences.max() < 1e-9 * scale
        else:
            assert differences.min() > 1e-3 * scale, f"does not change, but does not claim {change}"


def check_that_periodic_frames_are_refused_or_taken(case: Case) -> None:
    frames = skewed_crystals()
    if case.periodic:
        assert np.isfinite(case.new().fit_transform(frames)).all()
        return
    with pytest.raises(StructureError, match="frame 0: is periodic"):
        case.new().fit(frames)
    with pytest.raises(StructureError, match="frame 0: is periodic"):
        case.new().fit(puckered_rings()).transform(frames)


def check_that_periodicity_counts(case: Case) -> None:
    """The same atoms with and without periods are described differently, except as coordinates."""
    if not case.periodic or "periods" not in case.invariant:
        return
    frames = skewed_crystals()
    free = [frame.copy() for frame in frames]
    for frame in free:
        frame.pbc = False
    descriptor = case.new().fit(frames)
    difference = np.abs(descriptor.transform(frames) - descriptor.transform(free)).max()
    assert difference > 1e-3 * np.abs(descriptor.transform(frames)).max()


def check_that_different_frames_differ(case: Case) -> None:
    rows = flat(case.new().fit_transform(puckered_rings()))
    assert np.isfinite(rows).all()
    distances = np.abs(rows[:, np.newaxis] - rows).max(axis=2)
    assert distances[~np.eye(len(rows), dtype=bool)].min() > 1e-3 * np.abs(rows).max()


def check_that_frames_are_left_alone(case: Case) -> None:
    for frames in case.frames().values():
        for frame in frames:
            frame.positions[1] += 5 * frame.cell.array[0]
            frame.info["run"] = "a"
            frame.set_tags(3)
            frame.calc = SinglePointCalculator(frame, energy=-1.0)
        before = [pickle.loads(pickle.dumps(frame)) for frame in frames]
        descriptor = case.new()
        descriptor.fit(frames)
        descriptor.transform(frames)
        descriptor.fit_transform(frames)
        for frame, old in zip(frames, before, strict=True):
            assert frame == old
            assert frame.info == old.info
            assert frame.arrays.keys() == old.arrays.keys()
            assert frame.calc.results == old.calc.results
            for key, values in frame.arrays.items():
                np.testing.assert_array_equal(values, old.arrays[key])


def check_that_rows_are_the_callers(case: Case) -> None:
    """Writing to what comes out changes neither the frames nor the descriptor."""
    frames = puckered_rings()
    descriptor = case.new().fit(frames)
    rows = descriptor.transform(frames)
    expected = rows.copy()
    rows[:] = -1.0
    assert all(frame == old for frame, old in zip(frames, puckered_rings(), strict=True))
    np.testing.assert_array_equal(descriptor.transform(frames), expected)


def check_that_parallel_is_serial(case: Case) -> None:
    if "n_jobs" not in case.descriptor.get_params():
        return
    for frames in case.frames().values():
        serial = case.new(n_jobs=1).fit_transform(frames)
        parallel = case.new(n_jobs=2).fit_transform(frames)
        np.testing.assert_array_equal(serial, parallel)


def check_feature_names(case: Case) -> None:
    descriptor = case.new()
    if get_tags(descriptor).requires_fit:
        with pytest.raises(NotFittedError):
            descriptor.get_feature_names_out()
    width = flat(descriptor.fit_transform(puckered_rings())).shape[1]
    names = descriptor.get_feature_names_out()
    assert names.shape == (width,)
    assert names.dtype == object
    assert all(isinstance(name, str) for name in names)
    assert len(set(names)) == width


def check_parameters_and_clone(case: Case) -> None:
    frames = puckered_rings()
    fitted = case.new()
    expected = fitted.fit_transform(frames)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert copy.set_params(**fitted.get_params()).get_params() == fitted.get_params()
    if get_tags(copy).requires_fit:
        with pytest.raises(NotFittedError):
            copy.transform(frames)
    np.testing.assert_array_equal(copy.fit_transform(frames), expected)
    with pytest.raises(ValueError, match="Invalid parameter"):
        copy.set_params(mesh_size=3)


def check_pickling(case: Case) -> None:
    frames = puckered_rings()
    descriptor = case.new().fit(frames)
    copy = pickle.loads(pickle.dumps(descriptor))
    np.testing.assert_array_equal(copy.transform(frames), descriptor.transform(frames))


def check_pipeline(case: Case) -> None:
    """Four points span three dimensions: their principal components keep all distances."""
    frames = puckered_rings()
    components = make_pipeline(case.new(), FunctionTransformer(flat), PCA(3)).fit(frames)
    distances = pdist(flat(case.new().fit_transform(frames)))
    np.testing.assert_allclose(pdist(components.transform(frames)), distances, rtol=1e-5)


def check_tags(case: Case) -> None:
    """Frames are no matrix; scikit-learn must not try to make them one."""
    tags = get_tags(case.descriptor)
    assert not tags.input_tags.two_d_array
    assert tags.no_validation


def check_one_frame(case: Case) -> None:
    frames = puckered_rings()
    descriptor = case.new().fit(frames)
    rows = descriptor.transform(frames)
    for row, frame in zip(rows, frames, strict=True):
        np.testing.assert_array_equal(descriptor.transform([frame])[0], row)
    np.testing.assert_array_equal(descriptor.transform(tuple(frames)), rows)
    np.testing.assert_array_equal(case.new().fit_transform(frames[:1])[0], rows[0])


def check_unseen_frames(case: Case) -> None:
    frames = puckered_rings()
    together = case.new().fit_transform(frames)
    descriptor = case.new().fit(frames[:2])
    np.testing.assert_array_equal(descriptor.transform(frames[2:]), together[2:])


def check_no_frames(case: Case) -> None:
    if get_tags(case.descriptor).requires_fit:
        with pytest.raises(StructureError, match="no frames"):
            case.new().fit([])
        with pytest.raises(StructureError, match="no frames"):
            case.new().fit_transform([])
    frames = puckered_rings()
    descriptor = case.new().fit(frames)
    rows = descriptor.transform([])
    assert rows.shape == (0, *descriptor.transform(frames).shape[1:])
    assert rows.dtype == descriptor.transform(frames).dtype


def check_broken_frames(case: Case) -> None:
    def broken(change: Callable[[Atoms], None]) -> list[Atoms]:
        frames = puckered_rings()
        change(frames[2])
        return frames

    def position(frame: Atoms) -> None:
        frame.positions[5, 1] = np.nan

    def infinite(frame: Atoms) -> None:
        frame.positions[5, 1] = np.inf

    def period(frame: Atoms) -> None:
        frame.pbc = (False, True, False)

    def empty(frame: Atoms) -> None:
        del frame[:]

    def named(frame: Atoms) -> None:
        position(frame)
        frame.info["source"] = "carbon.xyz frame 7"

    descriptor = case.new().fit(puckered_rings())
    for change, message in (
        (position, "frame 2: atom 5 is at "),
        (infinite, "frame 2: atom 5 is at "),
        (period, "frame 2: pbc is true along cell vector 1, which is zero"),
        (empty, "frame 2: has no atoms"),
        (named, "carbon.xyz frame 7: atom 5 is at "),
    ):
        frames = broken(change)
        with pytest.raises(StructureError, match=message):
            descriptor.transform(frames)
        if get_tags(descriptor).requires_fit:
            with pytest.raises(StructureError, match=message):
                case.new().fit(frames)


def check_what_are_no_frames(case: Case) -> None:
    descriptor = case.new().fit(puckered_rings())
    with pytest.raises(StructureError, match="item 0: str"):
        descriptor.transform(["carbon.xyz"])
    with pytest.raises(StructureError, match="pass"):
        descriptor.transform(puckered_rings()[0])


def flat(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), -1)


CHECKS = [
    check_that_periodic_frames_are_refused_or_taken,
    check_that_periodicity_counts,
    check_that_different_frames_differ,
    check_that_frames_are_left_alone,
    check_that_rows_are_the_callers,
    check_that_parallel_is_serial,
    check_feature_names,
    check_parameters_and_clone,
    check_pickling,
    check_pipeline,
    check_tags,
    check_one_frame,
    check_unseen_frames,
    check_no_frames,
    check_broken_frames,
    check_what_are_no_frames,
]
