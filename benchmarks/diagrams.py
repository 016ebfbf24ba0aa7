"""Time and memory of persistence diagrams, beside every peer that is installed.

Diagrams H0, H1 and H2 in squared radii, from positions to arrays of births and deaths. Peers are
timed only where they find as many pairs as amorphology does. `make bench` measures with what the
everyday environment has, `make bench-peers` with all peers in an environment of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from amorphology.homology import alpha_persistence_many
from cases import CARBON_FRAMES, Case, carbon_frames, case_list, glass
from measure import Contestant, Load, Stopped, machine
from peers import CONTENDERS, FEWER_DIMS, OURS
from plot_diagrams import plot_times
from report import duration, goals, write_page

FRESH_FROM = 32_768  # atoms from which each case gets fresh processes, for their peak memory
SLOW = 10.0  # seconds of processor time from which one call of ours has to do
TURN = 0.05  # seconds of processor time of a turn, so that caches are as warm as in real use
START_LIMIT = 120.0  # seconds to start Python and import a library

console = Console()
if not console.is_terminal:
    console = Console(width=150)  # a log file has room for the tables


def compare(
    case: Case,
    contestants: dict[str, Contestant],
    earlier: dict[tuple[str, bool, str], tuple[int, float | None]],
    limit: float,
    budget: float,
) -> dict[str, Any]:
    """Time one case with all contenders in turn; stops those that fail or take too long."""
    load, used = Load(), sum(contestant.cpu_seconds for contestant in contestants.values())
    results: dict[str, dict[str, Any]] = {}
    expected: list[list[int]] | None = None
    for name, contestant in contestants.items():
        result = results[name] = {"cpu_seconds": None, "note": None, "peak_bytes": None}
        try:
            refuse(case, name, earlier, limit)
            if case.atoms >= FRESH_FROM:
                contestant.stop()
            contestant.ask(START_LIMIT, what="load", case=case)
            first = contestant.ask(limit, what="first")
        except Stopped as stopped:
            result["note"] = str(stopped)
            continue
        expected = first["pairs"] if name == OURS else expected
        result["pairs"] = first["pairs"][0]
        result["note"] = disagreement(expected, first["pairs"])
        if result["note"]:
            continue
        if case.atoms >= FRESH_FROM:
            result["peak_bytes"] = first["peak_bytes"]
        result["times"] = first["times"]
    timed = {name: result for name, result in results.items() if "times" in result}
    # A peer is called again only where three rounds of it fit the budget, or are quick.
    again = [
        name
        for name, result in timed.items()
        if result["times"][0][0] < (SLOW if name == OURS else max(1.0, budget / 3))
    ]
    for name in again:
        timed[name]["first_cpu_seconds"] = timed[name]["times"][0][0]
        timed[name]["times"] = []
    one_round = sum(max(TURN, timed[name]["first_cpu_seconds"]) for name in again)
    for _ in range(int(np.clip(budget / max(one_round, TURN), 3, 25))):
        for name in again:
            if timed[name]["note"] is not None:
                continue
            try:
                timed[name]["times"] += contestants[name].ask(
                    limit + TURN, what="turn", seconds=TURN
                )
            except Stopped as stopped:
                timed[name]["note"] = str(stopped)
    for result in timed.values():
        times = result.pop("times")
        if result["note"] is None:
            result["cpu_seconds"] = statistics.median(cpu for cpu, _ in times)
            result["wall_seconds"] = statistics.median(wall for _, wall in times)
            result["calls"] = len(times)
    for name, result in results.items():
        too_slow = (result["note"] or "").startswith("over")
        if result["cpu_seconds"] or too_slow:
            earlier[case.system, case.periodic, name] = (case.atoms, result["cpu_seconds"])
    used = sum(contestant.cpu_seconds for contestant in contestants.values()) - used
    return {
        "case": asdict(case) | {"name": str(case)},
        "busy_cores_of_others": load.others(used),
        "results": results,
    }


def refuse(
    case: Case,
    name: str,
    earlier: dict[tuple[str, bool, str], tuple[int, float | None]],
    limit: float,
) -> None:
    """Raise when a contender cannot do a case, or cannot be expected to in time."""
    everyone = {**CONTENDERS, **FEWER_DIMS}
    if reason := everyone[name].unfit(case):
        raise Stopped(reason)
    if name == OURS:
        return
    atoms, seconds = earlier.get((case.system, case.periodic, name), (case.atoms, 0.0))
    # Costs grow a little faster than the number of atoms: by about 1.5 from one size to the next.
    if seconds is None or (atoms < case.atoms and 1.5 * seconds * case.atoms / atoms > limit):
        raise Stopped(f"not tried: would take over {limit:.0f} s")


def disagreement(ours: list[list[int]] | None, theirs: list[list[int]]) -> str | None:
    """Say where the numbers of pairs differ, dimension by dimension, frame by frame."""
    if ours is None:
        return "nothing to compare with"
    for expected, found in zip(ours, theirs, strict=True):
        for dim, (right, other) in enumerate(zip(expected, found, strict=False)):
            if right != other:
                return f"other diagram: {other} instead of {right} pairs in H{dim}"
    return None


def threads(frame_count: int, rounds: int) -> dict[str, Any]:
    """Wall time of many 216-atom frames on one thread and on two, in turn."""
    frames = (
        carbon_frames(frame_count, periodic=True)
        if CARBON_FRAMES.exists()
        else [glass(6, periodic=True) for _ in range(frame_count)]
    )
    alpha_persistence_many(frames[:50], n_jobs=2)
    wall: dict[int, list[float]] = {1: [], 2: []}
    load, cpu = Load(), time.process_time()
    for _ in range(rounds):
        for n_jobs, times in wall.items():
            start = time.perf_counter()
            alpha_persistence_many(frames, n_jobs=n_jobs)
            times.append(time.perf_counter() - start)
    medians = {n_jobs: statistics.median(times) for n_jobs, times in wall.items()}
    return {
        "frames": frame_count,
        "wall_seconds_1": medians[1],
        "wall_seconds_2": medians[2],
        "speed_up": medians[1] / medians[2],
        "load": round(os.getloadavg()[0], 2),
        "busy_cores_of_others": load.others(time.process_time() - cpu),
    }


def measure(scale: str, limit: float, budget: float) -> dict[str, Any]:
    """Run all cases."""
    start, before = time.perf_counter(), machine()
    installed = {name: peer for name, peer in CONTENDERS.items() if peer.installed}
    missing = sorted({peer.label for name, peer in CONTENDERS.items() if name not in installed})
    if missing:
        console.print(f"Not installed, so not measured: {', '.join(missing)} (make bench-peers)")
    contestants = {name: Contestant(name) for name in installed}
    earlier: dict[tuple[str, bool, str], tuple[int, float | None]] = {}
    rows = []
    with console.status("starting"):
        batch = threads(500 if scale != "quick" else 100, 5 if scale != "quick" else 3)
        for case in case_list(scale):
            rows.append(compare(case, contestants, earlier, limit, budget))
            result = rows[-1]["results"][OURS]
            console.print(f"  {case}: {duration(result['cpu_seconds']) or result['note']}")
        for contestant in contestants.values():
            contestant.stop()
        fewer = {name: Contestant(name) for name in (OURS, *FEWER_DIMS)}
        dims = []
        for atoms in (216, 4096):
            for periodic in (True, False):
                row = compare(Case("glass", atoms, periodic), fewer, {}, limit, budget=2.0)
                seconds = {name: result["cpu_seconds"] for name, result in row["results"].items()}
                dims.append(row["case"] | {"cpu_seconds": seconds})
        for contestant in fewer.values():
            contestant.stop()
    versions = {k: v for peer in installed.values() for k, v in peer.versions.items()}
    result = {
        "date": date.today().isoformat(),
        "scale": scale,
        "limit_seconds": limit,
        "duration_seconds": round(time.perf_counter() - start),
        "machine": before,
        "versions": versions | {"numpy": np.__version__},
        "labels": {name: peer.label for name, peer in installed.items()},
        "missing": missing,
        "rows": rows,
        "dims": dims,
        "threads": batch,
    }
    return result | {"goals": goals(result)}


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    table = Table(title="Processor time of one frame, H0 to H2 (ratio to amorphology)")
    table.add_column("frame")
    for label in result["labels"].values():
        table.add_column(label, justify="right")
    for row in result["rows"]:
        ours = row["results"][OURS]["cpu_seconds"]
        cells = []
        for name, entry in row["results"].items():
            seconds = entry["cpu_seconds"]
            ratio = f" ({seconds / ours:.1f} x)" if seconds and ours and name != OURS else ""
            cells.append((duration(seconds) or entry["note"]) + ratio)
        table.add_row(row["case"]["name"], *cells)
    console.print(table)
    table = Table(title="Goals")
    for column in ("goal", "measured", "met"):
        table.add_column(column)
    for goal in result["goals"]:
        table.add_row(goal["goal"], goal["measured"], goal["verdict"])
    console.print(table)


def write_json(result: dict[str, Any], path: Path) -> None:
    """Write all numbers, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


def main() -> None:
    """Measure, print the tables, write the numbers, the plot and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small frames, about a minute")
    size.add_argument("--full", action="store_true", help="everything, to a million atoms")
    parser.add_argument("--limit", type=float, help="seconds of wall time a contender may take")
    parser.add_argument("--json", type=Path, default=Path("build/benchmarks/diagrams.json"))
    parser.add_argument(
        "--write-docs", type=Path, metavar="RESULTS", help="only write docs/ from a JSON file"
    )
    arguments = parser.parse_args()
    if arguments.write_docs:
        docs = Path(__file__).parents[1] / "docs"
        result = json.loads(arguments.write_docs.read_text())
        result["goals"] = goals(result)
        plot_times(result, docs / "images")
        write_page(result, docs / "benchmarks.md")
        write_json(result, docs / "benchmarks.json")
        console.print(f"written: {docs / 'benchmarks.md'}, its plot and its numbers")
        return
    scale = "quick" if arguments.quick else "full" if arguments.full else "default"
    limit = arguments.limit or {"quick": 5.0, "default": 40.0, "full": 150.0}[scale]
    result = measure(scale, limit, budget={"quick": 0.8, "default": 5.0, "full": 6.0}[scale])
    show(result)
    write_json(result, arguments.json)
    plot_times(result, arguments.json.parent)
    console.print(f"{result['duration_seconds']} s; numbers and plot in {arguments.json.parent}")


if __name__ == "__main__":
    main()
