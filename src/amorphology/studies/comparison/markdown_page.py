"""The tables as a page of the documentation."""

from typing import Any

from amorphology.studies.comparison.report_page import COLUMNS, TITLE, read_me, sensitivity_rows
from amorphology.studies.comparison.tables import DATA_TITLES, markdown_table, table_of

__all__ = ["write_markdown"]


def write_markdown(numbers: dict[str, Any]) -> str:
    """
    Write both tables, and the sensitivity, as Markdown.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Returns
    -------
    str
        A page.
    """
    lines = [f"# {TITLE}", "", "```sh", f"amorph reproduce comparison {_options(numbers)}", "```"]
    lines += ["", COLUMNS]
    for key, found in numbers["tables"].items():
        lines += ["", f"## {DATA_TITLES[key]}", "", read_me(key, numbers), ""]
        lines += markdown_table(*table_of(key, found))
    if numbers["tables"]:
        lines += ["", "![Errors of all descriptors and models](figures/comparison.svg)"]
    sensitivity = numbers.get("sensitivity")
    if sensitivity:
        lines += [
            "",
            "## Sensitivity to hyperparameters",
            "",
            f"One hyperparameter at a time, the others as in the paper: {sensitivity['n_train']:,} "
            f"training frames of amorphous carbon, {sensitivity['epochs']} epochs of a CNN "
            f"and {sensitivity['epochs_of_atoms']} of an HDNNP, RMSE (meV/atom) on unseen runs.",
            "",
            *markdown_table(
                ["Method", "Hyperparameter", "RMSE by value"], sensitivity_rows(sensitivity)
            ),
            "",
            "![RMSE against hyperparameters](figures/sensitivity.svg)",
        ]
    versions = ", ".join(f"{name} {version}" for name, version in numbers["versions"].items())
    lines += ["", f"Seed {numbers['seed']}. {numbers['machine']['processor']}. {versions}.", ""]
    return "\n".join(lines)


def _options(numbers: dict[str, Any]) -> str:
    options = [f"--out comparison --scale {numbers['scale']}"]
    if "dft" in numbers["tables"]:
        options.append(f"--dft-frames {numbers['dft_frames']}")
    return " ".join(options)
