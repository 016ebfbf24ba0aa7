"""Time of persistence images, beside persim and GUDHI where they are installed.

First the whole of a study: 6,040 conformations of cyclo-octane to diagrams, to images on the
paper's mesh. Then the images alone, of the same diagrams and of ones with 300 pairs, by every
contender on one mesh and on one thread. Everyone draws the same image up to the program's
conventions, which is checked first:

- amorphology evaluates the sum of Gaussians of height 1 at bin centres (equation 1 of the paper).
- GUDHI does so too, with Gaussians of integral 1, in the coordinates birth and persistence.
- persim gives integrals over bins, of Gaussians of integral 1, in the same coordinates; its bins
  are squares. Its numbers are compared with the mean of ours over finer bins.

The coordinates make no difference to the work: peers are handed our deaths as persistences.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from amorphology.descriptors import PersistenceImage
from amorphology.generate.cyclooctane import generate_cyclooctane
from amorphology.homology import PersistenceDiagram, alpha_persistence_many
from measure import Load, machine
from page import table, write_part
from report import duration

OURS = "amorphology"
LABELS = {OURS: OURS, "persim": "persim", "gudhi": "GUDHI"}
SIGMA = 0.05  # Angstrom^2, as in the paper
# The paper's mesh with its death range made 4 % longer: bins are squares, as persim needs.
BINS, WIDTH, CORNER = (200, 100), 0.014, (0.5, 1.95)
FINER = 8  # bins along each side of a bin, to take the mean over it
ROUNDS = 7
AGREE = {OURS: 0.0, "gudhi": 1e-10, "persim": 1e-3}  # of the image's greatest value

Draw = Callable[[list[PersistenceDiagram]], np.ndarray]
console = Console(width=120)


def contenders() -> dict[str, Draw]:
    """Everyone who is installed: diagrams to images (n, *BINS), in the conventions of each."""
    ends = [(low, low + n * WIDTH) for low, n in zip(CORNER, BINS, strict=True)]
    found: dict[str, Draw] = {OURS: ours(BINS).transform}
    if find_spec("persim"):
        from persim import PersistenceImager

        imager = PersistenceImager(
            birth_range=ends[0],
            pers_range=ends[1],
            pixel_size=WIDTH * (1 - 1e-12),  # or rounding makes it 199 bins
            weight=lambda births, _: np.ones_like(births),
            weight_params={},
            kernel_params={"sigma": SIGMA**2},
        )
        found["persim"] = lambda diagrams: np.array(
            imager.transform([diagram.pairs for diagram in diagrams], skew=False)
        )
    if find_spec("gudhi"):
        from gudhi.representations import PersistenceImage as GudhiImage

        image = GudhiImage(
            bandwidth=SIGMA,
            resolution=list(BINS),
            im_range=[
                end + side
                for low, high in ends
                for end, side in ((low, WIDTH / 2), (high, -WIDTH / 2))
            ],
        )
        found["gudhi"] = lambda diagrams: image.fit_transform(
            [np.column_stack([d.birth, d.birth + d.death]) for d in diagrams]
        )
    return found


def ours(mesh: tuple[int, int]) -> PersistenceImage:
    """Our descriptor on the common region."""
    ends = [(low, low + n * WIDTH) for low, n in zip(CORNER, BINS, strict=True)]
    return PersistenceImage(
        birth_range=ends[0], death_range=ends[1], mesh=mesh, sigma=SIGMA, triangle=False
    )


def disagreement(name: str, draw: Draw, diagrams: list[PersistenceDiagram]) -> float:
    """Greatest difference from our image, in units of its greatest value."""
    theirs = draw(diagrams)
    if name == "persim":
        fine = ours((FINER * BINS[0], FINER * BINS[1])).transform(diagrams)
        expected = fine.reshape(-1, BINS[0], FINER, BINS[1], FINER).mean(axis=(2, 4))
        theirs = theirs * (2 * np.pi * SIGMA**2 / WIDTH**2)
    else:
        expected = ours(BINS).transform(diagrams).reshape(-1, *BINS)
        theirs = theirs.reshape(-1, *BINS)
    if name == "gudhi":
        theirs = theirs.reshape(-1, *BINS[::-1]).transpose(0, 2, 1) * (2 * np.pi * SIGMA**2)
    difference = float(np.abs(theirs - expected).max() / expected.max())
    if difference > AGREE[name]:
        raise SystemExit(f"{name} draws another image: {difference:.1e} of its greatest value off")
    return difference


def random_diagrams(number: int, n_pairs: int) -> list[PersistenceDiagram]:
    """Diagrams as large as those of some hundred atoms."""
    rng = np.random.default_rng(0)
    births = rng.uniform(0.5, 2.5, (number, n_pairs))
    deaths = np.maximum(births, 1.95) + rng.uniform(0.01, 0.7, births.shape)
    return [
        PersistenceDiagram.from_pairs(1, b, d, n_atoms=n_pairs)
        for b, d in zip(births, deaths, strict=True)
    ]


def compare(diagrams: list[PersistenceDiagram]) -> dict[str, Any]:
    """Processor time of one image, contenders taking turns."""
    times: dict[str, list[float]] = {}
    differences = {}
    draws = contenders()
    for name, draw in draws.items():
        differences[name] = disagreement(name, draw, diagrams[:5])
        times[name] = []
    for _ in range(ROUNDS):
        for name, draw in draws.items():
            start = time.process_time()
            draw(diagrams)
            times[name].append((time.process_time() - start) / len(diagrams))
    return {
        name: {"cpu_seconds": statistics.median(times[name]), "difference": differences[name]}
        for name in draws
    }


def whole_study(n_frames: int) -> tuple[dict[str, Any], list[PersistenceDiagram]]:
    """Frames to diagrams to images, as a study does it: processor time, the median of three."""
    frames = generate_cyclooctane(n_frames)
    times: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        runs = []
        for _ in range(3):
            start = time.process_time()
            result = work()
            runs.append(time.process_time() - start)
        times[name] = statistics.median(runs)
        return result

    found = timed("diagrams", lambda: alpha_persistence_many(frames, n_jobs=1, dims=(1,)))
    diagrams = [diagram[1] for diagram in found]
    features = timed("images", lambda: PersistenceImage().transform(diagrams))
    timed("images_float32", lambda: PersistenceImage(dtype="float32").transform(diagrams))
    timed("both", lambda: PersistenceImage(n_jobs=1).transform(frames))
    pairs = [len(diagram) for diagram in diagrams]
    study = {
        "frames": n_frames,
        "pairs": [min(pairs), max(pairs)],
        "features": features.shape[1],
        "bytes": features.nbytes,
        "cpu_seconds": times,
    }
    return study, diagrams


def measure(n_frames: int) -> dict[str, Any]:
    """Run everything on one thread."""
    start, before, load, cpu = time.perf_counter(), machine(), Load(), time.process_time()
    with threadpool_limits(1):
        study, diagrams = whole_study(n_frames)
        spread = diagrams[:: max(1, len(diagrams) // 100)]
        low, high = study["pairs"]
        rows = {
            f"cyclo-octane, {low} to {high} pairs": compare(spread),
            "300 pairs": compare(random_diagrams(10, 300)),
        }
    installed = [name for name in LABELS if name == OURS or find_spec(name)]
    return {
        "date": date.today().isoformat(),
        "duration_seconds": round(time.perf_counter() - start),
        "machine": before,
        "busy_cores_of_others": load.others(time.process_time() - cpu),
        "versions": {name: version(name) for name in [*installed, "numpy"]},
        "missing": [LABELS[name] for name in LABELS if name not in installed],
        "study": study,
        "rows": rows,
    }


def cells(row: dict[str, Any]) -> list[str]:
    """Time of every contender, with how many times ours it is."""
    first = row[OURS]["cpu_seconds"]
    return [
        duration(entry["cpu_seconds"])
        + (f" ({entry['cpu_seconds'] / first:.1f})" if name != OURS else "")
        for name, entry in row.items()
    ]


def study_sentence(result: dict[str, Any]) -> str:
    """Say what the whole study took."""
    study = result["study"]
    times = {name: duration(seconds) for name, seconds in study["cpu_seconds"].items()}
    drawing = study["frames"] * next(iter(result["rows"].values()))[OURS]["cpu_seconds"]
    return (
        f"{study['frames']:,} conformations of cyclo-octane ({study['pairs'][0]} to "
        f"{study['pairs'][1]} pairs each) on the paper's mesh, {study['features']:,} features: "
        f"{times['both']} from atoms to images, processor time on one thread; diagrams alone "
        f"{times['diagrams']}, images alone {times['images']}. At the time of one image below, "
        f"drawing is {duration(drawing)} of this; the rest is for the most part the system's work "
        f'of handing out the {study["bytes"] / 1e6:.0f} MB of the result. With `dtype="float32"`, '
        f"in half the memory, images take {times['images_float32']}."
    )


def write_docs(result: dict[str, Any], docs: Path) -> None:
    """Write the part of docs/benchmarks.md and the numbers beside it."""
    host = result["machine"]
    names = list(next(iter(result["rows"].values())))
    worst = {
        name: max(row[name]["difference"] for row in result["rows"].values()) for name in names
    }
    agreement = "; ".join(
        f"{LABELS[name]} differs by at most {worst[name]:.0e} of the greatest value"
        for name in names
        if name != OURS
    )
    missing = f" Not installed: {', '.join(result['missing'])}." if result["missing"] else ""
    numbers = "benchmarks-persistence-images.json"
    write_part(
        docs / "benchmarks.md",
        Path(__file__).stem,
        [
            "## Persistence images",
            study_sentence(result),
            f"One image of {BINS[0]} × {BINS[1]} bins, median processor time on one thread; in "
            "brackets how many times longer than amorphology.",
            table(
                ["diagram", *(LABELS[name] for name in names)],
                [[name, *cells(row)] for name, row in result["rows"].items()],
            ),
            "Everyone draws the same image, up to the program's conventions: amorphology and GUDHI "
            "evaluate the sum of Gaussians at bin centres, persim takes the mean over each bin "
            f"(compared with the mean of amorphology's values over {FINER} × {FINER} finer "
            f"bins). {agreement}. Contenders take turns in one process. Bins are squares here, "
            "as persim has no others.",
            f"{result['date']}, {host['processor']}, {host['cores']} cores, Python "
            f"{host['python']}; others kept {result['busy_cores_of_others']} cores busy. "
            + ", ".join(f"{name} {number}" for name, number in result["versions"].items())
            + f".{missing} Again, on your machine: `make bench-peers`, or `make bench` without "
            f"persim. All numbers: [{numbers}]({numbers}).",
        ],
    )
    (docs / numbers).write_text(json.dumps(result, indent=1) + "\n")


def show(result: dict[str, Any]) -> None:
    """Print the numbers."""
    console.print(study_sentence(result))
    shown = Table(title="Processor time of one image (ratio to amorphology)")
    shown.add_column("diagram")
    for name in next(iter(result["rows"].values())):
        shown.add_column(LABELS[name], justify="right")
    for name, row in result["rows"].items():
        shown.add_row(name, *cells(row))
    console.print(shown)
    if result["missing"]:
        console.print(f"Not installed: {', '.join(result['missing'])} (make bench-peers)")


def main() -> None:
    """Measure, print the numbers and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=6040, help="conformations of cyclo-octane")
    parser.add_argument(
        "--json", type=Path, default=Path("build/benchmarks/persistence_images.json")
    )
    parser.add_argument(
        "--write-docs", type=Path, metavar="RESULTS", help="only write docs/ from a JSON file"
    )
    arguments = parser.parse_args()
    if arguments.write_docs:
        docs = Path(__file__).parents[1] / "docs"
        write_docs(json.loads(arguments.write_docs.read_text()), docs)
        console.print(f"written: {docs / 'benchmarks.md'} and its numbers")
        return
    result = measure(arguments.frames)
    show(result)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"{result['duration_seconds']} s; numbers in {arguments.json}")


if __name__ == "__main__":
    main()
