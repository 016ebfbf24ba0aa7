"""Numbers that the page on cyclo-octane quotes are those of the committed report."""

import re

from tests.quoted.pages import page_text, report_numbers, table_rows

NUMBER = r"\d+(?:\.\d+)?"


def test_cyclooctane():
    page = page_text("cyclooctane")
    report = report_numbers("cyclooctane")

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
