"""Pages of the documentation, and the reports whose numbers they quote."""

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def page_text(name: str) -> str:
    """Text of a page, with minus signs as Python writes them."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8").replace("\N{MINUS SIGN}", "-")


def report_numbers(study: str) -> dict[str, Any]:
    """Contents of a committed ``report.json``."""
    text = (DOCS / "results" / study / "report.json").read_text(encoding="utf-8")
    report: dict[str, Any] = json.loads(text)
    return report


def table_rows(page: str, first_column: str) -> list[list[str]]:
    """Cells of the first table whose head begins so, without its head."""
    lines = page.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
