import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext as nothing
from pathlib import Path

import numpy as np
import pytest
import zarr
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology import cli, frame_stream, store_commits, store_writer
from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.homology import alpha_persistence
from amorphology.store import DiagramStore
from amorphology.store_writer import write_diagrams
from amorphology.structures import read_frames


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch):
    """Many batches, as of many frames."""
    monkeypatch.setattr(frame_stream, "FRAMES_A_BATCH", 4)


@pytest.fixture
def many_commits(monkeypatch: pytest.MonkeyPatch):
    """Commit every batch, as if it had taken long."""
    monkeypatch.setattr(store_commits, "COMMIT_SECONDS", 0.0)


def silicon(seed: int) -> Atoms:
    frame = bulk("Si", cubic=True)
    frame.rattle(0.2, seed=seed)
    frame.calc = SinglePointCalculator(frame, energy=-8.0 * seed)
    return frame


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files with 8, 15 and 7 frames; the second has two bad frames and the third breaks."""
    folder = tmp_path_factory.mktemp("silicon")
    paths = [folder / f"{name}.extxyz" for name in "abc"]
    frames = [silicon(seed) for seed in range(30)]
    frames[12].positions[3] = np.nan
    frames[17].positions[5] = frames[17].positions[6]
    for path, part in zip(paths, (frames[:8], frames[8:23], frames[23:]), strict=True):
        write(path, part)
    with paths[2].open("a") as file:
        file.write("rubbish\n")
    return paths


@pytest.fixture(scope="module")
def good_files(files: list[Path]) -> list[Path]:
    path = files[0].with_name("d.extxyz")
    write(path, [silicon(seed) for seed in range(40, 60)])
    return [files[0], path]


def contents(path: Path) -> dict[str, object]:
    """Every array and attribute of a store."""
    root = zarr.open_group(path, mode="r")
    found: dict[str, object] = {"": dict(root.attrs), "inputs": dict(root["inputs"].attrs)}
    for name, member in root.members(max_depth=None):
        if isinstance(member, zarr.Array):
            found[name] = np.asarray(member[:])
    return found


def assert_same_store(one: Path, other: Path) -> None:
    first, second = contents(one), contents(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            assert value.shape == second[name].shape
            assert value.tobytes() == second[name].tobytes(), name
        else:
            assert np.array_equal(value, second[name]), name
    # Nothing is left behind, and no file differs.
    files = [
        {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }
        for root in (one, other)
    ]
    assert files[0] == files[1]


def test_what_is_in_the_store(good_files: list[Path], tmp_path: Path):
    summary = write_diagrams(good_files, tmp_path / "s.zarr", min_persistence=0.01)
    store = DiagramStore(tmp_path / "s.zarr")
    frames = read_frames(good_files)
    assert len(store) == len(frames) == 28
    for frame, diagrams in zip(frames, store, strict=True):
        for dim, expected in alpha_persistence(frame, min_persistence=0.01).items():
            for name in ("birth", "death", *expected.__dict__.keys()):
                one, other = getattr(diagrams[dim], name), getattr(expected, name)
                assert np.array_equal(one, other), name
    assert store.settings == {"dims": [0, 1, 2], "min_persistence": 0.01, "simplices": True}
    assert store.sources == [frame.info["source"] for frame in frames]
    assert store.complete
    assert summary.new_frames == 28
    assert "28 frames: energy 28, forces 0, stress 0; 0 failed" in str(summary)
    assert "frames/s" in str(summary)


def test_all_arrays_are_zarr_of_a_few_files(good_files: list[Path], tmp_path: Path):
    write_diagrams(good_files, tmp_path / "s.zarr")
    root = zarr.open_group(tmp_path / "s.zarr", mode="r")
    assert root["h1/offsets"].shape == (29,)
    assert root["h1/offsets"][0] == 0
    assert root["h1/birth"].shape == root["h1/death"].shape == (root["h1/offsets"][-1],)
    assert root["h1/death_offset"].shape == (root["h1/offsets"][-1], 3, 3)
    chunks = [path for path in (tmp_path / "s.zarr").rglob("*") if path.name != "zarr.json"]
    assert len([path for path in chunks if path.is_file()]) < 40


def test_without_simplices_and_fewer_dimensions(good_files: list[Path], tmp_path: Path):
    write_diagrams(good_files, tmp_path / "s.zarr", dims=[1], simplices=False)
    root = zarr.open_group(tmp_path / "s.zarr", mode="r")
    assert sorted(root["h1"].array_keys()) == ["birth", "death", "offsets"]
    assert "h0" not in root
    store = DiagramStore(tmp_path / "s.zarr")
    (frame, *_) = read_frames(good_files)
    diagram = store[0][1]
    assert np.array_equal(diagram.birth, alpha_persistence(frame)[1].birth)
    assert diagram.death_simplex.shape == (len(diagram), 3)
    assert (diagram.death_simplex == -1).all()


def test_stop_names_the_frame_and_skip_goes_on(files: list[Path], tmp_path: Path):
    out = tmp_path / "s.zarr"
    with pytest.raises(StructureError, match=r"b\.extxyz frame 4: atom 3"):
        write_diagrams(files, out)
    assert len(DiagramStore(out)) == 12  # the two batches of a.extxyz, and one of b.extxyz
    assert not DiagramStore(out).complete
    summary = write_diagrams(files, out, on_error="skip")
    write_diagrams(files, tmp_path / "at_once.zarr", on_error="skip")
    assert_same_store(out, tmp_path / "at_once.zarr")
    store = DiagramStore(out)
    assert len(store) == 28
    (first, second, third) = store.failures
    assert first.source.endswith("b.extxyz frame 4")
    assert first.reason.startswith("atom 3 is at")
    assert second.source.endswith("b.extxyz frame 9")
    assert "5 and 6" in second.reason
    assert third.source.endswith("c.extxyz frame 7")
    assert third.reason == (
        "number of atoms expected, 'rubbish' found; the rest of the file is left out"
    )
    assert "28 frames: energy 28, forces 0, stress 0; 3 failed\n" in str(summary)
    assert "b.extxyz frame 4: atom 3 is at" in str(summary)


def test_a_finished_store_is_left_alone(good_files: list[Path], tmp_path: Path):
    out = tmp_path / "s.zarr"
    write_diagrams(good_files, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    summary = write_diagrams(good_files, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert summary.new_frames == 0
    assert "nothing left to do" in str(summary)


class Killed(BaseException):
    """What no handler expects."""


def test_killed_at_every_write(files: list[Path], tmp_path: Path, monkeypatch, many_commits):
    whole, out = tmp_path / "whole.zarr", tmp_path / "killed.zarr"
    settings = {"dims": [1], "simplices": False, "on_error": "skip", "n_jobs": 1}
    write_diagrams(files, whole, **settings)
    rename = Path.replace
    writes = deaths = 0
    dies_at = 1

    def dying_rename(path: Path, target: Path) -> Path:
        # Every file of a store is written beside and renamed. Die before that, leaving an
        # unfinished file, or just behind it.
        nonlocal writes
        writes += 1
        if writes == dies_at and dies_at % 2:
            raise Killed
        result = rename(path, target)
        if writes == dies_at:
            raise Killed
        return result

    monkeypatch.setattr(Path, "replace", dying_rename)
    while deaths < 200:
        writes = 0
        try:
            write_diagrams(files, out, **settings)
            break
        except Killed:
            deaths += 1
            # Steps of coprime lengths: sooner or later each kind of write is hit.
            dies_at = 1 + (dies_at + 18) % 47
    monkeypatch.undo()
    assert 10 < deaths < 200
    assert_same_store(out, whole)


KILLED_SCRIPT = """
import sys
from amorphology import frame_stream, store_commits, store_writer

def report(line):
    print(line, flush=True)
    sys.stdin.readline()  # until told to go on

frame_stream.FRAMES_A_BATCH, store_commits.COMMIT_SECONDS = 2, 0.0
store_writer.write_diagrams(sys.argv[1], sys.argv[2], dims=[1], simplices=False, report=report)
"""


def test_killed_by_sigkill(tmp_path: Path):
    write(tmp_path / "si.extxyz", [silicon(seed) for seed in range(60)])
    whole, out = tmp_path / "whole.zarr", tmp_path / "killed.zarr"
    write_diagrams(tmp_path / "si.extxyz", whole, dims=[1], simplices=False)
    command = [sys.executable, "-c", KILLED_SCRIPT, str(tmp_path / "si.extxyz"), str(out)]
    for commits, seconds in ((2, 0.002), (5, 0.02), (9, 0.008)):
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for _ in range(commits):
            line = process.stdout.readline()
            process.stdin.write("\n")
        time.sleep(seconds)  # into the next commit
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        done = int(line.split()[0])
        assert done <= len(DiagramStore(out)) < 60  # what was reported is there
    write_diagrams(tmp_path / "si.extxyz", out, dims=[1], simplices=False)
    assert_same_store(out, whole)


def test_a_process_pool_gives_the_same_store(files: list[Path], tmp_path: Path):
    write_diagrams(files, tmp_path / "threads.zarr", on_error="skip", n_jobs=2)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        write_diagrams(files, tmp_path / "pool.zarr", on_error="skip", executor=pool, n_jobs=1)
    assert_same_store(tmp_path / "threads.zarr", tmp_path / "pool.zarr")


def die(*arguments: object, **settings: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_dead_worker_is_one_clear_error(good_files: list[Path], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(store_writer, "_diagrams_of", die)
    context = multiprocessing.get_context("fork")  # the worker must know the function of this test
    with (
        pytest.warns(DeprecationWarning, match="fork")
        if sys.version_info >= (3, 12)
        else nothing(),
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(RunError, match=r"a worker process died .* 0 frames are safe"),
    ):
        write_diagrams(good_files, tmp_path / "s.zarr", executor=pool)


def test_other_settings_or_files_are_refused(good_files: list[Path], tmp_path: Path, monkeypatch):
    out = tmp_path / "s.zarr"
    copies = [tmp_path / path.name for path in good_files]
    for path, copy in zip(good_files, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    write_diagrams(copies, out, dims=[0, 1])
    with pytest.raises(ConfigError, match=r"begun with dims=\[0, 1\], called with dims=\[1\]"):
        write_diagrams(copies, out, dims=[1])
    with pytest.raises(ConfigError, match="begun with simplices=True"):
        write_diagrams(copies, out, dims=[0, 1], simplices=False)
    with pytest.raises(ConfigError, match=r"other input files \(2 there, 1 here\)"):
        write_diagrams(copies[:1], out, dims=[0, 1])
    with pytest.raises(ConfigError, match="other input files"):
        write_diagrams(copies[::-1], out, dims=[0, 1])
    copies[1].touch()
    with pytest.raises(ConfigError, match=r"d\.extxyz has changed since"):
        write_diagrams(copies, out, dims=[0, 1])


def test_another_package_version_does_not_continue(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "s.zarr"
    with pytest.raises(StructureError):
        write_diagrams(files, out)
    monkeypatch.setattr(store_commits, "version", lambda package: "9.9")
    with pytest.raises(ConfigError, match=r"begun by amorphology .*, and this is 9\.9"):
        write_diagrams(files, out, on_error="skip")


def test_one_writer_at_a_time(good_files: list[Path], tmp_path: Path, many_commits):
    out = tmp_path / "s.zarr"
    seen = []

    def second_writer(line: str) -> None:
        with pytest.raises(ConfigError, match="another process writes into"):
            write_diagrams(good_files, out)
        seen.append(len(DiagramStore(out)))  # while a reader sees what is committed

    write_diagrams(good_files, out, n_jobs=1, report=second_writer)
    assert seen[0] == 4
    assert seen[-1] == 28


def test_progress(good_files: list[Path], tmp_path: Path, many_commits):
    lines: list[str] = []
    write_diagrams(good_files, tmp_path / "s.zarr", report=lines.append)
    assert lines[0].startswith("4 frames, 0 failed, ")
    assert lines[-1].startswith("28 frames, 0 failed, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dims": [4]}, "homology dimensions are 0, 1, 2 and 3"),
        ({"dims": []}, "homology dimensions are 0, 1, 2 and 3"),
        ({"on_error": "ignore"}, "choose stop or skip"),
        ({"n_jobs": 0}, "give 1 or more"),
    ],
)
def test_arguments(arguments: dict, message: str, good_files: list[Path], tmp_path: Path):
    with pytest.raises(ConfigError, match=message):
        write_diagrams(good_files, tmp_path / "s.zarr", **arguments)


def test_places_that_are_no_store(good_files: list[Path], tmp_path: Path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(ConfigError, match="is not a folder"):
        write_diagrams(good_files, tmp_path / "file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("text")
    with pytest.raises(RunError, match="no diagram store"):
        write_diagrams(good_files, tmp_path / "folder")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["thesis.tex"]
    with pytest.raises(StructureError, match=r"gone\.extxyz: no such file"):
        write_diagrams(tmp_path / "gone.extxyz", tmp_path / "s.zarr")


def test_another_format_version(good_files: list[Path], tmp_path: Path):
    out = tmp_path / "s.zarr"
    write_diagrams(good_files, out)
    metadata = json.loads((out / "zarr.json").read_text())
    metadata["attributes"]["format_version"] = 99
    (out / "zarr.json").write_text(json.dumps(metadata))
    for use in (DiagramStore, lambda path: write_diagrams(good_files, path)):
        with pytest.raises(RunError, match="store format 99, but this version reads format 1"):
            use(out)


def test_on_the_command_line(files: list[Path], tmp_path: Path, monkeypatch, capsys):
    def amorph(*arguments: object) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["amorph", "diagrams", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code

    out = tmp_path / "s.zarr"
    pattern = files[0].with_name("[abc].extxyz")
    assert amorph(pattern, "--out", out) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "b.extxyz frame 4: atom 3 is at (nan, nan, nan)" in error
    assert not amorph(pattern, "--out", out, "--jobs", 1, "--on-error", "skip")
    captured = capsys.readouterr()
    assert "s.zarr: 28 frames: energy 28, forces 0, stress 0; 3 failed" in captured.out
    assert "28 frames, 3 failed, " in captured.err
    assert not amorph(pattern, "--out", out, "--on-error", "skip")
    assert "nothing left to do" in capsys.readouterr().out
    assert not amorph(pattern, "--out", tmp_path / "t.zarr", "--on-error", "skip", "--no-simplices")
    assert not DiagramStore(tmp_path / "t.zarr").settings["simplices"]
