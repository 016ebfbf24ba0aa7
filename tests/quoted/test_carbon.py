"""Numbers that the page on amorphous carbon quotes are those of the committed report."""

import re

from tests.quoted.pages import page_text, report_numbers, table_rows

PAGE = page_text("results/carbon/index")
REPORT = report_numbers("carbon")
SUBSETS = {
    "training": "train",
    "validation": "validation",
    "unseen runs": "test",
    "512 atoms": "larger",
}
NUMBER = r"\d+\.\d\b"
MODELS = {"CNN": "cnn", "Ridge": "ridge", "Kernel ridge": "kernel_ridge"}


def rmse(family: str, subset: str) -> str:
    """Error of a family as it is shown; empty where there is none."""
    found: dict[str, str] = REPORT["values"]
    return found.get(f"{family} {subset} rmse", "")


def family_of(model: str, histogram: str) -> str:
    """Name of the family that learns from all frames of whole runs."""
    (name,) = (
        name
        for name, family in REPORT["families"].items()
        if (family["model"], family["histogram"]) == (model, histogram)
        and not re.search("_random|_1_of_|_without_middle", name)
    )
    return name


def test_subsets():
    main, best = REPORT["main"], REPORT["best"]
    rows = table_rows(PAGE, "RMSE (meV/atom)")
    assert [row[0] for row in rows] == list(SUBSETS)
    for title, *cells in rows:
        subset = SUBSETS[title]
        families = (main, f"{main}_random", best)
        assert cells[:3] == [rmse(family, subset) for family in families]
        published = REPORT["published"].get(subset)
        assert cells[3] == ("" if published is None else f"{published:.1f}")
        baseline = REPORT["trainings"][f"{main}_seed0"][subset]["baseline_rmse_mev_per_atom"]
        assert cells[4] == f"{baseline:.1f}"


def test_options():
    rows = table_rows(PAGE, "model | histogram | training")
    assert len(rows) == len({tuple(row[:2]) for row in rows}) >= 6
    for model, histogram, *cells in rows:
        family = family_of(model, histogram)
        assert cells[:3] == [rmse(family, subset) for subset in ("train", "test", "larger")]
        assert cells[3] == str(len(REPORT["families"][family]["seeds"]))


def test_splits():
    for model, histogram, *cells in table_rows(PAGE, "model | histogram | unseen runs"):
        family = family_of(model, histogram)
        assert cells == [rmse(family, "test"), rmse(f"{family}_random", "test")]


def test_learning_curves():
    head = next(line for line in PAGE.splitlines() if line.startswith("| unseen runs, first seed"))
    sizes = [int(size.replace(",", "")) for size in re.findall(r"([\d,]+) frames", head)]
    rows = table_rows(PAGE, "unseen runs, first seed")
    assert len(rows) == len(REPORT["learning_curves"])
    for title, *cells in rows:
        model, histogram = title.split(", ", 1)
        option = REPORT["families"][family_of(model, histogram)]["option"]
        curve = REPORT["learning_curves"][f"{MODELS[model]} {option}"]
        shown = {row["n_train"]: row["test_rmse_shown"] for row in curve}
        assert cells == [shown.get(size, "") for size in sizes]


def test_interpolation():
    rows = table_rows(PAGE, "middle of the energies")
    assert len(rows) == len(REPORT["interpolation"])
    for cells, found in zip(rows, REPORT["interpolation"], strict=True):
        assert cells[0] == f"{found['model']}, {found['histogram']}"
        assert cells[1:] == [found[f"{key}_rmse_shown"] for key in ("without", "with", "outside")]


def test_calibration():
    (found,) = REPORT["calibration"].values()
    rows = table_rows(PAGE, "errors within")
    assert len(rows) == 3
    for title, *cells in rows:
        kinds = [found[f"{SUBSETS[title]}_{kind}"] for kind in ("spread", "recalibrated")]
        assert cells == [one[f"within_{n}_shown"] for n in ("one", "two") for one in kinds]
    assert f"times {found['factor_shown']}" in PAGE


def test_numbers_in_sentences():
    sentences = "\n".join(line for line in PAGE.splitlines() if not line.startswith("|"))
    quoted = set(re.findall(rf"(?<![\d.,/-]){NUMBER}(?!\.)", sentences))
    densities_and_goals = {"2.0", "3.4", "12.0"}
    errors = {number for shown in REPORT["values"].values() for number in re.findall(NUMBER, shown)}
    assert quoted - densities_and_goals <= errors
    for name in ("n_learned_frames", "n_larger_frames"):
        assert f"{REPORT[name]:,} frames" in sentences
