"""Amorphous carbon: sets of melt-quench runs with LAMMPS."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from amorphology.errors import ConfigError
from amorphology.generate.lammps import Simulation
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, plan_runs
from amorphology.generate.potentials import CARBON_SNAP
from amorphology.generate.simulation_set import Progress, run_simulations
from amorphology.parallel import available_cores

__all__ = ["carbon_simulation", "generate_carbon", "run_melt_quench"]


def carbon_simulation(run: MeltQuenchRun, protocol: Protocol) -> Simulation:
    """Say what LAMMPS has to do for one run.

    Parameters
    ----------
    run : MeltQuenchRun
    protocol : Protocol

    Returns
    -------
    Simulation
    """
    return Simulation(
        name=run.name,
        start=run.start_structure(),
        protocol=protocol,
        potential=CARBON_SNAP,
        seeds=tuple(run.random_seeds(1 + len(protocol.stages))),
        info={"density": run.density},
    )


def run_melt_quench(
    out: Path,
    protocol: Protocol,
    runs: Sequence[MeltQuenchRun],
    *,
    n_jobs: int,
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
    n_jobs : int
        Number of processes side by side.
    progress : callable, optional
        See `generate_carbon`.

    Returns
    -------
    list of pathlib.Path
        The file of each run, in the order of `runs`.

    Raises
    ------
    RunError
        When runs aborted, after all others have finished.
    ConfigError, MissingDependencyError
        As in `generate_carbon`.
    """
    settings = {
        "seed": runs[0].seed,
        "engine": "lammps",
        "potential": CARBON_SNAP.name,
        "scale": protocol.name,
        "timestep": protocol.timestep,
        "damping": protocol.damping,
        "stages": [dataclasses.asdict(stage) for stage in protocol.stages],
    }
    simulations = [carbon_simulation(run, protocol) for run in runs]
    return run_simulations(out, simulations, settings, n_jobs=n_jobs, progress=progress)


def generate_carbon(
    out: str | os.PathLike[str],
    *,
    scale: str = "demo",
    n_atoms: int | None = None,
    densities: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Make amorphous carbon by melt-quench molecular dynamics with LAMMPS.

    Simple cubic carbon is molten at 9000 K and quenched to 300 K at constant volume (see
    `amorphology.generate.melt_quench.SCALES` for the two protocols and for what in them is the
    authors'). The potential is the carbon SNAP that comes with LAMMPS, about 0.17 ms an atom and
    step on one core: ``demo`` takes about 6 core minutes, ``paper`` about 7 core hours.

    Parameters
    ----------
    out : path
        Folder for the runs, made if need be. Each run is one extended XYZ file there, such as
        ``carbon_216_d2.40_s00.extxyz``, which appears when the run is complete. Stopped and
        called again, it goes on with the runs that are missing; more runs can be added in the
        same way. ``generate.json`` remembers the settings that all runs in the folder share.
    scale : {"demo", "paper"}
        Protocol and default set of runs.
    n_atoms : {216, 512}, optional
        Only runs with this number of atoms. By default both, in the scale's own mix.
    densities : sequence of float, optional
        Densities in g/cm^3, from 2.0 to 3.4, in place of the scale's own; rounded to 0.01.
    n_runs : int, optional
        Number of runs of each size, dealt over the densities in turn. By default the scale's own
        number, or one a density when `densities` is given.
    seed : int
        All random numbers follow from it and from a run's size, density and index.
    n_jobs : int, optional
        Runs side by side, one core each. By default the cores this process may use.
    progress : callable, optional
        Called about five times a second as ``progress(done, total, message)``; `done` and `total`
        count atoms times steps, finished runs of an earlier call included.

    Returns
    -------
    list of pathlib.Path
        The files, one a run. Each frame is periodic and carries energy (eV), forces
        (eV/Angstrom) and stress (eV/Angstrom^3, virial part) of exactly that configuration in its
        calculator, and in ``info``: run, stage, step, time_fs, temperature (K), density (g/cm^3).

    Raises
    ------
    ConfigError
        When an option is out of range, or `out` holds runs made with other settings.
    MissingDependencyError
        When LAMMPS is not installed.
    RunError
        When LAMMPS aborted a run or its frames are not sound; the other runs are finished and
        kept first.

    Examples
    --------
    >>> from ase.io import read
    >>> paths = generate_carbon("carbon", n_atoms=216, densities=[2.4, 3.0])  # doctest: +SKIP
    >>> frames = read(paths[0], ":")  # doctest: +SKIP
    """
    protocol, runs = plan_runs(
        scale, n_atoms=n_atoms, densities=densities, n_runs=n_runs, seed=seed
    )
    n_jobs = available_cores() if n_jobs is None else n_jobs
    if n_jobs < 1:
        raise ConfigError(f"n_jobs is {n_jobs}: at least one process is needed")
    return run_melt_quench(Path(out), protocol, runs, n_jobs=n_jobs, progress=progress)
