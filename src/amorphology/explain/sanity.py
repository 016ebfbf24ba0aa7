"""Does a map depend on what the network has learned? Randomised weights must destroy it."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata
from torch import nn

from amorphology.descriptors.diagram_input import Diagrams
from amorphology.errors import RunError, StructureError
from amorphology.explain.activation_map import activation_map
from amorphology.models import PersistenceCNN
from amorphology.training import Run, load_run

__all__ = [
    "Explanation",
    "RandomisedLayers",
    "rank_correlation",
    "structural_similarity",
    "weight_randomisation",
]

Explanation: TypeAlias = Callable[[Run, Atoms | Diagrams], NDArray[np.float64]]
"""Makes a map, float64 (..., n, n), of a frame."""


@dataclass(frozen=True)
class RandomisedLayers:
    """
    What is left of a map once some layers have forgotten what they learned.

    Attributes
    ----------
    layers
        The layer nearest to the input that was randomised; all behind it are as well.
    rank_correlation
        Spearman's, between the true map and those of randomised networks, mean over frames and
        draws.
    rank_correlation_size
        The same of absolute correlations: a draw may turn the sign of a whole map.
    rank_correlation_of_sizes
        The same between maps without their signs.
    similarity
        `structural_similarity`, mean.
    """

    layers: str
    rank_correlation: float
    rank_correlation_size: float
    rank_correlation_of_sizes: float
    similarity: float

    def as_dict(self) -> dict[str, Any]:
        """
        Numbers for a file.

        Returns
        -------
        dict
            Keys as the attributes.
        """
        return asdict(self)


def weight_randomisation(
    run: Run | str | Path,
    frames: Sequence[Atoms | Diagrams],
    *,
    explanation: Explanation | None = None,
    draws: int = 5,
    seed: int = 0,
) -> list[RandomisedLayers]:
    """
    Randomise a network layer by layer, and compare its maps with the true ones.

    Cascading randomisation [1]_: first the last layer gets new weights, as before a training, then
    also the one before it, and so on to the first. A map that stays the same shows the input, or
    how convolutions blur, and nothing that was learned.

    Parameters
    ----------
    run
        A run with a network, or its folder.
    frames
        Frames, or their persistence diagrams, to map.
    explanation
        Makes the map; None takes that of `activation_map`.
    draws
        Sets of random weights.
    seed
        Of all random weights.

    Returns
    -------
    list of RandomisedLayers
        From the last layer alone to all of them.

    Raises
    ------
    RunError
        If the run cannot be loaded, or its model is no network.
    StructureError
        If a frame cannot be used, or there is none.

    References
    ----------
    .. [1] Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, Advances in Neural Information
       Processing Systems 31, 9505 (2018).
    """
    run = run if isinstance(run, Run) else load_run(run)
    networks = [model for model in run.models if isinstance(model, PersistenceCNN)]
    if len(networks) < len(run.models):
        raise RunError(f"{run.path}: a {type(run.model).__name__} has no layers to randomise")
    if not frames:
        raise StructureError("no frames to map; pass at least one")
    explanation = explanation or _activation_map
    true = [explanation(run, frame) for frame in frames]
    found: dict[str, list[tuple[float, ...]]] = {}
    for draw in range(draws):
        changed = [copy.deepcopy(network) for network in networks]
        names = list(_layers(changed[0]))
        for step, name in enumerate(reversed(names)):
            for member, network in enumerate(changed):
                _reset(_layers(network)[name], (seed, draw, step, member))
            other = replace(run, models=tuple(changed))
            for frame, known in zip(frames, true, strict=True):
                found.setdefault(name, []).append(_compare(known, explanation(other, frame)))
    means = {name: np.mean(numbers, axis=0) for name, numbers in found.items()}
    return [RandomisedLayers(name, *map(float, numbers)) for name, numbers in means.items()]


def rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """
    Spearman's rank correlation of two maps.

    Parameters
    ----------
    one, other
        Of the same shape.

    Returns
    -------
    float
        From -1 to 1; 0 where one of them is the same everywhere.
    """
    ranks = [rankdata(values) for values in (one, other)]
    centred = [rank - rank.mean() for rank in ranks]
    norms = float(np.prod([np.linalg.norm(rank) for rank in centred]))
    return float(centred[0] @ centred[1]) / norms if norms else 0.0


def structural_similarity(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    r"""
    Compare how two maps look: structural similarity (SSIM) of Wang et al. [1]_.

    .. math:: \frac{(2 \mu_x \mu_y + c_1)(2 \sigma_{xy} + c_2)}
              {(\mu_x^2 + \mu_y^2 + c_1)(\sigma_x^2 + \sigma_y^2 + c_2)}

    with means and (co)variances under a Gaussian of 1.5 places around each place, averaged over all
    places. Each map is divided by its largest absolute value first, so that the range is 2,
    :math:`c_1 = (0.01 \cdot 2)^2` and :math:`c_2 = (0.03 \cdot 2)^2`.

    Parameters
    ----------
    one, other
        Maps, float64 (..., n, n).

    Returns
    -------
    float
        1 for maps that are multiples of each other.

    References
    ----------
    .. [1] Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Process. 13, 600 (2004).
    """
    x, y = (values / (np.abs(values).max() or 1.0) for values in (one, other))
    c1, c2 = 0.02**2, 0.06**2

    def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Cut off at 5 places, as published: a window of 11 x 11.
        smoothed: NDArray[np.float64] = gaussian_filter(
            values, 1.5, truncate=3.4, axes=(values.ndim - 2, values.ndim - 1)
        )
        return smoothed

    mean_x, mean_y = smooth(x), smooth(y)
    variances = smooth(x * x) - mean_x**2 + smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    numerator = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float(np.mean(numerator / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))))


def _activation_map(run: Run, frame: Atoms | Diagrams) -> NDArray[np.float64]:
    return activation_map(run, frame).map


def _layers(network: PersistenceCNN) -> dict[str, nn.Conv2d | nn.Linear]:
    """Layers with weights by name, from the first to the last."""
    ordinals = ("first", "second", "third")
    named: dict[str, nn.Conv2d | nn.Linear] = {}
    for part in (*network.features, *network.regressor):
        if isinstance(part, nn.Conv2d | nn.Linear):
            kind = "convolution" if isinstance(part, nn.Conv2d) else "fully connected"
            before = sum(name.endswith(kind) for name in named)
            named[f"{ordinals[before]} {kind}"] = part
    return named


def _reset(layer: nn.Conv2d | nn.Linear, seeds: tuple[int, ...]) -> None:
    """Give a layer the weights it could have had before a training."""
    with torch.random.fork_rng():
        torch.manual_seed(int(np.random.SeedSequence(seeds).generate_state(1)[0]))
        layer.reset_parameters()


def _compare(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, ...]:
    correlation = rank_correlation(one, other)
    sizes = rank_correlation(np.abs(one), np.abs(other))
    return correlation, abs(correlation), sizes, structural_similarity(one, other)
