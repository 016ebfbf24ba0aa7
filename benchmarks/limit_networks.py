"""How far networks on neighbourhoods of atoms, forces, and both with diagrams get on DFT energies.

Reads the extended-XYZ file that diagram_limits.py reads, divides it in the same way, and writes
docs/results/limits/networks.json. Every prediction is of a frame that was not trained on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from amorphology.structures import mean_energy_per_atom, read_frames, whole_file
from amorphology.training import TrainingConfig, train
from amorphology.training.near_copies import near_copies
from diagram_limits import MIDPOINTS
from limit_features import averaged_soap, distances_between_frames, histograms, of_degrees, simple
from limit_protocol import FOLDS, errors, folds_of, unseen

DOCS = Path(__file__).parents[1] / "docs"
SOAP = {"kind": "soap", "r_cut": 3.0, "sigma": 0.2, "n_max": 8, "l_max": 6}
FORCES = {"directions": 8, "weight": 0.002}
EPOCHS, MEMBERS, VALIDATION = 100, 3, 0.05

console = Console(width=110)


def networks(
    frames: Sequence[Atoms], fold: NDArray[np.int64], by: str, forces: dict[str, float] | None
) -> NDArray[np.float64]:
    """Predict each fold by the mean of some networks; few of the other frames say when to stop."""
    predictions = np.empty(len(frames))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FOLDS):
            file = Path(folder) / f"fold{number}.extxyz"
            write(file, [frames[index] for index in np.flatnonzero(fold != number)])
            config = TrainingConfig(
                out=f"{folder}/run{number}",
                data={"frames": [str(file)]},
                split={"by": by, "validation": VALIDATION, "test": 0.0},
                descriptor=SOAP,
                model={"kind": "hdnnp"},
                ensemble=MEMBERS,
                optimisation={"epochs": EPOCHS, "patience": EPOCHS, "forces": forces},
            )
            test = np.flatnonzero(fold == number)
            predictions[test] = train(config).predict([frames[index] for index in test])
            console.print(f"networks, {by}, forces {forces}, fold {number + 1} done")
    return predictions


def main() -> None:
    """Make the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", help="extended XYZ with energies and forces")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the documentation")
    given = parser.parse_args()
    frames = read_frames([given.frames])
    energies = mean_energy_per_atom(frames)
    groups = near_copies(frames)
    images = [
        histograms(frames, 2.4, (0.06,), **MIDPOINTS | {"bond_weight": w}) for w in (0.25, 0.5)
    ]
    near = averaged_soap(frames, r_cut=3.0, n_max=8, sigma=0.2)
    environments = [distances_between_frames(x) for x in (near, simple(frames)["neighbours"])]
    diagrams = [square for found in images for square in of_degrees(found[0.06])]
    kernels = {
        "environments": environments,
        "midpoints of two weights + environments": diagrams + environments,
    }
    rows: dict[str, dict[str, dict[str, float]]] = {}
    splits = (("random", np.arange(len(frames)), "random"), ("groups", groups, "near_copies"))
    for split, units, by in splits:
        fold = folds_of(units, 0)
        nets = {
            "networks": networks(frames, fold, by, None),
            "networks, forces": networks(frames, fold, by, FORCES),
        }
        known = {name: unseen(squares, energies, fold)[0] for name, squares in kernels.items()}
        both = {
            f"mean of {name} and {net}": (kernel + nets[net]) / 2
            for name, kernel in known.items()
            for net in nets
        }
        for name, predictions in {**nets, **known, **both}.items():
            rows.setdefault(name, {})[split] = errors([predictions], energies)
            console.print(f"{name}, {split}: {rows[name][split]}")
    report = {
        "frames": len(frames),
        "forces": FORCES,
        "epochs": EPOCHS,
        "members": MEMBERS,
        "rows": [{"name": name, **found} for name, found in rows.items()],
    }
    folder = given.out / "results/limits"
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "networks.json") as unfinished:
        unfinished.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    table = Table("known of a frame", "random", "groups", title="RMSE, meV/atom")
    for name, found in rows.items():
        table.add_row(name, *(str(found[split]["rmse"]) for split, *_ in splits))
    console.print(table)


if __name__ == "__main__":
    main()
