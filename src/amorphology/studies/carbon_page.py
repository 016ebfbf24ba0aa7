"""The page that tells the study of amorphous carbon."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from amorphology.generate.melt_quench import SCALES
from amorphology.studies.carbon_results import LARGER
from amorphology.studies.page import cards, code, counted, document, figure, record, table
from amorphology.training import TrainingConfig

__all__ = ["write_page"]

TITLE = "Energies of amorphous carbon from persistent homology"

SUBSETS = {
    "train": "Training",
    "validation": "Validation",
    "test": "Test: unseen runs",
    LARGER: "Larger cells",
}


def write_page(numbers: dict[str, Any], figures: Path, config: TrainingConfig) -> str:
    """
    Tell a study.

    Parameters
    ----------
    numbers
        Contents of ``report.json``.
    figures
        Folder of the figures.
    config
        Settings of the training.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    body = [
        *_summary(numbers, figures),
        *_errors(numbers, figures),
        *_descriptor(numbers, figures, config),
        *_data(numbers, figures),
        *_training(numbers, figures, config),
        *record(numbers, "every prediction in <code>predictions.csv</code>"),
        *_simulations(numbers),
        *_further(figures.parent, config),
    ]
    return document(TITLE, body)


def _summary(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    errors = {error["subset"]: error for error in numbers["errors"]}
    test = errors["test"]
    cores = numbers["machine"]["cores"]
    ratio = test["baseline_rmse_mev_per_atom"] / test["rmse_mev_per_atom"]
    yield f"<h1>{TITLE}</h1>"
    yield (
        f'<p class="lead">A network that sees only the persistence diagrams of melt-quenched '
        "carbon predicts the energy of simulations it never saw with a root-mean-square error "
        f"(RMSE) of {test['rmse_mev_per_atom']:.0f} meV/atom. That is {ratio:.0f} times closer "
        "than the mean energy of its training set, the best guess without any structure.</p>"
    )
    entries = [
        (
            "RMSE, unseen runs",
            f"{test['rmse_mev_per_atom']:.1f}",
            "meV/atom",
            f"{test['n_frames']} frames of {counted(test['n_runs'], 'run')}; guessing the mean: "
            f"{test['baseline_rmse_mev_per_atom']:.0f}",
        )
    ]
    if LARGER in errors:
        larger = errors[LARGER]
        entries.append(
            (
                f"RMSE, {_sizes(numbers)[1]}-atom cells",
                f"{larger['rmse_mev_per_atom']:.1f}",
                "meV/atom",
                f"{larger['n_frames']} frames, same network, trained on {_sizes(numbers)[0]} atoms "
                f"only; guessing the mean: {larger['baseline_rmse_mev_per_atom']:.0f}",
            )
        )
        entries.append(
            (
                "Persistence diagram",
                f"{numbers['milliseconds_per_larger_diagram']:.1f}",
                "ms",
                f"of {_sizes(numbers)[1]} atoms, periodic and exact, averaged over "
                f"{larger['n_frames']} frames on {counted(cores, 'core')}",
            )
        )
    if all(stage["seconds"] is not None for stage in numbers["stages"]):
        entries.append(
            (
                "From nothing to here",
                f"{numbers['seconds_total'] / 60:.1f}",
                "min",
                f"for {numbers['n_frames']} frames of {len(numbers['runs'])} simulations, on "
                f"{counted(cores, 'core')}",
            )
        )
    yield cards(entries)
    yield figure(
        figures / "overview.svg",
        "From left to right: atoms of quenched carbon, their persistence diagram, its histogram, "
        "and predicted against reference energies of unseen simulations.",
        "<b>From atoms to energies.</b> The rings of a structure are found and counted by when "
        "they appear and vanish as balls grow around the atoms; a network reads the energy from "
        "these counts alone. Each step is explained below.",
        width=992,
    )


def _errors(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    yield "<h2>How well energies are predicted</h2>"
    yield table(
        ["Subset", "Split", "RMSE", "MAE", "RMSE of the mean", "Frames", "Runs"],
        [
            [
                SUBSETS[error["subset"]],
                error["split"].partition(", ")[2],
                f"{error['rmse_mev_per_atom']:.1f}",
                f"{error['mae_mev_per_atom']:.1f}",
                f"{error['baseline_rmse_mev_per_atom']:.1f}",
                str(error["n_frames"]),
                str(error["n_runs"]),
            ]
            for error in numbers["errors"]
        ],
        numbers=(2, 3, 4, 5, 6),
    )
    unseen = next(error for error in numbers["errors"] if error["subset"] == "test")
    yield (
        "<p>Errors of the mean energy per atom, in meV/atom. “RMSE of the mean” is the error of "
        "predicting the mean energy of the training set for every frame. Whole simulations are "
        "held out, since neighbouring frames of one simulation are nearly copies of each other: "
        "dividing single frames at random would make the errors look smaller than they are for a "
        f"new simulation. Unseen here: {_codes(unseen['runs'])}. Neither the weights nor the "
        "epoch to stop at depend on them.</p>"
        "<p>The preprint of the method reports RMSEs of 27.7 (training), 33.3 (test) and 33.6 "
        "meV/atom (512 atoms), with a data set of 12,960 frames and energies of density functional "
        "theory. Data, reference energies and split differ here: a guide, not a contest.</p>"
    )
    yield figure(
        figures / "parity.svg",
        "Scatter plots of predicted against reference energies per atom, one panel for the "
        "training runs, the unseen runs and the larger cells.",
        "<b>Predicted against reference energy, one point a frame.</b> A perfect model puts every "
        "point on the grey line. The hot liquid is at the upper right, the quenched solid at the "
        "lower left. The panels share their axes: the cloud in the middle panel is what to expect "
        "for a simulation the network has not met.",
        width=960,
    )


def _descriptor(numbers: dict[str, Any], figures: Path, config: TrainingConfig) -> Iterator[str]:
    liquid, quenched = numbers["examples"]["liquid"], numbers["examples"]["quenched"]
    bins = config.descriptor.bins
    low, high = config.descriptor.range
    yield "<h2>What the network sees</h2>"
    yield (
        "<p>Imagine a ball around every atom, and let all balls grow at the same rate. Where balls "
        "meet, atoms become linked; links close into rings; as the balls grow further the inside "
        "of each ring fills. Every ring thus has a <em>birth</em>, when it closes, and a "
        "<em>death</em>, when it is filled. Both are given as the squared radius of the balls. "
        "A point with its birth and its death for each ring makes the <em>persistence diagram</em> "
        "of the rings (H1, first homology). It does not change when the structure is moved, "
        "rotated or its atoms are renumbered, it has no cut-off radius to choose, and it sees past "
        "nearest neighbours.</p>"
    )
    yield figure(
        figures / "frames.svg",
        "A liquid and a quenched frame: atoms and bonds, the H1 persistence diagram, and its "
        "histogram.",
        f"<b>Two frames of one unseen simulation</b> ({quenched['density_g_per_cm3']:.2f} g/cm³): "
        f"the liquid at {liquid['temperature_k']:.0f} K above, the same atoms after the quench at "
        f"{quenched['temperature_k']:.0f} K below. Left: seen along z, with atoms coloured by "
        "their number of neighbours within 1.85 Å; far atoms are paler. Middle: the diagram, "
        "without the last hundredth of the deaths. The higher a point is above the grey diagonal, "
        "the longer its ring lives. A ring is born with its longest link, at a squared radius of "
        "a quarter of that link’s square: rings held together by carbon bonds of 1.4 to 1.6 Å "
        "appear near 0.5 to 0.65 Å². They are the narrow column at the left of the solid’s "
        "diagram, and their height tells their size: flat rings of five, six and seven atoms with "
        "bonds of 1.42 Å die at 1.5, 2.0 and 2.7 Å². In the liquid bonds are stretched and broken, "
        "the column is smeared out, and many rings fill as soon as they close, on the diagonal. "
        "Right: the same points counted in bins, which is all that the network is given.",
        width=992,
    )
    yield (
        f"<p>The histogram has {bins} × {bins} bins over [{low:g}, {high:g}] Å² on both axes, is "
        "divided by its number of points, so that cells of all sizes are alike, and standardised "
        "with the mean and the spread of the training set.</p>"
    )


def _data(numbers: dict[str, Any], figures: Path) -> Iterator[str]:
    protocol = numbers["protocol"]
    duration = protocol["steps"] * protocol["timestep_fs"]
    paper = SCALES["paper"].protocol
    slower = paper.n_steps * paper.timestep / duration
    densities = [run["density_g_per_cm3"] for run in numbers["runs"]]
    sizes = " or ".join(map(str, _sizes(numbers)))
    yield "<h2>The data, made on this machine</h2>"
    yield (
        f"<p>Simple cubic carbon of {sizes} atoms is molten and quenched at constant volume with "
        f"LAMMPS and the carbon SNAP potential of Willman et al. (2022), over {duration:g} fs. "
        f"{len(numbers['runs'])} simulations between {min(densities):.2f} and "
        f"{max(densities):.2f} g/cm³ give {numbers['n_frames']} frames, each with its energy. "
        + (
            f"The authors’ protocol takes {slower:.0f} times as long, so the solids here hold more "
            "defects; <code>--scale paper</code> follows it.</p>"
            if slower > 1.5
            else "</p>"
        )
    )
    yield figure(
        figures / "data.svg",
        "Energy and temperature against time for every simulation, and the distribution of "
        "energies for each subset.",
        "<b>From crystal to liquid to glass.</b> Each line is one simulation, coloured by its "
        "density; dashed lines are the larger cells. The energy is high while the carbon is "
        "molten and falls along the quench. Right: how often each energy occurs, on the same "
        "energy axis, among the frames that are learned from (filled) and those that are "
        "predicted (lines). Where they overlap the network interpolates.",
        width=940,
    )


def _training(numbers: dict[str, Any], figures: Path, config: TrainingConfig) -> Iterator[str]:
    training = numbers["training"]
    settings = config.optimisation
    yield "<h2>The training</h2>"
    yield (
        "<p>The network is the paper’s: three 3 × 3 convolutions with 64, 64 and 32 channels, each "
        f"followed by 2 × 2 pooling, then two fully connected layers; {training['parameters']:,} "
        f"parameters. AdamW, batches of {settings.batch_size}, learning rate "
        f"{settings.learning_rate:g} falling to zero over {settings.epochs} epochs, "
        f"{training['precision']} on {training['device'].upper()}.</p>"
    )
    yield figure(
        figures / "learning_curve.svg",
        "Training and validation error against the epoch, with the best epoch marked.",
        "<b>Error against the number of passes over the training set.</b> Blue: training frames, "
        "as they are met on the way. Orange: the validation run, which is never learned from; the "
        f"circle marks where it was lowest, epoch {training['best_epoch']}, and the network of "
        "that epoch makes all predictions here.",
        width=720,
    )


def _simulations(numbers: dict[str, Any]) -> Iterator[str]:
    yield "<h2>The simulations</h2>"
    yield table(
        ["Simulation", "Used for", "Atoms", "Density (g/cm³)", "Frames"],
        [
            [
                run["run"],
                SUBSETS[run["subset"]],
                str(run["n_atoms"]),
                f"{run['density_g_per_cm3']:.2f}",
                str(run["n_frames"]),
            ]
            for run in numbers["runs"]
        ],
        numbers=(2, 3, 4),
    )


def _further(out: Path, config: TrainingConfig) -> Iterator[str]:
    yield "<h2>How to go on</h2>"
    yield (
        "<p>The trained network is kept beside this page. Predict frames of yours, carbon in any "
        "format that ASE reads, or see how far off it is where you have energies:</p>"
    )
    yield code(
        f"amorph predict {config.out} yours.extxyz --out predicted.extxyz\n"
        f"amorph evaluate {config.out} yours.extxyz"
    )
    yield (
        "<p>Train on your own data: write down where they are and how to learn, then start. The "
        f"settings behind this page are in <code>{escape(str(out / 'train.yaml'))}</code>.</p>"
    )
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
        "arXiv:2206.13727. The potential of the simulations: J. T. Willman et al., “Machine "
        "learning interatomic potential for simulations of carbon at extreme conditions”, "
        "arXiv:2205.01209 (2022).</p>"
    )


def _sizes(numbers: dict[str, Any]) -> list[int]:
    return sorted({run["n_atoms"] for run in numbers["runs"]})


def _codes(names: list[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)
