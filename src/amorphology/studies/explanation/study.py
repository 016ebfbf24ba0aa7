"""The study of explanations, from a finished study of carbon to figures and numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from amorphology.structures import frame_name, whole_file
from amorphology.studies.explanation.figures import draw_figures
from amorphology.studies.explanation.measures import compare_groups
from amorphology.studies.explanation.results import (
    GROUPS,
    MELTING,
    PARTS,
    ExplanationResults,
    collect_explanations,
)
from amorphology.studies.frame_explanation import explain
from amorphology.training import load_run
from amorphology.training.metrics import MEV
from amorphology.training.progress import message

__all__ = ["reproduce_explanation"]

NUMBERS, FIGURE_FOLDER = "report.json", "figures"
EXAMPLES = ("liquid", "low_energy")


def reproduce_explanation(
    study: str | Path,
    out: str | Path | None = None,
    *,
    model: str | Path | None = None,
    n_attributed: int = 20,
    seed: int = 0,
    console: Console | None = None,
) -> Path:
    """
    Show where a network looks in liquid and in low-energy carbon, and check it by numbers.

    This is figure 7 of Minamitani et al. [1]_, who see that activation maps of liquid frames light
    up near the diagonal of the persistence diagram, and those of low-energy frames away from it.

    Parameters
    ----------
    study
        Folder that `reproduce_carbon` filled, with ``data/`` and ``models/``.
    out
        Folder for ``report.json``, ``figures/``, and the two example frames explained in
        ``liquid/`` and ``low_energy/``; made if need be. None takes ``explanation`` in `study`.
    model
        Folder of the run to explain; None takes the network of the paper in `study`.
    n_attributed
        Frames of each kind whose energies are shared out to rings; some seconds each.
    seed
        Of random weights, and of the draws behind intervals.
    console
        Where to show progress.

    Returns
    -------
    pathlib.Path
        ``report.json``.

    Raises
    ------
    RunError
        If the study has no trained network, or its model has no convolutions.
    StructureError
        If the frames cannot be used, or hold no liquid.

    References
    ----------
    .. [1] Minamitani, Obayashi, Shimizu and Watanabe, J. Chem. Phys. 159, 084101 (2023).
    """
    study = Path(study)
    out = study / "explanation" if out is None else Path(out)
    network = load_run(_paper_network(study) if model is None else model)
    results = collect_explanations(
        network, study / "data", n_attributed=n_attributed, seed=seed, console=console
    )
    draw_figures(results, out / FIGURE_FOLDER)
    for name, index in zip(EXAMPLES, results.examples, strict=True):
        explain(results.network, results.frames[index], out / name)
    with whole_file(out / NUMBERS) as unfinished:
        unfinished.write_text(json.dumps(_report(results, seed), indent=2) + "\n", encoding="utf-8")
    message(console, f"report: {out / NUMBERS}")
    return out / NUMBERS


def _paper_network(study: Path) -> Path:
    """Folder of the first network, that of the paper before any other."""
    models = study / "models"
    places = [models / "cnn_paper_seed0", *sorted(models.glob("cnn_*")), study / "model"]
    return next((place for place in places if place.is_dir()), models)


def _report(results: ExplanationResults, seed: int) -> dict[str, Any]:
    return {
        "study": "activation maps of liquid and low-energy frames",
        "seed": seed,
        "threshold_ev_per_atom": results.threshold,
        "threshold_is": f"the energy that best separates frames above from below {MELTING:g} K",
        "on_the_wrong_side": int(
            np.sum(results.liquid != (results.temperature > MELTING)),
        ),
        "n_frames": {
            "all": len(results.frames),
            "largest_cells": int(results.shown.sum()),
            **{
                f"largest_cells_{name.replace(' ', '_')}": int(
                    (results.group(number) & results.shown).sum()
                )
                for number, name in enumerate(GROUPS)
            },
        },
        "examples": {
            name: {
                "frame": Path(frame_name(results.frames[index])).name,
                "run": str(results.run[index]),
                "n_atoms": int(results.n_atoms[index]),
                "temperature_k": float(results.temperature[index]),
                "energy_ev_per_atom": float(results.energy[index]),
            }
            for name, index in zip(EXAMPLES, results.examples, strict=True)
        },
        "mean_persistence_angstrom2": {
            place: {
                cells: {
                    part: _compared(results, np.where(chosen, values[part], np.nan), seed)
                    for part in (*PARTS, "histogram")
                }
                for cells, chosen in (
                    ("largest_cells", results.shown),
                    ("all_cells", np.ones_like(results.shown)),
                )
            }
            for place, values in (
                ("where_pairs_are", results.persistence),
                ("half_plane", results.persistence_anywhere),
            )
        },
        "shares_by_ring_size_mev_per_atom": {
            name: {
                "n_frames": len(results.attributions[number]),
                "sizes": {
                    str(size): float(share)
                    for size, share in enumerate(results.shares_by_size(number))
                    if share
                },
            }
            for number, name in enumerate(GROUPS)
        },
        "largest_error_of_sums": _largest_error(results),
        "weight_randomisation": {
            name: [step.as_dict() for step in left] for name, left in results.randomised.items()
        },
    }


def _compared(
    results: ExplanationResults, values: NDArray[np.float64], seed: int
) -> dict[str, Any] | None:
    """Compare the groups; None where all maps of one of them lack this part."""
    groups = results.group(0), results.group(1)
    if not any(
        all(np.isfinite(values[(results.run == run) & group]).any() for group in groups)
        for run in np.unique(results.run)
    ):
        return None
    return compare_groups(values, results.run, *groups, seed).as_dict()


def _largest_error(results: ExplanationResults) -> dict[str, float]:
    """How well energies were shared out, worst of all frames, as parts of the difference."""
    integral, conserved = [], []
    for one in (*results.attributions[0], *results.attributions[1]):
        rise = (one.prediction - one.baseline_prediction) * len(one.atoms)
        of_map = one.gradients.values.sum() / MEV * len(one.atoms)
        integral.append(abs(of_map / rise - 1))
        conserved.append(abs((one.atoms.sum() + one.unassigned) / of_map - 1))
    return {
        "bins_beside_predictions": float(max(integral)),
        "atoms_beside_bins": float(max(conserved)),
    }
