import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amorphology import frame_stream
from amorphology.errors import StructureError
from amorphology.frame_stream import FrameBatch, frame_batches
from amorphology.structures import read_frames

VASP = Path(__file__).parents[2] / "shared" / "data" / "vasp"


@pytest.fixture(scope="module")
def frames() -> list[Atoms]:
    frames = []
    for seed in range(40):
        frame = bulk("Si", cubic=True) if seed % 2 else bulk("GaAs", "zincblende", 5.6)
        frame.set_cell(frame.cell * (1 + seed / 1000), scale_atoms=True)
        frame.rattle(0.1, seed=seed)
        frame.calc = SinglePointCalculator(frame, energy=-float(seed), forces=frame.positions)
        frames.append(frame)
    return frames


def write_lammps_dump(path: Path, frames: list[Atoms]) -> None:
    lines = ["ITEM: UNITS", "metal"]
    for step, frame in enumerate(frames):
        lines += ["ITEM: TIME", f"{step / 1000}", "ITEM: TIMESTEP", str(step)]
        lines += ["ITEM: NUMBER OF ATOMS", str(len(frame))]
        lines += ["ITEM: BOX BOUNDS pp pp pp", *(f"0.0 {6 + i}.5" for i in range(3))]
        lines += ["ITEM: ATOMS id element x y z"]
        for i, (symbol, xyz) in enumerate(zip(frame.symbols, frame.positions, strict=True)):
            lines.append(f"{i + 1} {symbol} " + " ".join(f"{x:.10f}" for x in xyz))
    path.write_text("\n".join(lines) + "\n")


def streamed(path: Path, start: int = 0) -> list[Atoms]:
    batches = list(frame_batches([path], (0, start)))
    assert all(batch.broken is None for batch in batches)
    return [batch.read(place) for batch in batches for place in range(len(batch.frames))]


def assert_same(got: list[Atoms], expected: list[Atoms]) -> None:
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert one == other
        assert one.info["source"] == other.info["source"]
        assert (one.calc is None) == (other.calc is None)
        if one.calc is not None:
            for key, value in other.calc.results.items():
                assert np.array_equal(one.calc.results[key], value)


@pytest.mark.parametrize(
    "name",
    [
        "a.extxyz",
        "a.xyz",
        "XDATCAR",
        "XDATCAR-fixed",
        "a.lammpstrj",
        "a.traj",
        "a.db",
        "a.extxyz.gz",
    ],
)
def test_the_same_frames_as_read_whole(name: str, frames: list[Atoms], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(frame_stream, "ROWS_AT_A_TIME", 7)
    path = tmp_path / name
    if name == "a.lammpstrj":
        write_lammps_dump(path, frames)
    elif name == "XDATCAR-fixed":
        write(path, [frames[0]] * 40, format="vasp-xdatcar")
    elif name == "XDATCAR":
        for frame in frames:  # the cell changes: a header before every frame
            write(tmp_path / "one", frame, format="vasp-xdatcar")
            with path.open("a") as file:
                file.write((tmp_path / "one").read_text())
    elif name.endswith(".gz"):
        write(tmp_path / "a.extxyz", frames)
        path.write_bytes(gzip.compress((tmp_path / "a.extxyz").read_bytes()))
    else:
        write(path, frames, format="xyz" if name == "a.xyz" else None)
    whole = read_frames(path)
    assert len(whole) == 40
    assert_same(streamed(path), whole)
    assert_same(streamed(path, 35), whole[35:])
    assert streamed(path, 40) == []


@pytest.mark.skipif(not VASP.is_dir(), reason="the shared VASP files are not here")
@pytest.mark.parametrize(
    "name",
    [
        "OUTCAR.ch4.unconverged",
        "OUTCAR.h2o.md.10",
        "vasprun.h2o.md.10.xml",
        "vasprun.h2o.md.triclinic.xml",
    ],
)
def test_the_same_frames_of_vasp(name: str, tmp_path: Path):
    whole = read_frames(VASP / name)
    assert_same(streamed(VASP / name), whole)
    assert_same(streamed(VASP / name, 2), whole[2:])
    # A run that was killed: ASE takes the last step or leaves it out, by how far it had come.
    lines = (VASP / name).read_text(encoding="latin-1").splitlines(keepends=True)
    for part in (0.6, 0.8, 0.95):
        (tmp_path / name).write_text("".join(lines[: int(part * len(lines))]))
        assert_same(streamed(tmp_path / name), read_frames(tmp_path / name))


def test_batches_are_small_and_travel(frames: list[Atoms], tmp_path: Path, monkeypatch):
    write(tmp_path / "a.extxyz", frames)
    write(tmp_path / "b.traj", frames[:3])
    files = [tmp_path / "a.extxyz", tmp_path / "b.traj"]
    batches = list(frame_batches(files))
    assert [(b.file, b.first, len(b.frames)) for b in batches] == [
        (0, 0, 32),
        (0, 32, 8),
        (1, 0, 3),
    ]
    assert [b.next for b in batches] == [(0, 32), (0, 40), (1, 3)]
    for batch in batches:
        again = pickle.loads(pickle.dumps(batch))
        assert isinstance(again, FrameBatch)
        assert again.read(1) == batch.read(1)
    monkeypatch.setattr(frame_stream, "SIZE_OF_A_BATCH", 1)
    assert all(len(batch.frames) == 1 for batch in frame_batches(files))


def test_a_file_is_not_held_whole(frames: list[Atoms], tmp_path: Path):
    write(tmp_path / "a.extxyz", frames)
    with (tmp_path / "a.extxyz").open("a") as file:
        file.write("rubbish\n")
    batches = frame_batches([tmp_path / "a.extxyz"])
    assert next(batches).broken is None  # the rubbish has not been seen


def test_a_frame_that_cannot_be_read_costs_no_other(frames: list[Atoms], tmp_path: Path):
    path = tmp_path / "a.extxyz"
    write(path, frames[1:2] * 3)
    lines = path.read_text().splitlines()
    lines[13] = "Si 0.1 zero 0.3"
    path.write_text("\n".join(lines[:-1]) + "\n")  # and the last frame lacks an atom
    (batch,) = frame_batches([path])
    assert len(batch.read(0)) == 8
    for place in (1, 2):
        with pytest.raises(StructureError, match=rf"a\.extxyz frame {place}: ASE cannot read it"):
            batch.read(place)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("empty.extxyz", "", "empty"),
        ("blank.extxyz", "\n\n", "holds no frames"),
        ("notes.xyz", "Dear diary,\n\nnothing\n", "number of atoms expected, 'Dear diary,' found"),
        (
            "XDATCAR",
            "Si\n1.0\n1 0 0\n0 1 0\n0 0 1\nSi\nmany\n",
            "numbers of atoms expected, 'many'",
        ),
        ("notes.txt", "Dear diary,\n", "knows no structure files of kind txt; check its format"),
        ("structure.cif", "Dear diary,\n", "cif"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, text: str, reason: str, tmp_path: Path):
    (tmp_path / name).write_text(text)
    write(tmp_path / "good.extxyz", bulk("Si"))
    broken, good = frame_batches([tmp_path / name, tmp_path / "good.extxyz"])
    assert broken.frames == ()
    assert reason in broken.broken
    assert broken.next == (1, 0)
    assert len(good.frames) == 1


def test_reading_stops_where_a_file_breaks(frames: list[Atoms], tmp_path: Path):
    path = tmp_path / "a.extxyz"
    write(path, frames[:3])
    with path.open("a") as file:
        file.write("-4\nrubbish\n")
    (batch,) = frame_batches([path])
    assert len(batch.frames) == 3
    assert "'-4' found" in batch.broken
    assert batch.next == (1, 0)
