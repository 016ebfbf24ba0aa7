"""Finished VASP runs as labelled frames, in the form in which `generate_carbon` writes them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ase import Atoms
from ase.io import write

from amorphology.errors import ConfigError, StructureError
from amorphology.generate.vasp.inputs import is_run_folder, read_run_folder, stage_parts
from amorphology.generate.vasp.output import VaspOutput, output_file, read_output, vasp_frames
from amorphology.structures import LABELS, stored_result, whole_file

__all__ = ["ImportReport", "import_vasp", "read_vasp_run"]

_XYZ = (".xyz", ".extxyz")
_ENDINGS = (".gz", ".bz2", ".xz", ".xml")
_GRAM_PER_CM3 = 1.66053906660  # one atomic mass unit per cubic Angstrom, in g/cm^3 (CODATA 2018)


@dataclass(frozen=True)
class _Piece:
    """One file of a run; `offset` ionic steps of the run come before it."""

    output: VaspOutput
    stage: str
    offset: int
    n_steps: int
    wanted: range | None = None  # steps of the run


@dataclass
class _Run:
    name: str
    pieces: list[_Piece] = field(default_factory=list)
    density: float | None = None


@dataclass
class ImportReport:
    """What `import_vasp` did.

    Attributes
    ----------
    files : list of pathlib.Path
        What was written.
    n_frames, n_runs : int
        Frames written, and runs they belong to.
    labels : collections.Counter
        How many frames carry energy, forces, stress.
    unconverged : dict of str to list of int
        Ionic steps, from 1, whose electronic steps did not converge, by file.
    broken : list of str
        Files that could not be read to their end, and why.
    kept : bool
        Whether unconverged frames were written all the same.
    """

    files: list[Path] = field(default_factory=list)
    n_frames: int = 0
    n_runs: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    unconverged: dict[str, list[int]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    kept: bool = False

    def __str__(self) -> str:
        """Say it in lines."""
        labels = ", ".join(f"{label} {self.labels[label]}" for label in LABELS)
        lines = [f"{self.n_frames} frames of {self.n_runs} runs: {labels}"]
        for source, steps in self.unconverged.items():
            listed = ", ".join(str(step) for step in steps[:10]) + (", ..." if steps[10:] else "")
            what = "kept" if self.kept else "left out"
            lines.append(
                f"electronic steps not converged, {what}: {source}, {len(steps)} frames "
                f"(ionic steps {listed})"
            )
        lines += [f"not read to its end: {reason}" for reason in self.broken]
        return "\n".join(lines)


def import_vasp(
    sources: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    run: str | None = None,
    every: int | None = None,
    keep_unconverged: bool = False,
    report: Callable[[str], None] | None = None,
) -> ImportReport:
    """Turn finished VASP runs into one data set.

    Parameters
    ----------
    sources : sequence of path
        vasprun.xml and OUTCAR files, compressed or not, also under names such as
        ``vasprun.3.xml`` and ``OUTCAR.3``; and folders. A folder that
        `amorphology.generate.vasp.generate_carbon_vasp` made is a run with its stages. Of any other
        folder, every folder below with a vasprun.xml (or else an OUTCAR) is a run.
    out : path
        A file ``.extxyz`` or ``.xyz`` for all frames, or a folder for one file a run. A file
        appears, or is replaced, once it is complete.
    run : str, optional
        Take all sources, in their order, for the stages of one run of this name. By default each is
        a run of its own, named after its folder (or after the file, where that has another name
        than VASP gives it).
    every : int, optional
        Take every `every`-th ionic step. By default all, and of runs made here those of the
        protocol.
    keep_unconverged : bool
        Whether to keep frames whose electronic steps did not converge, marked by
        ``info["unconverged"]``.
    report : callable, optional
        Called with a line of text for each run.

    Returns
    -------
    ImportReport

    Raises
    ------
    StructureError
        When a source is missing or is no such file, or no frame is left.
    ConfigError
        When an option is out of range, or two sources make the same run.

    Notes
    -----
    ``energy`` is VASP's energy(sigma -> 0), ``free_energy`` its free energy TOTEN, the one that
    belongs to the forces; both eV. In ``info``: run, stage, step (counted over all stages), density
    (g/cm^3) and, of molecular dynamics, time_fs and temperature (K).
    """
    if every is not None and every < 1:
        raise ConfigError(f"every is {every}: it must be at least 1")
    runs = _merge(_find_runs(sources), run) if run else _find_runs(sources)
    repeated = [name for name, count in Counter(r.name for r in runs).items() if count > 1]
    if repeated:
        raise ConfigError(f"two sources make the run {repeated[0]}: import one of them elsewhere")

    out = Path(out)
    result = ImportReport(kept=keep_unconverged)
    with ExitStack() as stack:
        handle = None
        if out.suffix in _XYZ:
            handle = stack.enter_context(stack.enter_context(whole_file(out)).open("w"))
            result.files.append(out)
        else:
            _make_folder(out)
        for one in runs:
            frames = _frames(one, every, keep_unconverged, result)
            before = result.n_frames
            if handle is not None:
                _write_frames(handle, frames, result)
            else:
                _write_file(out / f"{one.name.replace(os.sep, '_')}.extxyz", frames, result)
            n_frames = result.n_frames - before
            result.n_runs += n_frames > 0
            if report:
                report(f"{one.name}: {n_frames} frames")
        if not result.n_frames:
            why = str(result).split("\n", 1)[-1].replace("\n", "; ")
            raise StructureError(f"no frame to import ({why}); see --keep-unconverged")
    return result


def read_vasp_run(folder: Path) -> list[Atoms]:
    """Read the frames of a finished run that was made here.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the run.

    Returns
    -------
    list of ase.Atoms
        Those of the protocol, without unconverged ones.

    Raises
    ------
    StructureError
        When a file cannot be read, or frames are not converged.
    """
    result = ImportReport()
    frames = list(_frames(_folder_of_ours(folder), None, False, result))
    if result.broken or result.unconverged:
        why = str(result).split("\n", 1)[-1].replace("\n", "; ")
        raise StructureError(f"{folder}: {why}; `amorph import` takes the frames that are sound")
    return frames


def _write_frames(handle: object, frames: Iterator[Atoms], result: ImportReport) -> None:
    for atoms in frames:
        write(handle, atoms, format="extxyz")
        result.n_frames += 1
        result.labels.update(
            label for label in LABELS if stored_result(atoms, "calculator", label) is not None
        )


def _write_file(path: Path, frames: Iterator[Atoms], result: ImportReport) -> None:
    first = next(frames, None)
    if first is None:
        return

    def all_frames() -> Iterator[Atoms]:
        yield first
        yield from frames

    with whole_file(path) as unfinished, unfinished.open("w") as handle:
        _write_frames(handle, all_frames(), result)
    result.files.append(path)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(
            f"{out} is not a folder: name a folder, or a file ending in .extxyz"
        ) from None


def _frames(
    run: _Run, every: int | None, keep_unconverged: bool, result: ImportReport
) -> Iterator[Atoms]:
    """Read the frames of a run, and put down those that are not."""
    for piece in run.pieces:
        for index, atoms in _wanted_frames(piece, every, keep_unconverged, result):
            step = piece.offset + index + 1
            volume = atoms.cell.volume
            density = run.density
            if density is None and volume > 0 and atoms.pbc.all():
                density = float(_GRAM_PER_CM3 * atoms.get_masses().sum() / volume)
            timestep = piece.output.timestep
            info = {
                "run": run.name,
                "stage": piece.stage,
                "step": step,
                "time_fs": None if timestep is None else step * timestep,
                "temperature": piece.output.temperature(index, len(atoms)),
                "density": density,
                "unconverged": None if piece.output.is_converged(index) else True,
            }
            atoms.info = {key: value for key, value in info.items() if value is not None}
            atoms.wrap()
            yield atoms


def _wanted_frames(
    piece: _Piece, every: int | None, keep_unconverged: bool, result: ImportReport
) -> Iterator[tuple[int, Atoms]]:
    output = piece.output
    source = str(output.path)

    def wanted(index: int) -> bool:
        step = piece.offset + index + 1
        if index >= piece.n_steps:
            return False
        if every is not None:
            chosen = step % every == 0
        else:
            chosen = piece.wanted is None or step in piece.wanted
        if chosen and not output.is_converged(index):
            result.unconverged.setdefault(source, []).append(index + 1)
            return keep_unconverged
        return chosen

    try:
        yield from vasp_frames(output.path, wanted)
    except StructureError as error:
        result.broken.append(str(error))


def _find_runs(sources: Sequence[str | os.PathLike[str]]) -> list[_Run]:
    if not sources:
        raise StructureError("nothing to import: name vasprun.xml or OUTCAR files, or folders")
    runs = []
    for source in sources:
        path = Path(source)
        if not path.is_dir():
            runs.append(_single(path))
        elif is_run_folder(path):
            runs.append(_folder_of_ours(path))
        else:
            found = list(_below(path))
            if not found:
                raise StructureError(f"{path}: no vasprun.xml or OUTCAR in this folder or below")
            runs.extend(found)
    return runs


def _below(folder: Path) -> Iterator[_Run]:
    path = output_file(folder)
    if path is not None:
        yield _single(path)
    # A link may lead back up: it is followed only where it is named.
    for below in sorted(e for e in folder.iterdir() if e.is_dir() and not e.is_symlink()):
        if is_run_folder(below):
            yield _folder_of_ours(below)
        else:
            yield from _below(below)


def _single(path: Path) -> _Run:
    output = read_output(path)
    stem = path.name
    while stem.endswith(_ENDINGS):
        stem = stem.rpartition(".")[0]
    name = str(path.parent) if stem in ("vasprun", "OUTCAR") else stem
    if name in (".", ""):
        name = Path.cwd().name
    name = name.strip(os.sep)
    piece = _Piece(output, stage=Path(name).name, offset=0, n_steps=len(output.steps))
    return _Run(name, [piece])


def _folder_of_ours(folder: Path) -> _Run:
    described, protocol = read_run_folder(folder)
    run = _Run(described.name, density=described.density)
    for number, window in enumerate(protocol.windows(), 1):
        offset = window.begin
        for part in stage_parts(folder, number, window.stage):
            path = output_file(part)
            if path is None:
                continue
            output = read_output(path)
            n_steps = min(output.n_complete, window.end - offset)
            run.pieces.append(_Piece(output, window.stage.name, offset, n_steps, window.frames))
            offset += n_steps
    return run


def _merge(runs: Sequence[_Run], name: str) -> list[_Run]:
    merged = _Run(name)
    offset = 0
    for run in runs:
        for piece in run.pieces:
            merged.pieces.append(
                _Piece(piece.output, piece.stage, offset, piece.n_steps, wanted=None)
            )
            offset += piece.n_steps
    return [merged]
