"""Activation maps of a network: gradient-weighted class activation mapping (Grad-CAM)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from torch import Tensor, nn

from amorphology.descriptors.diagram_input import Diagrams
from amorphology.descriptors.persistence_histogram import Axes
from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.explain.histogram_map import BATCH, histograms_of, standardised
from amorphology.homology import PersistenceDiagram
from amorphology.models import PersistenceCNN
from amorphology.training import Run, load_run
from amorphology.training.memory import keeping_freed_memory

__all__ = ["ActivationMap", "Layer", "activation_map", "activation_maps", "mean_map"]

Layer: TypeAlias = Literal["first convolution", "second convolution", "last convolution"]
LAYERS: tuple[Layer, ...] = ("first convolution", "second convolution", "last convolution")


@dataclass(frozen=True)
class ActivationMap:
    """
    Where a network looks, and whether what it sees there raises or lowers the energy.

    Attributes
    ----------
    raising, lowering
        Positive part of the map, and negative part without its sign, at the resolution of the
        convolution, float64 (n, n): birth, death; eV/atom. Of several frames the means of theirs.
    histogram
        What the network saw, before standardisation, float64 (n_degrees, bins, bins).
    degrees
        Homology degrees of the histogram's channels; all share one map.
    ranges
        What the bins cover for each degree, in the unit of `axes`.
    axes
        ``"squared_radius"``: Angstrom^2; ``"radius"``: Angstrom.
    stride
        Bins that one place of the map is wide.
    """

    raising: NDArray[np.float64]
    lowering: NDArray[np.float64]
    histogram: NDArray[np.float64]
    degrees: tuple[int, ...]
    ranges: tuple[tuple[float, float], ...]
    axes: Axes
    stride: int

    @property
    def map(self) -> NDArray[np.float64]:
        """The map with its sign, float64 (n, n), eV/atom."""
        return self.raising - self.lowering

    @property
    def weights(self) -> NDArray[np.float64]:
        """The map with its sign, for every bin, float64 (n_degrees, bins, bins), eV/atom."""
        return self._upsampled(self.map)

    @property
    def rectified(self) -> NDArray[np.float64]:
        """The positive part for every bin, float64 (n_degrees, bins, bins), eV/atom."""
        return self._upsampled(self.raising)

    @property
    def rectified_lowering(self) -> NDArray[np.float64]:
        """The negative part without its sign, float64 (n_degrees, bins, bins), eV/atom."""
        return self._upsampled(self.lowering)

    def _upsampled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate linearly between the centres of the map's places."""
        bins = self.histogram.shape[1]
        size = len(values) * self.stride
        wide = nn.functional.interpolate(
            torch.from_numpy(values)[None, None], size=(size, size), mode="bilinear"
        )[0, 0].numpy()
        # Pooling drops a last odd row and column: nothing is known of them but their neighbours.
        wide = np.pad(wide, (0, bins - size), mode="edge")
        return np.broadcast_to(wide, self.histogram.shape).copy()


def activation_map(
    run: Run | str | Path,
    frame: Atoms | Diagrams | Sequence[Atoms | Diagrams],
    *,
    layer: Layer = "last convolution",
) -> ActivationMap:
    r"""
    Map where in the persistence diagram a network finds what its prediction rests on.

    Grad-CAM [1]_ with the predicted energy E (eV/atom) in the place of a class score. With the
    feature maps :math:`A^k` of a convolution, after its rectifier, of Z places each,

    .. math:: \alpha_k = \frac{1}{Z} \sum_{ij} \frac{\partial E}{\partial A^k_{ij}}, \qquad
              M_{ij} = \sum_k \alpha_k A^k_{ij}, \qquad L_{ij} = \max(M_{ij}, 0).

    M is positive where features are active that raise the energy on the average over the plane,
    and negative where they lower it; the paper's rectified map L keeps the former, and the maximum
    of -M and 0 the latter. Of an ensemble M is the mean of its members. A bin that carries weight
    need not hold a pair: features see 18 bins around them (at the last convolution), and an empty
    neighbourhood is a feature too. Shares of energy that add up are what `integrated_gradients`
    gives.

    Parameters
    ----------
    run
        A run with a network, or its folder.
    frame
        A frame, or its persistence diagrams; or several, for the mean of their maps.
    layer
        Convolution to look at.

    Returns
    -------
    ActivationMap
        At the resolution of the convolution, and for every bin of the histogram.

    Raises
    ------
    ConfigError
        If there is no such layer.
    RunError
        If the run cannot be loaded, or its model is no network.
    StructureError
        If a frame cannot be used, or there is none.

    References
    ----------
    .. [1] Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra, Proc. IEEE Int. Conf. Computer
       Vision, 618 (2017).
    """
    alone = isinstance(frame, Atoms | PersistenceDiagram) or not isinstance(frame, Sequence)
    maps = list(activation_maps(run, [frame] if alone else frame, layer=layer))  # type: ignore[arg-type]
    if not maps:
        raise StructureError("no frames to map; pass at least one")
    return mean_map(maps)


def mean_map(maps: Sequence[ActivationMap]) -> ActivationMap:
    """
    Average the maps of several frames.

    Parameters
    ----------
    maps
        At least one, all of the same run and layer.

    Returns
    -------
    ActivationMap
        Means of both parts and of the histograms.
    """
    return replace(
        maps[0],
        raising=np.mean([one.raising for one in maps], axis=0),
        lowering=np.mean([one.lowering for one in maps], axis=0),
        histogram=np.mean([one.histogram for one in maps], axis=0),
    )


def activation_maps(
    run: Run | str | Path,
    frames: Sequence[Atoms | Diagrams],
    *,
    layer: Layer = "last convolution",
) -> Iterator[ActivationMap]:
    """
    Do `activation_map` for each of many frames.

    Parameters
    ----------
    run, layer
        As for `activation_map`, with the same errors.
    frames
        Frames, or their persistence diagrams.

    Yields
    ------
    ActivationMap
        Of each frame, in their order.
    """
    run = run if isinstance(run, Run) else load_run(run)
    if layer not in LAYERS:
        raise ConfigError(f"there is no layer {layer!r}; choose {', '.join(LAYERS)}")
    networks = [model for model in run.models if isinstance(model, PersistenceCNN)]
    if len(networks) < len(run.models):
        raise RunError(
            f"{run.path}: a {type(run.model).__name__} has no convolution to map; "
            "integrated_gradients and input_gradients explain models of any kind"
        )
    descriptor = run.descriptor
    stride = 2 ** LAYERS.index(layer)
    for start in range(0, len(frames), BATCH):
        histograms = histograms_of(run, frames[start : start + BATCH])
        images = standardised(run, histograms)
        with keeping_freed_memory():
            maps = sum(_maps(network.to(images.device), images, layer) for network in networks)
        maps = np.asarray(maps) * (run.target_scale / len(networks))
        for signed, histogram in zip(maps, histograms, strict=True):
            yield ActivationMap(
                np.maximum(signed, 0.0),
                np.maximum(-signed, 0.0),
                histogram,
                descriptor.degrees,
                descriptor.ranges,
                descriptor.axes,
                stride,
            )


def _maps(network: PersistenceCNN, images: Tensor, layer: Layer) -> NDArray[np.float64]:
    """Signed maps in standardised energies, float64 (n_frames, n, n)."""
    rectifiers = [place for place, part in enumerate(network.features) if isinstance(part, nn.ReLU)]
    cut = rectifiers[LAYERS.index(layer)] + 1
    with torch.no_grad():
        features = network.features[:cut](images)
    features.requires_grad_()
    energies = network.regressor(network.features[cut:](features))
    (gradients,) = torch.autograd.grad(energies.sum(), features)
    weights = gradients.double().mean(dim=(2, 3), keepdim=True)
    maps: NDArray[np.float64] = (weights * features.detach().double()).sum(dim=1).cpu().numpy()
    return maps
