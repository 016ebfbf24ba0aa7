"""Bring finished parts of the comparison into its page.

`python docs/results/publish_comparison.py STUDY...`: each STUDY is a folder that `amorph reproduce
comparison` filled, with one data set or several. Report and numbers of each are copied to
`comparison/`, into a folder named after its data sets; the tables of `comparison.md` and its
figures are made from all that are there. Without STUDY they are made anew.
"""

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

from publish import NUMBERS, PAGE, copy_figure

from amorphology.studies.comparison.figures import draw_comparison, draw_sensitivity
from amorphology.studies.comparison.report_page import sensitivity_rows
from amorphology.studies.comparison.tables import markdown_table, table_of

HERE = Path(__file__).parent / "comparison"
SENSITIVITY = "sensitivity"
ORDER = ("dft", "graphene", "carbon")


def known() -> dict[str, Any]:
    """Tables and sensitivity of all reports that are there, as one report has them."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in HERE.glob(f"*/{NUMBERS}")]
    tables = {key: table for report in reports for key, table in report["tables"].items()}
    found: dict[str, Any] = {"tables": {key: tables[key] for key in ORDER if key in tables}}
    for report in reports:
        if SENSITIVITY in report:
            found[SENSITIVITY] = report[SENSITIVITY]
    return found


def with_tables(page: str, numbers: dict[str, Any]) -> str:
    """Write the tables of the page anew, each after the comment that names it."""

    def one_table(match: re.Match[str]) -> str:
        key = match[2]
        if key == SENSITIVITY:
            header = ["Method", "Hyperparameter", "RMSE by value"]
            rows = sensitivity_rows(numbers[SENSITIVITY])
        else:
            header, rows = table_of(key, numbers["tables"][key])
        return "\n".join([f"{match[1]}\n", *markdown_table(header, rows), ""])

    return re.sub(r"(<!-- table: (\w+) -->)\n\n(?:\|.*\n)*", one_table, page)


def take(study: Path) -> None:
    """Copy report and numbers of a study."""
    numbers = json.loads((study / NUMBERS).read_text(encoding="utf-8"))
    folder = HERE / "_".join(numbers["tables"])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(study / NUMBERS, folder / NUMBERS)
    text = (study / PAGE).read_text(encoding="utf-8")
    (folder / PAGE).write_text(text.replace(f"{study}/", "comparison/"), encoding="utf-8")


def main() -> None:
    """Copy and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", type=Path, help="folders of finished studies")
    for study in parser.parse_args().studies:
        take(study)
    numbers = known()
    for key, draw in (("tables", draw_comparison), (SENSITIVITY, draw_sensitivity)):
        if key in numbers:
            name = "comparison" if key == "tables" else key
            draw(numbers).savefig(HERE / f"{name}.png", dpi=160)
            copy_figure(HERE / f"{name}.png", HERE / f"{name}.png")
    page = HERE.with_suffix(".md")
    page.write_text(with_tables(page.read_text(encoding="utf-8"), numbers), encoding="utf-8")


if __name__ == "__main__":
    main()
