"""Numbers on the pages about carbon and graphene are those of the committed reports."""

import importlib.util
import re
from typing import Any

import pytest
from tests.quoted.pages import DOCS, page_text, report_numbers, table_rows

RESULTS = DOCS / "results"
STUDIES = [name for name in ("carbon", "graphene") if (RESULTS / name / "report.json").exists()]
# Numbers of sentences that are no results: densities and goals.
GIVEN = {"carbon": {"2.0", "3.4", "12.0"}, "graphene": {"4.0"}}
NUMBER = r"(?<![\d.,/-])\d+\.\d+(?![\d.]*\d)"

spec = importlib.util.spec_from_file_location("publish", RESULTS / "publish.py")
assert spec is not None
assert spec.loader is not None
publish = importlib.util.module_from_spec(spec)
spec.loader.exec_module(publish)


def numbers_shown(found: Any) -> set[str]:
    """All numbers with a decimal point in the texts of a report."""
    if isinstance(found, dict):
        return {number for value in found.values() for number in numbers_shown(value)}
    if isinstance(found, list):
        return {number for value in found for number in numbers_shown(value)}
    return set(re.findall(NUMBER, found)) if isinstance(found, str) else set()


@pytest.mark.parametrize("study", STUDIES)
def test_tables_are_those_of_the_report(study: str):
    page, report = page_text(f"results/{study}/index"), report_numbers(study)
    assert re.findall(r"<!-- table: (\w+) -->", page) == list(publish.TABLES)
    assert publish.with_tables(page, report) == page
    tables = "\n".join(line for line in page.splitlines() if line.startswith("|"))
    baselines = {
        f"{one[subset]['baseline_rmse_mev_per_atom']:.1f}"
        for one in report["trainings"].values()
        for subset in publish.subsets(report)
    }
    published = {f"{error:.1f}" for error in report["published"].values()}
    quoted = set(re.findall(NUMBER, tables))
    assert len(quoted) > 40
    assert quoted <= numbers_shown(report) | baselines | published


@pytest.mark.parametrize("study", STUDIES)
def test_numbers_in_sentences(study: str):
    page, report = page_text(f"results/{study}/index"), report_numbers(study)
    sentences = "\n".join(line for line in page.splitlines() if not line.startswith("|"))
    quoted = set(re.findall(NUMBER, sentences))
    errors = numbers_shown(report["values"]) | numbers_shown(report["calibration"])
    assert quoted - GIVEN[study] <= errors
    for name in ("n_learned_frames", "n_larger_frames"):
        assert f"{report[name]:,} frames" in sentences


@pytest.mark.parametrize("study", STUDIES)
def test_figures_are_there(study: str):
    pictures = re.findall(r"!\[[^]]+\]\((\S+)\)", page_text(f"results/{study}/index"))
    assert len(pictures) >= 9
    assert all((RESULTS / study / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("study", STUDIES)
def test_commands_of_the_report_name_the_folder_of_the_page(study: str):
    report = (RESULTS / study / "report.html").read_text(encoding="utf-8")
    folders = re.findall(r"amorph (?:predict|evaluate) (\S+)", report)
    assert folders
    assert all(folder.startswith(f"{study}/models/") for folder in folders)


def test_training_page_quotes_the_results():
    rows = {
        tuple(row[:2]): row[2:] for row in table_rows(page_text("training"), "model | histogram")
    }
    results = table_rows(page_text("results/carbon/index"), "model | histogram | training")
    quoted = {tuple(row[:2]): row[3:5] for row in results if tuple(row[:2]) in rows}
    assert len(rows) >= 7
    assert rows == quoted


def test_tables_follow_the_numbers():
    page, report = page_text("results/carbon/index"), report_numbers("carbon")
    name = f"{report['best']} test rmse"
    report["values"][name] = "99.9 ± 0.9"
    changed = publish.with_tables(page, report)
    assert changed.count("| 99.9 ± 0.9 |") == 3  # errors, options, splits
    assert changed.count("\n") == page.count("\n")
