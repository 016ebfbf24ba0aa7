"""From bins to pairs, from pairs to rings, from rings to atoms: who carries the energy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import bins_of_pairs, four_bins_of_pairs, roots
from amorphology.errors import StructureError
from amorphology.explain.gradients import IntegratedGradients, integrated_gradients
from amorphology.homology import (
    PersistenceDiagram,
    alpha_persistence,
    pair_essential_classes,
)
from amorphology.homology.rings import Bond, Cavity, Ring, bonds_of, cavities_of, rings_of
from amorphology.structures import frame_name
from amorphology.training import Run, load_run
from amorphology.training.metrics import MEV

__all__ = ["Attribution", "attribute", "pair_places", "shares_of_pairs"]

FINDERS: tuple[Callable[..., Sequence[Bond | Ring | Cavity]], ...] = (
    bonds_of,
    rings_of,
    cavities_of,
)


@dataclass(frozen=True)
class Attribution:
    """
    Who carries how much of a predicted energy.

    All shares are parts of the predicted total energy of the frame less what is predicted for the
    mean histogram of the training set (or another baseline), times the number of atoms.

    Attributes
    ----------
    diagrams
        The frame's diagrams by degree, as `alpha_persistence` gives them; with essential classes
        paired where the model's histogram counts them so.
    pairs
        Share of each pair of each of them, float64 (n_pairs,), eV; 0 for pairs that the histogram
        does not count.
    members
        Atoms that the share of each pair goes to, in the order of the pairs: for degree 0 the two
        ends of the bond that merges two components, for degree 1 the ring, for degree 2 the atoms
        around the cavity. Empty for pairs that are not counted.
    atoms
        Share of each atom, float64 (n_atoms,), eV.
    unassigned
        What no pair can carry, eV: not 0 only where the frame has no counted pair of a degree.
    gradients
        The integrated gradients that all this is made from.
    """

    diagrams: Mapping[int, PersistenceDiagram]
    pairs: Mapping[int, NDArray[np.float64]]
    members: Mapping[int, Sequence[NDArray[np.int64]]]
    atoms: NDArray[np.float64]
    unassigned: float
    gradients: IntegratedGradients

    @property
    def prediction(self) -> float:
        """Predicted mean energy per atom, eV/atom."""
        return self.gradients.prediction

    @property
    def baseline_prediction(self) -> float:
        """Mean energy per atom predicted for the baseline, eV/atom."""
        return self.gradients.baseline_prediction

    def sizes(self, degree: int) -> NDArray[np.int64]:
        """
        Count the atoms that share a pair's energy.

        Parameters
        ----------
        degree
            Of the homology.

        Returns
        -------
        numpy.ndarray
            int64 (n_pairs,); 0 for pairs that are not counted.
        """
        return np.array([len(atoms) for atoms in self.members[degree]], dtype=np.int64)


def attribute(
    run: Run | str | Path, frame: Atoms, *, baseline: ArrayLike | None = None
) -> Attribution:
    """
    Share a predicted energy out to the rings of atoms, and to the atoms.

    Integrated gradients share it out to bins, `shares_of_pairs` to pairs. Each pair's share goes to
    its ring (degree 1), cavity (2) or bond (0) as `amorphology.homology.rings` finds them, and from
    there in equal parts to the atoms; an atom that is in a ring with two of its periodic images
    gets two parts. Nothing is lost: the shares of the pairs, of the rings and of the atoms have the
    same sum, that of the map, which is prediction less baseline times the number of atoms.

    Parameters
    ----------
    run
        A run with a model of any kind, or its folder; of an ensemble the mean of its members.
    frame
        The frame.
    baseline
        As for `integrated_gradients`.

    Returns
    -------
    Attribution
        In eV.

    Raises
    ------
    ConfigError
        If `baseline` does not fit.
    RunError
        If the run or its training frames cannot be loaded.
    StructureError
        If the frame cannot be used.
    """
    run = run if isinstance(run, Run) else load_run(run)
    if not isinstance(frame, Atoms):
        raise StructureError(
            f"a {type(frame).__name__} has no atoms to share energies out to; pass ase.Atoms"
        )
    descriptor = run.descriptor
    found = alpha_persistence(frame, dims=descriptor.needed_degrees, name=frame_name(frame))
    gradients = integrated_gradients(run, found, baseline=baseline)
    diagrams = found
    if descriptor.essential == "paired":
        diagrams = pair_essential_classes(found, descriptor.degrees)
    pairs, unassigned = shares_of_pairs(descriptor, diagrams, gradients)
    members: dict[int, list[NDArray[np.int64]]] = {}
    atoms = np.zeros(len(frame))
    for channel, (degree, shares) in enumerate(pairs.items()):
        diagram = diagrams[degree]
        counted = np.flatnonzero(pair_places(descriptor, channel, diagram) >= 0)
        members[degree] = _members(frame, diagram, counted, found[degree].essential)
        for pair in counted:
            mine = members[degree][pair]
            np.add.at(atoms, mine, shares[pair] / len(mine))
    return Attribution(diagrams, pairs, members, atoms, unassigned, gradients)


def shares_of_pairs(
    descriptor: PersistenceHistogram,
    diagrams: Mapping[int, PersistenceDiagram],
    gradients: IntegratedGradients,
) -> tuple[dict[int, NDArray[np.float64]], float]:
    r"""
    Share the energy of bins out to the pairs that filled them.

    For one degree, let G' be the mean gradient with respect to the blurred histogram
    :math:`h' = B h B^T` and b' the blurred baseline. The bins together carry
    :math:`\sum_{ij} G'_{ij} (h'_{ij} - b'_{ij})`. Blur is linear, so that the first part is
    :math:`\sum_{kl} G_{kl} h_{kl}` with :math:`G = B^T G' B`; and :math:`h_{kl}` is the number of
    pairs in the bin over N, the number of counted pairs (probability) or of atoms (per atom). So
    each pair brings :math:`G_{kl} / N` with the bin it is in; where four bins share it
    (``counting``), G is their mean, weighted with its parts in them. The second part, the energy
    that the pairs of the baseline would bring, is subtracted from the n counted pairs in equal
    parts. A pair p of a frame of M atoms has the share

    .. math:: a_p = M \Big( \frac{G_{k(p)\,l(p)}}{N}
              - \frac{1}{n} \sum_{ij} G'_{ij} b'_{ij} \Big) .

    Of a probability histogram this is what the pair brings beyond the average pair of the baseline:
    a number added to all of G, about which such histograms can say nothing, drops out.
    Standardisation is linear too, and has been taken into G'.

    Parameters
    ----------
    descriptor
        That made the histogram.
    diagrams
        Of the frame, by degree.
    gradients
        Of the frame.

    Returns
    -------
    shares : dict of int to numpy.ndarray
        For each degree float64 (n_pairs,), eV, in the order of its diagram.
    unassigned : float
        What the baseline's pairs would bring of a degree in which the frame has none, eV.
    """
    shares, unassigned = {}, 0.0
    for channel, (degree, blur) in enumerate(
        zip(descriptor.degrees, descriptor.blur_matrices(), strict=True)
    ):
        diagram = diagrams[degree]
        slopes = gradients.mean_gradient[channel] / MEV
        expected = float((slopes * gradients.baseline[channel]).sum())
        if blur is not None:
            slopes = blur.T.astype(np.float64) @ slopes @ blur.astype(np.float64)
        places = pair_places(descriptor, channel, diagram)
        counted = places >= 0
        n_counted = int(counted.sum())
        shares[degree] = np.zeros(len(diagram))
        if n_counted == 0:
            unassigned -= diagram.n_atoms * expected
            continue
        unit = n_counted if descriptor.normalisation == "probability" else diagram.n_atoms
        brought = _at_pairs(slopes, descriptor, channel, diagram, places) / unit
        shares[degree][counted] = diagram.n_atoms * (brought - expected / n_counted)
    return shares, unassigned


def pair_places(
    descriptor: PersistenceHistogram, channel: int, diagram: PersistenceDiagram
) -> NDArray[np.int64]:
    """
    Find the bin of each pair.

    Parameters
    ----------
    descriptor
        Whose bins.
    channel
        Which of its degrees.
    diagram
        Of this degree.

    Returns
    -------
    numpy.ndarray
        int64 (n_pairs,): place in the flat histogram of this degree (birth, death), also where
        several bins share a pair; -1 for pairs that are not counted, essential ones and those
        outside the range.
    """
    births, deaths, edges = _on_axes(descriptor, channel, diagram)
    counted = np.isfinite(diagram.death) & (diagram.death > diagram.birth)
    return np.where(counted, bins_of_pairs(births, deaths, edges), -1)


def _at_pairs(
    slopes: NDArray[np.float64],
    descriptor: PersistenceHistogram,
    channel: int,
    diagram: PersistenceDiagram,
    places: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Value of each counted pair, from a number for every bin: that of its bin, or of its four."""
    counted = places >= 0
    if descriptor.counting == "whole":
        return slopes.ravel()[places[counted]]
    births, deaths, edges = _on_axes(descriptor, channel, diagram)
    bins, parts = four_bins_of_pairs(births[counted], deaths[counted], edges)
    shared: NDArray[np.float64] = (slopes.ravel()[bins] * parts).sum(axis=0)
    return shared


def _on_axes(
    descriptor: PersistenceHistogram, channel: int, diagram: PersistenceDiagram
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Births and deaths of all pairs in the unit of the histogram's axes, and edges of its bins."""
    edges = np.linspace(*descriptor.ranges[channel], descriptor.bins + 1)
    births, deaths = diagram.birth, diagram.death
    if descriptor.axes == "radius":
        births, deaths = roots(births), roots(deaths)
    return births, deaths, edges


def _members(
    frame: Atoms,
    diagram: PersistenceDiagram,
    counted: NDArray[np.intp],
    essential: NDArray[np.bool_],
) -> list[NDArray[np.int64]]:
    """
    Atoms of each pair's bond, ring or cavity; none for pairs that are not counted.

    Essential classes that were paired enclose nothing: theirs is the simplex that ends them.
    """
    members = [np.empty(0, np.int64)] * len(diagram)
    finite = counted[~essential[counted]]
    for pair, one in zip(finite.tolist(), FINDERS[diagram.dimension](frame, finite), strict=True):
        members[pair] = one.atoms.astype(np.int64)
    for pair in counted[essential[counted]].tolist():
        members[pair] = np.unique(diagram.death_simplex[pair]).astype(np.int64)
    return members
