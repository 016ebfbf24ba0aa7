"""Frames in and out: reading structures, their labels and names."""

import glob
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from numpy.typing import NDArray

from amorphology.errors import StructureError

__all__ = [
    "ENERGY_PLACES",
    "LABELS",
    "frame_name",
    "label_summary",
    "mean_energy_per_atom",
    "read_frames",
    "run_labels",
    "stored_result",
    "structure_files",
    "whole_file",
    "write_frames",
    "write_text",
]

LABELS = ("energy", "forces", "stress")

# Where a total energy may stand, best place first. One place is used for all frames: a data set
# that took `energy` from some frames and `free_energy` from others would carry two energy scales.
ENERGY_PLACES = (
    ("calculator", "energy"),
    ("info", "energy"),
    ("calculator", "free_energy"),
    ("info", "free_energy"),
)


def read_frames(paths: str | Path | Iterable[str | Path]) -> list[Atoms]:
    """
    Read all frames of structure files.

    Parameters
    ----------
    paths
        Files of any format ASE reads, or patterns with ``*``, ``?`` or ``[...]``. The files of a
        pattern are read in alphabetical order, and a file that is named twice is read once.

    Returns
    -------
    list of ase.Atoms
        Every frame of every file. ``info["source"]`` of each says where it came from, for example
        ``"carbon.extxyz frame 17"`` (counted from 0).

    Raises
    ------
    StructureError
        If a file is missing or empty, a pattern matches nothing, or ASE cannot read a file.
    """
    frames: list[Atoms] = []
    for path in structure_files(paths):
        frames.extend(_read_file(path))
    return frames


def write_frames(path: str | Path, frames: Sequence[Atoms]) -> None:
    """
    Write frames as extended XYZ; the file appears only once it is complete.

    Parameters
    ----------
    path
        File to write. An existing file is replaced.
    frames
        Frames to write.

    Raises
    ------
    StructureError
        If the folder of `path` does not exist.
    """
    with whole_file(path) as unfinished:
        write(unfinished, list(frames), format="extxyz")


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """
    Give a file beside `path` to write to, and rename it to `path` once the block ends well.

    When the block fails or is interrupted, the unfinished file is removed and an older `path` stays
    as it was: nobody ever sees half a file.

    Parameters
    ----------
    path
        The file to make or replace.

    Yields
    ------
    pathlib.Path
        The file to write to, in the same folder.

    Raises
    ------
    StructureError
        If the folder of `path` does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise StructureError(f"{path}: folder {path.parent} does not exist; make it first")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """
    Write text in UTF-8; the file appears only once it is complete.

    Parameters
    ----------
    path
        File to write. An existing file is replaced.
    text
        All of it.

    Raises
    ------
    StructureError
        If the folder of `path` does not exist.
    """
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def frame_name(frame: Atoms, index: int | None = None) -> str:
    """
    Name a frame for messages.

    Parameters
    ----------
    frame
        The frame.
    index
        Its place in the list it was passed in, if known.

    Returns
    -------
    str
        ``info["source"]`` where there is one (see `read_frames`), else ``"frame 3"``, else the
        chemical formula.
    """
    source = frame.info.get("source")
    if source is not None:
        return str(source)
    if index is not None:
        return f"frame {index}"
    return f"frame {frame.get_chemical_formula()}" if len(frame) else "frame"


def mean_energy_per_atom(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    """
    Total energies of frames, divided by their numbers of atoms.

    Energies are looked for in the attached calculator's results (where ASE >= 3.23 puts those of
    an extended-XYZ file) and in ``info``, ``energy`` before ``free_energy``; the first place that
    all frames have is used for all of them. Nothing is calculated.

    Parameters
    ----------
    frames
        Labelled frames.

    Returns
    -------
    numpy.ndarray
        Mean energy per atom, float64 (n_frames,), eV/atom.

    Raises
    ------
    StructureError
        If a frame has no energy, no atoms, or an energy that is not a finite number.
    """
    if not frames:
        return np.empty(0)
    for index, frame in enumerate(frames):
        if len(frame) == 0:
            raise StructureError(f"{frame_name(frame, index)}: has no atoms")
    columns = [
        [stored_result(frame, where, key) for frame in frames] for where, key in ENERGY_PLACES
    ]
    complete = next((column for column in columns if None not in column), None)
    if complete is None:
        fullest = min(columns, key=lambda column: column.count(None))
        index = fullest.index(None)
        without = fullest.count(None)
        raise StructureError(
            f"{frame_name(frames[index], index)}: no energy ({without} of {len(frames)} frames "
            'have none); give every frame a total energy in eV, as "energy=..." in the comment '
            "line of extended XYZ"
        )
    energies = np.empty(len(frames), dtype=np.float64)
    for index, (frame, value) in enumerate(zip(frames, complete, strict=True)):
        try:
            energies[index] = float(value)
        except (TypeError, ValueError):
            energies[index] = np.nan
        if not np.isfinite(energies[index]):
            raise StructureError(
                f"{frame_name(frame, index)}: energy is {value!r}, not a finite number; "
                "correct or remove the frame"
            )
    per_atom: NDArray[np.float64] = energies / np.array([len(frame) for frame in frames])
    return per_atom


def label_summary(frames: Sequence[Atoms]) -> str:
    """
    Count which labels the frames carry.

    Parameters
    ----------
    frames
        Frames, labelled or not.

    Returns
    -------
    str
        For example ``"480 frames: energy 480, forces 480, stress 0"``.
    """
    counts = {
        label: sum(
            stored_result(frame, "calculator", label) is not None or label in frame.info
            for frame in frames
        )
        for label in LABELS
    }
    listed = ", ".join(f"{label} {count}" for label, count in counts.items())
    return f"{len(frames)} frame{'' if len(frames) == 1 else 's'}: {listed}"


def run_labels(frames: Sequence[Atoms]) -> NDArray[np.str_]:
    """
    Name the simulation run each frame belongs to.

    Parameters
    ----------
    frames
        Frames with ``info["run"]``, or read by `read_frames`.

    Returns
    -------
    numpy.ndarray
        str (n_frames,): ``info["run"]``, else the file the frame came from. Frames of different
        files with the same ``info["run"]`` count as one run.

    Raises
    ------
    StructureError
        If a frame has neither.
    """
    labels = []
    for index, frame in enumerate(frames):
        if "run" in frame.info:
            labels.append(str(frame.info["run"]))
        elif "source" in frame.info:
            labels.append(str(frame.info["source"]).rsplit(" frame ", 1)[0])
        else:
            raise StructureError(
                f'{frame_name(frame, index)}: belongs to no known run; set frame.info["run"]'
            )
    return np.array(labels, dtype=np.str_)


def stored_result(frame: Atoms, where: str, key: str) -> Any:
    """
    Look up a stored result of a frame; never starts a calculation.

    Parameters
    ----------
    frame
        The frame.
    where
        ``"calculator"`` or ``"info"``.
    key
        For example ``"energy"``.

    Returns
    -------
    object
        The result; None without one.
    """
    if where == "info":
        return frame.info.get(key)
    calculator = frame.calc
    if calculator is None:
        return None
    # Labels of a file hold for the frame they came with, also after it has been wrapped. A live
    # calculator may be shared by many frames: its results count only where they are of this very
    # frame (asked this way because get_property would drop results of another frame).
    fixed = isinstance(calculator, SinglePointCalculator)
    if not fixed and calculator.calculation_required(frame, [key]):
        return None
    return calculator.results.get(key)


def structure_files(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """
    Find the files that paths and patterns name.

    Parameters
    ----------
    paths
        As for `read_frames`.

    Returns
    -------
    list of pathlib.Path
        In the order in which they are read, every file once; one that is named without a pattern
        need not exist.

    Raises
    ------
    StructureError
        If a pattern matches nothing, or no path is given.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    files: list[Path] = []
    for path in paths:
        matches = [str(path)]
        if not Path(path).exists() and glob.has_magic(str(path)):
            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute too)
            if not matches:
                raise StructureError(f"{path}: no file matches this pattern; check the path")
        files.extend(Path(match) for match in matches)
    if not files:
        raise StructureError("no structure files given; name at least one")
    # Overlapping patterns must not give a frame twice: its copies would end up in both the
    # training and the test set.
    return list(dict.fromkeys(files))


def _read_file(path: Path) -> list[Atoms]:
    if not path.exists():
        raise StructureError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise StructureError(f"{path}: is a folder; name the files in it, for example {path}/*.xyz")
    if path.stat().st_size == 0:
        raise StructureError(f"{path}: the file is empty; write it again or leave it out")
    try:
        frames = read(path, index=":", do_not_split_by_at_sign=True)
    except Exception as error:
        # ASE's readers let through whatever their parsing tripped over: no narrower class exists.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StructureError(
            f"{path}: ASE cannot read it as a structure file ({reason[:200]}); check its format "
            "and file name ending"
        ) from error
    if not frames:
        raise StructureError(f"{path}: holds no frames; write it again or leave it out")
    for index, frame in enumerate(frames):
        frame.info["source"] = f"{path} frame {index}"
    return list(frames)
