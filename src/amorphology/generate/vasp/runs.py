"""Melt-quench runs in VASP: inputs for all of them, started where VASP is at hand.

VASP needs a licence, which users own; here are its inputs (`amorphology.generate.vasp.inputs`), the
order of the stages, and the way from its output to frames (`amorphology.generate.vasp.importing`).
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from ase.calculators.vasp import Vasp

from amorphology.errors import (
    ConfigError,
    MissingDependencyError,
    RunError,
    StructureError,
)
from amorphology.generate.engines import (
    plan_cells,
    protocol_settings,
    remember_settings,
    unfinished_runs,
)
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Window, check_frames
from amorphology.generate.run_folder import run_path
from amorphology.generate.vasp.importing import read_vasp_run
from amorphology.generate.vasp.inputs import (
    continue_stage,
    merge_tags,
    stage_parts,
    write_run_folder,
)
from amorphology.generate.vasp.output import output_file, read_output
from amorphology.generate.vasp.potcar import ase_setting, find_potcar
from amorphology.structures import write_frames

__all__ = ["generate_carbon_vasp", "run_melt_quench_vasp"]

Progress = Callable[[int, int, str], None]

_FOLDER = "vasp"
_SCREEN = "vasp.out"
_POLL = 2.0  # s between two looks at how far VASP is
_PATIENCE = 30.0  # s for a launcher such as srun to end its processes


def generate_carbon_vasp(
    out: str | os.PathLike[str],
    *,
    scale: str = "paper",
    n_atoms: int | None = None,
    densities: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
    tags: Mapping[str, str] | None = None,
    potcar: str | os.PathLike[str] | None = None,
    write_only: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Make amorphous carbon by melt-quench molecular dynamics with VASP.

    Parameters
    ----------
    out : path
        Folder for the runs, made if need be. Inputs and outputs of VASP are in
        ``vasp/RUN/STAGE`` there; a finished run is one extended XYZ file, such as
        ``carbon_216_d2.40_s00.extxyz``. Stopped and called again, it goes on from the last ionic
        step. Any number of processes may be called with the same `out`: each takes the next run
        that nobody works on.
    scale : {"paper", "demo"}
        Protocol and default set of runs (`amorphology.generate.melt_quench.SCALES`).
    n_atoms : int, optional
        Only cells of this size; any cube from 8 on. By default the scale's own.
    densities : sequence of float, optional
        Densities in g/cm^3, from 2.0 to 3.4, in place of the scale's own; rounded to 0.01.
    n_runs : int, optional
        Number of runs of each size, dealt over the densities in turn.
    seed : int
        The velocities at the start follow from it and from a run's size, density and index.
    tags : mapping of str, optional
        INCAR tags to change or to add, such as ``{"NCORE": "4"}``, except those that the protocol
        decides.
    potcar : path, optional
        POTCAR of carbon, PAW LDA. By default ASE finds it by VASP_PP_PATH.
    write_only : bool
        Write the inputs and start nothing.
    progress : callable, optional
        Called as ``progress(done, total, message)``; `done` and `total` count atoms times steps.

    Returns
    -------
    list of pathlib.Path
        The files of the finished runs; with `write_only`, the folders of the runs.

    Raises
    ------
    ConfigError
        When an option is out of range, `out` holds runs made with other settings, or the POTCAR
        is missing or is another one.
    MissingDependencyError
        When ASE knows no command that starts VASP.
    RunError
        When VASP stopped early or frames are not sound; the other runs are finished first.
    """
    protocol, runs = plan_cells(
        scale, n_atoms=n_atoms, densities=densities, n_runs=n_runs, seed=seed
    )
    return run_melt_quench_vasp(
        Path(out),
        protocol,
        runs,
        tags=tags,
        potcar=None if potcar is None else Path(potcar),
        write_only=write_only,
        progress=progress,
    )


def run_melt_quench_vasp(
    out: Path,
    protocol: Protocol,
    runs: Sequence[MeltQuenchRun],
    *,
    tags: Mapping[str, str] | None = None,
    potcar: Path | None = None,
    write_only: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Carry out those runs of a set whose files are not there yet.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the runs.
    protocol : Protocol
    runs : sequence of MeltQuenchRun
        With one seed in common.
    tags, potcar, write_only, progress
        See `generate_carbon_vasp`.

    Returns
    -------
    list of pathlib.Path
        As `generate_carbon_vasp`.

    Raises
    ------
    ConfigError, MissingDependencyError, RunError
        As `generate_carbon_vasp`.
    """
    all_tags, physics = merge_tags(tags)
    names = [run.name for run in runs]
    finished = [run_path(out, name).exists() for name in names]
    command, potential = "", None
    if not all(finished):
        potential = find_potcar(potcar)
        if not write_only:
            command = _find_command()
            if potential is None and not (out / _FOLDER / "POTCAR").exists():
                raise ConfigError(
                    "VASP needs a POTCAR (carbon, PAW LDA): set VASP_PP_PATH, or name one with "
                    "--potcar"
                )
    settings = {"engine": "vasp", **protocol_settings(protocol, runs), "tags": physics}
    remember_settings(out, settings, names, {"ase": version("ase")})

    failures: list[str] = []
    for run, folder in unfinished_runs(out, runs, _FOLDER):
        write_run_folder(folder, run, protocol, all_tags, potential)
        if write_only:
            continue
        try:
            _carry_out(run, protocol, folder, command, all_tags, _Report(out, runs, run, progress))
            frames = read_vasp_run(folder)
            check_frames(run, protocol, frames)
            write_frames(run_path(out, run.name), frames)
        except (RunError, StructureError) as error:
            failures.append(str(error))
    if failures:
        others = f"; {len(failures) - 1} more runs failed" if len(failures) > 1 else ""
        raise RunError(f"{failures[0]}{others}")
    if write_only:
        return [out / _FOLDER / name for name in names]
    return [path for name in names if (path := run_path(out, name)).exists()]


def _find_command() -> str:
    for name in Vasp.env_commands:
        if ase_setting(name) is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about variables of the environment
                return str(Vasp().make_command())
    raise MissingDependencyError(
        'VASP is not configured: set ASE_VASP_COMMAND to what starts it, such as "srun vasp_gam", '
        "or write the inputs alone with --write-only"
    )


class _Report:
    """Progress of one run among many, also of those that other processes make."""

    def __init__(
        self,
        out: Path,
        runs: Sequence[MeltQuenchRun],
        run: MeltQuenchRun,
        progress: Progress | None,
    ) -> None:
        self.out = out
        self.runs = runs
        self.run = run
        self.progress = progress

    def __call__(self, protocol: Protocol, steps_done: int) -> None:
        if self.progress is None:
            return
        finished = [run for run in self.runs if run_path(self.out, run.name).exists()]
        done = protocol.n_steps * sum(run.n_atoms for run in finished)
        total = protocol.n_steps * sum(run.n_atoms for run in self.runs)
        message = f"{len(finished)} of {len(self.runs)} runs, at {self.run.name}"
        self.progress(done + steps_done * self.run.n_atoms, total, message)


def _carry_out(
    run: MeltQuenchRun,
    protocol: Protocol,
    folder: Path,
    command: str,
    tags: Mapping[str, str],
    report: _Report,
) -> None:
    """Bring a run to its end, stage after stage, from wherever it is."""
    with _guard(folder, run, protocol) as guard:
        _go_through_stages(run, protocol, folder, command, tags, report, guard)


def _go_through_stages(
    run: MeltQuenchRun,
    protocol: Protocol,
    folder: Path,
    command: str,
    tags: Mapping[str, str],
    report: _Report,
    guard: int,
) -> None:
    before: Path | None = None  # folder in which VASP ended last
    for number, window in enumerate(protocol.windows(), 1):
        n_steps = window.end - window.begin
        parts = stage_parts(folder, number, window.stage)
        done = sum(_steps_in(part) for part in parts)
        if done < n_steps:
            part = _prepare(parts, before, run, protocol, window, tags, done)
            with _vasp(command, part, guard) as process:
                while True:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_POLL)
                    report(protocol, window.begin + done + _steps_on_screen(part))
                    if process.returncode is not None:
                        break
            done += _steps_in(part)
            if done < n_steps:  # an exit status alone may come from the launcher
                raise RunError(
                    f"{run.name}, stage {window.stage.name}: VASP stopped after {done} of "
                    f"{n_steps} steps with exit status {process.returncode} and said: "
                    f"{_last_words(part)} (see {part}); the same command goes on from there"
                )
            parts = stage_parts(folder, number, window.stage)
        before = parts[-1]
        report(protocol, window.end)


def _prepare(
    parts: Sequence[Path],
    before: Path | None,
    run: MeltQuenchRun,
    protocol: Protocol,
    window: Window,
    tags: Mapping[str, str],
    done: int,
) -> Path:
    """Choose and fill the folder in which VASP starts next."""
    last = parts[-1]
    if _steps_in(last):  # VASP was stopped: go on beside what it did
        part = last.with_name(f"{parts[0].name}_part{len(parts) + 1}")
        continue_stage(part, last, run, protocol, window, tags, steps_done=done)
        return part
    source = parts[-2] if len(parts) > 1 else before
    if source is not None:
        continue_stage(last, source, run, protocol, window, tags, steps_done=done)
    return last


def _steps_in(part: Path) -> int:
    path = output_file(part)
    if path is None:
        return 0
    try:
        return read_output(path).n_complete
    except StructureError:  # cut short before it said what it is
        return 0


def _steps_on_screen(part: Path) -> int:
    try:
        return (part / "OSZICAR").read_text(errors="replace").count(" T= ")
    except FileNotFoundError:
        return 0


def _last_words(part: Path) -> str:
    lines = (part / _SCREEN).read_text(errors="replace").strip().splitlines()[-3:]
    return " | ".join(line.strip() for line in lines) or "nothing"


@contextlib.contextmanager
def _guard(folder: Path, run: MeltQuenchRun, protocol: Protocol) -> Iterator[int]:
    """Lock a run until this process and every VASP that inherits the lock have ended.

    A VASP whose owner was killed works on, and a second one in the same folder would spoil both.
    """
    handle = os.open(stage_parts(folder, 1, protocol.stages[0])[0], os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    except BlockingIOError:
        raise RunError(
            f"{run.name}: the VASP that an earlier call started is still at work: let it finish "
            "its stage, or end it, and give the command again"
        ) from None
    finally:
        os.close(handle)


@contextlib.contextmanager
def _vasp(command: str, folder: Path, guard: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run VASP in a folder; it ends with the block, and its launcher with it."""
    with (folder / _SCREEN).open("wb") as screen:
        process = subprocess.Popen(
            command,
            shell=True,  # as ASE starts it: the command may be a pipeline or set variables
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=screen,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(guard,),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
