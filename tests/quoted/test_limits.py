"""Numbers that the page on limits quotes are those of the committed report."""

import re
from typing import Any

import pytest
from tests.quoted.pages import page_text, report_numbers, table_rows

PAGE = page_text("limits")
REPORT = report_numbers("limits")


def numbers(found: Any) -> set[str]:
    """All numbers in a report, as a page writes them with one decimal."""
    if isinstance(found, dict):
        return {text for value in found.values() for text in numbers(value)}
    if isinstance(found, list):
        return {text for value in found for text in numbers(value)}
    return {f"{found:.1f}"} if isinstance(found, int | float) else set()


def test_the_ladder():
    table = table_rows(PAGE, "known of a frame")
    assert len(table) == len(REPORT["ladder"])
    for cells, row in zip(table, REPORT["ladder"], strict=True):
        assert cells[0] == row["name"]
        for cell, split in zip(cells[1:3], ("random", "groups"), strict=True):
            parts = [f"{row[split]['rmse']:.1f}", f"{row[split]['spread']:.1f}"]
            assert cell.split(" ± ") == parts[: 2 if row["divisions"] > 1 else 1]
        assert cells[3] == f"{row['taken_for_noise']:.1f}"


def test_learners():
    expected = [
        [name, f"{row['rmse']:.1f}", f"{row['mae']:.1f}"]
        for name, row in REPORT["learners"].items()
    ]
    assert table_rows(PAGE, "learner on diagrams of atoms") == expected


def test_learning_curves():
    curves = REPORT["learning_curves"]
    head = next(line for line in PAGE.splitlines() if re.match(r"\| known.*frames \|$", line))
    sizes = re.findall(r"(\d+) frames", head)
    table = PAGE[PAGE.index(head) :].splitlines()[2 : 2 + len(curves)]
    for line, (name, curve) in zip(table, curves.items(), strict=True):
        assert list(curve) == sizes
        assert (
            line == f"| {name} | " + " | ".join(f"{value:.1f}" for value in curve.values()) + " |"
        )


@pytest.mark.parametrize(
    ("kind", "head"),
    [("atoms", "atoms"), ("density", "density from (g/cm³)"), ("phase", "from")],
)
def test_sizes_densities_and_phases(kind: str, head: str):
    found = REPORT["by"][kind]
    classes = next(line for line in PAGE.splitlines() if line.startswith(f"| {head} |"))
    names = [cell.strip() for cell in classes.strip("|").split("|")][1:]
    table = {row[0]: row[1:] for row in table_rows(PAGE, head)}
    assert table.pop("frames") == [str(found["frames"][name]) for name in names]
    assert sorted(names) == sorted(found["frames"])
    for model, cells in table.items():
        assert cells == [f"{found[model][name]:.1f}" for name in names]


def test_numbers_in_sentences():
    sentences = "\n".join(line for line in PAGE.splitlines() if not line.startswith(("|", "#")))
    quoted = set(re.findall(r"(?<![\d.,/])\d+\.\d(?![\d])", sentences))
    given = {"1.5", "3.8", "0.5"}  # densities, a weight
    assert quoted - given <= numbers(REPORT)
    exponents = set(re.findall(r"-0\.\d\d", sentences))
    found = REPORT["exponents"]
    best = "midpoints of two weights + environments"
    shown = ("diagrams", "midpoints, blur 0.12 Å", best)
    assert exponents == {f"{found[name]:.2f}" for name in shown}
    (*_, (n_frames, error)) = REPORT["learning_curves"][best].items()
    needed = int(n_frames) * (35.0 / error) ** (1 / found[best])
    assert f"about {round(needed, -2):,.0f} training frames" in sentences
    assert f"{REPORT['frames']:,} frames" in sentences
