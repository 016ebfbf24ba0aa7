"""Amorphous graphene: sets of melt-quench runs with LAMMPS."""

import os
from collections.abc import Sequence
from pathlib import Path

from amorphology.errors import ConfigError
from amorphology.generate.graphene_runs import GrapheneRun, plan_graphene_runs
from amorphology.generate.lammps import Simulation
from amorphology.generate.potentials import Potential, graphene_potential
from amorphology.generate.simulation_set import Progress, run_simulations
from amorphology.parallel import available_cores

__all__ = ["generate_graphene", "graphene_simulation", "run_graphene"]


def graphene_simulation(run: GrapheneRun, potential: Potential) -> Simulation:
    """Say what LAMMPS has to do for one run.

    Parameters
    ----------
    run : GrapheneRun
    potential : Potential

    Returns
    -------
    Simulation
    """
    protocol = run.protocol()
    return Simulation(
        name=run.name,
        start=run.start_structure(),
        protocol=protocol,
        potential=potential,
        # For the velocities, each stage, and the release from the plane.
        seeds=run.random_seeds(1 + len(protocol.stages) + 1),
        stages_in_plane=run.stages_in_plane,
        info={"cooling_rate": run.rate, "sheet": run.sheet},
    )


def run_graphene(
    out: Path,
    runs: Sequence[GrapheneRun],
    potential: Potential,
    *,
    scale: str,
    n_jobs: int,
    progress: Progress | None = None,
) -> list[Path]:
    """Carry out those runs of a set whose files are not there yet.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the runs.
    runs : sequence of GrapheneRun
        With one seed and one kind of sheet in common.
    potential : Potential
    scale : str
        Name of the scale they are from, which decides which of them keep frames from along.
    n_jobs : int
        Number of processes side by side.
    progress : callable, optional
        See `generate_graphene`.

    Returns
    -------
    list of pathlib.Path
        The file of each run, in the order of `runs`.

    Raises
    ------
    RunError
        When runs aborted, after all others have finished.
    ConfigError, MissingDependencyError
        As in `generate_graphene`.
    """
    protocol = runs[0].protocol()
    start = runs[0].start_structure()
    settings = {
        "seed": runs[0].seed,
        "engine": "lammps",
        "potential": potential.name,
        "scale": scale,
        "sheet": runs[0].sheet,
        "area_per_atom": round(float(start.cell[0, 0] * start.cell[1, 1]) / len(start), 6),
        "timestep": protocol.timestep,
        "damping": protocol.damping,
        # Durations are left out: they follow from the rates, which are in the names of the runs.
        "stages": [
            {
                "name": stage.name,
                "start_temperature": stage.start_temperature,
                "end_temperature": stage.end_temperature,
            }
            for stage in protocol.stages
        ],
        "melt_duration": protocol.stages[0].duration,
    }
    simulations = [graphene_simulation(run, potential) for run in runs]
    return run_simulations(out, simulations, settings, n_jobs=n_jobs, progress=progress)


def generate_graphene(
    out: str | os.PathLike[str],
    *,
    scale: str = "demo",
    sheet: str = "flat",
    potential: str = "rebo2",
    n_atoms: int | None = None,
    rates: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Make amorphous graphene by melt-quench molecular dynamics with LAMMPS.

    A sheet of graphene, its area 4 % above the crystal's if flat, is molten in its plane at
    12,000 K, quenched to 300 K at a constant rate and minimised in energy (see
    `amorphology.generate.graphene_runs`). With REBO2 a step takes about 2.2 microseconds an atom on
    one core: ``demo`` takes about 6 core minutes, ``paper`` about 7 core hours.

    Parameters
    ----------
    out : path
        Folder for the runs, made if need be. Each run is one extended XYZ file there, such as
        ``graphene_680_r1000_s007.extxyz`` for 1,000 K/ps, which appears when the run is complete.
        Stopped and called again, it goes on with the runs that are missing; more runs can be added
        in the same way. ``generate.json`` remembers the settings that all runs in the folder share.
    scale : {"demo", "paper"}
        Default set of runs, `amorphology.generate.graphene_runs.GRAPHENE_SCALES`.
    sheet : {"flat", "rippled"}
        Whether atoms stay in the plane to the end, or are free to leave it below 3000 K.
    potential : {"rebo2", "airebo", "lcbop", "tersoff", "erhart-albe"}
        The temperatures are made for ``rebo2``: the last three do not melt at 12,000 K.
    n_atoms : {680, 2720}, optional
        Only sheets with this number of atoms. By default both, in the scale's own mix.
    rates : sequence of float, optional
        Cooling rates in K/ps, from 100 to 100,000, in place of the scale's own; rounded to whole
        numbers.
    n_runs : int, optional
        Runs of each size at each rate. By default the scale's own number, or one at a rate that
        the scale does not have.
    seed : int
        All random numbers follow from it and from a run's size, rate and index.
    n_jobs : int, optional
        Runs side by side, one core each. By default the cores this process may use.
    progress : callable, optional
        Called about five times a second as ``progress(done, total, message)``; `done` and `total`
        count atoms times steps, finished runs of an earlier call included.

    Returns
    -------
    list of pathlib.Path
        The files, one a run. The last frame of each is the final state, stage ``minimised``; the
        first runs at each rate have ten frames from along the quench before it. Frames are periodic
        in the plane, in a cell of 30 Angstrom height, and carry energy (eV), forces (eV/Angstrom)
        and stress (eV/Angstrom^3, virial part, by the volume of the cell) of exactly that
        configuration in their calculator, and in ``info``: run, stage, step, time_fs, temperature
        (K), cooling_rate (K/ps), sheet.

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
    >>> paths = generate_graphene("graphene", n_atoms=680, rates=[5000], n_runs=3)  # doctest: +SKIP
    >>> final_states = [read(path, -1) for path in paths]  # doctest: +SKIP
    """
    chosen = graphene_potential(potential)
    runs = plan_graphene_runs(
        scale, sheet=sheet, n_atoms=n_atoms, rates=rates, n_runs=n_runs, seed=seed
    )
    n_jobs = available_cores() if n_jobs is None else n_jobs
    if n_jobs < 1:
        raise ConfigError(f"n_jobs is {n_jobs}: at least one process is needed")
    return run_graphene(Path(out), runs, chosen, scale=scale, n_jobs=n_jobs, progress=progress)
