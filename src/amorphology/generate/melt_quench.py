"""Melt-quench of amorphous carbon: the protocol, whatever engine carries it out.

A run starts from a simple cubic crystal at a fixed density, is molten and quenched at constant
volume along a list of `Stage`, and yields evenly spaced frames of every stage. What a run is, which
runs a scale consists of and how a folder of finished runs is kept are decided here; an engine (see
`amorphology.generate.lammps`) turns one `MeltQuenchRun` and one `Protocol` into labelled frames.
"""

import dataclasses
import math
import typing
from collections import Counter
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from ase.neighborlist import neighbor_list

from amorphology.errors import ConfigError, RunError

__all__ = [
    "CELL_SIZES",
    "DENSITY_RANGE",
    "MINIMISED",
    "SCALES",
    "MeltQuenchRun",
    "Protocol",
    "RunSet",
    "Scale",
    "Stage",
    "Window",
    "check_frames",
    "plan_runs",
]

DENSITY_RANGE = (2.0, 3.4)
"""Lowest and highest density, g/cm^3, that the protocol is meant and was tried for."""

CELL_SIZES = (216, 512)
"""Numbers of atoms of the 6 x 6 x 6 and the 8 x 8 x 8 simple cubic start."""

MINIMISED = "minimised"
"""Stage of a frame that a minimisation of the energy made, at the end of a run."""

_GRAM_PER_CM3 = 1.66053906660  # one atomic mass unit per cubic Angstrom, in g/cm^3 (CODATA 2018)
_MIN_DISTANCE = 0.8  # Angstrom; the 9000 K liquid stays above 1.0, so nearer atoms mean a collapse
_MAX_TEMPERATURE = 30_000.0  # K; the collapse of the start crystal peaks at 10,000 to 20,000 K


@dataclasses.dataclass(frozen=True)
class Stage:
    """One leg of the temperature programme: a linear ramp, or a hold.

    Parameters
    ----------
    name : str
        Name written into every frame of the stage.
    start_temperature, end_temperature : float
        Target temperatures at the two ends, K.
    duration : float
        Length in fs.
    n_frames : int
        Number of frames kept, evenly spaced, the last one at the end of the stage; may be none.
    """

    name: str
    start_temperature: float
    end_temperature: float
    duration: float
    n_frames: int


@dataclasses.dataclass(frozen=True)
class Window:
    """A stage laid out in time steps.

    Parameters
    ----------
    stage : Stage
    begin, end : int
        First and last time step, counted from the start of the run.
    frames : range
        Time steps of the frames, ``n_frames`` of them, ending at `end`; empty when there are none.
    """

    stage: Stage
    begin: int
    end: int
    frames: range


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A temperature programme at constant volume (NVT).

    Parameters
    ----------
    name : str
    stages : tuple of Stage
    timestep : float
        Molecular dynamics time step, fs.
    damping : float
        Relaxation time of the thermostat, fs.
    minimise : bool
        Whether the energy is minimised after the last stage, which makes one more frame.
    """

    name: str
    stages: tuple[Stage, ...]
    timestep: float
    damping: float
    minimise: bool = False

    @property
    def n_steps(self) -> int:
        """Number of time steps of one run."""
        return self.windows()[-1].end

    @property
    def n_frames(self) -> int:
        """Number of frames of one run."""
        return sum(stage.n_frames for stage in self.stages) + self.minimise

    def windows(self) -> tuple[Window, ...]:
        """Lay the stages out in time steps.

        The interval between frames is the largest whole number of steps that fits; what is left
        over (5 of 2,000 steps for 15 frames) goes before the first frame: the last ends the stage.

        Returns
        -------
        tuple of Window
            One a stage, in order.

        Raises
        ------
        ConfigError
            When a stage has fewer time steps than frames, or no time step.
        """
        windows = []
        begin = 0
        for stage in self.stages:
            n_steps = round(stage.duration / self.timestep)
            if n_steps < 1 or not 0 <= stage.n_frames <= n_steps:
                raise ConfigError(
                    f"stage {stage.name!r}: {stage.n_frames} frames do not fit into {n_steps} "
                    "steps; ask for at least one step and at most one frame a step"
                )
            end = begin + n_steps
            interval = n_steps // max(stage.n_frames, 1)
            first = end - interval * (stage.n_frames - 1)
            windows.append(Window(stage, begin, end, range(first, end + 1, interval)))
            begin = end
        return tuple(windows)


@dataclasses.dataclass(frozen=True)
class RunSet:
    """Runs of one cell size: `n_runs`, dealt over `densities` (g/cm^3) in turn."""

    n_atoms: int
    densities: tuple[float, ...]
    n_runs: int


@dataclasses.dataclass(frozen=True)
class Scale:
    """A protocol and the runs made with it."""

    protocol: Protocol
    run_sets: tuple[RunSet, ...]


# The authors' temperature programme and time step (Minamitani et al., J. Chem. Phys. 159, 084101
# (2023): VASP, NVT, 1 fs) with their numbers of snapshots, 30 + 100 + 25 + 100 = 255, for the last
# four stages. The 12,960 structures of the preprint are 48 runs of 270 frames; we read the missing
# 15 as taken from the heating. Ours too: the thermostat and its damping, and that 48 runs are six
# seeds at each of eight densities.
_PAPER = Protocol(
    name="paper",
    stages=(
        Stage("heat", 300.0, 9000.0, 2000.0, 15),
        Stage("melt", 9000.0, 9000.0, 3000.0, 30),
        Stage("cool", 9000.0, 5000.0, 2000.0, 100),
        Stage("hold", 5000.0, 5000.0, 2000.0, 25),
        Stage("quench", 5000.0, 300.0, 2000.0, 100),
    ),
    timestep=1.0,
    damping=20.0,
)

# All ours: the same path, about 17 times faster, with one frame every 12 fs. The simple cubic
# crystal is unstable and falls into a liquid within 50 fs, so heating needs no longer, and its
# first frames, far above any amorphous energy, are left out. The thermostat is tighter because the
# ramps are steeper. A last stage at 300 K lets the heat of the fast quench out.
_DEMO = Protocol(
    name="demo",
    stages=(
        Stage("heat", 300.0, 9000.0, 60.0, 1),
        Stage("melt", 9000.0, 9000.0, 84.0, 7),
        Stage("cool", 9000.0, 5000.0, 84.0, 7),
        Stage("hold", 5000.0, 5000.0, 60.0, 5),
        Stage("quench", 5000.0, 300.0, 300.0, 25),
        Stage("relax", 300.0, 300.0, 60.0, 5),
    ),
    timestep=1.0,
    damping=10.0,
)

_PAPER_DENSITIES = (2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4)

SCALES = {
    "demo": Scale(
        _DEMO,
        (
            RunSet(216, (2.0, 2.16, 2.31, 2.47, 2.62, 2.78, 2.93, 3.09, 3.24, 3.4), 10),
            RunSet(512, (2.4, 3.0), 2),
        ),
    ),
    "paper": Scale(_PAPER, (RunSet(216, _PAPER_DENSITIES, 48), RunSet(512, _PAPER_DENSITIES, 8))),
}
"""What the named scales consist of.

``paper``: the authors' protocol, 11 ps, 270 frames a run; 48 runs of 216 atoms (12,960 frames) and,
since the number of theirs is not published, one run of 512 atoms at each of the eight densities.
``demo``: 648 fs, 50 frames a run; ten runs of 216 atoms, evenly spread over the densities, and two
of 512 atoms.
"""


@dataclasses.dataclass(frozen=True)
class MeltQuenchRun:
    """One run: a cell, its density and the random numbers it draws.

    Parameters
    ----------
    n_atoms : int
        Number of atoms, a cube.
    density : float
        g/cm^3, to 0.01, the resolution of the run's name.
    index : int
        Counts the runs of one size and density.
    seed : int
        Seed of the whole set; `n_atoms`, `density` and `index` make it the run's own.
    """

    n_atoms: int
    density: float
    index: int
    seed: int

    @property
    def name(self) -> str:
        """Unique name of the run within its set, such as ``carbon_216_d2.40_s00``."""
        return f"carbon_{self.n_atoms}_d{self.density:.2f}_s{self.index:02d}"

    def start_structure(self) -> Atoms:
        """Build the simple cubic crystal that the run starts from.

        Returns
        -------
        ase.Atoms
            `n_atoms` carbon atoms in a periodic cube, at the run's density.
        """
        n = round(self.n_atoms ** (1 / 3))
        if n**3 != self.n_atoms:
            raise ConfigError(f"a simple cubic start has n^3 atoms, not {self.n_atoms}")
        mass = atomic_masses[atomic_numbers["C"]]
        spacing = (mass * _GRAM_PER_CM3 / self.density) ** (1 / 3)
        grid = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1)
        return Atoms(
            f"C{self.n_atoms}",
            positions=spacing * grid.reshape(-1, 3),
            cell=[n * spacing] * 3,
            pbc=True,
        )

    def random_seeds(self, count: int) -> list[int]:
        """Derive seeds for the engine's random number generators.

        Parameters
        ----------
        count : int

        Returns
        -------
        list of int
            `count` numbers in [1, 900000000], the range LAMMPS accepts, that depend on nothing but
            the run's own fields.
        """
        entropy = (self.seed, self.n_atoms, round(100 * self.density), self.index)
        state = np.random.SeedSequence(entropy).generate_state(count)
        return [1 + int(word) % 900_000_000 for word in state]


def plan_runs(
    scale: str = "demo",
    *,
    n_atoms: int | None = None,
    densities: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
) -> tuple[Protocol, tuple[MeltQuenchRun, ...]]:
    """Say which runs a scale and its changes come to.

    Parameters
    ----------
    scale : {"demo", "paper"}
        Key of `SCALES`.
    n_atoms : int, optional
        216 or 512: only runs of this size. By default both, as the scale has them.
    densities : sequence of float, optional
        Densities in g/cm^3, within `DENSITY_RANGE`, rounded to 0.01, in place of the scale's own.
    n_runs : int, optional
        Number of runs of each size, dealt over the densities in turn. By default the scale's own
        number, or one a density when `densities` is given.
    seed : int
        Non-negative seed of all random numbers.

    Returns
    -------
    protocol : Protocol
    runs : tuple of MeltQuenchRun

    Raises
    ------
    ConfigError
        For an option outside of what is said above.
    """
    if scale not in SCALES:
        raise ConfigError(f"unknown scale {scale!r}: choose one of {', '.join(SCALES)}")
    if n_atoms is not None and n_atoms not in CELL_SIZES:
        raise ConfigError(f"n_atoms is {n_atoms}: choose 216 or 512")
    if n_runs is not None and n_runs < 1:
        raise ConfigError(f"n_runs is {n_runs}: at least one run is needed")
    if seed < 0:
        raise ConfigError(f"seed is {seed}: it must not be negative")
    if densities is not None:
        low, high = DENSITY_RANGE
        outside = [d for d in densities if not low <= d <= high]
        if outside or not len(densities):
            listed = ", ".join(f"{d:g}" for d in outside) or "none given"
            raise ConfigError(f"densities must lie within {low} and {high} g/cm3: {listed}")

    runs = []
    for run_set in SCALES[scale].run_sets:
        if n_atoms not in (None, run_set.n_atoms):
            continue
        dealt = run_set.densities if densities is None else tuple(round(d, 2) for d in densities)
        count = n_runs or (run_set.n_runs if densities is None else len(dealt))
        seen: Counter[float] = Counter()
        for i in range(count):
            density = dealt[i % len(dealt)]
            runs.append(MeltQuenchRun(run_set.n_atoms, density, seen[density], seed))
            seen[density] += 1
    return SCALES[scale].protocol, tuple(runs)


class _Run(typing.Protocol):
    @property
    def name(self) -> str: ...

    @property
    def n_atoms(self) -> int: ...


def check_frames(run: _Run, protocol: Protocol, frames: Sequence[Atoms]) -> None:
    """Refuse frames that no sound run can have produced.

    Parameters
    ----------
    run : MeltQuenchRun, or anything else with a name and a number of atoms
    protocol : Protocol
    frames : sequence of ase.Atoms
        With a calculator that holds their energy, and ``info["temperature"]`` in K.

    Raises
    ------
    RunError
        When frames or atoms are missing, a number is not finite, the temperature ran away or atoms
        fell into each other; it names the run and the step.
    """
    if len(frames) != protocol.n_frames:
        raise RunError(f"{run.name}: {len(frames)} frames in place of {protocol.n_frames}")
    for atoms in frames:
        where = f"{run.name}, step {atoms.info['step']}"
        if len(atoms) != run.n_atoms:
            raise RunError(f"{where}: {len(atoms)} atoms in place of {run.n_atoms}")
        finite = np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_forces()).all()
        if not (finite and math.isfinite(atoms.get_potential_energy())):
            raise RunError(
                f"{where}: a position, force or energy is not a number; try another seed"
            )
        hot = atoms.info["temperature"]
        if hot > _MAX_TEMPERATURE:
            raise RunError(f"{where}: the temperature ran away to {hot:.0f} K; try another seed")
        if len(neighbor_list("i", atoms, _MIN_DISTANCE)):
            raise RunError(f"{where}: atoms nearer than {_MIN_DISTANCE} Angstrom; try another seed")
