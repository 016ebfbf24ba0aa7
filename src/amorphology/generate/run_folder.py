"""A folder of finished runs: whole files only, settings remembered, one process at a time."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.io import write

from amorphology.errors import ConfigError
from amorphology.folder_lock import folder_lock

__all__ = ["check_manifest", "output_folder", "run_path", "write_run"]

_MANIFEST = "generate.json"
_WORK_FOLDER = ".generate"
_AND = " and "


def run_path(out: Path, name: str) -> Path:
    """Name the file that holds a finished run."""
    return out / f"{name}.extxyz"


def write_run(out: Path, name: str, frames: Sequence[Atoms]) -> Path:
    """Write a finished run so that its file is either whole or absent.

    Parameters
    ----------
    out : pathlib.Path
        Folder opened by `output_folder`.
    name : str
        Name of the run.
    frames : sequence of ase.Atoms

    Returns
    -------
    pathlib.Path
        The extended XYZ file.
    """
    beside = out / _WORK_FOLDER / f"{name}.extxyz"
    write(beside, list(frames), format="extxyz")
    return beside.replace(run_path(out, name))  # atomic: both are in one file system


def check_manifest(out: Path, settings: dict[str, Any], names: Sequence[str]) -> None:
    """Refuse a folder whose runs were made with other settings.

    Parameters
    ----------
    out : pathlib.Path
        Folder of runs; it need not exist.
    settings : dict
        What decides the content of a run beside its name; JSON types only.
    names : sequence of str
        Names of the runs wanted now.

    Raises
    ------
    ConfigError
        When the settings remembered in `out` differ, cannot be read or are missing beside runs.
    """
    mend = f"choose another folder, or delete {_MANIFEST} and the runs in {out}"
    path = out / _MANIFEST
    try:
        text = path.read_text()
    except FileNotFoundError:
        found = [name for name in names if run_path(out, name).exists()]
        if found:
            raise ConfigError(f"{out} holds {found[0]} but no {_MANIFEST}: {mend}") from None
        return
    try:
        there = dict(json.loads(text)["settings"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} cannot be read: {mend}") from None
    differing = [key for key in settings if there.get(key) != settings[key]]
    if differing:
        key = differing[0]
        raise ConfigError(
            f"{out} holds runs made with other settings ({key}: {there.get(key)!r} there, "
            f"{settings[key]!r} here): use the same settings, or {mend}"
        )


@contextlib.contextmanager
def output_folder(
    out: Path, settings: dict[str, Any], names: Sequence[str], made_with: dict[str, str]
) -> Iterator[Path]:
    """Hold a folder of runs: one process at a time, with its settings remembered.

    Parameters
    ----------
    out : pathlib.Path
        Made if need be.
    settings : dict
        Written to ``generate.json``; where that file is there already it has to say the same (see
        `check_manifest`).
    names : sequence of str
        Names of the runs wanted now.
    made_with : dict of str
        Versions of what makes the runs, written beside the settings for the record; runs may be
        there already that another version made, then both are named.

    Yields
    ------
    pathlib.Path
        An empty hidden folder for unfinished work. It is removed at the end if it is empty then.

    Raises
    ------
    ConfigError
        When another process holds the folder, its runs were made with other settings, or `out` is
        not a folder.
    """
    with folder_lock(out, "choose another folder"):
        check_manifest(out, settings, names)
        work = out / _WORK_FOLDER
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(exist_ok=True)
        made_with = _also_made_with(out, made_with)
        beside = work / _MANIFEST
        record = {"format": 1, "settings": settings, "made_with": made_with}
        beside.write_text(json.dumps(record, indent=2) + "\n")
        beside.replace(out / _MANIFEST)
        try:
            yield work
        finally:
            with contextlib.suppress(OSError):  # not empty: a failed run's log is worth keeping
                work.rmdir()


def _also_made_with(out: Path, made_with: dict[str, str]) -> dict[str, str]:
    """Add versions to those that the folder's earlier runs were made with."""
    if not (out / _MANIFEST).exists():
        return made_with
    both: dict[str, str] = json.loads((out / _MANIFEST).read_text()).get("made_with", {})
    for name, version in made_with.items():
        known = both[name].split(_AND) if name in both else []
        both[name] = _AND.join([*known, *({version} - set(known))])
    return both
