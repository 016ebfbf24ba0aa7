"""Numbers that the documentation quotes are those of a committed report."""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
NUMBER = r"\d+(?:\.\d+)?"


def table_rows(page: str, first_column: str) -> list[list[str]]:
    """Cells of the table whose head begins so."""
    lines = page.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_cyclooctane():
    page = (DOCS / "cyclooctane.md").read_text(encoding="utf-8")
    report = json.loads((DOCS / "results/cyclooctane/report.json").read_text(encoding="utf-8"))

    verdicts = table_rows(page, "descriptor")
    assert len(verdicts) == len(report["claims"])
    quoted = [(re.findall(NUMBER, row[2]), row[3].strip("*")) for row in verdicts]
    for claim in report["claims"]:
        found = re.findall(NUMBER, claim["found"])
        fitting = [
            (numbers, verdict)
            for numbers, verdict in quoted
            if verdict == claim["verdict"] and set(numbers) & set(found)
        ]
        assert fitting, claim["found"]
    known = {number for claim in report["claims"] for number in re.findall(NUMBER, claim["found"])}
    threshold = "0.8"
    for numbers, _ in quoted:
        assert set(numbers) <= known | {threshold}

    coincidences = report["coincidences"]
    columns = [coincidences["counts"][kind] for kind in ("h1", "all", "removed_pooled")]
    columns.append(coincidences["counts"]["removed_eight"])
    counts = dict(zip(coincidences["tolerances"], zip(*columns, strict=True), strict=True))
    for tolerance, *row in table_rows(page, "tolerance (Å²)"):
        assert counts[float(tolerance)] == tuple(int(cell) for cell in row)
