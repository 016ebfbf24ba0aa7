"""What limits diagrams on real DFT energies: information, learner, frames, or size of the cell.

Reads an extended-XYZ file of carbon frames with energies (the bulk amorphous frames of the training
set of C-GAP-17), and writes docs/results/limits/report.json and two figures. Every prediction is of
a frame that was not trained on, with lengths and penalty found on the training folds alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import write
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import RidgeCV

from amorphology.structures import mean_energy_per_atom, read_frames, whole_file
from amorphology.training import TrainingConfig, train
from amorphology.training.near_copies import near_copies
from limit_features import (
    RANGES,
    averaged_soap,
    distances_between_frames,
    distances_held,
    distances_in,
    histograms,
    of_degrees,
    simple,
)
from limit_protocol import Matrix, by_class, errors, folds_of, unseen
from plot_limits import plot_frames, plot_information

DOCS = Path(__file__).parents[1] / "docs"
SIZES = (100, 200, 400)  # training frames of the learning curves, beside all
LONG = 40  # frames from which a group is a run of the liquid
PENALTIES = np.logspace(-8, 1, 19)
MAIN = (
    "diagrams",
    "midpoints, blur 0.12 Å",
    "averaged SOAP",
    "diagrams + SOAP",
    "environments",
    "midpoints of two weights + environments",
)
MIDPOINTS = {"points": "bond_midpoints", "bond_cutoff": 2.6, "bond_weight": 0.25}
DIVIDED_AGAIN = (
    *MAIN,
    "midpoints",
    "midpoints of two weights, blur 0.12 Å",
    "diagrams + midpoints",
    "diagrams + environments",
    "midpoints + environments",
)
"""Rows whose errors are those of several divisions."""

console = Console(width=110)


def descriptions(
    frames: Sequence[Atoms],
) -> tuple[dict[str, list[Matrix]], NDArray[np.float32]]:
    """Parts of the kernel for each description; and the histograms of atoms, for other learners."""
    atoms = histograms(frames, 3.2, (0.1, 0.2))
    whole = histograms(frames, 3.2, (0.2,), counting="whole")
    left_out = histograms(frames, 3.2, (0.2,), essential="left_out")
    bonds = histograms(frames, 2.4, (0.06, 0.12), **MIDPOINTS)
    later = histograms(frames, 2.4, (0.06, 0.12), **MIDPOINTS | {"bond_weight": 0.5})
    unweighted = histograms(frames, 2.2, (0.06,), points="bond_midpoints")
    other = simple(frames)
    known = {name: [distances_between_frames(rows)] for name, rows in other.items()}
    diagrams, midpoints = of_degrees(atoms[0.2]), of_degrees(bonds[0.06])
    soap = [distances_between_frames(averaged_soap(frames))]
    near = averaged_soap(frames, r_cut=3.0, n_max=8, sigma=0.2)
    around = [distances_between_frames(near), *known["neighbours"]]
    finer = of_degrees(atoms[0.1]) + of_degrees(bonds[0.12])
    parts = {
        "diagrams": diagrams,
        "diagrams, pairs counted in whole bins": of_degrees(whole[0.2]),
        "diagrams, essential classes left out": of_degrees(left_out[0.2]),
        "midpoints": midpoints,
        "midpoints, blur 0.12 Å": of_degrees(bonds[0.12]),
        "midpoints of two weights, blur 0.12 Å": of_degrees(bonds[0.12]) + of_degrees(later[0.12]),
        "diagrams + neighbours": diagrams + known["neighbours"],
        "diagrams + angles": diagrams + known["angles"],
        **{
            f"diagrams + distances, {name}": [
                *diagrams,
                distances_between_frames(distances_in(other["distances"], ends)),
            ]
            for name, ends in RANGES.items()
        },
        "diagrams + distances": diagrams + known["distances"],
        "distances + angles + neighbours": [matrix for part in known.values() for matrix in part],
        "diagrams + midpoints of bonds below 1.9 Å, unweighted": [
            *diagrams,
            *of_degrees(unweighted[0.06]),
        ],
        "diagrams + midpoints": diagrams + midpoints,
        "diagrams + midpoints, two blurs each": diagrams + midpoints + finer,
        "averaged SOAP": soap,
        "diagrams + SOAP": diagrams + soap,
        "diagrams + midpoints + SOAP": diagrams + midpoints + soap,
        "environments": around,
        "diagrams + environments": diagrams + around,
        "midpoints + environments": midpoints + around,
        "midpoints of two weights + environments": [
            *midpoints,
            *of_degrees(later[0.06]),
            *around,
        ],
    }
    return parts, atoms[0.2]


def ridge(
    images: NDArray[np.float32], energies: NDArray[np.float64], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Predict each fold by ridge regression; its penalty by leaving out single training frames."""
    flat = images.astype(np.float64)
    flat /= np.sqrt(flat.var(axis=0).sum(axis=(1, 2)))[:, None, None]
    flat = flat.reshape(len(flat), -1)
    predictions = np.empty(len(energies))
    for number in np.unique(fold):
        chosen = fold != number
        model = RidgeCV(PENALTIES).fit(flat[chosen], energies[chosen])
        predictions[~chosen] = model.predict(flat[~chosen])
    return predictions


def network(
    frames: Sequence[Atoms], energies: NDArray[np.float64], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Predict each fold by the convolutional network; a tenth of the others says when to stop."""
    predictions = np.empty(len(energies))
    with tempfile.TemporaryDirectory() as folder:
        for number in np.unique(fold):
            file = Path(folder) / f"fold{number}.extxyz"
            write(file, [frames[index] for index in np.flatnonzero(fold != number)])
            descriptor = {
                "homology": [0, 1, 2],
                "axes": "radius",
                "range": [0.0, 3.2],
                "bins": 32,
                "normalisation": "per_atom",
                "blur": 0.1,
                "counting": "shared",
            }
            config = TrainingConfig(
                out=f"{folder}/run{number}",
                data={"frames": [str(file)]},
                split={"by": "random", "validation": 0.1, "test": 0.0},
                descriptor=descriptor,
                optimisation={"epochs": 40, "patience": 40},
            )
            test = np.flatnonzero(fold == number)
            predictions[test] = train(config).predict([frames[index] for index in test])
            console.print(f"network, fold {number + 1} done")
    return predictions


def twins(
    squares: Sequence[Matrix], energies: NDArray[np.float64], groups: NDArray[np.int64]
) -> float:
    """How much energies differ, over sqrt 2, of the 200 pairs of groups most alike, meV/atom."""
    total = np.asarray(sum(squares))
    first, second = np.triu_indices(len(energies), 1)
    apart = groups[first] != groups[second]
    first, second = first[apart], second[apart]
    nearest = np.argsort(total[first, second])[:200]
    differences = 1000 * (energies[first] - energies[second])[nearest]
    return round(float(np.sqrt(np.mean(differences**2) / 2)), 1)


def ladder(
    parts: dict[str, list[Matrix]],
    energies: NDArray[np.float64],
    groups: NDArray[np.int64],
    seeds: Sequence[int],
) -> tuple[list[dict[str, Any]], dict[str, list[NDArray[np.float64]]]]:
    """Errors of each description in both splits, and its predictions at random."""
    single = np.arange(len(energies))
    rows, at_random = [], {}
    for name, squares in parts.items():
        row: dict[str, Any] = {
            "name": name,
            "divisions": len(seeds) if name in DIVIDED_AGAIN else 1,
            "twins": twins(squares, energies, groups),
        }
        for split, units in (("random", single), ("groups", groups)):
            some = seeds if name in DIVIDED_AGAIN else seeds[:1]
            found = [unseen(squares, energies, folds_of(units, seed)) for seed in some]
            row[split] = errors([predictions for predictions, _ in found], energies)
            if split == "random":
                at_random[name] = [predictions for predictions, _ in found]
                row["taken_for_noise"] = round(float(np.mean([n for _, n in found])), 1)
        rows.append(row)
        console.print(f"{name}: {row['random']} {row['groups']}")
    return rows, at_random


def learners(
    frames: Sequence[Atoms],
    parts: dict[str, list[Matrix]],
    images: NDArray[np.float32],
    energies: NDArray[np.float64],
) -> dict[str, dict[str, float]]:
    """Errors of several learners on the same diagrams, random division."""
    fold = folds_of(np.arange(len(energies)), 0)
    one = [np.asarray(sum(parts["diagrams"]))]
    ways: dict[str, Callable[[], NDArray[np.float64]]] = {
        "ridge": lambda: ridge(images, energies, fold),
        "Gaussian kernel, one length": lambda: unseen(one, energies, fold)[0],
        "Gaussian kernel, a length for each degree": lambda: unseen(
            parts["diagrams"], energies, fold
        )[0],
        "convolutional network": lambda: network(frames, energies, fold),
    }
    return {name: errors([way()], energies) for name, way in ways.items()}


def exponents(curves: dict[str, dict[str, float]]) -> dict[str, float]:
    """Power of the number of frames that the last step of each learning curve falls by."""
    found = {}
    for name, curve in curves.items():
        (few, before), (many, last) = list(curve.items())[-2:]
        found[name] = round(float(np.log(last / before) / np.log(int(many) / int(few))), 2)
    return found


def main() -> None:
    """Make report and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", help="extended XYZ with energies and info['density_gcc']")
    parser.add_argument(
        "--seeds", type=int, default=2, help="divisions into folds of the main descriptions"
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the documentation")
    given = parser.parse_args()
    frames = read_frames([given.frames])
    energies = mean_energy_per_atom(frames)
    groups = near_copies(frames)
    parts, images = descriptions(frames)
    console.print(f"{len(frames)} frames in {groups.max() + 1} groups are described")
    rows, predictions = ladder(parts, energies, groups, range(given.seeds))
    fold = folds_of(np.arange(len(energies)), 0)
    every = len(fold) - len(fold) // 5
    sizes = [size for size in SIZES if size < every]
    counts = {size: [unseen(parts[k], energies, fold, size)[0] for k in MAIN] for size in sizes}
    n_atoms = np.array([len(frame) for frame in frames])
    density = np.array([frame.info["density_gcc"] for frame in frames])
    classes = {
        "atoms": n_atoms,
        "density": np.clip(np.floor(2 * density) / 2, 1.5, 3.0),
        "phase": np.where(np.bincount(groups)[groups] > LONG, "five long runs", "others"),
    }
    curves = {
        name: {
            **{str(n): errors([counts[n][place]], energies)["rmse"] for n in sizes},
            str(every): errors(predictions[name][:1], energies)["rmse"],
        }
        for place, name in enumerate(MAIN)
    }
    report = {
        "frames": len(frames),
        "groups": int(groups.max() + 1),
        "seeds": given.seeds,
        "spread_of_energies": round(1000 * float(energies.std()), 1),
        "ladder": rows,
        "distances_held": distances_held(frames),
        "learners": learners(frames, parts, images, energies),
        "learning_curves": curves,
        "exponents": exponents(curves),
        "by": {
            kind: {
                "frames": {str(k): int((of == k).sum()) for k in np.unique(of)},
                "energies": by_class([np.full(len(energies), energies.mean())], energies, of),
                **{name: by_class(predictions[name], energies, of) for name in MAIN},
            }
            for kind, of in classes.items()
        },
    }
    results, images_folder = given.out / "results/limits", given.out / "images/limits"
    for folder in (results, images_folder):
        folder.mkdir(parents=True, exist_ok=True)
    with whole_file(results / "report.json") as unfinished:
        unfinished.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    plot_information(report, images_folder / "information.svg")
    plot_frames(report, images_folder / "frames.svg")
    table = Table("known of a frame", "random", "groups", "taken for noise", title="RMSE, meV/atom")
    for row in rows:
        cells = [f"{row[split]['rmse']} ± {row[split]['spread']}" for split in ("random", "groups")]
        table.add_row(row["name"], *cells, str(row["taken_for_noise"]))
    console.print(table)


if __name__ == "__main__":
    main()
