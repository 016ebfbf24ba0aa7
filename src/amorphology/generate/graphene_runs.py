"""Melt-quench of amorphous graphene: what a run is, and which runs a scale consists of.

A run starts from perfect graphene, is molten and quenched in the plane at a
constant rate, and ends with a minimisation of the energy. Every run has a melt of its own, so runs
share nothing but the crystal they start from. The numbers are ours, found by trying with REBO2:

- In the plane. A sheet that is free to leave it is still a crystal after 1 ps at 6500 K, has holes
  at 7000 K and evaporates at 8000 K: there is no liquid sheet to quench.
- 12,000 K for 2 ps. Without a way out of the plane the crystal stands 10,000 K for picoseconds; at
  12,000 K three quarters of its bonds are gone after 2 ps, the atoms are 3.7 Angstrom away on
  average, and the energy has been constant for 1 ps.
- A flat sheet has an area 4 % above the crystal's. Quenched sheets are then within 5 GPa of no
  stress (for a thickness of 3.35 Angstrom); at the crystal's own area they are under 16 GPa. A
  rippled sheet has the crystal's area: ripples give way until a tension of 3 GPa is left, which
  would be 10 GPa in the wider cell.
- 0.5 fs. With 1 fs the melt heats itself by a fifth.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from amorphology.errors import ConfigError
from amorphology.generate.melt_quench import Protocol, Stage

__all__ = [
    "GRAPHENE_SCALES",
    "SHEETS",
    "SHEET_SIZES",
    "GrapheneRun",
    "RateSet",
    "plan_graphene_runs",
]

SHEET_SIZES = (680, 2720)
"""Numbers of atoms of the 17 x 10 and the 34 x 20 rectangular four-atom cells."""

SHEETS = ("flat", "rippled")
"""A flat sheet stays in its plane; a rippled one leaves it once its network has formed."""

_LATTICE_CONSTANT = 2.46  # Angstrom
_AREA = {"flat": 1.04, "rippled": 1.0}  # of the crystal's
_VACUUM = 30.0  # Angstrom; height of the cell
_MELT, _RELEASE, _ROOM = 12_000.0, 3000.0, 300.0  # K
_MELT_DURATION = 2000.0  # fs
_TIMESTEP, _DAMPING = 0.5, 20.0  # fs
_RATES = (100.0, 100_000.0)  # K/ps: from minutes a run, to as fast as the thermostat follows


@dataclasses.dataclass(frozen=True)
class RateSet:
    """Runs of one size at one cooling rate.

    Parameters
    ----------
    n_atoms : int
        680 or 2,720.
    rate : float
        K/ps.
    n_runs : int
    n_followed : int
        So many of the runs, from the first, also keep frames from along the quench.
    """

    n_atoms: int
    rate: float
    n_runs: int
    n_followed: int


# Slow runs cost more and differ less from each other, so there are fewer of them; even so a
# quarter of the time goes into the 52 slowest.
_PAPER = (
    (50_000, 240, 10),
    (20_000, 214, 10),
    (10_000, 196, 10),
    (5000, 164, 10),
    (2000, 118, 10),
    (1000, 66, 10),
    (500, 36, 10),
    (200, 16, 8),
)

GRAPHENE_SCALES = {
    "demo": (
        *(RateSet(680, float(rate), 6, 6) for rate in (50_000, 20_000, 10_000, 5000)),
        RateSet(2720, 20_000.0, 2, 2),
    ),
    "paper": (
        *(RateSet(680, float(rate), n, followed) for rate, n, followed in _PAPER),
        *(RateSet(2720, float(rate), 4, 1) for rate in (50_000, 20_000, 10_000, 5000, 2000)),
        RateSet(2720, 1000.0, 3, 1),
        RateSet(2720, 500.0, 1, 1),
    ),
}
"""What the named scales consist of.

``paper``: 1,050 sheets of 680 atoms, quenched at eight rates from 200 to 50,000 K/ps; 78 of the
runs keep ten frames from along the quench, 780 together. 24 sheets of 2,720 atoms at seven of the
rates, with 70 frames from along. ``demo``: 24 and 2 sheets, at rates from 5,000 K/ps, all with ten
frames from along.
"""

_FOLLOWED_FRAMES = 10  # a followed run


@dataclasses.dataclass(frozen=True)
class GrapheneRun:
    """One sheet: its size, its cooling rate and the random numbers it draws.

    Parameters
    ----------
    n_atoms : int
        Number of atoms, a multiple of four.
    rate : float
        Cooling rate, whole K/ps, the resolution of the run's name.
    index : int
        Counts the runs of one size and rate.
    seed : int
        Seed of the whole set; `n_atoms`, `rate` and `index` make it the run's own.
    sheet : {"flat", "rippled"}
    followed : bool
        Whether frames from along the quench are kept.
    """

    n_atoms: int
    rate: float
    index: int
    seed: int
    sheet: str = "flat"
    followed: bool = False

    @property
    def name(self) -> str:
        """Unique name of the run within its set, such as ``graphene_680_r1000_s007``."""
        return f"graphene_{self.n_atoms}_r{self.rate:.0f}_s{self.index:03d}"

    def start_structure(self) -> Atoms:
        """Build the sheet that the run starts from.

        Returns
        -------
        ase.Atoms
            Perfect graphene, if flat stretched evenly, halfway up a cell that is periodic in the
            plane and as nearly square as the number of atoms allows.
        """
        n_x, n_y = _rectangle(self.n_atoms)
        width = _LATTICE_CONSTANT * math.sqrt(_AREA[self.sheet])
        depth = math.sqrt(3) * width
        corners = np.array([[0.25, 1 / 12], [0.75, 3 / 12], [0.75, 7 / 12], [0.25, 9 / 12]])
        cells = np.stack(np.meshgrid(range(n_x), range(n_y), indexing="ij"), axis=-1)
        flat = (cells.reshape(-1, 1, 2) + corners).reshape(-1, 2) * [width, depth]
        heights = np.full((self.n_atoms, 1), _VACUUM / 2)
        return Atoms(
            f"C{self.n_atoms}",
            positions=np.hstack([flat, heights]),
            cell=[n_x * width, n_y * depth, _VACUUM],
            pbc=(True, True, False),
        )

    def protocol(self) -> Protocol:
        """Lay out the temperature programme.

        Returns
        -------
        Protocol
            Melt and quench; the quench of a rippled sheet is in two stages, before and after its
            release from the plane.
        """
        n_frames = _FOLLOWED_FRAMES if self.followed else 0
        quench = [Stage("quench", _MELT, _ROOM, self._time(_MELT, _ROOM), n_frames)]
        if self.sheet == "rippled":
            free = round(n_frames * (_RELEASE - _ROOM) / (_MELT - _ROOM))
            quench = [
                Stage("quench", _MELT, _RELEASE, self._time(_MELT, _RELEASE), n_frames - free),
                Stage("release", _RELEASE, _ROOM, self._time(_RELEASE, _ROOM), free),
            ]
        melt = Stage("melt", _MELT, _MELT, _MELT_DURATION, 0)
        return Protocol("graphene", (melt, *quench), _TIMESTEP, _DAMPING, minimise=True)

    def _time(self, start: float, end: float) -> float:
        return (start - end) / self.rate * 1000.0  # fs

    @property
    def stages_in_plane(self) -> int:
        """Number of stages, from the first, in which the sheet is held flat."""
        return 2

    def random_seeds(self, count: int) -> tuple[int, ...]:
        """Derive seeds for the engine's random number generators.

        Parameters
        ----------
        count : int

        Returns
        -------
        tuple of int
            `count` numbers in [1, 900000000], the range LAMMPS accepts, that depend on nothing but
            the run's size, rate, index and seed.
        """
        entropy = (self.seed, self.n_atoms, round(self.rate), self.index)
        state = np.random.SeedSequence(entropy).generate_state(count)
        return tuple(1 + int(word) % 900_000_000 for word in state)


def _rectangle(n_atoms: int) -> tuple[int, int]:
    """Find the numbers of four-atom cells along x and y that make the most nearly square sheet."""
    n_cells, rest = divmod(n_atoms, 4)
    if rest or n_cells < 1:
        raise ConfigError(f"a sheet has a multiple of four atoms, not {n_atoms}")
    shapes = [(n_cells // n_y, n_y) for n_y in range(1, n_cells + 1) if n_cells % n_y == 0]
    return min(shapes, key=lambda shape: abs(math.log(math.sqrt(3) * shape[1] / shape[0])))


def plan_graphene_runs(
    scale: str = "demo",
    *,
    sheet: str = "flat",
    n_atoms: int | None = None,
    rates: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
) -> tuple[GrapheneRun, ...]:
    """Say which runs a scale and its changes come to.

    Parameters
    ----------
    scale : {"demo", "paper"}
        Key of `GRAPHENE_SCALES`.
    sheet : {"flat", "rippled"}
    n_atoms : int, optional
        680 or 2,720: only sheets of this size. By default both, as the scale has them.
    rates : sequence of float, optional
        Cooling rates in K/ps, from 100 to 100,000 and rounded to whole numbers, in place of the
        scale's own.
    n_runs : int, optional
        Runs of each size at each rate. By default the scale's own number, or one at a rate that
        the scale does not have.
    seed : int
        Non-negative seed of all random numbers.

    Returns
    -------
    tuple of GrapheneRun

    Raises
    ------
    ConfigError
        For an option outside of what is said above.
    """
    if scale not in GRAPHENE_SCALES:
        raise ConfigError(f"unknown scale {scale!r}: choose one of {', '.join(GRAPHENE_SCALES)}")
    if sheet not in SHEETS:
        raise ConfigError(f"unknown sheet {sheet!r}: choose one of {', '.join(SHEETS)}")
    if n_atoms is not None and n_atoms not in SHEET_SIZES:
        raise ConfigError(f"n_atoms is {n_atoms}: choose 680 or 2720")
    if n_runs is not None and n_runs < 1:
        raise ConfigError(f"n_runs is {n_runs}: at least one run is needed")
    if seed < 0:
        raise ConfigError(f"seed is {seed}: it must not be negative")
    sets = [one for one in GRAPHENE_SCALES[scale] if n_atoms in (None, one.n_atoms)]
    if rates is not None:
        sets = _at_rates(sets, rates)
    return tuple(
        GrapheneRun(one.n_atoms, one.rate, index, seed, sheet, followed=index < one.n_followed)
        for one in sets
        for index in range(n_runs or one.n_runs)
    )


def _at_rates(sets: Sequence[RateSet], rates: Sequence[float]) -> list[RateSet]:
    low, high = _RATES
    outside = [rate for rate in rates if not low <= rate <= high]
    if outside or not len(rates):
        listed = ", ".join(f"{rate:g}" for rate in outside) or "none given"
        raise ConfigError(f"rates must lie within {low:.0f} and {high:.0f} K/ps: {listed}")
    own = {(one.n_atoms, one.rate): one for one in sets}
    return [
        own.get((size, rate), RateSet(size, rate, 1, 1))
        for size in dict.fromkeys(one.n_atoms for one in sets)
        for rate in dict.fromkeys(float(round(rate)) for rate in rates)
    ]
