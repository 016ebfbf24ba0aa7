from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

from amorphology.errors import StructureError
from amorphology.structures import (
    frame_name,
    label_summary,
    mean_energy_per_atom,
    read_frames,
    run_labels,
    whole_file,
    write_frames,
)


def labelled(energy: float, **results: object) -> Atoms:
    frame = bulk("Cu", cubic=True)
    frame.calc = SinglePointCalculator(frame, energy=energy, **results)
    return frame


def test_reading_names_the_origin_of_every_frame(copper_files: Path):
    frames = read_frames(copper_files / "run1.extxyz")
    assert len(frames) == 8
    assert frames[3].info["source"] == f"{copper_files / 'run1.extxyz'} frame 3"
    assert frame_name(frames[3]) == frame_name(frames[3], 7) == frames[3].info["source"]


def test_patterns_are_read_in_alphabetical_order(copper_files: Path):
    frames = read_frames(str(copper_files / "run[01].extxyz"))
    assert [frame.info["run"] for frame in frames] == ["run0"] * 8 + ["run1"] * 8


def test_a_file_named_twice_is_read_once(copper_files: Path):
    pattern = str(copper_files / "run[01].extxyz")
    assert len(read_frames([copper_files / "run0.extxyz", pattern])) == 16


def test_a_name_with_magic_characters_that_exists_is_a_file(tmp_path: Path):
    path = tmp_path / "a[1]@2.xyz"
    write(path, bulk("Cu", cubic=True))
    assert len(read_frames(path)) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.write_text("This is no structure.\n"), "cannot read"),
        (lambda path: path.write_bytes(bytes(range(256))), "cannot read"),
    ],
)
def test_unreadable_files(tmp_path: Path, make, message: str):
    path = tmp_path / "bad.extxyz"
    make(path)
    with pytest.raises(StructureError, match=message) as caught:
        read_frames(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pattern_without_match(tmp_path: Path):
    with pytest.raises(StructureError, match="no file matches"):
        read_frames(str(tmp_path / "*.extxyz"))


def test_no_files():
    with pytest.raises(StructureError, match="no structure files"):
        read_frames([])


def test_frame_names():
    frame = bulk("Cu", cubic=True)
    assert frame_name(frame) == "frame Cu4"
    assert frame_name(frame, 3) == "frame 3"
    frame.info["source"] = "carbon.extxyz frame 17"
    assert frame_name(frame, 3) == "carbon.extxyz frame 17"


def test_energies_of_a_file_are_per_atom(copper_files: Path, copper_frames: list[Atoms]):
    expected = [frame.get_potential_energy() / 32 for frame in copper_frames[:8]]
    energies = mean_energy_per_atom(read_frames(copper_files / "run0.extxyz"))
    assert energies.dtype == np.float64
    np.testing.assert_allclose(energies, expected, atol=1e-9)


def test_energies_survive_wrapping():
    frame = labelled(-14.0)
    frame.positions += 1.0
    np.testing.assert_allclose(mean_energy_per_atom([frame]), [-3.5])


def test_energies_in_info():
    frame = bulk("Cu", cubic=True)
    frame.info["energy"] = -14.0
    np.testing.assert_allclose(mean_energy_per_atom([frame]), [-3.5])


def test_energy_and_free_energy_are_never_mixed():
    both = labelled(-14.0, free_energy=-15.0)
    free = bulk("Cu", cubic=True)
    free.calc = SinglePointCalculator(free, free_energy=-16.0)
    np.testing.assert_allclose(mean_energy_per_atom([both, free]), [-3.75, -4.0])


def test_a_shared_live_calculator_labels_only_its_last_frame():
    calculator = EMT()
    frames = [bulk("Cu", cubic=True), bulk("Cu", cubic=True)]
    frames[1].rattle(0.1, seed=0)
    for frame in frames:
        frame.calc = calculator
        frame.get_potential_energy()
    assert label_summary(frames).startswith("2 frames: energy 1,")
    with pytest.raises(StructureError, match="frame 0: no energy"):
        mean_energy_per_atom(frames)


def test_missing_energies_are_named():
    with pytest.raises(StructureError, match=r"frame 1: no energy \(1 of 2 frames have none\)"):
        mean_energy_per_atom([labelled(-1.0), bulk("Cu", cubic=True)])


@pytest.mark.parametrize("energy", [np.nan, np.inf, "low"])
def test_energies_must_be_finite_numbers(energy: object):
    frame = bulk("Cu", cubic=True)
    frame.info["energy"] = energy
    with pytest.raises(StructureError, match="not a finite number"):
        mean_energy_per_atom([frame])


def test_energy_of_no_atoms():
    frame = Atoms()
    frame.info["energy"] = 0.0
    with pytest.raises(StructureError, match="no atoms"):
        mean_energy_per_atom([frame])


def test_label_summary(copper_frames: list[Atoms]):
    assert label_summary(copper_frames) == "40 frames: energy 40, forces 40, stress 0"
    assert label_summary([bulk("Cu")]) == "1 frame: energy 0, forces 0, stress 0"


def test_run_labels(tmp_path: Path):
    write(tmp_path / "a.xyz", [bulk("Cu", cubic=True)] * 2)
    frames = read_frames(tmp_path / "a.xyz")
    frames[1].info["run"] = 7
    assert run_labels(frames).tolist() == [str(tmp_path / "a.xyz"), "7"]
    with pytest.raises(StructureError, match="no known run"):
        run_labels([bulk("Cu")])


def test_frames_are_written_whole(tmp_path: Path):
    path = tmp_path / "out.extxyz"
    write_frames(path, [labelled(-14.0), labelled(-13.0)])
    assert [frame.get_potential_energy() for frame in read(path, ":")] == [-14.0, -13.0]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def write_half() -> None:
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_into_a_missing_folder(tmp_path: Path):
    with pytest.raises(StructureError, match="does not exist"):
        write_frames(tmp_path / "nowhere" / "out.extxyz", [labelled(-14.0)])
