"""The page that tells the comparison: its tables, its figures, and how they were made."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from amorphology.studies.comparison.datasets import CARBON, DFT, GRAPHENE, sizes_text
from amorphology.studies.comparison.sweeps import METHODS
from amorphology.studies.comparison.tables import DATA_TITLES, table_of
from amorphology.studies.page import cards, document, figure, record, table

__all__ = ["COLUMNS", "read_me", "sensitivity_rows", "write_page"]

TITLE = "Persistence diagrams beside local descriptors"

COLUMNS = (
    "Errors are RMSE / MAE in meV/atom on frames that were held out, below the number of their "
    "atoms. “Trained on” is the number of frames learned from; “ms a frame” the processor time on "
    "one core to describe a frame of that size; “Training” the wall-clock time, choice of "
    "hyperparameters included, descriptors not. Kernel ridge regression finds its lengths and its "
    "penalty from the energies of the training set, ridge regression its penalty and networks "
    "their epoch by a validation set. “Forces” are learned along random directions, in the "
    "training set alone. Parameters are the weights of a network, of ridge "
    "regression a weight for each feature that varies, of kernel ridge regression a coefficient "
    "for each training frame. “PD” are persistence diagrams of the atoms, “midpoints” those of "
    "the midpoints of atoms at most 2.6 Å apart, which come the later the farther these are apart; "
    "both are counted per atom over radii and blurred, with essential classes paired. "
    "“The paper’s” is its own histogram."
)
"""How the tables are to be read; plain text."""


def write_page(numbers: dict[str, Any], figures: Path) -> str:
    """
    Tell the comparison.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    body = [
        *_summary(numbers),
        *_tables(numbers, figures),
        *_sensitivity(numbers, figures),
        *record(numbers, "every prediction in <code>models/*/predictions.csv</code>"),
    ]
    return document(TITLE, body)


def _summary(numbers: dict[str, Any]) -> Iterator[str]:
    yield f"<h1>{TITLE}</h1>"
    yield (
        '<p class="lead">What energies can be read from the shape of a structure, and what from '
        "the neighbourhoods of its atoms: the same frames and the same splits for every descriptor "
        "and model.</p>"
    )
    for key, reason in numbers["left_out"].items():
        yield f"<p><b>{DATA_TITLES[key]}</b> is left out: {escape(reason)}.</p>"
    if numbers["missing"]:
        total = len(numbers["missing"]) + numbers["n_finished"]
        yield (
            f"<p><b>Not all is here:</b> {len(numbers['missing'])} of {total} trainings are not "
            "finished. The same command goes on with them.</p>"
        )
    yield cards(_best(numbers))


def _best(numbers: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Lowest errors on frames of unseen runs, of diagrams alone and of all."""
    entries = []
    for key, found in numbers["tables"].items():
        held_out = found["splits"][0]
        rows = [row for row in found["rows"] if held_out in row["splits"]]
        alone = [row for row in rows if row["name"].startswith("pd_") and "soap" not in row["name"]]
        for what, some in (("diagrams alone", alone), ("lowest of all", rows)):
            if not some:
                continue
            best = min(
                some, key=lambda row: float(row["splits"][held_out]["test"]["rmse_mev_per_atom"])
            )
            rmse = best["splits"][held_out]["test"]["rmse_mev_per_atom"]
            entries.append(
                (
                    f"RMSE, {DATA_TITLES[key].lower().replace('dft', 'DFT')}, {what}",
                    f"{rmse:.1f}",
                    "meV/atom",
                    f"{best['descriptor']}; {best['model']}",
                )
            )
    return entries


def read_me(key: str, numbers: dict[str, Any]) -> str:
    """
    Say how a table is to be read.

    Parameters
    ----------
    key
        Of the data set.
    numbers
        Contents of ``report.json``.

    Returns
    -------
    str
        Plain text.
    """
    found = numbers["tables"][key]
    size = sizes_text(found["learned_atoms"])
    frames = f"{found['n_learned']:,} frames of {size} atoms"
    if key == DFT:
        made = (
            f"{frames} in {found['n_runs']:,} groups of near-copies, which were found from the "
            f"frames themselves. Cross-validation in {numbers['folds']} folds: every frame is "
            "predicted once by a model that saw neither it nor, with unseen groups, any frame of "
            "its group; a tenth of the rest is the validation set."
        )
    else:
        made = (
            f"{frames} from {found['n_runs']:,} simulations; a fifth of the simulations (or of the "
            "frames, at the random split) is tested on, a tenth is the validation "
            "set. "
        )
        if found["larger_atoms"]:
            made += (
                f"Cells of {sizes_text(found['larger_atoms'])} atoms are predicted by the models "
                "that hold out whole simulations; none was learned from. "
            )
        if any(_has_spread(row) for row in found["rows"]):
            made += (
                "An error with a spread is the mean, with the standard deviation, over seeds that "
                "each have a split of their own; one without is of the first seed. "
            )
        made += (
            "Cartesian coordinates and Coulomb matrices compare atom with atom, so they cannot "
            "predict cells of another size. Coulomb matrices are not defined for periodic cells; "
            "here they are of the atoms of one cell without images. Energies of a classical "
            "potential are sums over neighbourhoods of atoms, those of the carbon SNAP polynomials "
            "of components of a bispectrum, which is a close relative of SOAP: local descriptors "
            "have the form of the answer there, and none has for energies of density-functional "
            "theory."
        )
    if found["thinned"]:
        made = f"{made.strip()} These are evenly spaced frames of more: this is a demonstration."
    return made.strip()


def _has_spread(row: dict[str, Any]) -> bool:
    return any("rmse_spread_mev_per_atom" in one["test"] for one in row["splits"].values())


def _tables(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    yield f"<p>{COLUMNS}</p>"
    for key in (CARBON, GRAPHENE, DFT):
        if key not in numbers["tables"]:
            continue
        header, rows = table_of(key, numbers["tables"][key])
        yield f"<h2>{DATA_TITLES[key]}</h2>"
        yield table(header, rows, numbers=range(2, len(header)))
        yield f"<p>{escape(read_me(key, numbers))}</p>"
    if numbers["tables"]:
        yield figure(
            figures / "comparison.svg",
            "Errors of all descriptors and models, a panel for each data set.",
            "<b>Errors side by side.</b> A line for each row of the tables, RMSE on frames that "
            "were held out, on a logarithmic scale: the further left, the better.",
            width=1000,
        )


def _sensitivity(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    found = numbers.get("sensitivity")
    if not found:
        return
    yield "<h2>Sensitivity to hyperparameters</h2>"
    yield figure(
        figures / "sensitivity.svg",
        "RMSE against hyperparameters of SOAP and of persistence histograms.",
        "<b>One hyperparameter at a time,</b> the others as in the paper (ringed). A point is a "
        f"seed, the line joins their means. Every network learns from {found['n_train']:,} frames "
        f"of amorphous carbon, a CNN for {found['epochs']} epochs and an HDNNP for "
        f"{found['epochs_of_atoms']}, and is tested on unseen runs. "
        "The paper’s figure 8 compares a width σ of 0.5 and 1.0 Å.",
        width=1000,
    )
    yield table(
        ["Method", "Hyperparameter", "RMSE (meV/atom) by value"],
        sensitivity_rows(found),
        numbers=(),
    )


def sensitivity_rows(found: dict[str, Any]) -> list[list[str]]:
    """
    Make the table of the sensitivity.

    Parameters
    ----------
    found
        What ``report.json`` says of it.

    Returns
    -------
    list of list of str
        Method, hyperparameter, and values with their mean errors; plain text.
    """
    rows = []
    for sweep in found["sweeps"]:
        values = [
            f"{one['label']}: {sum(one['rmse']) / len(one['rmse']):.1f}"
            for one in sweep["settings"]
            if one["rmse"]
        ]
        rows.append([METHODS[sweep["method"]], sweep["title"], "; ".join(values)])
    return rows
