"""What the engines that carry out one run at a time share: which runs, and who makes them.

Ab-initio runs take days, on many nodes. So any number of processes, on one machine or on many that
see the same files, may be given the same folder: each takes the next run that nobody works on.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from ase import Atoms, units

from amorphology import __version__
from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock
from amorphology.generate.melt_quench import CELL_SIZES, MeltQuenchRun, Protocol, plan_runs
from amorphology.generate.run_folder import check_manifest, run_path

__all__ = [
    "plan_cells",
    "protocol_settings",
    "remember_settings",
    "thermal_start",
    "unfinished_runs",
]

_MANIFEST = "generate.json"


def plan_cells(
    scale: str,
    *,
    n_atoms: int | None = None,
    densities: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
) -> tuple[Protocol, tuple[MeltQuenchRun, ...]]:
    """Say which runs a scale comes to, for cells of any size.

    Parameters
    ----------
    scale, densities, n_runs, seed
        As in `amorphology.generate.melt_quench.plan_runs`.
    n_atoms : int, optional
        A cube of a whole number from 8 on, such as 8, 27, 64 or 216. Sizes that the scale does not
        have take the place of its 216 atoms. By default all of the scale's own.

    Returns
    -------
    protocol : Protocol
    runs : tuple of MeltQuenchRun

    Raises
    ------
    ConfigError
        For an option outside of what is said above.
    """
    options: dict[str, Any] = {"densities": densities, "n_runs": n_runs, "seed": seed}
    if n_atoms is None or n_atoms in CELL_SIZES:
        return plan_runs(scale, n_atoms=n_atoms, **options)
    if n_atoms < 8 or round(n_atoms ** (1 / 3)) ** 3 != n_atoms:
        raise ConfigError(f"n_atoms is {n_atoms}: choose a cube such as 8, 27, 64, 216 or 512")
    protocol, runs = plan_runs(scale, n_atoms=CELL_SIZES[0], **options)
    return protocol, tuple(dataclasses.replace(run, n_atoms=n_atoms) for run in runs)


def protocol_settings(protocol: Protocol, runs: Sequence[MeltQuenchRun]) -> dict[str, Any]:
    """Put down what decides the content of runs, whatever the engine.

    Parameters
    ----------
    protocol : Protocol
    runs : sequence of MeltQuenchRun
        With one seed in common.

    Returns
    -------
    dict
        JSON types only.
    """
    return {
        "seed": runs[0].seed,
        "scale": protocol.name,
        "timestep": protocol.timestep,
        "damping": protocol.damping,
        "stages": [dataclasses.asdict(stage) for stage in protocol.stages],
    }


def thermal_start(run: MeltQuenchRun, temperature: float, rng: np.random.Generator) -> Atoms:
    """Give the start crystal of a run its velocities.

    Parameters
    ----------
    run : MeltQuenchRun
    temperature : float
        K.
    rng : numpy.random.Generator
        Random directions and lengths are drawn from it.

    Returns
    -------
    ase.Atoms
        The crystal, with momenta of a Maxwell-Boltzmann distribution, the centre of mass at rest,
        and a kinetic energy of exactly 3/2 (n_atoms - 1) k_B `temperature`.
    """
    atoms = run.start_structure()
    momenta = rng.standard_normal((len(atoms), 3))  # atoms are alike: any width will do
    momenta -= momenta.mean(axis=0)
    atoms.set_momenta(momenta)
    wanted = 1.5 * (len(atoms) - 1) * units.kB * temperature
    atoms.set_momenta(momenta * np.sqrt(wanted / atoms.get_kinetic_energy()))
    return atoms


def remember_settings(
    out: Path, settings: dict[str, Any], names: Sequence[str], made_with: dict[str, str]
) -> None:
    """Make a folder of runs and write its settings, or see that they are the same.

    Parameters
    ----------
    out : pathlib.Path
        Made if need be. Other processes may do the same at the same time.
    settings : dict
        What decides the content of a run beside its name; JSON types only.
    names : sequence of str
        Names of the runs wanted now.
    made_with : dict of str
        Versions of what makes the runs, for the record.

    Raises
    ------
    ConfigError
        When `out` is not a folder, or holds runs made with other settings.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{out} is not a folder: choose another one") from None
    check_manifest(out, settings, names)
    if not (out / _MANIFEST).exists():
        made_with = {"amorphology": __version__, **made_with}
        record = {"format": 1, "settings": settings, "made_with": made_with}
        beside = out / f".{_MANIFEST}.{token_hex(4)}"
        beside.write_text(json.dumps(record, indent=2) + "\n")
        beside.replace(out / _MANIFEST)


def unfinished_runs(
    out: Path, runs: Sequence[MeltQuenchRun], engine: str
) -> Iterator[tuple[MeltQuenchRun, Path]]:
    """Take the runs that are not there yet, one after another.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the runs.
    runs : sequence of MeltQuenchRun
    engine : str
        Name of the folder in `out` that holds unfinished runs.

    Yields
    ------
    run : MeltQuenchRun
        Its file does not exist, and no other process works on it while the caller does.
    folder : pathlib.Path
        Where it is worked on; what an earlier process left there is still there.
    """
    for run in runs:
        if run_path(out, run.name).exists():
            continue
        folder = out / engine / run.name
        try:
            with folder_lock(folder, "wait for it"):
                if not run_path(out, run.name).exists():  # finished meanwhile by its former holder
                    yield run, folder
        except ConfigError:  # another process makes this run
            continue
