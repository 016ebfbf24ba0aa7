"""Structure files as a stream of small batches of frames, of which any number may be read.

ASE reads several formats only whole (OUTCAR, XDATCAR, LAMMPS dumps, databases), keeps a whole
vasprun.xml in memory, or walks through a file twice (extended XYZ). Here a text file is cut, not
parsed, into texts of one frame each; ASE reads these one by one where the work is done. So memory
holds a few batches, workers share the parsing, and a frame that ASE cannot read costs no other.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from ase import Atoms
from ase.db import connect
from ase.io import iread, read
from ase.io.formats import UnknownFileTypeError, filetype, open_with_compression

from amorphology.errors import StructureError

__all__ = ["FrameBatch", "frame_batches"]

FRAMES_A_BATCH = 32
"""Most frames in a batch: 0.1 s of work at 216 atoms, so that handing it over costs little."""

SIZE_OF_A_BATCH = 2**19
"""Characters of text from which on a batch is full, so that large frames travel one by one."""

CHARACTERS_AN_ATOM = 64
"""What an atom that is not text counts for."""

ROWS_AT_A_TIME = 256
"""Rows of a database that are in memory."""


@dataclass(frozen=True)
class FrameBatch:
    """
    Consecutive frames of one file; can be pickled.

    Attributes
    ----------
    path : str
        The file.
    file : int
        Its place among the files that are read.
    first : int
        Number of the first frame of the batch in its file, from 0.
    format : str
        ASE's name of the format.
    frames : tuple of str or tuple of ase.Atoms
        One frame each.
    broken : str or None
        Why the file cannot be read behind these frames.
    """

    path: str
    file: int
    first: int
    format: str
    frames: tuple[str | Atoms, ...]
    broken: str | None = None

    @property
    def next(self) -> tuple[int, int]:
        """File and frame at which reading goes on behind this batch."""
        if self.broken is not None:
            return self.file + 1, 0
        return self.file, self.first + len(self.frames)

    def read(self, place: int) -> Atoms:
        """
        Read a frame of the batch.

        Parameters
        ----------
        place
            Its place in the batch.

        Returns
        -------
        ase.Atoms
            With ``info["source"]`` as `amorphology.structures.read_frames` gives it.

        Raises
        ------
        StructureError
            If ASE cannot read it.
        """
        frame = self.frames[place]
        name = f"{self.path} frame {self.first + place}"
        if isinstance(frame, str):
            frame = _parse(frame, self.format, name)
        frame.info["source"] = name
        return frame


def frame_batches(files: Sequence[Path], start: tuple[int, int] = (0, 0)) -> Iterator[FrameBatch]:
    """
    Stream the frames of files in batches.

    A file that cannot be read, or not to its end, ends with a batch that says so.

    Parameters
    ----------
    files
        Files of any format that ASE reads. Extended XYZ, LAMMPS text dumps, vasprun.xml,
        OUTCAR and XDATCAR, compressed or not, are never held whole; neither are ASE's own
        trajectories and SQLite databases. Files of other formats are, one at a time.
    start
        File and frame to begin with.

    Yields
    ------
    FrameBatch
        In order; never across files. A file whose frames are all before `start` yields nothing.
    """
    for file, path in enumerate(files[start[0] :], start[0]):
        first = start[1] if file == start[0] else 0
        yield from _batches_of_file(path, file, first)


def _batches_of_file(path: Path, file: int, first: int) -> Iterator[FrameBatch]:
    frames: list[str | Atoms] = []
    size = 0
    begun_behind = first > 0
    kind = ""
    broken: str | None = None
    try:
        if path.stat().st_size == 0:
            raise StructureError("the file is empty")
        kind = filetype(str(path))
        for frame in _frames_of_file(path, kind, first):
            frames.append(frame)
            size += len(frame) * (1 if isinstance(frame, str) else CHARACTERS_AN_ATOM)
            if len(frames) == FRAMES_A_BATCH or size >= SIZE_OF_A_BATCH:
                yield FrameBatch(str(path), file, first, kind, tuple(frames))
                first, frames, size = first + len(frames), [], 0
        if first == 0 and not frames and not begun_behind:
            raise StructureError("holds no frames")
    except (StructureError, UnknownFileTypeError, OSError, UnicodeDecodeError, EOFError) as error:
        broken = " ".join(str(error).split()) or type(error).__name__
    if frames or broken is not None:
        yield FrameBatch(str(path), file, first, kind, tuple(frames), broken)


def _frames_of_file(path: Path, kind: str, first: int) -> Iterator[str | Atoms]:
    cut = CUTTERS.get(kind)
    if cut is not None:
        with open_with_compression(str(path)) as file:
            yield from islice(cut(file), first, None)
        return
    if kind == "db":
        frames = _rows_of_database(path, first)
    else:
        frames = iread(
            str(path), index=slice(first, None), format=kind, do_not_split_by_at_sign=True
        )
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            return
        except UnknownFileTypeError as error:
            raise StructureError(
                f"ASE knows no structure files of kind {kind}; check its format and name"
            ) from error
        except Exception as error:
            # ASE's readers let through whatever their parsing tripped over.
            raise StructureError(f"ASE cannot read it as {kind}: {_reason(error)}") from error
        yield frame


def _rows_of_database(path: Path, first: int) -> Iterator[Atoms]:
    # ASE fetches all rows of a selection at once.
    database = connect(str(path), serial=True)
    rows = list(database.select(limit=ROWS_AT_A_TIME, offset=first))
    while rows:
        for row in rows:
            yield row.toatoms()
        rows = list(database.select(f"id>{rows[-1].id}", limit=ROWS_AT_A_TIME))


class _NamedText(io.StringIO):
    """A text that ASE takes for an open file; the OUTCAR reader asks for its folder."""

    name = "/nonexistent/frame"


def _parse(text: str, kind: str, name: str) -> Atoms:
    try:
        frame = read(_NamedText(text), index=0, format=kind)
    except Exception as error:
        # ASE's readers let through whatever their parsing tripped over: no narrower class exists.
        raise StructureError(f"{name}: ASE cannot read it as {kind}: {_reason(error)}") from error
    assert isinstance(frame, Atoms)
    return frame


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]


def _cut_xyz(file: IO[str]) -> Iterator[str]:
    line = file.readline()
    while line:
        if line.isspace():
            line = file.readline()
            continue
        if not line.strip().isdecimal():
            raise StructureError(f"number of atoms expected, {line.strip()[:40]!r} found")
        text = line + "".join(islice(file, int(line) + 1))
        line = file.readline()
        while line.lstrip().startswith("VEC"):  # cell vectors of some programs
            text += line
            line = file.readline()
        yield text


def _cut_lammps_dump(file: IO[str]) -> Iterator[str]:
    lines: list[str] = []
    for line in file:
        if line.startswith("ITEM: TIMESTEP"):
            if lines:
                yield "".join(lines)
            lines = [line]
        elif lines:
            lines.append(line)
    if lines:
        yield "".join(lines)


def _cut_xdatcar(file: IO[str]) -> Iterator[str]:
    # The header stands once at the top or, where the cell changes, before every frame.
    header: list[str] = []
    n_atoms = 0
    line = file.readline()
    while line.strip():
        if "Direct configuration=" not in line:
            header = [line, *islice(file, 6)]
            numbers = header[-1].split()
            if len(header) < 7 or not all(number.isdecimal() for number in numbers):
                raise StructureError(
                    f"numbers of atoms expected, {header[-1].strip()[:40]!r} found"
                )
            n_atoms = sum(int(number) for number in numbers)
            line = file.readline()
        yield "".join([*header, line, *islice(file, n_atoms)])
        line = file.readline()


def _cut_vasprun(file: IO[str]) -> Iterator[str]:
    header: list[str] = []
    for line in file:
        if "<calculation>" in line:
            break
        header.append(line)
    lines = [line] if header else []
    for line in file:
        lines.append(line)
        if "</calculation>" in line:
            yield "".join([*header, *lines, "</modeling>\n"])
            lines = []
    # What is left is the end of the file, or a step in which VASP was killed. As ASE does, take it
    # if its energy is there: that comes last, behind those of the electronic steps.
    rest = "".join(lines)
    if "</energy>" in rest.rpartition("</scstep>")[2].partition("<scstep>")[0]:
        yield "".join(header) + rest


def _cut_outcar(file: IO[str]) -> Iterator[str]:
    header: list[str] = []
    for line in file:
        header.append(line)
        if "Iteration" in line:
            break
    lines: list[str] = []
    for line in file:
        lines.append(line)
        if "FREE ENERGIE OF THE ION-ELECTRON SYSTEM" in line:
            lines.extend(islice(file, 4))
            yield "".join([*header, *lines])
            lines = []


CUTTERS: dict[str, Callable[[IO[str]], Iterator[str]]] = {
    "extxyz": _cut_xyz,
    "xyz": _cut_xyz,
    "lammps-dump-text": _cut_lammps_dump,
    "vasp-xdatcar": _cut_xdatcar,
    "vasp-xml": _cut_vasprun,
    "vasp-out": _cut_outcar,
}
"""Formats whose text is cut into frames: ASE would read them whole."""
