"""Time of training at the paper's scale: frames a second on each device, and the diagrams before.

Training: batches of histograms through the network of the paper, forwards and backwards, on the
CPU in float32 and in bfloat16, and on a GPU where there is one. Its speed does not depend on what
the histograms show, so that they are drawn from random pairs, as many as 216 atoms of amorphous
carbon have. Descriptors: the paper's, and three degrees with a blur, which is drawn anew for each
batch.

Diagrams: frames of 216 atoms, read from a file or made here, until there are as many as asked for;
each copy has its own noise, so that no two are alike. They are counted in bins as they come, as a
training does it, and the greatest memory of the process is noted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from rich.console import Console
from rich.table import Table

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import PersistenceDiagram
from amorphology.models import PersistenceCNN
from amorphology.parallel import available_cores
from amorphology.structures import read_frames
from amorphology.training.config import OptimisationConfig
from amorphology.training.histograms import Histograms
from amorphology.training.loop import Dataset, Trainer, choose_precision, predict_standardised
from amorphology.training.memory import keeping_freed_memory
from measure import Load, machine, memory
from page import table, write_part

PAPER_FRAMES, PAPER_TRAINED, ATOMS = 12_960, 9_072, 216
DESCRIPTORS: dict[str, dict[str, Any]] = {
    "the paper's": {},
    "H0, H1, H2, blurred": {
        "homology": [0, 1, 2],
        "range": [(0.0, 2.0), (0.0, 8.0), (0.0, 8.0)],
        "normalisation": "per_atom",
        "blur": [0.05, 0.19, 0.19],
    },
}
# Finite pairs of each degree: the mean over frames of 216 atoms of carbon, molten to quenched.
PAIRS = {0: 215, 1: 580, 2: 500}
NOISE = 0.01  # Angstrom
ROUNDS = 3
console = Console(width=110)


def random_diagrams(number: int) -> list[dict[int, PersistenceDiagram]]:
    """Diagrams with as many pairs as those of amorphous carbon, spread over the same range."""
    rng = np.random.default_rng(0)

    def one(degree: int) -> PersistenceDiagram:
        births = np.zeros(PAIRS[degree]) if degree == 0 else rng.uniform(0.4, 3.0, PAIRS[degree])
        deaths = births + rng.uniform(0.1, 1.5, len(births))
        return PersistenceDiagram.from_pairs(degree, births, deaths, n_atoms=ATOMS)

    return [{degree: one(degree) for degree in PAIRS} for _ in range(number)]


def contenders(wanted: list[str]) -> list[tuple[torch.device, str]]:
    """Devices and precisions there are."""
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    return [
        (torch.device(device), precision)
        for device in devices
        if device in wanted
        for precision in ("float32", "bfloat16")
    ]


def wait_for(device: torch.device) -> None:
    """Let a GPU finish what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def frames_a_second(
    device: torch.device,
    precision: str,
    settings: dict[str, Any],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Median speeds of training and of prediction, and the time of an epoch of the paper's size."""
    frames, seconds = arguments.batches * arguments.batch, arguments.seconds
    descriptor = PersistenceHistogram(**settings)
    binned = descriptor.bin_pairs(random_diagrams(frames))
    descriptor.fit_binned(binned)
    dataset = Dataset(Histograms(descriptor, binned, device), torch.randn(frames))
    model = PersistenceCNN(descriptor.bins, in_channels=binned.shape[0])
    chosen = OptimisationConfig(
        device=device.type, precision=precision, batch_size=arguments.batch, epochs=10**9
    )
    trainer = Trainer(model, chosen, seed=0, energy_scale=1.0)
    train, predict = [], []
    with keeping_freed_memory():
        trainer._epoch(dataset, 0)  # compiles, allocates
        for _ in range(ROUNDS):
            done, start = 0, time.perf_counter()
            while time.perf_counter() - start < seconds:
                trainer._epoch(dataset, 0)
                wait_for(device)
                done += frames
            train.append(done / (time.perf_counter() - start))
            start = time.perf_counter()
            predict_standardised(trainer.model, dataset.inputs, device, trainer.precision)
            wait_for(device)
            predict.append(frames / (time.perf_counter() - start))
    speed = statistics.median(train)
    return {
        "train_frames_per_second": speed,
        "train_frames_per_second_range": [min(train), max(train)],
        "predict_frames_per_second": statistics.median(predict),
        "epoch_seconds_at_paper_scale": PAPER_TRAINED / speed,
    }


def many_frames(files: list[str], number: int) -> list[Atoms]:
    """Frames of 216 atoms, no two alike."""
    rng = np.random.default_rng(0)
    if files:
        first = [frame for frame in read_frames(files) if len(frame) == ATOMS][:number]
        if not first:
            raise SystemExit(f"no frame of {ATOMS} atoms in {', '.join(files)}")
    else:
        # Cubic lattice with large random displacements, at densities of 2.0 to 3.4 g/cm3.
        first = []
        for density in np.linspace(2.0, 3.4, 60):
            side = (ATOMS * 12.011 / (0.60221408 * density)) ** (1 / 3)
            grid = np.stack(np.meshgrid(*[np.arange(6)] * 3), axis=-1).reshape(-1, 3) * side / 6
            atoms = Atoms(f"C{ATOMS}", grid + rng.normal(0, 0.35, grid.shape), cell=[side] * 3)
            atoms.pbc = True
            first.append(atoms)
    frames = []
    for index in range(number):
        frame = Atoms(
            first[index % len(first)].symbols,
            first[index % len(first)].positions,
            cell=first[index % len(first)].cell,
            pbc=True,
        )
        if index >= len(first):
            frame.positions += rng.normal(0, NOISE, frame.positions.shape)
        frames.append(frame)
    return frames


def diagrams(files: list[str], number: int, jobs: int) -> dict[str, Any]:
    """Frames to histograms, for each descriptor."""
    frames = many_frames(files, number)
    rows = {}
    for name, settings in DESCRIPTORS.items():
        descriptor = PersistenceHistogram(**settings, n_jobs=jobs)
        wall, cpu = time.perf_counter(), time.process_time()
        binned = descriptor.bin_pairs(frames)
        seconds, busy = time.perf_counter() - wall, time.process_time() - cpu
        start = time.perf_counter()
        descriptor.fit_binned(binned)
        rows[name] = {
            "seconds": seconds,
            "cpu_seconds": busy,
            "frames_per_second": number / seconds,
            "seconds_for_12960": seconds * PAPER_FRAMES / number,
            "cpu_seconds_for_12960": busy * PAPER_FRAMES / number,
            "statistics_seconds": time.perf_counter() - start,
            "filled_bins_bytes": sum(
                array.nbytes for array in (binned.offsets, binned.places, binned.values)
            ),
            "peak_bytes": memory("VmHWM"),
        }
    return {"frames": number, "source": "read" if files else "made", "threads": jobs, "rows": rows}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything."""
    start, before, load, cpu = time.perf_counter(), machine(), Load(), time.process_time()
    found = diagrams(arguments.frames, arguments.number, arguments.jobs)
    training = [
        {
            "device": device.type,
            "precision": precision,
            "native": precision == "float32" or choose_precision("auto", device) == torch.bfloat16,
            "descriptor": name,
            **frames_a_second(device, precision, settings, arguments),
        }
        for device, precision in contenders(arguments.devices)
        for name, settings in DESCRIPTORS.items()
    ]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "date": date.today().isoformat(),
        "duration_seconds": round(time.perf_counter() - start),
        "machine": before,
        "gpu": gpu,
        "torch_threads": torch.get_num_threads(),
        "busy_cores_of_others": load.others(time.process_time() - cpu),
        "versions": {name: version(name) for name in ("amorphology", "numpy", "torch")},
        "batch_size": arguments.batch,
        "diagrams": found,
        "training": training,
    }


DIAGRAM_COLUMNS = ["histogram", "frames/s", "12,960 frames (s)", "peak memory (GB)"]
TRAINING_COLUMNS = [
    "device",
    "precision",
    "histogram",
    "training (frames/s)",
    "relative to float32",
    "prediction (frames/s)",
    "epoch of the paper (s)",
]


def diagram_rows(result: dict[str, Any]) -> list[list[str]]:
    """Cells of the table of diagrams."""
    return [
        [
            name,
            f"{row['frames_per_second']:.0f}",
            f"{row['seconds_for_12960']:.1f}",
            "?" if row["peak_bytes"] is None else f"{row['peak_bytes'] / 1e9:.2f}",
        ]
        for name, row in result["diagrams"]["rows"].items()
    ]


def training_rows(result: dict[str, Any]) -> list[list[str]]:
    """Cells of the table of training."""
    full = {
        (row["device"], row["descriptor"]): row["train_frames_per_second"]
        for row in result["training"]
        if row["precision"] == "float32"
    }
    return [
        [
            row["device"],
            row["precision"] + ("" if row["native"] else " (emulated)"),
            row["descriptor"],
            f"{row['train_frames_per_second']:.0f}",
            f"{row['train_frames_per_second'] / full[row['device'], row['descriptor']]:.1f}",
            f"{row['predict_frames_per_second']:.0f}",
            f"{row['epoch_seconds_at_paper_scale']:.1f}",
        ]
        for row in result["training"]
    ]


def write_docs(result: dict[str, Any], docs: Path) -> None:
    """Write the part of docs/benchmarks.md and the numbers beside it."""
    host, found = result["machine"], result["diagrams"]
    source = (
        "made of disordered lattices"
        if found["source"] == "made"
        else "of amorphous carbon, from melt-quench runs"
    )
    numbers = "benchmarks-training.json"
    write_part(
        docs / "benchmarks.md",
        Path(__file__).stem,
        [
            "## Training at the paper's scale",
            f"{found['frames']:,} frames of {ATOMS} atoms, {source}, to diagrams of the degrees "
            f"needed and counts in bins, on {found['threads']} threads, wall time:",
            table(DIAGRAM_COLUMNS, diagram_rows(result)),
            f"The paper's network, forwards and backwards, in batches of {result['batch_size']}; "
            f"an epoch of the paper is {PAPER_TRAINED:,} frames. Medians of {ROUNDS} rounds.",
            table(TRAINING_COLUMNS, training_rows(result)),
            f"{result['date']}, {host['processor']}, {host['cores']} cores, PyTorch on "
            f"{result['torch_threads']} threads, GPU: {result['gpu'] or 'none'}; others kept "
            f"{result['busy_cores_of_others']} cores busy. "
            + ", ".join(f"{name} {number}" for name, number in result["versions"].items())
            + f". Again, on your machine: `make bench`. All numbers: [{numbers}]({numbers}).",
        ],
    )
    (docs / numbers).write_text(json.dumps(result, indent=1) + "\n")


def show(result: dict[str, Any]) -> None:
    """Print tables."""
    found = result["diagrams"]
    for title, columns, rows in (
        (
            f"{found['frames']} frames of {ATOMS} atoms on {found['threads']} threads",
            DIAGRAM_COLUMNS,
            diagram_rows(result),
        ),
        (f"Batches of {result['batch_size']}", TRAINING_COLUMNS, training_rows(result)),
    ):
        shown = Table(title=title)
        for column in columns:
            words = column in ("device", "precision", "histogram")
            shown.add_column(column, justify="left" if words else "right")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)
    console.print(
        f"{result['machine']['processor']}, {result['torch_threads']} threads; GPU: "
        f"{result['gpu'] or 'none'}; others kept {result['busy_cores_of_others']} cores busy"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "frames", nargs="*", help=f"structure files with frames of {ATOMS} atoms; default: made"
    )
    parser.add_argument("--number", type=int, default=PAPER_FRAMES, help="frames for diagrams")
    parser.add_argument("--jobs", type=int, default=available_cores(), help="threads for diagrams")
    parser.add_argument("--batch", type=int, default=OptimisationConfig().batch_size)
    parser.add_argument("--batches", type=int, default=16, help="of the timed pass over frames")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of three rounds")
    parser.add_argument("--devices", nargs="*", default=["cpu", "cuda"], choices=["cpu", "cuda"])
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks/training.json"))
    parser.add_argument(
        "--write-docs", type=Path, metavar="RESULTS", help="only write docs/ from a JSON file"
    )
    arguments = parser.parse_args()
    if arguments.write_docs:
        docs = Path(__file__).parents[1] / "docs"
        write_docs(json.loads(arguments.write_docs.read_text()), docs)
        console.print(f"written: {docs / 'benchmarks.md'} and its numbers")
        return
    result = measure(arguments)
    show(result)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"{result['duration_seconds']} s; numbers in {arguments.json}")


if __name__ == "__main__":
    main()
