import gzip

import numpy as np
import pytest

from amorphology.viewer.packing import pack_arrays, smallest_integers, unpack_arrays


def test_what_is_packed_is_unpacked():
    rng = np.random.default_rng(0)
    arrays = {
        "floats": rng.normal(size=(5, 3)).astype(np.float32),
        "small": rng.integers(-9, 9, (4, 2, 3)).astype(np.int8),
        "wide": rng.integers(0, 10**6, 7).astype(np.int32),
        "none": np.empty((0, 3), np.int16),
    }
    unpacked = unpack_arrays(pack_arrays(arrays))
    assert list(unpacked) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(unpacked[name], array)
        assert unpacked[name].dtype.itemsize == array.dtype.itemsize


def test_double_precision_becomes_single():
    unpacked = unpack_arrays(pack_arrays({"x": np.array([1 / 3])}))
    assert unpacked["x"].dtype == np.float32
    assert unpacked["x"][0] == np.float32(1 / 3)


def test_the_same_arrays_are_the_same_text_whenever_they_are_packed(monkeypatch):
    arrays = {"x": np.arange(9, dtype=np.int16)}
    first = pack_arrays(arrays)
    monkeypatch.setattr(gzip.time, "time", lambda: 1e9)
    assert pack_arrays(arrays) == first


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [([], "int8"), ([-128, 127], "int8"), ([128], "int16"), ([-32769], "int32"), ([True], "int8")],
)
def test_integers_take_as_little_room_as_they_need(numbers, kind):
    stored = smallest_integers(numbers)
    assert stored.dtype == kind
    np.testing.assert_array_equal(stored, numbers)
