"""How energies rise along random directions: what forces tell a network that predicts energies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from torch import Tensor, nn

from amorphology.errors import StructureError
from amorphology.structures import frame_name, stored_result
from amorphology.training.inputs import Inputs, to_device

__all__ = ["STEP", "LearnedSlopes", "Slopes", "slopes_along"]

STEP = 0.005
"""Displacement of a copy, Angstrom, times a normal number for each coordinate."""


@dataclass(frozen=True)
class Slopes:
    """
    Displaced copies of frames, and the slopes between them.

    Attributes
    ----------
    copies
        Two for each direction of each frame, one a `STEP` ahead and one as far behind.
    values
        Slopes of the mean energy per atom, float64 (n_frames, n_directions), eV/atom per Angstrom.
    """

    copies: list[Atoms]
    values: NDArray[np.float64]


def slopes_along(frames: Sequence[Atoms], n_directions: int, seed: int) -> Slopes:
    r"""
    Displace frames along random directions.

    Along a direction v of all coordinates, normal numbers, the mean energy of N atoms with forces F
    rises by :math:`-F \cdot v / N`. That forces can be told to a network by energies of displaced
    atoms, without derivatives of descriptors, is due to Cooper et al. [1]_.

    Parameters
    ----------
    frames
        Frames with forces.
    n_directions
        For each frame.
    seed
        Decides the directions.

    Returns
    -------
    Slopes
        Of these frames.

    Raises
    ------
    StructureError
        If a frame has no forces, or none that are finite.

    References
    ----------
    .. [1] A. M. Cooper, J. Kaestner, A. Urban and N. Artrith, "Efficient training of ANN potentials
       by including atomic forces via Taylor expansion and application to water and a
       transition-metal oxide", npj Computational Materials 6, 54 (2020).
    """
    rng = np.random.default_rng(seed)
    copies: list[Atoms] = []
    values = np.empty((len(frames), n_directions))
    for index, frame in enumerate(frames):
        where = frame_name(frame, index)
        forces = stored_result(frame, "calculator", "forces")
        if forces is None:
            raise StructureError(
                f"{where}: has no forces to learn from; leave out optimisation.forces"
            )
        if not np.isfinite(forces).all():
            raise StructureError(f"{where}: has forces that are not finite; correct or remove it")
        for direction in range(n_directions):
            along = rng.standard_normal((len(frame), 3))
            values[index, direction] = -np.vdot(forces, along) / len(frame)
            for step in (STEP, -STEP):
                copy = Atoms(
                    frame.numbers, frame.positions + step * along, cell=frame.cell, pbc=frame.pbc
                )
                copies.append(copy)
    return Slopes(copies, values)


@dataclass(frozen=True)
class LearnedSlopes:
    """
    Slopes as a network learns them, one direction of each frame at a time.

    Attributes
    ----------
    inputs
        What the network reads of the copies, in the order of `Slopes`.
    values
        Standardised slopes, float32 (n_frames, n_directions).
    n_atoms
        Of each frame, float32 (n_frames,).
    weight
        Of a mean square error of forces beside one of energies, Angstrom^2.
    """

    inputs: Inputs
    values: Tensor
    n_atoms: Tensor
    weight: float

    def loss(
        self, model: nn.Module, batch: Tensor, device: torch.device, order: torch.Generator
    ) -> Tensor:
        r"""
        Tell how far off the forces of some frames are.

        The square of the error of a slope, for random directions, is on average
        :math:`3 / N` times the mean square error of the components of the forces.

        Parameters
        ----------
        model
            The network.
        batch
            Which frames, int64 (n,).
        device
            Where to compute.
        order
            Draws the directions.

        Returns
        -------
        torch.Tensor
            Weighted mean square error of the forces, ().
        """
        n_directions = self.values.shape[1]
        direction = torch.randint(n_directions, (len(batch),), generator=order)
        ahead = 2 * (batch * n_directions + direction)
        energies = model(to_device(self.inputs[torch.cat([ahead, ahead + 1])], device))
        slopes = (energies[: len(batch)] - energies[len(batch) :]) / (2 * STEP)
        errors = slopes - self.values[batch, direction].to(device)
        mean_square: Tensor = (self.n_atoms[batch].to(device) / 3 * errors.square()).mean()
        return self.weight * mean_square
