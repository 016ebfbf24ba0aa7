"""Rings of birth-death pairs, beside HomCloud's optimal and stable volumes.

Frames of 216 carbon atoms (of a disordered stand-in where the data are not at hand), periodic and
free; 1,000 pairs of H1 of each, drawn evenly. amorphology goes from atoms to rings, the diagram
included; HomCloud is handed its finished diagram and boundary map, which are not timed. HomCloud's
cut-off radius, with which it looks at simplices near the pair only, is the fastest we found that
did not make it try again. Pairs are the same ones: births and deaths agree to 1e-8 Angstrom^2.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from operator import eq, gt, lt
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from amorphology.homology import PersistenceDiagram, alpha_persistence, rings_of
from amorphology.homology.volume_optimal import OptimalVolumes
from cases import CARBON_FRAMES, carbon_frames, glass
from measure import machine
from page import table, write_part
from report import duration

AGREE = 1e-8  # Angstrom^2
TOLERANCE = 0.05  # Angstrom^2, of stable volumes and of rings with later edges
CUTOFF = 6.0  # Angstrom, of HomCloud
LONG = 0.5  # Angstrom^2: persistence of pairs that are more than near-neighbour triangles
LABELS = {
    "tight": "amorphology, tight",
    "minimal": "amorphology, minimal",
    "optimal": "HomCloud, optimal volume",
    "tight_tolerance": f"amorphology, tight, tolerance {TOLERANCE}",
    "minimal_tolerance": f"amorphology, minimal, tolerance {TOLERANCE}",
    "stable": f"HomCloud, stable volume, bandwidth {TOLERANCE}",
}
PEERS = {"optimal": ("tight", "minimal"), "stable": ("tight_tolerance", "minimal_tolerance")}

AtomSets = list[frozenset[int] | None]
console = Console(width=120)


def frames_of(*, periodic: bool) -> list[Atoms]:
    """List frames, more than are needed."""
    if CARBON_FRAMES.exists():
        return carbon_frames(20, periodic=periodic)
    frames = [glass(6, periodic=periodic) for _ in range(20)]
    for seed, frame in enumerate(frames):
        frame.rattle(0.1, seed=seed)
    return frames


def chosen_pairs(diagram: PersistenceDiagram, number: int) -> np.ndarray:
    """Numbers of pairs spread over the diagram, of those longer than the tolerance."""
    numbers = np.flatnonzero(~diagram.essential & (diagram.persistence > TOLERANCE))
    return numbers[np.linspace(0, len(numbers) - 1, min(number, len(numbers))).astype(int)]


def processor_time() -> float:
    """Seconds of this process and of the solvers that it has started and ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def ours(frame: Atoms, numbers: np.ndarray) -> dict[str, Callable[[], AtomSets]]:
    """Our ways to find the rings of some pairs."""

    def find(method: str, tolerance: float) -> Callable[[], AtomSets]:
        return lambda: [
            frozenset(ring.atoms.tolist()) if ring.filled else None
            for ring in rings_of(frame, numbers, method=method, tolerance=tolerance)
        ]

    return {
        "tight": find("tight", 0.0),
        "minimal": find("minimal", 0.0),
        "tight_tolerance": find("tight", TOLERANCE),
        "minimal_tolerance": find("minimal", TOLERANCE),
    }


def homclouds(
    frame: Atoms, pairs: np.ndarray, folder: Path, triangles: list[int | None]
) -> dict[str, Callable[[], AtomSets]]:
    """HomCloud's ways; its diagram is made here, before time is taken.

    The numbers of triangles of optimal volumes go to `triangles`.
    """
    import homcloud.interface as homcloud

    box = tuple((0.0, length) for length in frame.cell.lengths()) if frame.pbc.all() else None
    diagram = homcloud.PDList.from_alpha_filtration(
        np.ascontiguousarray(frame.positions),
        periodicity=box,
        save_boundary_map=True,
        save_to=str(folder / "frame.pdgm"),
    ).dth_diagram(1)
    theirs = diagram.pairs()
    values = np.array([[pair.birth_time(), pair.death_time()] for pair in theirs])
    found = []
    for pair in pairs:
        distance = np.abs(values - pair).max(axis=1)
        if distance.min() > AGREE:
            raise SystemExit(f"HomCloud has no pair {pair}")
        found.append(theirs[int(distance.argmin())])

    def atoms(volume: Any) -> frozenset[int] | None:
        if not volume.success:
            return None
        return frozenset(map(int, volume.boundary_points(by="vindexes")))

    def optimal(pair: Any) -> Any:
        return pair.optimal_volume(cutoff_radius=CUTOFF, return_failure_if_not_found=True)

    def stable(pair: Any) -> Any:
        return pair.stable_volume(TOLERANCE, cutoff_radius=CUTOFF, return_failure_if_not_found=True)

    def optimal_atoms() -> AtomSets:
        volumes = [optimal(pair) for pair in found]
        triangles.extend(len(v.cell_indices) if v.success else None for v in volumes)
        return [atoms(volume) for volume in volumes]

    return {
        "optimal": optimal_atoms,
        "stable": lambda: [atoms(stable(pair)) for pair in found],
    }


def triangles_of(
    frame: Atoms, diagram: PersistenceDiagram, numbers: np.ndarray
) -> list[int | None]:
    """Numbers of triangles of our optimal volumes."""
    volumes = OptimalVolumes(frame)
    found = [volumes.volume(diagram, number, 0.0) for number in numbers]
    return [None if volume is None else len(volume) for volume in found]


def measure_case(n_pairs: int, *, periodic: bool, peer: bool) -> dict[str, Any]:
    """Find the rings of many pairs in every way, frame by frame, the ways taking turns."""
    times: dict[str, float] = {}
    sets: dict[str, AtomSets] = {}
    persistence: list[float] = []
    n_frames = 0
    triangles: dict[str, list[int | None]] = {"ours": [], "theirs": []}
    for frame in frames_of(periodic=periodic)[::-3]:  # quenched, warm and liquid ones
        left = n_pairs - len(persistence)
        if left == 0:
            break
        diagram = alpha_persistence(frame)[1]
        numbers = chosen_pairs(diagram, min(left, -(-n_pairs // 5)))
        persistence += diagram.persistence[numbers].tolist()
        n_frames += 1
        with tempfile.TemporaryDirectory() as folder:
            ways = ours(frame, numbers)
            if peer:
                ways |= homclouds(frame, diagram.pairs[numbers], Path(folder), triangles["theirs"])
                triangles["ours"] += triangles_of(frame, diagram, numbers)
            for name, way in ways.items():
                start = processor_time()
                found = way()
                times[name] = times.get(name, 0.0) + processor_time() - start
                sets.setdefault(name, []).extend(found)
    everyone = np.array(persistence)
    return {
        "frames": n_frames,
        "pairs": len(everyone),
        "long_pairs": int((everyone > LONG).sum()),
        "cpu_seconds_per_pair": {name: t / len(everyone) for name, t in times.items()},
        "without_ring": {name: found.count(None) for name, found in sets.items()},
        "triangles": {
            word: sum(
                a is not None and b is not None and compare(a, b)
                for a, b in zip(triangles["ours"], triangles["theirs"], strict=True)
            )
            for word, compare in (("fewer", lt), ("equal", eq), ("more", gt))
        },
        "mean_size": {name: mean_size(found, everyone > LONG) for name, found in sets.items()},
        "agreement": {
            f"{name} / {peer_name}": agreement(sets[name], sets[peer_name], everyone > LONG)
            for peer_name, names in PEERS.items()
            if peer_name in sets
            for name in names
        },
    }


def mean_size(found: AtomSets, chosen: np.ndarray) -> float:
    """Mean number of atoms of those rings that exist."""
    sizes = [
        len(ring) for ring, wanted in zip(found, chosen, strict=True) if wanted and ring is not None
    ]
    return float(np.mean(sizes))


def agreement(one: AtomSets, other: AtomSets, long: np.ndarray) -> dict[str, float]:
    """Compare atoms of rings of the same pairs, all and those of long persistence.

    `same` is the share of rings of equal atoms, `shared` the mean of the number of common atoms
    over that of all atoms of both.
    """
    result = {}
    for label, chosen in (("", np.ones(len(long), dtype=bool)), ("long_", long)):
        both = [
            (a, b)
            for a, b, wanted in zip(one, other, chosen, strict=True)
            if wanted and a is not None and b is not None
        ]
        result[f"{label}same"] = float(np.mean([a == b for a, b in both]))
        result[f"{label}shared"] = float(np.mean([len(a & b) / len(a | b) for a, b in both]))
    return result


def measure(n_pairs: int) -> dict[str, Any]:
    """Run everything on one thread."""
    peer = find_spec("homcloud") is not None
    before = machine()
    with threadpool_limits(1):
        cases = {
            name: measure_case(n_pairs, periodic=name == "periodic", peer=peer)
            for name in ("periodic", "free")
        }
    libraries = ["amorphology", *(["homcloud"] if peer else []), "scipy", "numpy"]
    return {
        "date": date.today().isoformat(),
        "system": "amorphous carbon, MD" if CARBON_FRAMES.exists() else "disordered cube",
        "machine": before,
        "versions": {name: version(name) for name in libraries},
        "cases": cases,
    }


def time_rows(case: dict[str, Any]) -> list[list[str]]:
    """Time, rings a second, mean size and missing rings of each way."""
    first = case["cpu_seconds_per_pair"]["tight"]
    return [
        [
            label,
            duration(seconds),
            f"{1 / seconds:,.0f}",
            f"{seconds / first:,.0f}",
            f"{case['mean_size'][name]:.1f}",
            str(case["without_ring"][name]),
        ]
        for name, label in LABELS.items()
        if (seconds := case["cpu_seconds_per_pair"].get(name)) is not None
    ]


TIME_HEADER = ["", "a pair", "pairs a second", "times tight", "mean size", "without ring"]
AGREEMENT_HEADER = ["", "same atoms", "atoms shared", "same, long", "shared, long"]


def agreement_rows(case: dict[str, Any]) -> list[list[str]]:
    """Shares of equal rings and of common atoms."""
    rows = []
    for names, values in case["agreement"].items():
        one, other = names.split(" / ")
        shares = [f"{100 * value:.1f} %" for value in values.values()]
        rows.append([f"{LABELS[one]} – {LABELS[other]}", *shares])
    return rows


def triangle_sentence(case: dict[str, Any]) -> str:
    """Compare the optimal volumes themselves."""
    count = case["triangles"]
    return (
        f"Optimal volumes have as many triangles in both programs for {count['equal']} pairs, "
        f"fewer in amorphology for {count['fewer']}, more for {count['more']}. Of several with as "
        "many, each solver finds one."
    )


def write_docs(result: dict[str, Any], docs: Path) -> None:
    """Write the part of docs/rings.md and the numbers beside it."""
    numbers = "benchmarks-rings.json"
    paragraphs = [
        "## Beside HomCloud",
        "Rings of H1 beside HomCloud's optimal and stable volumes: "
        f"{result['system']}, frames of 216 atoms. Processor time on one "
        "thread, solvers included; amorphology from atoms to rings, HomCloud from its finished "
        f"diagram and boundary map, with a cut-off radius of {CUTOFF:g} Å. A ring is missing where "
        "the class is no single closed curve, or HomCloud reports that it found no volume. "
        f"*Mean size* and *long* are of pairs that live longer than {LONG} Å²; shorter ones are "
        "for the most part triangles. *Atoms shared*: common atoms by all atoms of both rings.",
    ]
    for name, case in result["cases"].items():
        paragraphs += [
            f"{name.capitalize()}: {case['pairs']:,} pairs of {case['frames']} frames, "
            f"{case['long_pairs']} of them long.",
            table(TIME_HEADER, time_rows(case)),
            table(AGREEMENT_HEADER, agreement_rows(case)),
            triangle_sentence(case),
        ]
    host = result["machine"]
    paragraphs.append(
        f"{result['date']}, {host['processor']}, {host['cores']} cores, Python {host['python']}. "
        + ", ".join(f"{name} {number}" for name, number in result["versions"].items())
        + f". All numbers: [{numbers}]({numbers})."
    )
    write_part(docs / "rings.md", Path(__file__).stem, paragraphs)
    (docs / numbers).write_text(json.dumps(result, indent=1) + "\n")


def show(result: dict[str, Any]) -> None:
    """Print the numbers."""
    for name, case in result["cases"].items():
        title = f"{name}: {case['pairs']} pairs of {case['frames']} frames"
        for header, rows in (
            (TIME_HEADER, time_rows(case)),
            (AGREEMENT_HEADER, agreement_rows(case)),
        ):
            shown = Table(*header, title=title)
            for row in rows:
                shown.add_row(*row)
            console.print(shown)
        console.print(triangle_sentence(case))


def main() -> None:
    """Measure, print the numbers and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1000, help="pairs of each case")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks/rings.json"))
    parser.add_argument(
        "--write-docs", type=Path, metavar="RESULTS", help="only write docs/ from a JSON file"
    )
    arguments = parser.parse_args()
    if arguments.write_docs:
        docs = Path(__file__).parents[1] / "docs"
        write_docs(json.loads(arguments.write_docs.read_text()), docs)
        console.print(f"written: {docs / 'rings.md'} and its numbers")
        return
    result = measure(arguments.pairs)
    show(result)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    console.print(f"numbers in {arguments.json}")


if __name__ == "__main__":
    main()
