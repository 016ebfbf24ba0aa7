"""Bring a finished study of energies into its page: `python docs/results/publish.py carbon STUDY`.

STUDY is the folder that `amorph reproduce` filled. Its numbers, the figures that the page shows and
the whole report, once nothing is missing in it, are copied beside the page, and the tables of the
page are written from the numbers.
Without STUDY the tables are written from the report that is there.
"""

import argparse
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent
NUMBERS, PAGE = "report.json", "report.html"
WIDTH, COLOURS = 1400, 256  # of the pictures, which would be some MB each
SPANNING = ("structures", "energy_temperature", "parity")  # colours that run into each other
MODELS = {"cnn": "CNN", "ridge": "Ridge", "kernel_ridge": "Kernel ridge"}

Report = dict[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Write a table in Markdown, line by line."""
    head = list(head)
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"


def subsets(report: Report) -> dict[str, str]:
    """Subsets of frames, with their titles."""
    larger = " and ".join(f"{atoms:,}" for atoms in report["larger_atoms"])
    return {
        "train": "training",
        "validation": "validation",
        "test": "unseen runs",
        "larger": f"{larger} atoms",
    }


def shown(report: Report, family: str, subset: str) -> str:
    """Error of a family of trainings, empty where there is none."""
    error: str = report["values"].get(f"{family} {subset} rmse", "")
    return error


def errors(report: Report) -> Iterator[str]:
    """Errors of the paper's way and of the best model, subset by subset."""
    main, best = report["main"], report["best"]
    first = report["trainings"][f"{main}_seed0"]
    families = [main, f"{main}_random", best]
    yield from table(
        [
            "RMSE (meV/atom)",
            "paper's way",
            "paper's way, random split",
            "best model",
            "preprint",
            "mean energy",
        ],
        (
            [
                title,
                *(shown(report, family, subset) for family in families),
                f"{report['published'][subset]:.1f}" if subset in report["published"] else "",
                f"{first[subset]['baseline_rmse_mev_per_atom']:.1f}",
            ]
            for subset, title in subsets(report).items()
        ),
    )


def stages(report: Report) -> Iterator[str]:
    """Errors at each stage of the simulations."""
    yield from table(
        ["stage", "frames", "spread of energies", "paper's way", "best model"],
        (
            [
                row["stage"],
                f"{row['frames']:,}",
                row["energy_spread_shown"],
                *(row.get(f"{model}_rmse_shown", "") for model in ("main", "best")),
            ]
            for row in report["by_stage"]
        ),
    )


def options(report: Report) -> Iterator[str]:
    """All models and histograms that learned from all training frames."""
    wanted = [subset for subset in subsets(report) if subset != "validation"]
    yield from table(
        ["model", "histogram", *(subsets(report)[subset] for subset in wanted), "seeds"],
        (
            [
                family["model"],
                family["histogram"],
                *(shown(report, name, subset) for subset in wanted),
                str(len(family["seeds"])),
            ]
            for name, family in report["families"].items()
            if not any(part in name for part in ("_random", "_1_of_", "_without_middle"))
        ),
    )


def splits(report: Report) -> Iterator[str]:
    """Split by run beside random split."""
    yield from table(
        ["model", "histogram", "unseen runs", "random split"],
        (
            [
                family["model"],
                family["histogram"],
                shown(report, name, "test"),
                shown(report, f"{name}_random", "test"),
            ]
            for name, family in report["families"].items()
            if f"{name}_random" in report["families"]
        ),
    )


def training_size(report: Report) -> Iterator[str]:
    """Error against the number of training frames."""
    curves = report["learning_curves"]
    histograms = {one["option"]: one["histogram"] for one in report["families"].values()}
    sizes = sorted({row["n_train"] for rows in curves.values() for row in rows})
    lines = []
    for name, rows in curves.items():
        kind, option = name.split(" ")
        by_size = {row["n_train"]: row["test_rmse_shown"] for row in rows}
        lines.append(
            [f"{MODELS[kind]}, {histograms[option]}", *(by_size.get(size, "") for size in sizes)]
        )
    yield from table(["unseen runs, first seed", *(f"{size:,} frames" for size in sizes)], lines)


def interpolation(report: Report) -> Iterator[str]:
    """Errors on energies in the middle, learned or not."""
    yield from table(
        ["middle of the energies", "never learned", "learned", "outside, never learned"],
        (
            [
                f"{row['model']}, {row['histogram']}",
                *(row[f"{kind}_rmse_shown"] for kind in ("without", "with", "outside")),
            ]
            for row in report["interpolation"]
        ),
    )


def calibration(report: Report) -> Iterator[str]:
    """Shares of frames within one and two standard deviations of an ensemble."""
    (found,) = report["calibration"].values()
    kinds = {"": "spread", ", recalibrated": "recalibrated"}
    yield from table(
        ["errors within", *(f"{n} σ{title}" for n in (1, 2) for title in kinds)],
        (
            [
                title,
                *(
                    found[f"{subset}_{kind}"][f"within_{n}_shown"]
                    for n in ("one", "two")
                    for kind in kinds.values()
                ),
            ]
            for subset, title in subsets(report).items()
            if f"{subset}_spread" in found
        ),
    )


TABLES: dict[str, Callable[[Report], Iterator[str]]] = {
    function.__name__: function
    for function in (errors, stages, options, splits, training_size, interpolation, calibration)
}


def with_tables(page: str, report: Report) -> str:
    """Write the tables of a page anew, each after the comment that names it."""

    def one_table(match: re.Match[str]) -> str:
        return "\n".join([f"{match[1]}\n", *TABLES[match[2]](report), ""])

    return re.sub(r"(<!-- table: (\w+) -->)\n\n(?:\|.*\n)*", one_table, page)


def copy_figure(source: Path, target: Path) -> None:
    """Copy a picture, smaller."""
    with Image.open(source) as picture:
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        small = picture.convert("RGB")
        if picture.width > WIDTH:
            small = small.resize(size, Image.Resampling.LANCZOS)
        if target.stem not in SPANNING:
            small = small.quantize(COLOURS)
        small.save(target, optimize=True)


def main() -> None:
    """Copy and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", choices=["carbon", "graphene"])
    parser.add_argument("study", nargs="?", type=Path, help="folder that `amorph reproduce` filled")
    arguments = parser.parse_args()
    folder = HERE / arguments.page
    path = folder / "index.md"
    page = path.read_text(encoding="utf-8")
    if arguments.study:
        shutil.copyfile(arguments.study / NUMBERS, folder / NUMBERS)
        if not json.loads((folder / NUMBERS).read_text(encoding="utf-8"))["missing"]:
            # Its commands name the study's folder: as it is called on the page, not where it was.
            text = (arguments.study / PAGE).read_text(encoding="utf-8")
            text = text.replace(f"{arguments.study}/", f"{arguments.page}/")
            (folder / PAGE).write_text(text, encoding="utf-8")
        for figure in sorted((arguments.study / "figures").glob("*.png")):
            if f"({figure.name})" in page:
                copy_figure(figure, folder / figure.name)
    report = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
    path.write_text(with_tables(page, report), encoding="utf-8")


if __name__ == "__main__":
    main()
