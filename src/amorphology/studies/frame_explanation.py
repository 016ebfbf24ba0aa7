"""One frame explained: which pairs, rings and atoms its predicted energy rests on."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from amorphology.errors import StructureError
from amorphology.explain import (
    ActivationMap,
    Attribution,
    activation_map,
    attribute,
    mean_persistence,
)
from amorphology.models import PersistenceCNN
from amorphology.plots import COLOURS, new_figure, plot_histogram, save_figure
from amorphology.plots.activation import plot_bin_map, plot_pair_shares
from amorphology.plots.attribution import plot_atom_shares, plot_ring_sizes
from amorphology.plots.style import GREY, tidy
from amorphology.structures import frame_name, read_frames, whole_file, write_frames
from amorphology.studies.sheet import signed
from amorphology.training import Run, load_run
from amorphology.training.metrics import MEV

__all__ = ["LARGEST_RING", "explain", "has_activation_map", "ring_table", "shares_by_size"]

FIGURE, FRAME, RINGS, NUMBERS = "explanation", "frame.extxyz", "rings.csv", "explanation.json"
TITLE = 10.5  # font size

LARGEST_RING = 12
"""Rings of this many atoms and more count together."""

MEMBERS = {0: "bond", 1: "ring", 2: "cavity"}


def explain(
    run: Run | str | Path, frame: Atoms | str | Path, out: str | Path, *, index: int = -1
) -> Path:
    """
    Explain the predicted energy of one frame.

    Parameters
    ----------
    run
        A run that reads persistence histograms, or its folder.
    frame
        The frame, or a structure file.
    out
        Folder to write to, made if need be: ``explanation.png`` and ``.svg``; ``frame.extxyz``, the
        frame with ``attribution`` (eV, one number an atom); ``rings.csv``, a line for each pair
        with its share, its birth and death, and the atoms of its ring; ``explanation.json``, all
        sums.
    index
        Which frame of a file, counted from 0; -1 is the last.

    Returns
    -------
    pathlib.Path
        ``explanation.png``.

    Raises
    ------
    RunError
        If the run or its training frames cannot be loaded, or it reads something else.
    StructureError
        If the frame cannot be used, or the file has no such frame.
    """
    run = run if isinstance(run, Run) else load_run(run)
    frame = frame if isinstance(frame, Atoms) else _frame_of(frame, index)
    attribution = attribute(run, frame)
    mapped = activation_map(run, dict(attribution.diagrams)) if has_activation_map(run) else None
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    labelled = frame.copy()
    labelled.calc = frame.calc
    labelled.arrays["attribution"] = attribution.atoms
    labelled.info["predicted_energy_per_atom"] = attribution.prediction
    labelled.info["baseline_energy_per_atom"] = attribution.baseline_prediction
    write_frames(out / FRAME, [labelled])
    _write(out / RINGS, ring_table(attribution))
    probability = run.descriptor.normalisation == "probability"
    unit = "Fraction of pairs" if probability else "Pairs an atom"
    figure = _figure(frame, attribution, mapped, unit)
    for kind in ("png", "svg"):
        save_figure(figure, out / f"{FIGURE}.{kind}")
    _write(out / NUMBERS, json.dumps(_numbers(frame, attribution, mapped), indent=2) + "\n")
    return out / f"{FIGURE}.png"


def _frame_of(path: str | Path, index: int) -> Atoms:
    frames = read_frames(path)
    if not -len(frames) <= index < len(frames):
        raise StructureError(
            f"{path}: there is no frame {index}; it has {len(frames)}, counted from 0"
        )
    return frames[index]


def has_activation_map(run: Run) -> bool:
    """
    Tell whether `activation_map` works for a run.

    Parameters
    ----------
    run
        The run.

    Returns
    -------
    bool
        Whether its model is a network.
    """
    return all(isinstance(model, PersistenceCNN) for model in run.models)


def ring_table(attribution: Attribution) -> str:
    """
    List all pairs with what they do to the energy, the strongest first.

    Parameters
    ----------
    attribution
        Of a frame.

    Returns
    -------
    str
        CSV: degree, number of the pair in its diagram, what it is (bond, ring or cavity), share of
        the total energy (eV), birth and death (Angstrom^2), number of atoms, and their indices.
    """
    rows = [
        (
            degree,
            pair,
            MEMBERS[degree],
            float(shares[pair]),
            float(attribution.diagrams[degree].birth[pair]),
            float(attribution.diagrams[degree].death[pair]),
            len(attribution.members[degree][pair]),
            " ".join(map(str, attribution.members[degree][pair])),
        )
        for degree, shares in attribution.pairs.items()
        for pair in np.flatnonzero(attribution.sizes(degree)).tolist()
    ]
    rows.sort(key=lambda row: -abs(row[3]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("degree", "pair", "kind", "share_ev", "birth_angstrom2", "death_angstrom2")
    writer.writerow([*names, "size", "atoms"])
    writer.writerows([*row[:3], *(repr(value) for value in row[3:6]), *row[6:]] for row in rows)
    return text.getvalue()


def shares_by_size(attribution: Attribution, degree: int = 1) -> NDArray[np.float64]:
    """
    Sum what rings of each size do to the energy.

    Parameters
    ----------
    attribution
        Of a frame.
    degree
        Of the homology.

    Returns
    -------
    numpy.ndarray
        float64 (`LARGEST_RING` + 1,), meV/atom: element k for rings of k atoms, the last one for
        all of that many and more.
    """
    sizes = np.minimum(attribution.sizes(degree), LARGEST_RING)
    sums = np.zeros(LARGEST_RING + 1)
    np.add.at(sums, sizes, attribution.pairs[degree] * (MEV / len(attribution.atoms)))
    return sums


def _numbers(
    frame: Atoms, attribution: Attribution, mapped: ActivationMap | None
) -> dict[str, Any]:
    n_atoms = len(frame)
    found = attribution.gradients
    return {
        "frame": frame_name(frame),
        "n_atoms": n_atoms,
        "prediction_ev_per_atom": attribution.prediction,
        "baseline": "mean histogram of the training frames",
        "baseline_prediction_ev_per_atom": attribution.baseline_prediction,
        "difference_ev": n_atoms * (attribution.prediction - attribution.baseline_prediction),
        "sum_of_bins_ev": n_atoms * float(found.values.sum()) / MEV,
        "sum_of_pairs_ev": float(sum(shares.sum() for shares in attribution.pairs.values())),
        "sum_of_atoms_ev": float(attribution.atoms.sum()),
        "unassigned_ev": attribution.unassigned,
        "integration_steps": found.steps,
        "degrees": {
            f"H{degree}": {
                "n_pairs": int((attribution.sizes(degree) > 0).sum()),
                "sum_ev": float(shares.sum()),
            }
            for degree, shares in attribution.pairs.items()
        },
        "mev_per_atom_by_ring_size": (
            {
                str(size): float(share)
                for size, share in enumerate(shares_by_size(attribution))
                if share
            }
            if 1 in attribution.pairs
            else None
        ),
        "activation_map": None if mapped is None else _map_numbers(mapped),
    }


def _map_numbers(mapped: ActivationMap) -> dict[str, Any]:
    where = np.any(mapped.histogram > 0, axis=0)
    return {
        "largest_ev_per_atom": float(mapped.map.max()),
        "smallest_ev_per_atom": float(mapped.map.min()),
        "mean_persistence_angstrom2_where_pairs_are": {
            name: mean_persistence(weights[0], mapped.ranges[0], mapped.axes, where)
            for name, weights in (
                ("raising", mapped.rectified),
                ("lowering", mapped.rectified_lowering),
                ("histogram", mapped.histogram),
            )
        },
    }


def _figure(
    frame: Atoms, attribution: Attribution, mapped: ActivationMap | None, unit_of_values: str
) -> Figure:
    """Histogram, maps, pairs, rings and atoms; of several degrees that of rings."""
    figure = new_figure(11.6, 7.2)
    axes = figure.subplots(2, 3)
    found = attribution.gradients
    degree = 1 if 1 in found.degrees else found.degrees[0]
    channel = found.degrees.index(degree)
    diagram, shares = attribution.diagrams[degree], attribution.pairs[degree]
    ends, unit = found.ranges[channel], found.axes
    counted = attribution.sizes(degree) > 0
    deaths = diagram.death[counted]
    # The last hundredth, close to the diagonal, would take half of the picture.
    last = float(np.ceil(np.quantile(deaths, 0.99))) if len(deaths) else ends[1]
    limits = (0.0, last)
    window = limits if unit == "squared_radius" else (0.0, float(np.sqrt(last)))

    histogram = found.histogram[channel]
    # Blur leaves traces in bins far from all pairs.
    histogram = np.where(histogram > 1e-3 * histogram.max(), histogram, 0.0)
    plot_histogram(axes[0, 0], histogram, range=ends, limits=window)
    energy = signed(attribution.prediction, 3)
    axes[0, 0].set_title(f"H{degree} histogram, {energy} eV/atom", fontsize=TITLE)
    figure.colorbar(axes[0, 0].images[0], ax=axes[0, 0], label=unit_of_values, shrink=0.8)

    if mapped is None:
        plot_bin_map(axes[0, 1], found.mean_gradient[channel], range=ends, unit=unit, limits=window)
        axes[0, 1].set_title("Mean gradient of the energy", fontsize=TITLE)
        label = "meV/atom for each unit"
    else:
        plot_bin_map(
            axes[0, 1], MEV * mapped.weights[channel], range=ends, unit=unit, limits=window
        )
        axes[0, 1].set_title("Activation map (Grad-CAM)", fontsize=TITLE)
        label = "meV/atom"
    figure.colorbar(axes[0, 1].images[0], ax=axes[0, 1], label=label, shrink=0.8)
    for panel in (axes[0, 0], axes[0, 1]):  # histograms may be of radii
        panel.set(xlabel=axes[0, 1].get_xlabel(), ylabel=axes[0, 1].get_ylabel())

    plot_pair_shares(
        axes[0, 2],
        diagram.birth[counted],
        deaths,
        MEV * shares[counted],
        limits=limits,
        largest=_strong(MEV * shares[counted]),
    )
    together = f"{MEV * shares.sum() / len(frame):+.0f}".replace("-", "\N{MINUS SIGN}")
    axes[0, 2].set_title(f"H{degree} pairs: {together} meV/atom", fontsize=TITLE)
    figure.colorbar(
        axes[0, 2].collections[0], ax=axes[0, 2], label="meV", shrink=0.8, extend="both"
    )

    _shares_of_degree(axes[1, 0], attribution, degree)
    plot_atom_shares(
        axes[1, 1], frame, MEV * attribution.atoms, largest=_strong(MEV * attribution.atoms)
    )
    axes[1, 1].set_title("Shares of atoms, seen along z", fontsize=TITLE)
    figure.colorbar(
        axes[1, 1].collections[0], ax=axes[1, 1], label="meV", shrink=0.8, extend="both"
    )
    _distribution(axes[1, 2], MEV * attribution.atoms)
    return figure


def _shares_of_degree(axes: Axes, attribution: Attribution, degree: int) -> None:
    what = {0: "bonds", 1: "rings", 2: "cavities"}[degree]
    plot_ring_sizes(
        axes,
        {"this frame": shares_by_size(attribution, degree)},
        xlabel=f"Atoms of the {MEMBERS[degree]}",
    )
    axes.set_title(f"Sum over {what} of a size", fontsize=TITLE)


def _distribution(axes: Axes, shares: NDArray[np.float64]) -> None:
    axes.hist(shares, bins=30, color=COLOURS["blue"])
    axes.axvline(0.0, color=GREY, linewidth=1)
    axes.set(xlabel="Share of an atom (meV)", ylabel="Atoms")
    axes.set_title(f"Mean {signed(float(shares.mean()), 0)} meV", fontsize=TITLE)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    tidy(axes)


def _strong(values: NDArray[np.float64]) -> float | None:
    """Absolute value that two in a hundred pass: single ones would leave all others pale."""
    return float(np.quantile(np.abs(values), 0.98)) or None if len(values) else None


def _write(path: Path, text: str) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
