"""Final states of quenched sheets, by cooling rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.errors import StructureError
from amorphology.structures import frame_name, mean_energy_per_atom, run_labels

__all__ = ["FinalStates", "final_states"]


@dataclass(frozen=True)
class FinalStates:
    """
    Last frames of runs of one size.

    Attributes
    ----------
    frames
        Ordered by cooling rate and name of the run.
    """

    frames: list[Atoms]

    @property
    def n_atoms(self) -> int:
        """Atoms of a sheet."""
        return len(self.frames[0])

    @cached_property
    def rate(self) -> NDArray[np.float64]:
        """Cooling rates, (n_sheets,), K/ps."""
        return np.array([float(frame.info["cooling_rate"]) for frame in self.frames])

    @cached_property
    def rates(self) -> list[float]:
        """Each cooling rate once, rising, K/ps."""
        return [float(rate) for rate in np.unique(self.rate)]

    @cached_property
    def energy(self) -> NDArray[np.float64]:
        """Mean energies per atom, (n_sheets,), eV/atom."""
        return mean_energy_per_atom(self.frames)

    def at(self, rate: float, at_most: int | None = None) -> list[int]:
        """
        Find sheets of a rate.

        Parameters
        ----------
        rate
            One of `rates`.
        at_most
            How many, from the first; None takes all.

        Returns
        -------
        list of int
            Their places in `frames`.
        """
        found: list[int] = np.flatnonzero(self.rate == rate).tolist()
        return found[:at_most]


def final_states(frames: Sequence[Atoms]) -> list[FinalStates]:
    """
    Pick the last frame of each run.

    Parameters
    ----------
    frames
        As `amorphology.generate.graphene.generate_graphene` makes them: with ``info`` run,
        cooling_rate (K/ps) and time_fs.

    Returns
    -------
    list of FinalStates
        One for each number of atoms, rising.

    Raises
    ------
    StructureError
        If there are no frames, or one lacks what is said above.
    """
    if not frames:
        raise StructureError("no frames of graphene to look at; pass at least one run")
    for index, frame in enumerate(frames):
        for key in ("cooling_rate", "time_fs"):
            if key not in frame.info:
                raise StructureError(
                    f'{frame_name(frame, index)}: has no info["{key}"]; give it, or frames as '
                    "`amorph generate graphene` makes them"
                )
    last: dict[str, Atoms] = {}
    for name, frame in zip(run_labels(frames).tolist(), frames, strict=True):
        # The minimised sheet has the time of the frame before it: the later one in the list counts.
        if name not in last or frame.info["time_fs"] >= last[name].info["time_fs"]:
            last[name] = frame
    ordered = sorted(
        last, key=lambda name: (len(last[name]), float(last[name].info["cooling_rate"]), name)
    )
    sizes: dict[int, list[Atoms]] = {}
    for name in ordered:
        sizes.setdefault(len(last[name]), []).append(last[name])
    return [FinalStates(own) for own in sizes.values()]
