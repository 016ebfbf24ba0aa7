from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from amorphology.descriptors import PersistenceHistogram
from amorphology.training.histogram_store import binned_on_disk

SETTINGS = {"homology": [0, 1], "bins": 16, "range": (0.0, 4.0), "counting": "shared"}


def same(one, other) -> bool:
    return one.shape == other.shape and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("offsets", "places", "values")
    )


@pytest.fixture
def no_counting(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_):
        raise AssertionError("counted again")

    def forbid():
        monkeypatch.setattr(PersistenceHistogram, "bin_pairs", refuse)

    return forbid


def test_pairs_are_counted_once(copper_frames: list[Atoms], tmp_path: Path, no_counting):
    frames, folder = copper_frames[:4], tmp_path / "made" / "here"
    descriptor = PersistenceHistogram(**SETTINGS)
    expected = descriptor.bin_pairs(frames)
    assert same(binned_on_disk(descriptor, frames, folder), expected)
    no_counting()
    # Blur and standardisation come after counting; one range may be written as two.
    other = PersistenceHistogram(
        **SETTINGS | {"range": [(0.0, 4.0)] * 2}, blur=0.3, standardisation=None
    )
    assert same(binned_on_disk(other, frames, folder), expected)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [{"essential": "paired"}, {"points": "bond_midpoints"}, {"bins": 8}, {"counting": "whole"}],
)
def test_other_settings_are_counted(copper_frames: list[Atoms], tmp_path: Path, change: dict):
    frames = copper_frames[:2]
    binned_on_disk(PersistenceHistogram(**SETTINGS), frames, tmp_path)
    other = PersistenceHistogram(**SETTINGS | change)
    assert same(binned_on_disk(other, frames, tmp_path), other.bin_pairs(frames))


def test_other_frames_are_counted(copper_frames: list[Atoms], tmp_path: Path):
    descriptor = PersistenceHistogram(**SETTINGS)
    binned_on_disk(descriptor, copper_frames[:2], tmp_path)
    found = binned_on_disk(descriptor, copper_frames[1:3], tmp_path)
    assert same(found, descriptor.bin_pairs(copper_frames[1:3]))


@pytest.mark.parametrize("contents", [b"", b"no archive", None])
def test_a_damaged_file_is_made_anew(
    copper_frames: list[Atoms], tmp_path: Path, contents: bytes | None
):
    descriptor, frames = PersistenceHistogram(**SETTINGS), copper_frames[:2]
    expected = binned_on_disk(descriptor, frames, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-200] if contents is None else contents)
    assert same(binned_on_disk(descriptor, frames, tmp_path), expected)
    with np.load(path) as arrays:
        assert set(arrays) == {"offsets", "places", "values"}
