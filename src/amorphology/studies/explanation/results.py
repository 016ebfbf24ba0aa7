"""What the study of explanations found: a map of every frame, and the shares of some."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from rich.console import Console

from amorphology.errors import StructureError
from amorphology.explain import (
    ActivationMap,
    Attribution,
    RandomisedLayers,
    activation_maps,
    attribute,
    input_gradients,
    mean_persistence,
    weight_randomisation,
)
from amorphology.explain.activation_map import mean_map
from amorphology.explain.attribution import pair_places
from amorphology.structures import frame_name, mean_energy_per_atom, read_frames, run_labels
from amorphology.studies.explanation.measures import liquid_threshold
from amorphology.studies.frame_explanation import shares_by_size
from amorphology.training import Run
from amorphology.training.metrics import MEV
from amorphology.training.progress import message

__all__ = ["GROUPS", "MELTING", "PARTS", "ExplanationResults", "collect_explanations"]

MELTING = 4000.0
"""Frames above this temperature (K) decide what counts as liquid."""

GROUPS = ("liquid", "low energy")
PARTS = ("raising", "lowering", "size")
"""Positive part of a map, negative part, and both without signs."""


@dataclass(frozen=True)
class ExplanationResults:
    """
    Maps of all frames, and shares of some.

    Attributes
    ----------
    network
        The trained run.
    degree, channel
        Homology degree that is shown, and its place among those of the network.
    frames
        All frames of the study but those of the heating, where the crystal melts.
    run, n_atoms, energy, temperature
        Of each frame: its run, its atoms, eV/atom, K.
    threshold
        Frames of higher energy are liquid, eV/atom.
    shown
        Which frames belong to the largest cells, bool (n_frames,).
    persistence
        Weight-averaged persistence of each frame's map, over bins where some frame has a pair, for
        each of `PARTS`, and of its histogram (``"histogram"``); float64 (n_frames,), Angstrom^2.
    persistence_anywhere
        The same over the whole half-plane, also where there never is a pair.
    examples
        A liquid and a low-energy frame of the largest cells.
    example_maps, mean_maps
        For each of `GROUPS` the map of the example, and the mean over all shown frames.
    attributions
        For each of `GROUPS` of some of the shown frames.
    randomised
        What is left of maps when weights are randomised, by the kind of map.
    """

    network: Run
    degree: int
    channel: int
    frames: list[Atoms]
    run: NDArray[np.str_]
    n_atoms: NDArray[np.intp]
    energy: NDArray[np.float64]
    temperature: NDArray[np.float64]
    threshold: float
    shown: NDArray[np.bool_]
    persistence: dict[str, NDArray[np.float64]]
    persistence_anywhere: dict[str, NDArray[np.float64]]
    examples: tuple[int, int]
    example_maps: tuple[ActivationMap, ActivationMap]
    mean_maps: tuple[ActivationMap, ActivationMap]
    attributions: tuple[list[Attribution], list[Attribution]]
    randomised: dict[str, list[RandomisedLayers]]

    @property
    def liquid(self) -> NDArray[np.bool_]:
        """Which frames are liquid, bool (n_frames,)."""
        return self.energy > self.threshold

    def group(self, number: int) -> NDArray[np.bool_]:
        """Frames of one of `GROUPS`, bool (n_frames,)."""
        return ~self.liquid if number else self.liquid

    def shares_by_place(self, number: int) -> NDArray[np.float64]:
        """
        Average the shares of pairs by their place in the diagram.

        Parameters
        ----------
        number
            Which of `GROUPS`.

        Returns
        -------
        numpy.ndarray
            float64 (bins, bins), meV/atom: sum over the pairs of a bin, mean over frames.
        """
        descriptor = self.network.descriptor
        total = np.zeros(descriptor.bins**2)
        for one in self.attributions[number]:
            places = pair_places(descriptor, self.channel, one.diagrams[self.degree])
            counted = places >= 0
            shares = one.pairs[self.degree][counted] * (MEV / len(one.atoms))
            total += np.bincount(places[counted], shares, minlength=len(total))
        mean = total / len(self.attributions[number])
        return mean.reshape(descriptor.bins, descriptor.bins)

    def shares_by_size(self, number: int) -> NDArray[np.float64]:
        """
        Average the shares of rings by their number of atoms.

        Parameters
        ----------
        number
            Which of `GROUPS`.

        Returns
        -------
        numpy.ndarray
            As `amorphology.studies.frame_explanation.shares_by_size`, mean over frames; meV/atom.
        """
        each = [shares_by_size(one, self.degree) for one in self.attributions[number]]
        mean: NDArray[np.float64] = np.mean(each, axis=0)
        return mean


def collect_explanations(
    network: Run, folder: Path, *, n_attributed: int, seed: int, console: Console | None = None
) -> ExplanationResults:
    """
    Map all frames of a study, share energies of some out, and randomise the network.

    Parameters
    ----------
    network
        The trained run.
    folder
        Of the frames, extended XYZ, one file a run.
    n_attributed
        Frames of each group whose energies are shared out to rings.
    seed
        Of random weights.
    console
        Where to show progress.

    Returns
    -------
    ExplanationResults
        All of it.

    Raises
    ------
    RunError
        If the model has no convolutions.
    StructureError
        If there are no frames, or they lack energies or temperatures.
    """
    degrees = network.descriptor.degrees
    degree = 1 if 1 in degrees else degrees[0]
    channel = degrees.index(degree)
    frames = [
        frame
        for frame in read_frames(str(folder / "*.extxyz"))
        if frame.info.get("stage") != "heat"
    ]
    energy, temperature = mean_energy_per_atom(frames), _temperatures(frames)
    n_atoms = np.array([len(frame) for frame in frames])
    shown = n_atoms == n_atoms.max()
    threshold = liquid_threshold(energy, temperature, MELTING)
    groups = (energy > threshold, energy <= threshold)
    if not all((group & shown).any() for group in groups):
        raise StructureError(
            f"{folder}: the largest cells have no frames on one side of {threshold:.2f} eV/atom; "
            "take whole melt-quench runs"
        )

    message(console, f"1/3 activation maps of {len(frames)} frames")
    where = _filled_bins(network, frames, channel)
    near = {name: np.empty(len(frames)) for name in (*PARTS, "histogram")}
    anywhere = {name: np.empty(len(frames)) for name in near}
    kept: dict[int, ActivationMap] = {}
    for index, mapped in enumerate(activation_maps(network, frames)):
        for name, weights in _parts(mapped, channel).items():
            ends, axes = mapped.ranges[channel], mapped.axes
            near[name][index] = mean_persistence(weights, ends, axes, where)
            anywhere[name][index] = mean_persistence(weights, ends, axes)
        if shown[index]:
            kept[index] = mapped
    examples = _highest(energy, groups[0] & shown), _highest(-energy, groups[1] & shown)

    message(console, f"2/3 shares of rings and atoms in {2 * n_attributed} frames")
    attributions = tuple(
        [attribute(network, frames[index]) for index in _spread(group & shown, n_attributed)]
        for group in groups
    )
    message(console, "3/3 maps of networks with random weights")
    chosen = [frames[index] for index in examples]
    randomised = {
        "Grad-CAM": weight_randomisation(network, chosen, seed=seed),
        "gradients": weight_randomisation(
            network,
            chosen,
            explanation=lambda run, frame: input_gradients(run, frame).values,
            seed=seed,
        ),
    }
    return ExplanationResults(
        network=network,
        degree=degree,
        channel=channel,
        frames=frames,
        run=run_labels(frames),
        n_atoms=n_atoms,
        energy=energy,
        temperature=temperature,
        threshold=threshold,
        shown=shown,
        persistence=near,
        persistence_anywhere=anywhere,
        examples=examples,
        example_maps=(kept[examples[0]], kept[examples[1]]),
        mean_maps=(_mean_of(kept, groups[0]), _mean_of(kept, groups[1])),
        attributions=(attributions[0], attributions[1]),
        randomised=randomised,
    )


def _temperatures(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    for frame in frames:
        if "temperature" not in frame.info:
            raise StructureError(
                f'{frame_name(frame)}: no temperature; set frame.info["temperature"] (K)'
            )
    return np.array([frame.info["temperature"] for frame in frames], dtype=np.float64)


def _filled_bins(network: Run, frames: Sequence[Atoms], channel: int) -> NDArray[np.bool_]:
    """Bins that hold a pair of any frame, before blur, bool (bins, bins)."""
    binned = network.descriptor.bin_pairs(frames)
    filled = np.zeros(binned.shape, dtype=np.bool_)
    filled.ravel()[binned.places] = True
    return np.asarray(filled[channel], dtype=np.bool_)


def _parts(mapped: ActivationMap, channel: int) -> dict[str, NDArray[np.float64]]:
    raising, lowering = mapped.rectified[channel], mapped.rectified_lowering[channel]
    values = (raising, lowering, raising + lowering, mapped.histogram[channel])
    return dict(zip((*PARTS, "histogram"), values, strict=True))


def _mean_of(maps: dict[int, ActivationMap], group: NDArray[np.bool_]) -> ActivationMap:
    return mean_map([mapped for index, mapped in maps.items() if group[index]])


def _highest(energy: NDArray[np.float64], chosen: NDArray[np.bool_]) -> int:
    return int(np.where(chosen, energy, -np.inf).argmax())


def _spread(chosen: NDArray[np.bool_], n: int) -> NDArray[np.intp]:
    """As many as `n` of the chosen frames, evenly along their order."""
    indices = np.flatnonzero(chosen)
    steps = np.linspace(0, len(indices) - 1, min(n, len(indices)))
    spread: NDArray[np.intp] = indices[np.unique(steps.round().astype(int))]
    return spread
