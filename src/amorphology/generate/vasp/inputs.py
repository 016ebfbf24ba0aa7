"""Input files of melt-quench runs in VASP, and the folders they lie in.

The protocol is the authors' (see `amorphology.generate.melt_quench`): local density approximation,
projector augmented waves, Gamma point, constant volume. Where it is silent the tags are ours, and
`TAGS` says why. The temperature follows VASP's own manual: a ramp from TEBEG to TEEND is documented
for scaled velocities, SMASS = -1 (https://www.vasp.at/wiki/index.php/TEEND and /SMASS), and a
constant temperature is held by the thermostat of Nose, SMASS = 0, whose mass gives it a period of
40 time steps. Both belong to MDALGO = 0, which every build of VASP has.
"""

import dataclasses
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

import numpy as np
from ase import Atoms
from ase.io import read, write

from amorphology.errors import ConfigError, RunError
from amorphology.generate.engines import thermal_start
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage, Window

__all__ = [
    "DYNAMICS_TAGS",
    "TAGS",
    "continue_stage",
    "incar",
    "is_run_folder",
    "merge_tags",
    "read_run_folder",
    "stage_parts",
    "write_run_folder",
]

TAGS: dict[str, str] = {
    "PREC": "Normal",
    "ENCUT": "400",  # eV; the default cut-off of the PAW potential of carbon
    "EDIFF": "1E-5",  # eV; the default of 1E-4 lets the energy drift in molecular dynamics
    "ALGO": "Fast",  # Davidson steps first: the collapse of the start crystal needs them
    "NELMIN": "4",
    "NELM": "100",  # enough that a step which reaches it is lost, not late
    "MAXMIX": "40",  # the charge mixer learns from one step for the next
    "ISMEAR": "0",
    "SIGMA": "0.1",  # eV; one smearing for liquid and solid, so that energies are comparable
    "LREAL": "Auto",
    "ISYM": "0",
    "LWAVE": ".FALSE.",
    "LCHARG": ".FALSE.",
}
"""Electronic tags that the published protocol leaves open; all are ours and can be changed.

There is no GGA tag: the functional is that of the POTCAR, which has to be an LDA one.
"""

DYNAMICS_TAGS = (
    "IBRION",
    "NSW",
    "POTIM",
    "ISIF",
    "MDALGO",
    "SMASS",
    "TEBEG",
    "TEEND",
    "NBLOCK",
)
"""Tags that the protocol decides."""

_PARALLEL_TAGS = ("NCORE", "NPAR", "KPAR", "NSIM", "LPLANE", "LSCALAPACK")

_KPOINTS = """\
Gamma point
0
Gamma
1 1 1
0 0 0
"""

_README = """\
One folder a run, one folder a stage in it, in the order of their numbers.

A stage starts from where the one before it ended, so only the first has a POSCAR yet. The command
that wrote this folder, given again without --write-only, starts VASP stage after stage. By hand:
run VASP in the first folder, then copy the lattice, the positions and the velocities of its CONTCAR
into the POSCAR of the next one. Leave the predictor-corrector block behind the velocities out:
where the thermostat changes, VASP must not read it.

POTCAR: PAW, LDA (LEXCH = CA), standard carbon "C", from your own licence.
Every run uses the KPOINTS with the Gamma point alone, for which vasp_gam is made.
"""

_RUN = "run.json"


def merge_tags(changes: Mapping[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """Change or add INCAR tags.

    Parameters
    ----------
    changes : mapping of str, optional
        Tags in any case and their values.

    Returns
    -------
    tags : dict of str
        All of `TAGS` with the changes.
    physics : dict of str
        The same without those that only say how the work is shared out among processes.

    Raises
    ------
    ConfigError
        For a tag that the protocol decides, or that is no tag.
    """
    tags = dict(TAGS)
    for name, value in (changes or {}).items():
        tag = name.strip().upper()
        if tag in DYNAMICS_TAGS:
            raise ConfigError(f"INCAR tag {tag} follows from the protocol: leave it out")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", tag) or not value.strip() or "\n" in value:
            raise ConfigError(f"INCAR tag {name!r} = {value!r}: write it as NCORE=4")
        tags[tag] = value.strip()
    return tags, {tag: value for tag, value in tags.items() if tag not in _PARALLEL_TAGS}


def incar(
    run: MeltQuenchRun,
    protocol: Protocol,
    window: Window,
    tags: Mapping[str, str],
    *,
    steps_done: int = 0,
) -> str:
    """Write the INCAR of a stage, or of what is left of it.

    Parameters
    ----------
    run : MeltQuenchRun
    protocol : Protocol
        Its damping is not used: VASP's thermostats have parameters of their own.
    window : Window
        The stage.
    tags : mapping of str
        Electronic tags.
    steps_done : int
        Time steps of the stage that are behind us: a ramp goes on from the temperature it reached.

    Returns
    -------
    str
    """
    stage = window.stage
    n_steps = window.end - window.begin
    is_ramp = stage.start_temperature != stage.end_temperature
    slope = (stage.end_temperature - stage.start_temperature) / n_steps
    dynamics = {
        "IBRION": "0",
        "NSW": f"{n_steps - steps_done}",
        "POTIM": f"{protocol.timestep:g}",
        "ISIF": "2",
        "MDALGO": "0",
        "SMASS": "-1" if is_ramp else "0",
        "TEBEG": f"{stage.start_temperature + steps_done * slope:g}",
        "TEEND": f"{stage.end_temperature:g}",
        "NBLOCK": "1",
    }
    lines = [f"SYSTEM = {run.name} {stage.name}"]
    lines += [f"{tag} = {value}" for tag, value in {**tags, **dynamics}.items()]
    return "\n".join(lines) + "\n"


def stage_parts(folder: Path, number: int, stage: Stage) -> list[Path]:
    """List the folders of a stage.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the run.
    number : int
        Place of the stage, from 1.
    stage : Stage

    Returns
    -------
    list of pathlib.Path
        ``1_heat``, and ``1_heat_part2`` and so on where VASP was stopped and went on; the first
        need not exist.
    """
    first = folder / f"{number}_{stage.name}"
    parts = [first]
    while (later := folder / f"{first.name}_part{len(parts) + 1}").is_dir():
        parts.append(later)
    return parts


def write_run_folder(
    folder: Path,
    run: MeltQuenchRun,
    protocol: Protocol,
    tags: Mapping[str, str],
    potcar: str | None,
) -> None:
    """Write the inputs of all stages of a run; what is there already stays.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the run, made if need be. The POTCAR goes beside it, where all runs share it, and
        each stage gets a link.
    run : MeltQuenchRun
    protocol : Protocol
    tags : mapping of str
        Electronic tags.
    potcar : str, optional
        Text of the POTCAR.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shared = folder.parent / "POTCAR"
    if potcar is not None and not shared.exists():
        _write_whole(shared, potcar)
    if not (folder.parent / "README").exists():
        _write_whole(folder.parent / "README", _README)
    for number, window in enumerate(protocol.windows(), 1):
        stage_folder = stage_parts(folder, number, window.stage)[0]
        stage_folder.mkdir(exist_ok=True)
        inputs = {"INCAR": incar(run, protocol, window, tags), "KPOINTS": _KPOINTS}
        for name, text in inputs.items():
            if not (stage_folder / name).exists():
                _write_whole(stage_folder / name, text)
        _link_potcar(stage_folder)
        if number == 1 and not (stage_folder / "POSCAR").exists():
            # From the run's seed: VASP itself draws no random number then.
            rng = np.random.default_rng(run.random_seeds(1)[0])
            _write_poscar(stage_folder, thermal_start(run, window.stage.start_temperature, rng))
    record = {
        "format": 1,
        "run": dataclasses.asdict(run),
        "protocol": dataclasses.asdict(protocol),
    }
    _write_whole(folder / _RUN, json.dumps(record, indent=2) + "\n")


def continue_stage(
    folder: Path,
    before: Path,
    run: MeltQuenchRun,
    protocol: Protocol,
    window: Window,
    tags: Mapping[str, str],
    *,
    steps_done: int = 0,
) -> None:
    """Let a stage, or the rest of one, start from where VASP was.

    Positions and velocities are taken over. The predictor-corrector block of the CONTCAR is not:
    it belongs to the thermostat it came from (https://www.vasp.at/wiki/index.php/CONTCAR).

    Parameters
    ----------
    folder : pathlib.Path
        Folder to start in, made if need be.
    before : pathlib.Path
        Folder in which VASP ended.
    run : MeltQuenchRun
    protocol : Protocol
    window : Window
        The stage.
    tags : mapping of str
        Electronic tags.
    steps_done : int
        Time steps of the stage that are behind us.

    Raises
    ------
    RunError
        When there is no CONTCAR with velocities in `before`.
    """
    try:
        atoms = read(before / "CONTCAR", format="vasp")
    except (OSError, ValueError, IndexError, AssertionError) as error:
        raise RunError(
            f"{before / 'CONTCAR'} cannot be read ({type(error).__name__}): delete the folder "
            f"{before} and give the command again"
        ) from None
    if len(atoms) != run.n_atoms or not atoms.has("momenta"):
        raise RunError(
            f"{before / 'CONTCAR'} does not hold {run.n_atoms} atoms with velocities: delete the "
            f"folder {before} and give the command again"
        )
    folder.mkdir(exist_ok=True)
    _write_whole(folder / "INCAR", incar(run, protocol, window, tags, steps_done=steps_done))
    _write_whole(folder / "KPOINTS", _KPOINTS)
    _link_potcar(folder)
    _write_poscar(folder, atoms)


def is_run_folder(folder: Path) -> bool:
    """Say whether a folder was written by `write_run_folder`."""
    return (folder / _RUN).is_file()


def read_run_folder(folder: Path) -> tuple[MeltQuenchRun, Protocol]:
    """Read what a folder's run is.

    Parameters
    ----------
    folder : pathlib.Path
        Written by `write_run_folder`.

    Returns
    -------
    run : MeltQuenchRun
    protocol : Protocol

    Raises
    ------
    ConfigError
        When its ``run.json`` cannot be read.
    """
    try:
        record = json.loads((folder / _RUN).read_text())
        described = dict(record["protocol"])
        described["stages"] = tuple(Stage(**stage) for stage in described["stages"])
        return MeltQuenchRun(**record["run"]), Protocol(**described)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder / _RUN} cannot be read ({type(error).__name__}): name the files of VASP in "
            "this folder instead"
        ) from None


def _link_potcar(stage_folder: Path) -> None:
    link = stage_folder / "POTCAR"
    if (stage_folder.parent.parent / "POTCAR").exists() and not os.path.lexists(link):
        link.symlink_to(Path("..", "..", "POTCAR"))


def _write_poscar(folder: Path, atoms: Atoms) -> None:
    text = io.StringIO()
    write(text, atoms, format="vasp")
    lines = text.getvalue().splitlines()
    lines[8 + len(atoms)] = ""  # before the velocities; VASP's own form, which all readers know
    _write_whole(folder / "POSCAR", "\n".join(lines) + "\n")


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{token_hex(4)}")  # several processes may write it
    beside.write_text(text)
    beside.replace(path)
