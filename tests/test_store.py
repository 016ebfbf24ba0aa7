import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology import store as store_module
from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.homology import alpha_persistence
from amorphology.store import DiagramStore
from amorphology.store_writer import write_diagrams
from amorphology.structures import mean_energy_per_atom, read_frames, run_labels

N_FRAMES = 23


def labelled(seed: int) -> Atoms:
    frame = bulk("Si", cubic=True) * (1, 1, 1 + seed % 2)  # frames of 8 and of 16 atoms
    frame.rattle(0.2, seed=seed)
    frame.info["run"] = f"run{seed // 10}"
    energy = -5.0 * len(frame) - seed / 7
    frame.calc = SinglePointCalculator(frame, energy=energy, forces=0 * frame.positions)
    return frame


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    write(folder / "si.extxyz", [labelled(seed) for seed in range(N_FRAMES)])
    write_diagrams(folder / "si.extxyz", folder / "si.zarr")
    return folder / "si.zarr"


@pytest.fixture(scope="module")
def frames(path: Path) -> list[Atoms]:
    return read_frames(path.with_name("si.extxyz"))


def assert_same(diagrams: dict, expected: dict) -> None:
    assert diagrams.keys() == expected.keys()
    for dim, diagram in expected.items():
        assert diagrams[dim].n_atoms == diagram.n_atoms
        for name in ("birth", "death", "birth_simplex", "birth_offset", "death_simplex"):
            assert np.array_equal(getattr(diagrams[dim], name), getattr(diagram, name))
        assert np.array_equal(diagrams[dim].death_offset, diagram.death_offset)
        assert diagrams[dim].death_offset.dtype == np.int32


def test_a_sequence_of_diagrams(path: Path, frames: list[Atoms]):
    store = DiagramStore(path)
    assert len(store) == N_FRAMES
    for diagrams, frame in zip(store, frames, strict=True):
        assert_same(diagrams, alpha_persistence(frame))
    assert_same(store[-1], alpha_persistence(frames[-1]))
    assert_same(store[np.int64(3)], alpha_persistence(frames[3]))
    with pytest.raises(IndexError):
        store[N_FRAMES]


def test_labels(path: Path, frames: list[Atoms]):
    store = DiagramStore(path)
    assert np.array_equal(store.energies, mean_energy_per_atom(frames))
    assert np.array_equal(store.runs, run_labels(frames))
    assert store.runs.dtype.kind == "U"
    assert store.sources == [frame.info["source"] for frame in frames]
    assert np.array_equal(store.n_atoms, [len(frame) for frame in frames])
    assert store.label_summary == "23 frames: energy 23, forces 23, stress 0"
    assert store.failures == []
    assert store.complete
    assert store.made_with["ase"]
    assert repr(store).startswith("DiagramStore('")
    assert repr(store).endswith("si.zarr': 23 frames: energy 23, forces 23, stress 0; H0 H1 H2)")


@pytest.mark.parametrize(
    "selection",
    [
        slice(5, 9),
        slice(None, None, -3),
        [7, 2, 2],
        np.arange(N_FRAMES) % 4 == 1,
        np.array([], dtype=int),
    ],
)
def test_part_of_a_store(path: Path, frames: list[Atoms], selection):
    part = DiagramStore(path)[selection]
    rows = np.arange(N_FRAMES)[selection]
    assert len(part) == len(rows)
    for diagrams, row in zip(part, rows, strict=True):
        assert_same(diagrams, alpha_persistence(frames[row]))
    assert part.sources == [frames[row].info["source"] for row in rows]
    assert np.array_equal(part.n_atoms, [len(frames[row]) for row in rows])
    if len(rows):
        assert np.array_equal(part.energies, mean_energy_per_atom([frames[row] for row in rows]))
    again = part[::-1]
    assert again.sources == part.sources[::-1]


def test_only_what_is_asked_for_is_read(path: Path, frames: list[Atoms]):
    store = DiagramStore(path, dims=[1], simplices=False)
    expected = alpha_persistence(frames[2])[1]
    (diagram,) = store[2].values()
    assert np.array_equal(diagram.birth, expected.birth)
    assert diagram.death_simplex.shape == expected.death_simplex.shape
    assert (diagram.death_simplex == -1).all()
    with pytest.raises(ConfigError, match=r"dims=\(3,\), but the store has \(0, 1, 2\)"):
        DiagramStore(path, dims=[3])


def test_blocks_are_read_once_and_not_held(path: Path, monkeypatch):
    per_frame = len(DiagramStore(path)[0][1])
    monkeypatch.setattr(store_module, "PAIRS_READ_AHEAD", 6 * per_frame)
    store = DiagramStore(path, dims=[1])
    reads = []
    read = zarr.Array.__getitem__
    monkeypatch.setattr(
        zarr.Array, "__getitem__", lambda array, key: reads.append(key) or read(array, key)
    )
    kept = list(store)
    assert 0 < len(reads) <= 6 * N_FRAMES / 3  # six arrays
    for diagrams in kept:
        birth = diagrams[1].birth
        assert birth.base is None or birth.base.nbytes == birth.nbytes


def test_histograms_are_those_of_the_frames(path: Path, frames: list[Atoms]):
    histogram = PersistenceHistogram(bins=16, range=(0.0, 6.0))
    expected = histogram.fit_transform(frames)
    store = DiagramStore(path, simplices=False)
    assert np.array_equal(histogram.fit_transform(store), expected)
    assert np.array_equal(histogram.transform(store[4:9]), expected[4:9])


def test_threads_share_a_store(path: Path):
    store = DiagramStore(path)
    order = np.random.default_rng(0).integers(0, N_FRAMES, 200)
    expected = [len(diagrams[1]) for diagrams in store]
    with ThreadPoolExecutor(4) as pool:
        lengths = list(pool.map(lambda row: len(store[int(row)][1]), order))
    assert lengths == [expected[row] for row in order]


def test_a_store_can_be_copied_and_sent(path: Path):
    store = DiagramStore(path)[3:6]
    for other in (copy.deepcopy(store), pickle.loads(pickle.dumps(store))):
        assert other.sources == store.sources
        assert_same(other[1], store[1])


def store_of(frames: list[Atoms], folder: Path) -> DiagramStore:
    write(folder / "a.traj", frames)
    return write_diagrams(folder / "a.traj", folder / "a.zarr", dims=[1]).store


def test_energies_come_from_one_place(tmp_path: Path):
    frames = [labelled(seed) for seed in range(4)]
    for frame in frames:
        frame.calc.results["free_energy"] = frame.calc.results["energy"] + 1.0
    del frames[2].calc.results["energy"]
    store = store_of(frames, tmp_path)
    assert np.array_equal(store.energies, mean_energy_per_atom(frames))
    assert store.label_summary == "4 frames: energy 3, forces 4, stress 0"


def test_no_energy_is_an_error(tmp_path: Path):
    frames = [labelled(seed) for seed in range(4)]
    frames[3].calc = None
    store = store_of(frames, tmp_path)
    with pytest.raises(StructureError, match=r"a\.traj frame 3: no energy \(1 of 4 frames"):
        _ = store.energies
    assert np.array_equal(store[:3].energies, mean_energy_per_atom(frames[:3]))


def test_an_infinite_energy_is_an_error(tmp_path: Path):
    frames = [labelled(seed) for seed in range(2)]
    frames[1].calc.results["energy"] = np.inf
    with pytest.raises(StructureError, match=r"a\.traj frame 1: energy is not a finite number"):
        _ = store_of(frames, tmp_path).energies


def test_no_store(tmp_path: Path, path: Path):
    with pytest.raises(RunError, match=r"gone\.zarr: no diagram store"):
        DiagramStore(tmp_path / "gone.zarr")
    with pytest.raises(RunError, match="no diagram store"):
        DiagramStore(path.with_name("si.extxyz"))
    zarr.create_group(tmp_path / "other.zarr")
    with pytest.raises(RunError, match="not of diagrams"):
        DiagramStore(tmp_path / "other.zarr")
    (tmp_path / "other.zarr" / "zarr.json").write_text('{"zarr_format": 3')
    with pytest.raises(RunError, match="damaged"):
        DiagramStore(tmp_path / "other.zarr")
