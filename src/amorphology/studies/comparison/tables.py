"""The tables of the comparison, for a page and for the documentation."""

from collections.abc import Iterator, Sequence
from typing import Any

from amorphology.studies.comparison.datasets import CARBON, DFT, GRAPHENE, sizes_text
from amorphology.studies.comparison.rows import SPACE, comparison_rows
from amorphology.studies.energy_study.results import LARGER
from amorphology.studies.page import counted

__all__ = ["DATA_TITLES", "HELD_OUT", "markdown_table", "shown_error", "table_of"]

DATA_TITLES = {
    CARBON: "Amorphous carbon",
    GRAPHENE: "Amorphous graphene",
    DFT: "Frames with DFT energies",
}
"""Data sets for people."""

HELD_OUT = {
    "run": "unseen runs",
    "group": "unseen groups",
    "random": "random",
}
"""Kinds of splits for people."""

OTHER_SIZE = "no: another size"
MANY_SIZES = "no: cells differ in size"
UNFINISHED = "not finished"


def table_of(key: str, numbers: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """
    Make the table of a data set.

    Parameters
    ----------
    key
        Of the data set.
    numbers
        What ``report.json`` says of it.

    Returns
    -------
    header : list of str
        Names of the columns.
    rows : list of list of str
        Plain text: descriptor, model, then numbers. The first row is the mean energy of the
        training set as a prediction.
    """
    splits = list(numbers["splits"])
    size = sizes_text(numbers["learned_atoms"])
    larger = sizes_text(numbers["larger_atoms"])
    header = ["Descriptor", "Model", *(f"{size}, {HELD_OUT[split]}" for split in splits)]
    if larger:
        header.append(f"{larger}, unseen runs")
    header += ["Trained on", "ms a frame", "Training, s", "Parameters"]
    first = max(numbers["rows"], key=lambda row: len(row["splits"]))["splits"]
    guesses = [shown_error(first[split]["mean_predictor"]) for split in splits if split in first]
    rows = [["none: mean energy", "", *guesses]]
    rows[0] += [""] * (len(header) - len(rows[0]))
    rows += [_row(row, splits, with_larger=bool(larger)) for row in numbers["rows"]]
    if key == DFT:
        there = {row["name"] for row in numbers["rows"]}
        rows += [
            [row.descriptor_title, row.model_title, MANY_SIZES, *[""] * (len(header) - 3)]
            for row in comparison_rows(SPACE)
            if row.one_size and row.name not in there and len(numbers["learned_atoms"]) > 1
        ]
    return header, rows


def _row(row: dict[str, Any], splits: Sequence[str], *, with_larger: bool) -> list[str]:
    found = row["splits"]
    cells = [row["descriptor"] + (", no images" if row["without_images"] else ""), row["model"]]
    cells += [_cell(found.get(split)) for split in splits]
    main = found.get(splits[0])
    if with_larger:
        if row["one_size"]:
            cells.append(OTHER_SIZE)
        else:
            cells.append(shown_error(main[LARGER]) if main and main[LARGER] else UNFINISHED)
    some = main or next(iter(found.values()))
    frames = f"{some['n_train']:,}"
    if some["n_train"] < some["n_offered"]:
        frames += f" of {some['n_offered']:,}"
    return [
        *cells,
        frames,
        f"{1000 * row['cpu_seconds_a_frame']:.3g}",
        f"{row['training_seconds']:.3g}"
        if row["training_seconds"] < 100
        else f"{row['training_seconds']:,.0f}",
        f"{row['fitted_numbers']:,}",
    ]


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return UNFINISHED
    if found["folds_missing"]:
        return f"{shown_error(found['test'])} ({counted(found['folds_missing'], 'fold')} missing)"
    return shown_error(found["test"])


def shown_error(errors: dict[str, Any]) -> str:
    """
    Write an error.

    Parameters
    ----------
    errors
        See `amorphology.studies.comparison.results.errors_of`.

    Returns
    -------
    str
        RMSE and MAE, for example ``"33.3 / 25.1"``; of several seeds ``"33.3 ± 0.4 / 25.1"``.
    """
    spread = errors.get("rmse_spread_mev_per_atom")
    rmse = f"{errors['rmse_mev_per_atom']:.1f}"
    if spread is not None:
        rmse += f" ± {spread:.1f}"
    return f"{rmse} / {errors['mae_mev_per_atom']:.1f}"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """
    Write a table as Markdown.

    Parameters
    ----------
    header, rows
        What `table_of` returns.

    Yields
    ------
    str
        Lines.
    """
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join(['---', '---', *['---:'] * (len(header) - 2)])}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
