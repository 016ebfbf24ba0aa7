"""Sections of the page on what stands behind the results: descriptor, data, training."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from amorphology.studies.energy_study.plan import Material
from amorphology.studies.energy_study.results import LARGER
from amorphology.studies.page import code, counted, figure, table
from amorphology.studies.sheet import Sheet

__all__ = [
    "data_section",
    "descriptor_section",
    "further_section",
    "histogram_words",
    "simulations_section",
    "structure_section",
    "training_section",
]


def histogram_words(settings: dict[str, Any]) -> str:
    """
    Describe a histogram.

    Parameters
    ----------
    settings
        Of `amorphology.training.config.DescriptorConfig`, as JSON types.

    Returns
    -------
    str
        A clause.
    """
    degrees = settings["homology"]
    degrees = degrees if isinstance(degrees, list) else [degrees]
    unit = "Å" if settings["axes"] == "radius" else "Å²"

    def each(value: Any, write: Any) -> str:
        values = value if isinstance(value, list) and isinstance(value[0], list) else [value]
        return ", ".join(write(one) for one in values)

    ranges = each(settings["range"], lambda ends: f"{ends[0]:g} to {ends[1]:g}")
    of = ""
    if settings["points"] == "bond_midpoints":
        longest = settings["bond_cutoff"]
        longest = f"{longest:g} Å" if longest else "1.25 times the sum of their covalent radii"
        of = f" of the midpoints of atoms at most {longest} apart"
        if settings["bond_weight"]:
            of += ", which come the later the farther these are apart"
    words = [
        " + ".join(f"H{degree}" for degree in degrees) + of,
        f"{settings['bins']} × {settings['bins']} bins over {ranges} {unit}",
        {"probability": "divided by the number of pairs", "per_atom": "counts per atom"}[
            settings["normalisation"]
        ],
    ]
    if settings["counting"] == "shared":
        words.append("shared among bins")
    if settings["essential"] == "paired":
        words.append("essential classes paired")
    blurs = settings["blur"] if isinstance(settings["blur"], list) else [settings["blur"]]
    if any(blurs):
        words.append(f"blurred by {', '.join(f'{blur:g}' for blur in blurs)} {unit}")
    standard = {"z_score": "z-scored", "max_min": "max-min scaled", None: ""}
    return ", ".join(filter(None, [*words, standard[settings["standardisation"]]]))


def descriptor_section(numbers: dict[str, Any], figures: Path, material: Material) -> Iterator[str]:
    """
    Explain what the models see.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.
    material
        What is studied.

    Yields
    ------
    str
        HTML.
    """
    liquid, quenched = numbers["examples"]["liquid"], numbers["examples"]["quenched"]
    value = material.shade.shown(quenched[material.shade.info])
    yield "<h2>What the models see</h2>"
    yield (
        "<p>Imagine a ball around every atom, and let all balls grow at the same rate. Where balls "
        "meet, atoms become linked; links close into rings; as the balls grow further the inside "
        "of each ring fills. Every ring thus has a <em>birth</em>, when it closes, and a "
        "<em>death</em>, when it is filled. Both are given as the squared radius of the balls. "
        "A point with its birth and its death for each ring makes the <em>persistence diagram</em> "
        "of the rings (H1, first homology). It does not change when the structure is moved, "
        "rotated or its atoms are renumbered, it has no cut-off radius to choose, and it sees past "
        "nearest neighbours. H0 counts links between atoms in the same way, H2 cavities.</p>"
    )
    yield figure(
        figures / "frames.svg",
        "A liquid and a quenched frame: atoms and bonds, the H1 persistence diagram, and its "
        "histogram.",
        f"<b>Two frames of one unseen simulation</b> ({escape(value)}): the liquid at "
        f"{liquid['temperature_k']:,.0f} K above, the same atoms after the quench below. Left: "
        f"{material.structure_words} Middle: the diagram, without the last hundredth of the "
        "deaths. The higher a point is above the grey diagonal, the longer its ring lives. A ring "
        "is born with its longest link, at a squared radius of a quarter of that link’s square. "
        f"{material.rings_words} Right: the same points counted in bins, as the paper’s network is "
        "given them.",
        width=992,
    )
    yield (
        "<p>The paper’s histogram: "
        f"{escape(numbers['histograms'].get('paper', 'not part of this report'))}. Scales are "
        "taken from the training set.</p>"
    )


def structure_section(figures: Path, sheets: Sequence[Sheet]) -> Iterator[str]:
    """
    Show the structures themselves.

    Parameters
    ----------
    figures
        Folder of the figures.
    sheets
        What to show.

    Yields
    ------
    str
        HTML.
    """
    if sheets:
        yield "<h2>The structures</h2>"
    for sheet in sheets:
        yield figure(
            figures / f"{sheet.name}.svg", sheet.description, sheet.caption, width=sheet.width
        )


def data_section(numbers: dict[str, Any], figures: Path, material: Material) -> Iterator[str]:
    """
    Say where the frames come from.

    Parameters
    ----------
    numbers, figures, material
        As for `descriptor_section`.

    Yields
    ------
    str
        HTML.
    """
    yield "<h2>The data, made by this study</h2>"
    yield material.simulated(numbers)
    yield figure(
        figures / "data.svg",
        "Energies along every simulation, and the distribution of energies for each subset.",
        "<b>From crystal to liquid to glass.</b> Each line is one simulation; dashed lines are the "
        "larger cells. The energy is high while the material is molten and falls along the quench. "
        "Right: how often each energy occurs, among the frames that are learned from (filled) and "
        "those that are predicted (lines).",
        width=940,
    )


def training_section(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    """
    Say how networks were trained.

    Parameters
    ----------
    numbers, figures
        As for `descriptor_section`.

    Yields
    ------
    str
        HTML.
    """
    networks = {
        name: one
        for name, one in numbers["trainings"].items()
        if one["settings"]["model"]["kind"] == "cnn" and "best_epoch" in one
    }
    yield "<h2>The trainings</h2>"
    if networks:
        name, first = next(iter(networks.items()))
        settings = first["settings"]["optimisation"]
        devices = sorted(
            {f"{one['precision']} on {one['device'].upper()}" for one in networks.values()}
        )
        yield (
            "<p>The network is the paper’s: three 3 × 3 convolutions with 64, 64 and 32 channels, "
            "each followed by 2 × 2 pooling, then two fully connected layers; "
            f"{first['parameters']:,} parameters for <code>{escape(name)}</code>. AdamW, batches "
            f"of {settings['batch_size']}, learning rate {settings['learning_rate']:g} falling to "
            f"zero over {settings['epochs']} epochs, {' or '.join(devices)}. It makes its "
            "predictions with the weights of the epoch that had the lowest validation error.</p>"
        )
    yield (
        "<p>Ridge models are fitted to all bins at once; their penalty, and the length of the "
        "Gaussian kernel, are those with the lowest validation error.</p>"
    )
    made_on = sorted({_machine(one["machine"]) for one in numbers["trainings"].values()})
    yield f"<p>Made on {escape(', and on '.join(made_on))}.</p>"
    if numbers["n_learning_curves"]:
        yield figure(
            figures / "learning_curve.svg",
            "Training and validation error against the epoch, with the best epoch marked.",
            "<b>Error against the number of passes over the training set,</b> first seed. Blue: "
            "training frames, as they are met on the way. Orange: the validation runs, which are "
            "never learned from; the circle marks the epoch that is kept.",
            width=940 if numbers["n_learning_curves"] > 1 else 720,
        )


def _machine(machine: dict[str, Any]) -> str:
    gpu = f", {machine['gpu']}" if "gpu" in machine else ""
    return f"{machine['processor']}, {counted(machine['cores'], 'core')}{gpu}"


def simulations_section(numbers: dict[str, Any], material: Material) -> Iterator[str]:
    """
    List the simulations.

    Parameters
    ----------
    numbers, material
        As for `descriptor_section`.

    Yields
    ------
    str
        HTML.
    """
    yield "<h2>The simulations</h2>"
    used = {
        "train": "Training",
        "validation": "Validation",
        "test": "Test",
        LARGER: "Larger",
    }
    shade = material.shade
    yield table(
        ["Atoms", shade.title, "Frames", "Runs", *used.values()],
        [
            [
                f"{row['n_atoms']:,}",
                f"{row[shade.info]:,.{shade.digits}f}",
                f"{row['n_frames']:,}",
                f"{row['n_runs']:,}",
                *(f"{row[f'{subset}_runs']:,}" for subset in used),
            ]
            for row in numbers["simulations"]
        ],
        numbers=range(8),
    )
    yield f"<p>The last four columns are runs, as <code>{numbers['main']}</code> uses them.</p>"


def further_section(numbers: dict[str, Any], out: Path, material: Material) -> Iterator[str]:
    """
    Say what to do next, and what to cite.

    Parameters
    ----------
    numbers, material
        As for `descriptor_section`.
    out
        Folder of the study.

    Yields
    ------
    str
        HTML.
    """
    best = numbers["families"][numbers["best"]]
    folder = out / "models" / f"{numbers['best']}_seed{best['seeds'][0]}"
    yield "<h2>How to go on</h2>"
    yield (
        "<p>The trained models are kept beside this page, each with its settings in "
        "<code>config.yaml</code>. Predict frames of yours, in any format that ASE reads, or see "
        "how far off a model is where you have energies:</p>"
    )
    yield code(
        f"amorph predict {folder} yours.extxyz --out predicted.extxyz\n"
        f"amorph evaluate {folder} yours.extxyz"
    )
    yield "<p>Train on your own data: write down where they are and how to learn, then start:</p>"
    yield code("amorph train --example > mine.yaml\namorph train mine.yaml")
    yield "<p>Diagrams and histograms alone, from Python:</p>"
    yield code(
        "from ase.io import read\n"
        "from amorphology.descriptors import PersistenceHistogram\n"
        "from amorphology.homology import alpha_persistence\n\n"
        'frames = read("yours.extxyz", ":")\n'
        "rings = alpha_persistence(frames[0])[1]  # rings.birth, rings.death in Å²\n"
        "histograms = PersistenceHistogram(bins=128, range=(0.0, 8.0)).fit_transform(frames)"
    )
    yield "<h2>What to cite</h2>"
    yield (
        "<p>The method: E. Minamitani, I. Obayashi, K. Shimizu and S. Watanabe, “Persistent "
        "homology-based descriptor for machine-learning potential of amorphous structures”, "
        "<em>J. Chem. Phys.</em> <b>159</b>, 084101 (2023), doi:10.1063/5.0159349; preprint "
        f"arXiv:2206.13727. The potential of the simulations: {material.citation}</p>"
    )
