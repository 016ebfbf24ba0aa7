"""Sections of the page that compare models, histograms, splits and sizes of training sets."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from amorphology.studies.energy_study.results import LARGER
from amorphology.studies.energy_study.trainings import MODELS, OPTIONS
from amorphology.studies.page import figure, table
from amorphology.studies.sheet import signed

__all__ = [
    "calibration_section",
    "interpolation_section",
    "options_section",
    "splits_section",
    "stages_section",
    "training_size_section",
]


def options_section(numbers: dict[str, Any]) -> Iterator[str]:
    """
    Compare every model and histogram on the same split.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Yields
    ------
    str
        HTML; nothing where there is nothing to compare.
    """
    families = [
        (name, family)
        for name, family in numbers["families"].items()
        if "random" not in name and "_1_of_" not in name and "without_middle" not in name
    ]
    if len(families) < 2:
        return
    yield "<h2>Beyond the paper’s way</h2>"
    yield table(
        [
            "Model",
            "Histogram",
            "Training",
            "Validation",
            "Test",
            "Larger cells",
            "Seeds",
            "Seconds",
        ],
        [
            [
                family["model"],
                family["histogram"],
                *(
                    family.get(f"{subset}_rmse_shown", "")
                    for subset in ("train", "validation", "test", LARGER)
                ),
                str(len(family["seeds"])),
                f"{family['seconds']:,.0f}",
            ]
            for _, family in families
        ],
        numbers=range(2, 8),
    )
    words = [
        f"<b>{escape(title)}</b>: {escape(text)}"
        for option, text in numbers["histograms"].items()
        for title in [OPTIONS[option]]
    ]
    yield (
        "<p>RMSE in meV/atom. For one seed, all rows have the same training, validation and test "
        "frames. The last column is the time of one training, diagrams included. Histograms: "
        f"{'; '.join(words)}.</p>"
    )


def splits_section(numbers: dict[str, Any]) -> Iterator[str]:
    """
    Compare the split by run with the random one.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Yields
    ------
    str
        HTML; nothing where there is nothing to compare.
    """
    pairs = [
        (family, numbers["families"][f"{name}_random"])
        for name, family in numbers["families"].items()
        if f"{name}_random" in numbers["families"]
    ]
    if not pairs:
        return
    yield "<h2>What the split does</h2>"
    yield table(
        [
            "Model",
            "Histogram",
            "Test, by run",
            "Test, random",
            "Training, by run",
            "Training, random",
        ],
        [
            [
                one["model"],
                one["histogram"],
                one["test_rmse_shown"],
                random["test_rmse_shown"],
                one["train_rmse_shown"],
                random["train_rmse_shown"],
            ]
            for one, random in pairs
        ],
        numbers=range(2, 6),
    )
    yield (
        "<p>RMSE in meV/atom. In a random split test frames have frames of their own simulation, "
        "where it has several, in the training set. The difference between the columns is how much "
        "this flatters a model; a new simulation meets the error of the split by run.</p>"
    )


def stages_section(numbers: dict[str, Any]) -> Iterator[str]:
    """
    Show at which stage of a simulation the errors are made.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.

    Yields
    ------
    str
        HTML; nothing where simulations have one stage only.
    """
    rows = numbers["by_stage"]
    if len(rows) < 2:
        return
    models = {"main": "Paper’s way"}
    if numbers["best"] != numbers["main"]:
        models["best"] = "Best model"
    yield "<h2>Where the errors are made</h2>"
    yield table(
        ["Stage", "Frames", "Spread of energies", *models.values()],
        [
            [
                row["stage"],
                f"{row['frames']:,}",
                row["energy_spread_shown"],
                *(row.get(f"{model}_rmse_shown", "") for model in models),
            ]
            for row in rows
        ],
        numbers=range(1, 3 + len(models)),
    )
    yield (
        "<p>RMSE on unseen runs in meV/atom, beside the standard deviation of the energies at that "
        "stage of a simulation, the error of one guess for all its frames.</p>"
    )


def training_size_section(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    """
    Show errors against the number of training frames.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.

    Yields
    ------
    str
        HTML; nothing where there is nothing to compare.
    """
    curves = numbers["learning_curves"]
    if not curves:
        return
    sizes = sorted({row["n_train"] for rows in curves.values() for row in rows})
    lines = []
    for name, rows in curves.items():
        kind, option = name.split(" ")
        by_size = {row["n_train"]: row["test_rmse_shown"] for row in rows}
        lines.append([MODELS[kind], OPTIONS[option], *(by_size.get(size, "") for size in sizes)])
    yield "<h2>How many frames it takes</h2>"
    yield figure(
        figures / "training_size.svg",
        "Test error against the number of training frames, for several models.",
        "<b>Error on unseen runs against the number of training frames.</b> The frames are chosen "
        "at random from all training runs, fewer ones as a part of more; validation and test "
        "sets stay the same.",
        width=720,
    )
    yield table(
        ["Model", "Histogram", *(f"{size:,} frames" for size in sizes)],
        lines,
        numbers=range(2, 2 + len(sizes)),
    )


def interpolation_section(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    """
    Show errors in the middle of the range of energies, with and without having learned it.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.

    Yields
    ------
    str
        HTML; nothing where there is nothing to compare.
    """
    rows = [row for row in numbers["interpolation"] if "without_rmse_shown" in row]
    if not rows:
        return
    low, high = (signed(rows[0][f"{end}_ev_per_atom"], 3) for end in ("low", "high"))
    yield "<h2>Energies that were never learned</h2>"
    yield table(
        ["Model", "Histogram", "Never learned", "Learned", "Outside, never learned", "Frames"],
        [
            [
                row["model"],
                row["histogram"],
                row["without_rmse_shown"],
                row.get("with_rmse_shown", ""),
                row.get("outside_rmse_shown", ""),
                f"{row['n_test_frames']:,}",
            ]
            for row in rows
        ],
        numbers=range(2, 6),
    )
    yield (
        "<p>RMSE in meV/atom on frames of unseen runs in the middle third of the range of "
        f"energies, {low} to {high} eV/atom: by a model that learned no frame in "
        "this window, and by one that did. “Outside” is the error of the former on unseen frames "
        "beyond the window.</p>"
    )
    yield figure(
        figures / "interpolation.svg",
        "Predicted against reference energies; the middle of the range is shaded.",
        "<b>Interpolation.</b> Nothing in the shaded window was learned. Purple: unseen frames in "
        "it, with their errors; grey: unseen frames beyond it.",
        width=430 * len(rows),
    )


def calibration_section(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    """
    Compare the spread of an ensemble with its errors.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.

    Yields
    ------
    str
        HTML; nothing where there is nothing to compare.
    """
    if not numbers["calibration"]:
        return
    names = {"validation": "Validation", "test": "Test: unseen runs", LARGER: "Larger cells"}
    yield "<h2>Does the model know how wrong it is?</h2>"
    for training, found in numbers["calibration"].items():
        yield table(
            ["Frames", "Within 1 σ", "recalibrated", "Within 2 σ", "recalibrated"],
            [
                [
                    title,
                    found[f"{subset}_spread"]["within_one_shown"],
                    found[f"{subset}_recalibrated"]["within_one_shown"],
                    found[f"{subset}_spread"]["within_two_shown"],
                    found[f"{subset}_recalibrated"]["within_two_shown"],
                ]
                for subset, title in names.items()
                if f"{subset}_spread" in found
            ],
            numbers=range(1, 5),
        )
        members = len(numbers["trainings"][training]["members"])
        yield (
            f"<p>σ is the standard deviation of {members} networks that differ in their first "
            "weights and the order of frames. If errors were normally distributed with it, 68 % "
            "would be within one σ and 95 % within two. Recalibrated: σ times "
            f"{found['factor_shown']}, the factor that fits the errors of the validation set.</p>"
        )
    yield figure(
        figures / "calibration.svg",
        "RMSE of frames of similar spread against this spread.",
        "<b>Error against predicted standard deviation.</b> Each point stands for a tenth of the "
        "frames, sorted by spread. On the grey line the two agree; above it the ensemble is too "
        "sure of itself.",
        width=560,
    )
