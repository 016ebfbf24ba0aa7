"""Melt-quench runs in LAMMPS, one `lmp` process a run.

The thermostat is stochastic velocity rescaling (Bussi, Donadio, Parrinello, J. Chem. Phys. 126,
014101 (2007)). It is first order, so it draws off without oscillating what heat an unstable start
sets free: the simple cubic crystal of the carbon runs collapses at once, some 2 eV/atom are set
free and the temperature shoots up to about 10,000 K for some 20 fs.
"""

import contextlib
import dataclasses
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

from amorphology.errors import RunError
from amorphology.generate.lammps_program import Lammps
from amorphology.generate.melt_quench import MINIMISED, Protocol
from amorphology.generate.potentials import Potential

__all__ = ["LammpsJob", "Simulation", "lammps_input", "start"]

_OUTPUT = "output.txt"
_DUMP = "frames.dump"
_LAST_DUMP = "minimised.dump"
_RELEASED = "Released from the plane"

# `alive` leads to something that exists as long as this process does (see `start`): a run whose
# owner was killed, or whose folder was cleared by a restart, stops by itself.
_HEADER = """\
units metal
atom_style atomic
boundary {boundary}
read_data start.data
{potential}
neighbor 1.0 bin
neigh_modify every 1 delay 0 check yes
timestep {timestep}
velocity all create {temperature} {seed} mom yes rot no dist gaussian
{plane}variable orphaned equal "!is_file(alive)"
fix orphaned all halt 10 v_orphaned != 0 error hard message yes
fix integrate all nve
compute virial all pressure NULL virial
thermo_style custom step temp pe c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] &
  c_virial[6]
thermo_modify norm no flush yes format float %.15g
dump frames all custom 1 {dump} id x y z fx fy fz
dump_modify frames sort id format float %.15g
"""

# Two degrees of freedom an atom: LAMMPS takes all three for granted, and would make the sheet half
# as hot again.
_HOLD_IN_PLANE = """\
velocity all set NULL NULL 0.0
compute_modify thermo_temp extra/dof {n_held}
velocity all scale {temperature} temp thermo_temp
fix plane all setforce NULL NULL 0.0
"""

_RELEASE = """
unfix plane
compute_modify thermo_temp extra/dof 3
displace_atoms all random 0.0 0.0 {height} {seed}
print "{released}"
"""

# Energies and positions of a frame come from the same step because the thermodynamic output and
# the dump obey the same variable.
_STAGE = """
# {name}
fix thermostat all temp/csvr {start} {end} {damping} {seed}
{its_temperature}variable due equal stride({first},{last},{interval})
thermo v_due
dump_modify frames every v_due
run {n_steps}
unfix thermostat
"""

# The last lines of the thermodynamic output and the dump belong to one evaluation of the energy.
_MINIMISE = """
# minimised
undump frames
thermo 1000000
min_style cg
minimize 0.0 {max_force} 5000 20000
run 0
write_dump all custom {dump} id x y z fx fy fz modify sort id format float %.15g
"""

_ITS_TEMPERATURE = "fix_modify thermostat temp thermo_temp\n"
_RELEASE_HEIGHT = 0.05  # Angstrom; a perfectly flat sheet would stay flat for ever
_MAX_FORCE = 0.01  # eV/Angstrom, of all atoms together; the energy is then within 1e-8 eV/atom


@dataclasses.dataclass(frozen=True)
class Simulation:
    """One run, with everything that LAMMPS has to know about it.

    Parameters
    ----------
    name : str
        Unique within its set.
    start : ase.Atoms
        Carbon atoms to start from; along directions that are not periodic the run ends with an
        error when an atom leaves the cell.
    protocol : Protocol
    potential : Potential
    seeds : tuple of int
        Numbers in [1, 900000000]: one for the velocities at the start, one for each stage, one for
        a release from the plane.
    stages_in_plane : int
        In so many of the stages, from the first, the atoms move along x and y only. When it is
        fewer than there are, they are then displaced at random along z and set free.
    info : dict
        What every frame says about its run, beside the run's name.
    """

    name: str
    start: Atoms
    protocol: Protocol
    potential: Potential
    seeds: tuple[int, ...]
    stages_in_plane: int = 0
    info: dict[str, float | str] = dataclasses.field(default_factory=dict)

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.start)

    @property
    def cost(self) -> int:
        """Atoms times time steps."""
        return self.n_atoms * self.protocol.n_steps


def lammps_input(run: Simulation) -> str:
    """Write the LAMMPS input of one run.

    Parameters
    ----------
    run : Simulation

    Returns
    -------
    str
        Input script; it reads ``start.data`` and the potential from its own folder.
    """
    protocol = run.protocol
    femto = 1e-3  # LAMMPS counts in ps
    temperature = protocol.stages[0].start_temperature
    # N atoms without z, and two directions in which the whole may drift
    plane = _HOLD_IN_PLANE.format(n_held=run.n_atoms + 2, temperature=temperature)
    text = _HEADER.format(
        boundary=" ".join("p" if periodic else "f" for periodic in run.start.pbc),
        potential=run.potential.commands(),
        timestep=protocol.timestep * femto,
        temperature=temperature,
        seed=run.seeds[0],
        plane=plane if run.stages_in_plane else "",
        dump=_DUMP,
    )
    seeds = run.seeds[1 : 1 + len(protocol.stages)]
    for k, (window, seed) in enumerate(zip(protocol.windows(), seeds, strict=True)):
        if 0 < run.stages_in_plane == k:
            text += _RELEASE.format(height=_RELEASE_HEIGHT, seed=run.seeds[-1], released=_RELEASED)
        # A stage without frames writes one at its end all the same, which nobody reads.
        frames = window.frames or range(window.end, window.end + 1)
        text += _STAGE.format(
            name=window.stage.name,
            start=window.stage.start_temperature,
            end=window.stage.end_temperature,
            damping=protocol.damping * femto,
            seed=seed,
            its_temperature=_ITS_TEMPERATURE if run.stages_in_plane else "",
            first=frames[0],
            last=frames[-1],
            interval=frames.step,
            n_steps=window.end - window.begin,
        )
    if protocol.minimise:
        text += _MINIMISE.format(max_force=_MAX_FORCE, dump=_LAST_DUMP)
    return text


def _read_thermo(text: str) -> dict[int, NDArray[np.float64]]:
    """Read the rows of LAMMPS's thermodynamic output: step -> T, energy and six virials."""
    rows = {}
    in_table = displaced = False
    for line in text.splitlines():
        fields = line.split()
        if line == _RELEASED:
            displaced = True
        elif fields[:1] == ["Step"]:
            in_table = True
        elif fields[:2] == ["Loop", "time"]:
            in_table = False
        elif in_table and len(fields) == 9 and fields[0].isdigit():
            # A stage begins with a row of the step before it, whose frame was not displaced yet.
            if not displaced:
                rows[int(fields[0])] = np.array(fields[1:], dtype=float)
            displaced = False
    return rows


def _read_dump(text: str) -> dict[int, NDArray[np.float64]]:
    """Read a dump sorted by atom: step -> (n_atoms, 6) positions and forces."""
    frames = {}
    for chunk in text.split("ITEM: TIMESTEP\n")[1:]:
        head, _, body = chunk.partition("ITEM: ATOMS id x y z fx fy fz\n")
        frames[int(head.split("\n", 1)[0])] = np.array(body.split(), float).reshape(-1, 7)[:, 1:]
    return frames


def _read_frames(folder: Path, run: Simulation) -> list[Atoms]:
    """Turn what LAMMPS wrote into labelled frames, those of the protocol and no others."""
    thermo = _read_thermo((folder / _OUTPUT).read_text())
    dump = _read_dump((folder / _DUMP).read_text())
    frames = []
    for window in run.protocol.windows():
        for step in window.frames:
            if step not in thermo or step not in dump:
                raise RunError(f"{run.name}: LAMMPS wrote no frame at step {step}")
            frames.append(_frame(run, window.stage.name, step, thermo[step], dump[step]))
    if run.protocol.minimise:
        last = _read_dump((folder / _LAST_DUMP).read_text())
        (step,) = last  # the minimiser counts its iterations as time steps
        labels = thermo[step]
        labels[0] = 0.0  # what moved is gone
        frames.append(_frame(run, MINIMISED, run.protocol.n_steps, labels, last[step]))
    return frames


def _frame(
    run: Simulation,
    stage: str,
    step: int,
    labels: NDArray[np.float64],
    values: NDArray[np.float64],
) -> Atoms:
    temperature, energy, *virial = labels.tolist()
    # NVT: the cell stays
    atoms = Atoms(
        f"C{len(values)}", positions=values[:, :3], cell=run.start.cell, pbc=run.start.pbc
    )
    atoms.wrap()  # LAMMPS lets atoms leave the box a little between neighbour lists
    atoms.info = {
        "run": run.name,
        "stage": stage,
        "step": step,
        "time_fs": step * run.protocol.timestep,
        "temperature": temperature,
        **run.info,
    }
    # LAMMPS gives pressures in bar, as xx yy zz xy xz yz; ASE wants stress in Voigt order.
    stress = -units.bar * np.array(virial)[[0, 1, 2, 5, 4, 3]]
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=values[:, 3:], stress=stress)
    return atoms


@dataclasses.dataclass
class LammpsJob:
    """A run under way.

    Parameters
    ----------
    run : Simulation
    folder : pathlib.Path
        Working folder of the run, its own.
    process : subprocess.Popen
        The `lmp`, leader of a process group of its own.
    """

    run: Simulation
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def steps_done(self) -> int:
        """Return the last time step that LAMMPS reported, at most those of the protocol."""
        steps = _read_thermo((self.folder / _OUTPUT).read_text(errors="replace"))
        return min(max(steps, default=0), self.run.protocol.n_steps)

    def frames(self) -> list[Atoms]:
        """Read the frames of the ended process.

        Returns
        -------
        list of ase.Atoms
            As `amorphology.generate.generate_carbon` and `generate_graphene` describe them.

        Raises
        ------
        RunError
            When LAMMPS aborted, with its own last lines, or frames are missing.
        """
        if self.process.returncode != 0:
            lines = (self.folder / _OUTPUT).read_text(errors="replace").strip().splitlines()[-3:]
            said = " | ".join(line.strip() for line in lines) or "nothing"
            raise RunError(f"{self.run.name}: LAMMPS aborted and said: {said}")
        return _read_frames(self.folder, self.run)

    def kill(self) -> None:
        """End the process and whatever it started, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(lammps: Lammps, run: Simulation, folder: Path) -> LammpsJob:
    """Start one run on one core.

    Parameters
    ----------
    lammps : Lammps
        Found with the run's potential.
    run : Simulation
    folder : pathlib.Path
        Made here; everything LAMMPS reads and writes is in it.

    Returns
    -------
    LammpsJob
    """
    folder.mkdir()
    (folder / "in.lammps").write_text(lammps_input(run))
    write(folder / "start.data", run.start, format="lammps-data", masses=True)
    for name in run.potential.files:
        shutil.copy(lammps.potentials / name, folder)
    me = Path(f"/proc/{os.getpid()}/stat")  # there while this process lives; Linux only
    (folder / "alive").symlink_to(me if me.exists() else "in.lammps")
    with (folder / _OUTPUT).open("wb") as output:
        # Its own process group: Ctrl-C is for us alone, and killing the group leaves nobody behind.
        # No session of its own: where Linux groups tasks by session, `nice` would not reach it.
        process = subprocess.Popen(
            [lammps.executable, "-in", "in.lammps", "-log", "none", "-nocite"],
            cwd=folder,
            env=lammps.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return LammpsJob(run, folder, process)
