import io
import json
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import dscribe.descriptors
import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write
from rich.console import Console

from amorphology.descriptors import SOAP, CoulombEigenspectrum
from amorphology.errors import ConfigError, StructureError
from amorphology.folder_lock import folder_lock
from amorphology.training import feature_store as module
from amorphology.training.feature_store import features_in_blocks, features_on_disk

SMALL = {"r_cut": 4.0, "n_max": 3, "l_max": 2}


@pytest.fixture(scope="module")
def frames(copper_frames: list[Atoms]) -> list[Atoms]:
    """Frames of different sizes, as read from a file."""
    some = [frame.copy()[: 20 + index % 3] for index, frame in enumerate(copper_frames[:12])]
    for index, frame in enumerate(some):
        frame.info["source"] = f"a.extxyz frame {index}"
        frame.wrap()
    return some


@pytest.fixture(scope="module")
def soap(frames: list[Atoms]) -> SOAP:
    return SOAP(**SMALL).fit(frames)


def lines_of(text: io.StringIO) -> list[str]:
    return text.getvalue().splitlines()


def test_features_of_every_atom_are_those_of_dscribe(
    soap: SOAP, frames: list[Atoms], tmp_path: Path
):
    found = features_on_disk(soap, frames, tmp_path, each_atom=True)
    assert len(found) == 12
    plain = dscribe.descriptors.SOAP(**SMALL, sigma=0.5, species=["Cu"], periodic=True)
    order = np.array([7, 0, 7])
    expected = np.concatenate([plain.create(frames[index]) for index in order])
    assert found.of_frames(order).dtype == np.float32
    np.testing.assert_allclose(found.of_frames(order), expected, rtol=2e-7, atol=1e-12)
    assert found.sizes(order).tolist() == [21, 20, 21]
    assert (found.numbers_of(order) == 29).all()
    assert found.of_frames(order[:0]).shape == (0, 18)


def test_one_vector_a_frame(frames: list[Atoms], tmp_path: Path):
    free = [Atoms(frame.numbers, frame.positions) for frame in frames]
    descriptor = CoulombEigenspectrum().fit(free)
    found = features_on_disk(descriptor, free, tmp_path, each_atom=False)
    expected = descriptor.transform(free)
    np.testing.assert_array_equal(found.of_frames(np.arange(12)), expected.astype(np.float32))


def test_size_and_progress_are_told(
    soap: SOAP, frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BLOCK", 5 * 22 * 18 * 4)
    text = io.StringIO()
    features_on_disk(soap, frames, tmp_path, each_atom=True, console=Console(file=text, width=200))
    first, *others = lines_of(text)
    assert first.startswith("SOAP of 12 frames: 252 atoms x 18 features take 1.81e-05 GB in ")
    assert [line.split(",")[0] for line in others] == [
        "6 of 12 frames described",
        "12 of 12 frames described",
    ]
    text = io.StringIO()
    features_on_disk(soap, frames, tmp_path, each_atom=True, console=Console(file=text))
    assert lines_of(text) == []


def stopping_at(index: int):
    """What computes features, interrupted at a frame."""
    described = module._described

    def stopping(*arguments) -> Iterator[np.ndarray]:
        for number, rows in enumerate(described(*arguments)):
            if number == index:
                raise KeyboardInterrupt
            yield rows

    return stopping


def test_an_interrupted_computation_goes_on(
    soap: SOAP, frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = features_on_disk(soap, frames, tmp_path / "whole", each_atom=True)
    monkeypatch.setattr(module, "BLOCK", 2 * 20 * 18 * 4)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_described", stopping_at(7))
        with pytest.raises(KeyboardInterrupt):
            features_on_disk(soap, frames, tmp_path / "stopped", each_atom=True)
    (file,) = (tmp_path / "stopped").glob("*.float32")
    # As a loss of power may leave it: more than was committed, and no whole rows.
    with file.open("ab") as half:
        half.write(b"\0" * 1001)
    text = io.StringIO()
    again = features_on_disk(
        soap, frames, tmp_path / "stopped", each_atom=True, console=Console(file=text, width=200)
    )
    assert lines_of(text)[0].endswith("6 frames are there")
    np.testing.assert_array_equal(again.rows, whole.rows)


# As the command line computes them, until it is killed.
COMPUTE = """
import sys
from pathlib import Path
from ase.io import read
from amorphology.descriptors import SOAP
from amorphology.training import feature_store
feature_store.SECONDS = 0.0
frames = read(sys.argv[1], ":") * 400
feature_store.features_on_disk(
    SOAP(r_cut=4.0, n_max=3, l_max=2, species=["Cu"]).fit(frames[:1]),
    frames, Path(sys.argv[2]), each_atom=True,
)
"""


def test_a_killed_computation_goes_on(
    soap: SOAP, frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "frames.extxyz", frames)
    command = [sys.executable, "-c", COMPUTE, str(tmp_path / "frames.extxyz"), str(tmp_path / "a")]
    process = subprocess.Popen(command)
    commits = tmp_path / "a"
    while not list(commits.glob("*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    (commit,) = commits.glob("*.json")
    done = json.loads(commit.read_text())["frames"]
    assert 0 < done < 4800
    size = next(commits.glob("*.float32")).stat().st_size
    assert size >= done * 20 * 18 * 4
    same = read(tmp_path / "frames.extxyz", ":") * 400
    described: list[int] = []

    def counting(descriptor, left, each_atom) -> Iterator[np.ndarray]:
        described.append(len(left))
        return (np.zeros((len(frame), 18)) for frame in left)

    monkeypatch.setattr(module, "_described", counting)
    found = features_on_disk(soap, same, commits, each_atom=True)
    assert described == [4800 - done]
    first = next(soap.per_atom(same))
    np.testing.assert_allclose(found.of_frames(np.array([0])), first, rtol=2e-7, atol=1e-12)
    assert not found.of_frames(np.array([4799])).any()


def test_memory_does_not_grow_with_the_number_of_frames(
    frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BLOCK", 2**19)
    soap = SOAP(r_cut=4.0, n_max=12, l_max=10, species=["Cu"]).fit(frames)
    one = next(soap.per_atom(frames[:1]))
    same = [frames[0]] * 600
    monkeypatch.setattr(module, "_described", lambda _, some, each_atom: (one.copy() for _ in some))
    tracemalloc.start()
    found = features_on_disk(soap, same, tmp_path, each_atom=True)
    features_on_disk(soap, same, tmp_path, each_atom=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    total = found.rows.nbytes
    assert total > 40e6
    assert peak < 4e6
    blocks = list(features_in_blocks(soap, same, each_atom=True))
    assert sum(map(len, blocks)) == 600
    assert max(block.rows.nbytes for block in blocks) < 2**19 + one.nbytes


def test_other_frames_and_settings_have_files_of_their_own(
    soap: SOAP, frames: list[Atoms], tmp_path: Path
):
    moved = [frame.copy() for frame in frames]
    moved[3].positions[0, 0] += 1e-9
    other = SOAP(**SMALL | {"l_max": 3}).fit(frames)
    for descriptor, some in ((soap, frames), (soap, moved), (soap, frames[:11]), (other, frames)):
        features_on_disk(descriptor, some, tmp_path, each_atom=True)
    average = SOAP(**SMALL, centre="average").fit(frames)
    features_on_disk(average, frames, tmp_path, each_atom=False)
    assert len(list(tmp_path.glob("*.float32"))) == 5
    # Neither the number of processes nor a centre that plays no part makes another one.
    same = SOAP(**SMALL, n_jobs=1, species=["Cu"]).fit(frames)
    features_on_disk(same, frames, tmp_path, each_atom=True)
    features_on_disk(average, frames, tmp_path, each_atom=True)
    assert len(list(tmp_path.glob("*.float32"))) == 5


def test_a_full_disk(
    soap: SOAP, frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = type(shutil.disk_usage(tmp_path))(total=1, used=1, free=100)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ConfigError, match=r"1.81e-05 GB of features do not fit on this disk"):
        features_on_disk(soap, frames, tmp_path, each_atom=True)


def test_one_process_at_a_time(soap: SOAP, frames: list[Atoms], tmp_path: Path):
    with (
        folder_lock(tmp_path, ""),
        pytest.raises(ConfigError, match=r"another process writes into .* another folder as cache"),
    ):
        features_on_disk(soap, frames, tmp_path, each_atom=True)


def test_a_frame_that_cannot_be_described(soap: SOAP, frames: list[Atoms], tmp_path: Path):
    stranger = frames[0].copy()
    stranger.symbols[3] = "Ag"
    for describe in (
        lambda some: features_on_disk(soap, some, tmp_path, each_atom=True),
        lambda some: list(features_in_blocks(soap, some, each_atom=True)),
    ):
        with pytest.raises(StructureError, match=r"a\.extxyz frame 0: holds Ag, unknown"):
            describe([*frames[:2], stranger])


def test_no_frames_in_blocks(soap: SOAP):
    assert list(features_in_blocks(soap, [], each_atom=True)) == []
