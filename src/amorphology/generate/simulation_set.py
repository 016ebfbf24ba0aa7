"""Sets of LAMMPS runs: side by side, restartable, whole files only."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from amorphology import __version__
from amorphology.errors import RunError
from amorphology.generate.lammps import LammpsJob, Simulation, start
from amorphology.generate.lammps_program import Lammps, find_lammps
from amorphology.generate.melt_quench import check_frames
from amorphology.generate.run_folder import output_folder, run_path, write_run

__all__ = ["Progress", "run_simulations"]

Progress = Callable[[int, int, str], None]

_POLL = 0.2  # s between two looks at the running processes


def run_simulations(
    out: Path,
    simulations: Sequence[Simulation],
    settings: dict[str, Any],
    *,
    n_jobs: int,
    progress: Progress | None = None,
) -> list[Path]:
    """Carry out those runs of a set whose files are not there yet.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the runs.
    simulations : sequence of Simulation
        At least one, all with one potential.
    settings : dict
        What all of them share; remembered in the folder, see `output_folder`.
    n_jobs : int
        Number of processes side by side.
    progress : callable, optional
        Called about five times a second as ``progress(done, total, message)``; `done` and `total`
        count atoms times steps, finished runs of an earlier call included.

    Returns
    -------
    list of pathlib.Path
        The file of each run, in the order of `simulations`.

    Raises
    ------
    RunError
        When runs aborted or their frames are not sound, after all others have finished.
    ConfigError
        When `out` holds runs made with other settings, or another process holds it.
    MissingDependencyError
        When a run is missing and LAMMPS is not installed.
    """
    paths = [run_path(out, run.name) for run in simulations]
    missing = not all(path.exists() for path in paths)
    lammps = find_lammps(simulations[0].potential) if missing else None
    # Where nothing is missing, nothing is made: the folder's versions stay as they are.
    made_with = {"amorphology": __version__, "lammps": lammps.version} if lammps else {}
    with output_folder(out, settings, [run.name for run in simulations], made_with) as folder:
        waiting = [run for run, path in zip(simulations, paths, strict=True) if not path.exists()]
        if lammps and waiting:
            _run_all(lammps, out, folder, simulations, waiting, n_jobs, progress)
    return paths


def _run_all(
    lammps: Lammps,
    out: Path,
    folder: Path,
    simulations: Sequence[Simulation],
    missing: Sequence[Simulation],
    n_jobs: int,
    progress: Progress | None,
) -> None:
    # Long runs first, so that none is left over at the end with the other cores idle.
    waiting = sorted(missing, key=lambda run: run.cost)
    active: list[LammpsJob] = []
    failures: list[str] = []
    total = sum(run.cost for run in simulations)
    done = total - sum(run.cost for run in missing)
    try:
        while waiting or active:
            while waiting and len(active) < n_jobs:
                run = waiting.pop()
                active.append(start(lammps, run, folder / run.name))
            time.sleep(_POLL)
            for job in [job for job in active if not job.is_running]:
                try:
                    frames = job.frames()
                    check_frames(job.run, job.run.protocol, frames)
                    write_run(out, job.run.name, frames)
                    shutil.rmtree(job.folder)
                except RunError as error:  # the folder stays, for a look at what happened
                    failures.append(f"{error} (see {job.folder})")
                active.remove(job)
                done += job.run.cost
            if progress:
                under_way = sum(job.steps_done() * job.run.n_atoms for job in active)
                finished = len(simulations) - len(waiting) - len(active) - len(failures)
                progress(done + under_way, total, f"{finished} of {len(simulations)} runs")
    finally:
        for job in active:
            job.kill()
            shutil.rmtree(job.folder, ignore_errors=True)
    if failures:
        others = f"; {len(failures) - 1} more runs failed" if len(failures) > 1 else ""
        raise RunError(f"{failures[0]}{others}")
