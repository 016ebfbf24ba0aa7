"""What VASP wrote, read frame by frame: labels by ASE, and what ASE leaves out beside them.

ASE gives energies, forces and stresses. Whether the electronic steps converged, the kinetic energy
and the time step are found here in one pass over the lines of the file.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms, units
from ase.io.formats import UnknownFileTypeError, filetype, open_with_compression

from amorphology.errors import StructureError
from amorphology.frame_stream import frame_batches

__all__ = ["IonicStep", "VaspOutput", "output_file", "read_output", "vasp_frames"]

_ITERATION = re.compile(r"Iteration\s+(\d+)\(\s*(\d+)\s*\)")
_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:[Ee][-+]?\d+)?")

# The first line with such a tag is the one of the calculation itself; vasprun.xml repeats NELM
# among the settings of the response functions.
_SETTINGS = {
    "vasp-xml": {
        "NELM": re.compile(r'name="NELM"'),
        "POTIM": re.compile(r'name="POTIM"'),
        "IBRION": re.compile(r'name="IBRION"'),
    },
    "vasp-out": {
        "NELM": re.compile(r"^\s*NELM\s*="),
        "POTIM": re.compile(r"^\s*POTIM\s*="),
        "IBRION": re.compile(r"^\s*IBRION\s*="),
    },
}


@dataclass
class IonicStep:
    """One ionic step.

    Attributes
    ----------
    n_iterations : int
        Electronic steps it took.
    kinetic_energy : float or None
        Of the ions, eV; None where VASP does not say.
    gave_up : bool
        Whether VASP says that the electronic steps did not converge; only version 6 does.
    is_complete : bool
        Whether VASP came to its end.
    """

    n_iterations: int = 0
    kinetic_energy: float | None = None
    gave_up: bool = False
    is_complete: bool = False


@dataclass(frozen=True)
class VaspOutput:
    """What a vasprun.xml or OUTCAR says beside structures and labels.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    steps : tuple of IonicStep
        In order; the last one may be incomplete.
    max_iterations : int or None
        Electronic steps after which VASP gives up (NELM).
    timestep : float or None
        Time step, fs; None if this is no molecular dynamics.
    """

    path: Path
    steps: tuple[IonicStep, ...]
    max_iterations: int | None
    timestep: float | None

    @property
    def n_complete(self) -> int:
        """Number of complete ionic steps."""
        return sum(step.is_complete for step in self.steps)

    def is_converged(self, index: int) -> bool:
        """Say whether the electronic steps of an ionic step converged.

        VASP 5 writes "EDIFF is reached" even when it stopped because NELM was: only the count can
        be trusted. A step that converged in the very last iteration counts as not converged.

        Parameters
        ----------
        index : int
            Place of the ionic step, from 0.

        Returns
        -------
        bool
        """
        step = self.steps[index]
        exhausted = self.max_iterations is not None and step.n_iterations >= self.max_iterations
        return not (step.gave_up or exhausted)

    def temperature(self, index: int, n_atoms: int) -> float | None:
        """Temperature of the ions, with the centre of mass at rest.

        Parameters
        ----------
        index : int
            Place of the ionic step, from 0.
        n_atoms : int

        Returns
        -------
        float or None
            K, 2 E / (3 (n_atoms - 1) k_B); None where VASP gives no kinetic energy.
        """
        energy = self.steps[index].kinetic_energy
        if energy is None or n_atoms < 2 or self.timestep is None:
            return None
        return float(2 * energy / (3 * (n_atoms - 1) * units.kB))


def output_file(folder: Path) -> Path | None:
    """Find what VASP wrote into a folder.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    pathlib.Path or None
        vasprun.xml, which has more digits, before OUTCAR, compressed or not; None without either.
    """
    for name in ("vasprun.xml", "OUTCAR"):
        for ending in ("", ".gz", ".bz2", ".xz"):
            path = folder / f"{name}{ending}"
            if path.is_file() and path.stat().st_size:
                return path
    return None


def read_output(path: Path) -> VaspOutput:
    """Read the course of a calculation.

    Parameters
    ----------
    path : pathlib.Path
        vasprun.xml or OUTCAR, compressed or not, whole or cut short. Its name may say more, as in
        ``vasprun.3.xml`` and ``OUTCAR.3``.

    Returns
    -------
    VaspOutput

    Raises
    ------
    StructureError
        If it is missing, empty or another file.
    """
    if not path.is_file():
        raise StructureError(f"{path}: no such file; name a vasprun.xml or an OUTCAR")
    if path.stat().st_size == 0:
        raise StructureError(f"{path}: the file is empty; name a vasprun.xml or an OUTCAR")
    try:
        kind = filetype(str(path))
    except (UnknownFileTypeError, UnicodeDecodeError, OSError):
        kind = "unknown"
    if kind not in _SETTINGS:
        raise StructureError(
            f"{path}: is no vasprun.xml or OUTCAR, which alone hold energies and forces "
            f"(ASE takes it for: {kind}); name one of these"
        )
    steps: list[IonicStep] = []
    settings: dict[str, float] = {}
    missing = dict(_SETTINGS[kind])
    follow = _follow_vasprun if kind == "vasp-xml" else _follow_outcar
    with open_with_compression(str(path)) as file:
        for line in file:
            for tag, pattern in missing.items():
                if match := pattern.search(line):
                    number = _NUMBER.search(line, match.end())
                    if number:
                        settings[tag] = float(number[0])
                    del missing[tag]
                    break
            follow(line, steps)
    is_dynamics = settings.get("IBRION") == 0
    return VaspOutput(
        path=path,
        steps=tuple(steps),
        max_iterations=int(settings["NELM"]) if "NELM" in settings else None,
        timestep=settings.get("POTIM") if is_dynamics else None,
    )


def _follow_vasprun(line: str, steps: list[IonicStep]) -> None:
    if "<calculation>" in line:
        steps.append(IonicStep())
    elif not steps:
        return
    elif "<scstep>" in line:
        steps[-1].n_iterations += 1
    elif 'name="kinetic"' in line:
        steps[-1].kinetic_energy = _last_number(line)
    elif "</calculation>" in line:
        steps[-1].is_complete = True


def _follow_outcar(line: str, steps: list[IonicStep]) -> None:
    if match := _ITERATION.search(line):
        if int(match[2]) == 1 or not steps:
            steps.append(IonicStep())
        steps[-1].n_iterations = int(match[2])
    elif not steps:
        return
    elif "EDIFF was not reached" in line:
        steps[-1].gave_up = True
    elif "kinetic energy EKIN" in line:
        steps[-1].kinetic_energy = _last_number(line)
    elif "LOOP+" in line:  # the time an ionic step took, written at its end
        steps[-1].is_complete = True


def _last_number(line: str) -> float | None:
    numbers = _NUMBER.findall(line)
    return float(numbers[-1]) if numbers else None


def vasp_frames(path: Path, wanted: Callable[[int], bool]) -> Iterator[tuple[int, Atoms]]:
    """Read frames one by one.

    Parameters
    ----------
    path : pathlib.Path
        vasprun.xml or OUTCAR; never held whole.
    wanted : callable
        Says of an ionic step, counted from 0, whether it is to be read; the others are skipped
        without being parsed.

    Yields
    ------
    index : int
        The ionic step, from 0.
    atoms : ase.Atoms
        With energy (eV, sigma -> 0), free energy (eV), forces (eV/Angstrom) and stress
        (eV/Angstrom^3) as far as VASP wrote them, and ``info["source"]``.

    Raises
    ------
    StructureError
        If the file cannot be read to its end; what comes before is yielded first.
    """
    for batch in frame_batches([path]):
        for place in range(len(batch.frames)):
            index = batch.first + place
            if wanted(index):
                yield index, batch.read(place)
        if batch.broken is not None:
            raise StructureError(f"{path}: {batch.broken}; leave it out, or run VASP again")
