"""One way in to amorphous carbon, whatever computes the forces."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from amorphology.errors import ConfigError
from amorphology.generate.ase_engine import generate_carbon_ase
from amorphology.generate.carbon import generate_carbon
from amorphology.generate.vasp.runs import generate_carbon_vasp

__all__ = ["ENGINES", "generate_carbon_with"]

ENGINES = ("lammps", "vasp", "ase")
"""Names of the engines."""


def generate_carbon_with(
    engine: str,
    out: str | os.PathLike[str],
    *,
    n_jobs: int | None = None,
    calculator: str | None = None,
    potcar: Path | None = None,
    incar: Sequence[str] | None = None,
    write_only: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
    **options: Any,
) -> str:
    """Make amorphous carbon with an engine chosen by name.

    Parameters
    ----------
    engine : {"lammps", "vasp", "ase"}
    out : path
        Folder for the runs.
    n_jobs : int, optional
        Only for ``lammps``: runs side by side.
    calculator : str, optional
        Only for ``ase``, which needs it: ``module:factory``.
    potcar : pathlib.Path, optional
        Only for ``vasp``.
    incar : sequence of str, optional
        Only for ``vasp``: tags to change or to add, such as ``"NCORE=4"``.
    write_only : bool
        Only for ``vasp``: write the inputs and start nothing.
    progress : callable, optional
        See `amorphology.generate.generate_carbon`.
    **options
        scale, n_atoms, densities, n_runs, seed: as the function of each engine has them.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    ConfigError
        When `engine` is unknown, or an option belongs to another one.
    AmorphologyError
        As `amorphology.generate.generate_carbon`,
        `amorphology.generate.vasp.generate_carbon_vasp` and
        `amorphology.generate.ase_engine.generate_carbon_ase`.
    """
    if engine not in ENGINES:
        raise ConfigError(f"unknown engine {engine!r}: choose one of {', '.join(ENGINES)}")
    owners = {
        "--calculator": ("ase", calculator),
        "--potcar": ("vasp", potcar),
        "--incar": ("vasp", incar),
        "--write-only": ("vasp", write_only),
    }
    for option, (owner, value) in owners.items():
        if value and owner != engine:
            raise ConfigError(f"{option} goes with --engine {owner}: leave it out")
    if n_jobs is not None and engine != "lammps":
        raise ConfigError(
            f"--jobs goes with --engine lammps; with {engine} start the same command as often as "
            "you like: each takes the next free run"
        )
    if engine == "lammps":
        paths = generate_carbon(out, n_jobs=n_jobs, progress=progress, **options)
    elif engine == "vasp":
        paths = generate_carbon_vasp(
            out,
            tags=_tags(incar or ()),
            potcar=potcar,
            write_only=write_only,
            progress=progress,
            **options,
        )
        if write_only:
            return f"inputs of {len(paths)} runs in {Path(out) / 'vasp'}; see the README there"
    elif calculator is None:
        raise ConfigError("--engine ase needs --calculator module:factory")
    else:
        paths = generate_carbon_ase(out, calculator, progress=progress, **options)
    return f"{len(paths)} runs in {out}"


def _tags(pairs: Sequence[str]) -> dict[str, str]:
    tags = {}
    for pair in pairs:
        tag, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--incar {pair}: write a tag and its value, such as NCORE=4")
        tags[tag.strip()] = value
    return tags
