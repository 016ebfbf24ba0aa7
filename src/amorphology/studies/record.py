"""For the record: what a study took, where it ran, and with which versions."""

import importlib.metadata
import json
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amorphology.parallel import available_cores
from amorphology.structures import write_text

__all__ = ["Machine", "SecondsFile", "StageTime", "machine", "source_commit", "versions"]


@dataclass(frozen=True)
class StageTime:
    """
    What one stage took.

    Attributes
    ----------
    stage
        What was done.
    seconds
        Wall-clock time when it was done, over all calls it took; None where nobody measured it.
    reused
        Whether that was in an earlier call, whose result was used again.
    """

    stage: str
    seconds: float | None
    reused: bool

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Keys as the attributes.
        """
        return asdict(self)


@dataclass(frozen=True)
class SecondsFile:
    """
    Remembers seconds across calls.

    Attributes
    ----------
    path
        JSON file; need not exist, nor its folder.
    """

    path: Path

    def get(self, name: str) -> float | None:
        """
        Look up a stage.

        Parameters
        ----------
        name
            Of the stage.

        Returns
        -------
        float or None
            Seconds in all calls together; None if never measured.
        """
        return self._all().get(name)

    @contextmanager
    def adding(self, name: str) -> Iterator[None]:
        """
        Measure the block and add it to what is remembered, also when it is interrupted.

        Parameters
        ----------
        name
            Of the stage.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = self._all()
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
            write_text(self.path, json.dumps(seconds, indent=2) + "\n")

    def _all(self) -> dict[str, float]:
        if not self.path.is_file():
            return {}
        contents: dict[str, float] = json.loads(self.path.read_text(encoding="utf-8"))
        return contents


@dataclass(frozen=True)
class Machine:
    """
    Where a study ran.

    Attributes
    ----------
    processor
        Its model.
    cores
        Cores that this process may use.
    system
        Operating system and its version.
    """

    processor: str
    cores: int
    system: str

    def as_dict(self) -> dict[str, Any]:
        """
        Values for a file.

        Returns
        -------
        dict
            Keys as the attributes.
        """
        return asdict(self)


def machine() -> Machine:
    """
    Describe this machine.

    Returns
    -------
    Machine
        Without any name that would tell whose it is.
    """
    processor = platform.processor() or platform.machine()
    description = Path("/proc/cpuinfo")
    if description.is_file():  # on Linux platform.processor() is "x86_64" or empty
        for line in description.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    return Machine(processor, available_cores(), f"{platform.system()} {platform.release()}")


def versions(data: Path | None) -> dict[str, str]:
    """
    Versions of what decides the numbers.

    Parameters
    ----------
    data
        Folder of simulations, which remembers what made them; None where there is none.

    Returns
    -------
    dict
        Version by package name.
    """
    packages = ("amorphology", "ase", "matplotlib", "numpy", "scikit-learn", "torch")
    found = {"python": platform.python_version()}
    found |= {package: importlib.metadata.version(package) for package in packages}
    if data is not None:
        made_with = json.loads((data / "generate.json").read_text(encoding="utf-8"))["made_with"]
        found["lammps"] = str(made_with["lammps"])
    commit = source_commit()
    return found if commit is None else found | {"commit": commit}


def source_commit() -> str | None:
    """
    Find the commit that this package is run from.

    Returns
    -------
    str or None
        Its hash, with ``-dirty`` where files differ from it; None outside of a git checkout.
    """
    package = Path(__file__).parents[1]
    if not (package.parents[1] / ".git").exists():  # src/amorphology, two below the checkout
        return None
    command = [
        "git",
        "-C",
        str(package),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):  # no git, or not its checkout
        return None
    return done.stdout.strip()
