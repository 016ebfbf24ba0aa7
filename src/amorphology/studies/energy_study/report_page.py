"""The page that tells a study: how well energies are learned, and by what."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from amorphology.studies.energy_study.page_background import (
    data_section,
    descriptor_section,
    further_section,
    simulations_section,
    structure_section,
    training_section,
)
from amorphology.studies.energy_study.page_comparisons import (
    calibration_section,
    interpolation_section,
    options_section,
    splits_section,
    stages_section,
    training_size_section,
)
from amorphology.studies.energy_study.plan import Material
from amorphology.studies.energy_study.results import LARGER
from amorphology.studies.page import cards, counted, document, figure, record, table
from amorphology.studies.sheet import Sheet

__all__ = ["write_page"]

SUBSETS = {
    "train": "Training",
    "validation": "Validation",
    "test": "Test: unseen runs",
    LARGER: "Larger cells",
}
UNIT = "meV/atom"


def write_page(
    numbers: dict[str, Any], figures: Path, material: Material, sheets: Sequence[Sheet]
) -> str:
    """
    Tell a study.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.
    material
        What is studied.
    sheets
        Figures of the structures.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    title = f"Energies of {material.name} from persistent homology"
    body = [
        *_summary(numbers, figures, title),
        *_errors(numbers, figures, material),
        *stages_section(numbers),
        *options_section(numbers),
        *splits_section(numbers),
        *training_size_section(numbers, figures),
        *interpolation_section(numbers, figures),
        *calibration_section(numbers, figures),
        *descriptor_section(numbers, figures, material),
        *structure_section(figures, sheets),
        *data_section(numbers, figures, material),
        *training_section(numbers, figures),
        *record(numbers, "every prediction in <code>predictions.csv</code>"),
        *simulations_section(numbers, material),
        *further_section(numbers, figures.parent, material),
    ]
    return document(title, body)


def _main(numbers: dict[str, Any]) -> dict[str, Any]:
    family: dict[str, Any] = numbers["families"][numbers["main"]]
    return family


def _summary(numbers: dict[str, Any], figures: Path, title: str) -> Iterator[str]:
    main, best = _main(numbers), numbers["families"][numbers["best"]]
    yield f"<h1>{escape(title)}</h1>"
    yield (
        f'<p class="lead">Models that see only persistence diagrams predict the energy of '
        f"simulations they never saw. The preprint’s network does so with a root-mean-square error "
        f"(RMSE) of {main['test_rmse_shown']} meV/atom"
        + (
            f"; {_called(best)}, with {best['test_rmse_shown']}.</p>"
            if numbers["best"] != numbers["main"]
            else ".</p>"
        )
    )
    if numbers["missing"]:
        yield (
            f"<p><b>Not all is here:</b> {len(numbers['missing'])} of "
            f"{len(numbers['missing']) + len(numbers['trainings'])} trainings of this study are "
            "not finished, and nothing below rests on them: "
            f"{', '.join(f'<code>{escape(name)}</code>' for name in numbers['missing'])}. The same "
            "command goes on with them.</p>"
        )
    yield cards(_cards(numbers, main, best))
    yield figure(
        figures / "overview.svg",
        "From left to right: atoms of a quenched structure, their persistence diagram, its "
        "histogram, and predicted against reference energies of unseen simulations.",
        "<b>From atoms to energies.</b> The rings of a structure are found and counted by when "
        "they appear and vanish as balls grow around the atoms; a model reads the energy from "
        "these counts alone. Each step is explained below.",
        width=992,
    )


def _called(family: dict[str, Any]) -> str:
    model = family["model"]
    if "CNN" not in model:
        model = model.lower()
    return f"{model} (histogram: {family['histogram']})"


def _cards(
    numbers: dict[str, Any], main: dict[str, Any], best: dict[str, Any]
) -> list[tuple[str, str, str, str]]:
    several = len(main["seeds"]) > 1
    entries = [
        (
            "RMSE, unseen runs, the paper’s way",
            main["test_rmse_shown"],
            UNIT,
            f"{main['test_frames']:,} frames of {counted(main['test_runs'], 'run')}; guessing the "
            f"mean: {_first(numbers)['test']['baseline_rmse_mev_per_atom']:.0f}"
            + (f"; {len(main['seeds'])} seeds, mean ± spread" if several else ""),
        )
    ]
    if numbers["best"] != numbers["main"]:
        entries.append(
            (
                "RMSE, unseen runs, best model",
                best["test_rmse_shown"],
                UNIT,
                f"{_called(best)}; chosen by its validation error",
            )
        )
    if f"{LARGER}_rmse_shown" in best:
        entries.append(
            (
                f"RMSE, {_sizes(numbers)}-atom cells, best model",
                best[f"{LARGER}_rmse_shown"],
                UNIT,
                f"{best[f'{LARGER}_frames']:,} frames; trained on {numbers['learned_atoms']} atoms "
                "only",
            )
        )
    if all(stage["seconds"] is not None for stage in numbers["stages"]):
        seconds = numbers["seconds_total"]
        entries.append(
            (
                "From nothing to here",
                f"{seconds / 60:.1f}" if seconds < 7200 else f"{seconds / 3600:.1f}",
                "min" if seconds < 7200 else "hours",
                f"{numbers['n_frames']:,} frames of {numbers['n_runs']:,} simulations, "
                f"{counted(len(numbers['trainings']), 'training')}",
            )
        )
    return entries


def _first(numbers: dict[str, Any]) -> dict[str, Any]:
    main = _main(numbers)
    first: dict[str, Any] = numbers["trainings"][f"{numbers['main']}_seed{main['seeds'][0]}"]
    return first


def _sizes(numbers: dict[str, Any]) -> str:
    return " and ".join(f"{size:,}" for size in numbers["larger_atoms"])


def _errors(numbers: dict[str, Any], figures: Path, material: Material) -> Iterator[str]:
    main, best = _main(numbers), numbers["families"][numbers["best"]]
    shown = [subset for subset in SUBSETS if f"{subset}_rmse_shown" in main]
    random = numbers["families"].get(f"{numbers['main']}_random")
    columns = {"Paper’s way": main}
    if random:
        columns["Random split"] = random
    if numbers["best"] != numbers["main"]:
        columns["Best model"] = best
    published = numbers["published"]
    yield "<h2>How well energies are predicted</h2>"
    yield table(
        ["Subset", *columns, "Preprint", "Mean", "Frames", "Runs"],
        [
            [
                SUBSETS[subset],
                *(family.get(f"{subset}_rmse_shown", "") for family in columns.values()),
                f"{published[subset]:.1f}" if subset in published else "",
                f"{_first(numbers)[subset]['baseline_rmse_mev_per_atom']:.1f}",
                f"{main[f'{subset}_frames']:,}",
                f"{main[f'{subset}_runs']:,}",
            ]
            for subset in shown
        ],
        numbers=range(1, len(columns) + 5),
    )
    seeds = (
        f"Mean ± standard deviation over {len(main['seeds'])} seeds; each seed has a split and "
        "first weights of its own. "
        if len(main["seeds"]) > 1
        else ""
    )
    split = "“Random split” holds out single frames instead. " if random else ""
    if numbers["best"] != numbers["main"]:
        split += f"The best model, by its validation error, is {escape(_called(best))}. "
    yield (
        f"<p>RMSE of the mean energy per atom, in meV/atom. {seeds}{split}Whole simulations are "
        "held out, since neighbouring frames of one simulation are nearly copies. Neither the "
        "weights nor the choice of a model or an epoch depend on the unseen runs. “Mean” is the "
        "error of the mean energy of the training set as the prediction for every frame.</p>"
        f"<p>The preprint’s numbers come from {material.published_with}. Structures, reference "
        "energies and split differ here: its numbers are a guide, not a contest.</p>"
    )
    yield figure(
        figures / "parity.svg",
        "Scatter plots of predicted against reference energies per atom, for the training runs, "
        "the unseen runs and the larger cells.",
        "<b>Predicted against reference energy, one point a frame.</b> A perfect model puts every "
        "point on the grey line. The hot liquid is at the upper right, the quenched solid at the "
        "lower left. All panels share their axes. The cloud of the unseen runs is what to expect "
        "for a new simulation.",
        width=960,
    )
