from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from amorphology.errors import StructureError
from amorphology.generate import generate_cyclooctane, read_cyclooctane_matlab
from amorphology.generate.cyclooctane import ring_positions


@pytest.fixture(scope="module")
def positions() -> np.ndarray:
    return ring_positions(generate_cyclooctane(50))


def interleaved(positions: np.ndarray) -> np.ndarray:
    return positions.reshape(-1, 24)


def blocks(positions: np.ndarray) -> np.ndarray:
    return positions.transpose(0, 2, 1).reshape(-1, 24)


@pytest.mark.parametrize("order", [interleaved, blocks])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
def test_round_trip(positions, tmp_path: Path, order, transposed, options):
    array = order(positions)
    path = tmp_path / "points.mat"
    savemat(path, {"cyclo": array.T if transposed else array, "n": [[50]]}, **options)
    frames = read_cyclooctane_matlab(path)
    np.testing.assert_allclose(ring_positions(frames), positions, atol=1e-12)
    assert frames[7].info["source"] == f"{path} cyclo conformation 7"
    assert frames[0].get_chemical_symbols() == ["C"] * 8


@pytest.mark.parametrize("order", [interleaved, blocks])
def test_as_many_conformations_as_numbers(positions, tmp_path: Path, order):
    # A 24 x 24 array could be read by rows or by columns.
    for array in (order(positions[:24]), order(positions[:24]).T):
        savemat(tmp_path / "square.mat", {"points": array})
        frames = read_cyclooctane_matlab(tmp_path / "square.mat")
        np.testing.assert_allclose(ring_positions(frames), positions[:24], atol=1e-12)


def test_orientation_stays_and_centres_move(positions, tmp_path: Path):
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    savemat(tmp_path / "moved.mat", {"x": interleaved(positions @ rotation + 3.0)})
    frames = read_cyclooctane_matlab(tmp_path / "moved.mat")
    np.testing.assert_allclose(ring_positions(frames), positions @ rotation, atol=1e-12)


def test_atoms_in_another_order_become_a_ring(positions, tmp_path: Path):
    shuffled = positions[:, [0, 4, 7, 2, 3, 1, 6, 5]]
    savemat(tmp_path / "shuffled.mat", {"x": interleaved(shuffled)})
    ring = ring_positions(read_cyclooctane_matlab(tmp_path / "shuffled.mat"))
    # From atom 0 towards the neighbour that comes first in the file, the old number 7.
    np.testing.assert_allclose(ring, positions[:, [0, 7, 6, 5, 4, 3, 2, 1]], atol=1e-12)


def test_rounded_and_single_precision_files_are_read(positions, tmp_path: Path):
    array = interleaved(positions).round(3).astype(np.float32)
    savemat(tmp_path / "single.mat", {"x": array})
    ring = ring_positions(read_cyclooctane_matlab(tmp_path / "single.mat"))
    np.testing.assert_allclose(ring, positions, atol=1e-3)
    assert ring.dtype == np.float64


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"x": np.zeros((100, 23))}, "24 columns or 24 rows"),
        ({"x": np.zeros((10, 24), dtype=complex)}, "24 columns or 24 rows"),
        ({"x": "text"}, "24 columns or 24 rows"),
        ({"x": np.zeros((0, 24))}, "24 columns or 24 rows"),
        ({"x": np.zeros((10, 24))}, "x in no order"),
        ({"x": np.full((10, 24), np.nan)}, "x in no order"),
        ({"x": np.random.default_rng(0).normal(size=(10, 24)), "y": np.zeros((24, 2))}, "x and y"),
    ],
)
def test_files_with_something_else(tmp_path: Path, contents, message):
    path = tmp_path / "other.mat"
    savemat(path, contents)
    with pytest.raises(StructureError, match=message) as error:
        read_cyclooctane_matlab(path)
    assert str(path) in str(error.value)


def test_other_bonds_or_one_broken_conformation(positions, tmp_path: Path):
    path = tmp_path / "other.mat"
    savemat(path, {"x": interleaved(positions) * 1.03})
    with pytest.raises(StructureError, match=r"1\.52 Angstrom"):
        read_cyclooctane_matlab(path)
    broken = positions.copy()
    broken[31, 4] += 0.1
    savemat(path, {"x": interleaved(broken)})
    with pytest.raises(StructureError, match=r"1\.52 Angstrom"):
        read_cyclooctane_matlab(path)


def test_missing_file(tmp_path: Path):
    with pytest.raises(StructureError, match="no such file"):
        read_cyclooctane_matlab(tmp_path / "nowhere.mat")


@pytest.mark.parametrize("start", [b"MATLAB 7.3 MAT-file, Platform: GLNXA64", b"\x89HDF\r\n\x1a\n"])
def test_hdf5_file(tmp_path: Path, start):
    path = tmp_path / "new.mat"
    path.write_bytes(start.ljust(4096, b"\0"))
    with pytest.raises(StructureError, match="save -v7"):
        read_cyclooctane_matlab(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files_never_crash(positions, tmp_path: Path, compressed):
    path = tmp_path / "points.mat"
    savemat(path, {"x": interleaved(positions)}, do_compression=compressed)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    damaged = [whole[:n] for n in random.integers(len(whole), size=60)]
    damaged += [random.bytes(n) for n in (0, 1, 3, 127, 128, 500)]
    damaged += [b"1.0 2.0 3.0\n" * 40]
    for i in random.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[i] ^= 0xFF
        damaged.append(bytes(flipped))
    messages = []
    for contents in damaged:
        path.write_bytes(contents)
        try:
            assert len(read_cyclooctane_matlab(path)) == 50
        except StructureError as error:
            messages.append(str(error))
    assert len(messages) > 60
    assert all(str(path) in message for message in messages)
