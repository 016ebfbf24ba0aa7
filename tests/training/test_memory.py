import ctypes
import sys

import pytest

from amorphology.training import memory
from amorphology.training.memory import keeping_freed_memory

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="nothing is changed on other systems"
)


class RecordingLibrary:
    def __init__(self) -> None:
        self.settings: dict[int, int] = {}
        self.trimmed = 0

    def mallopt(self, parameter: int, value: int) -> int:
        self.settings[parameter] = value
        return 1

    def malloc_trim(self, padding: int) -> int:
        self.trimmed += 1
        return 1


def test_usual_values_come_back_also_after_an_interruption(monkeypatch: pytest.MonkeyPatch):
    library = RecordingLibrary()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: library)

    def interrupted() -> None:
        with keeping_freed_memory():
            assert library.settings == {memory.MMAP_MAX: 0, memory.TRIM_THRESHOLD: 2**31 - 1}
            assert library.trimmed == 0
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert library.settings == {memory.MMAP_MAX: 65536, memory.TRIM_THRESHOLD: 64 * 2**20}
    assert library.trimmed == 1


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    with keeping_freed_memory():
        pass


def test_glibc_takes_the_settings():
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        pytest.skip("not glibc")
    with keeping_freed_memory():
        assert library.mallopt(memory.MMAP_MAX, 0) == 1
        assert library.mallopt(memory.TRIM_THRESHOLD, memory.LARGEST_INT) == 1
