"""Goals and their part of docs/benchmarks.md, from the numbers of `diagrams.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from page import table, write_part

OURS = "amorphology"
IDLE = 0.15  # cores that others may keep busy when the gain of a second thread is judged

# Written by hand, shown for goals that are missed: what the time or memory goes into.
MEMORY_BOUND = (
    "frames of this size are bound by memory, and their time moves with what else runs on the host."
)

CAUSES: dict[str, str] = {
    "rippled": "a profile of the free sheet shows no single hot spot: more instructions go into "
    "turning the triangulation's many slivers into a complex with its values (their centres and "
    "sphere tests, in part in whole numbers) than into the triangulation itself. Names and "
    "offsets of every simplex, which the peer does not give, are part of that.",
    "large_time": MEMORY_BOUND,
    "largest_time": MEMORY_BOUND,
    "growth": MEMORY_BOUND,
    "threads": "Python's part of a frame (checks, arrays) holds the global lock, and both threads "
    "share the memory.",
}


def duration(seconds: float | None) -> str:
    """Write a time with three digits and a unit; empty for None."""
    if seconds is None:
        return ""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def goals(result: dict[str, Any]) -> list[dict[str, str]]:
    """Judge every goal by the numbers: its text, what was measured, met or missed."""

    def row(system: str, atoms: int, *, periodic: bool) -> dict[str, Any]:
        for row in result["rows"]:
            case = row["case"]
            wanted = (system, atoms, periodic, False)
            if (case["system"], case["atoms"], case["periodic"], case["weighted"]) == wanted:
                return row["results"]
        return {}

    def cpu(results: dict[str, Any], name: str = OURS) -> float | None:
        return results.get(name, {}).get("cpu_seconds")

    def ratio(results: dict[str, Any], names: list[str]) -> float | None:
        peers = [seconds for name in names if (seconds := cpu(results, name))]
        return min(peers) / cpu(results) if peers and cpu(results) else None

    def peak(results: dict[str, Any]) -> float | None:
        size = results.get(OURS, {}).get("peak_bytes")
        return size / 1e9 if size else None

    peers = [name for name in result["labels"] if name != OURS]
    small = row("glass", 216, periodic=True)
    large, largest = row("glass", 64**3, periodic=True), row("glass", 10**6, periodic=True)
    medium = row("glass", 512, periodic=True)
    rippled, free = row("rippled", 680, periodic=False), row("glass", 4096, periodic=False)
    flat = [cpu(row("flat", 680, periodic=periodic)) for periodic in (False, True)]
    growth = None
    if cpu(large) and cpu(medium):
        growth = (cpu(large) / 64**3) / (cpu(medium) / 512)
    found: list[dict[str, str]] = []

    def judge(key: str, goal: str, measured: float | None, text: str, met: bool) -> None:
        verdict = "not measured" if measured is None else "met" if met else "missed"
        text = "" if measured is None else text
        found.append({"key": key, "goal": goal, "measured": text, "verdict": verdict})

    def at_most(key: str, goal: str, measured: float | None, bound: float, text: str) -> None:
        judge(key, goal, measured, text, (measured or 0) <= bound)

    def at_least(key: str, goal: str, measured: float | None, bound: float, text: str) -> None:
        judge(key, goal, measured, text, (measured or 0) >= bound)

    value = ratio(small, ["homcloud"])
    at_least("homcloud", "216 periodic: 80 x as fast as HomCloud", value, 80, f"{value or 0:.0f} x")
    at_most("small", "216 periodic: below 2 ms", cpu(small), 2e-3, duration(cpu(small)))
    value = ratio(rippled, peers)
    at_least(
        "rippled",
        "680-atom rippled sheet, free: 4 x as fast as the fastest peer",
        value,
        4,
        f"{value or 0:.2f} x",
    )
    worst = max(flat) if all(flat) else None
    text = f"{duration(flat[0])} free, {duration(flat[1])} periodic"
    at_most("flat", "flat 680-atom sheet: below 1 ms", worst, 1e-3, text)
    value = ratio(free, peers)
    at_least(
        "free",
        "4,096 free: 3 x as fast as the fastest peer",
        value,
        3,
        f"{value or 0:.2f} x",
    )
    for key, results, atoms, seconds, size in (
        ("large", large, "262,144", 5.0, 1.2),
        ("largest", largest, "1,000,000", 25.0, 5.0),
    ):
        text = duration(cpu(results))
        at_most(f"{key}_time", f"{atoms} periodic: {seconds:g} s", cpu(results), seconds, text)
        value = peak(results)
        text = f"{value or 0:.2f} GB"
        at_most(f"{key}_memory", f"{atoms} periodic: {size:g} GB", value, size, text)
    at_most(
        "growth",
        "cost per atom, 512 to 262,144: grows by less than 2",
        growth,
        2,
        f"{growth or 0:.2f} x",
    )
    batch = result["threads"]
    others = batch["busy_cores_of_others"]
    busy = f", while others kept {others} cores busy" if others is not None else ""
    text = f"{batch['speed_up']:.2f} x{busy}"
    goal = f"{batch['frames']} frames on 2 threads: 1.85 x one thread, machine idle"
    at_least("threads", goal, batch["speed_up"], 1.85, text)
    if found[-1]["verdict"] == "missed" and (others or 0) > IDLE:
        found[-1]["verdict"] = "not judged: machine busy"
    gains = [
        seconds[OURS] / seconds["dims_0"]
        for seconds in (frame["cpu_seconds"] for frame in result["dims"])
        if seconds[OURS] and seconds["dims_0"]
    ]
    text = "H0 alone " + ", ".join(f"{gain:.2f}" for gain in gains) + " x"
    worst = min(gains, default=None)
    at_least("dims", "only the dimensions asked for: at least 1.1 x", worst, 1.1, text)
    return found


def write_page(result: dict[str, Any], path: Path) -> None:
    """Write the part on diagrams of docs/benchmarks.md."""
    machine, versions = result["machine"], result["versions"]
    missing = f" Not installed: {', '.join(result['missing'])}." if result["missing"] else ""
    batch = result["threads"]
    busy = [row["busy_cores_of_others"] for row in result["rows"]]
    others = f"{max(busy)}" if None not in busy else "an unknown number of"
    parts = [
        "Persistence diagrams H0, H1 and H2 in squared radii, from positions to arrays of births "
        "and deaths, the Python layer and its checks of the input included; beside HomCloud, "
        "GUDHI, and Diode with Oineus, each used as its manual says, on one thread.",
        "![Processor time of one frame against atoms](images/benchmark-diagrams.svg)",
        "## Goals",
        table(
            ["goal", "measured", ""],
            [
                [goal["goal"], goal["measured"], _verdict(goal["verdict"])]
                for goal in result["goals"]
            ],
        ),
        *_misses(result["goals"]),
        "## Time of one frame",
        "Median processor time; in brackets how many times longer than amorphology.",
        _time_table(result),
        "## Peak memory",
        "Of a fresh process, less what it held before the frame (Python, library, atoms).",
        _memory_table(result),
        "## Only the dimensions asked for",
        table(
            ["frame", "`dims=(0,)`", "`dims=(0, 1)`", "`dims=(0, 1, 2)`"],
            [
                [d["name"], *(duration(d["cpu_seconds"][k]) for k in ("dims_0", "dims_01", OURS))]
                for d in result["dims"]
            ],
        ),
        "## Many frames",
        f"{batch['frames']} periodic frames of 216 atoms through `alpha_persistence_many`: "
        f"{batch['frames'] / batch['wall_seconds_1']:.0f} frames a second on one thread, "
        f"{batch['frames'] / batch['wall_seconds_2']:.0f} on two ({batch['speed_up']:.2f} x), wall "
        f"time, load average {batch['load']}.",
        "## How it was measured",
        f"{result['date']}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}; "
        f"load average before the run {machine['load']}; others kept at most {others} cores busy. "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + f". The run took {result['duration_seconds'] / 60:.0f} minutes.{missing}",
        "- Every contender has a process of its own and they take turns of at least 50 ms, one at "
        "a time, so that a change in the machine's load meets all of them. Slow calls are made "
        "once (`calls` in the JSON file).\n"
        "- A peer is timed only where it finds as many pairs longer than 1e-9 Å² as amorphology "
        "does, in each dimension; where it does not, the table says so.\n"
        f"- A peer has {result['limit_seconds']:.0f} s of wall time and 16 GiB for a frame. Where "
        "its time at the size before says that it would need more, it is not tried.\n"
        "- The disordered cubes are a cubic grid of 0.14 atoms/Å³ (carbon at 2.8 g/cm³) with "
        "normal displacements of 0.4 Å; the sheets are graphene with 0.05 Å of disorder in "
        "the plane; MD frames are 20 of carbon melt-quench runs. Peers get flat sheets as points "
        "of the plane and atoms wrapped into the box, because they fail otherwise.",
        "Again, on your machine: `make bench-peers` (`BENCH=--full` for all sizes), or `make "
        "bench` without the peers. All numbers: [benchmarks.json](benchmarks.json).",
    ]
    write_part(path, "diagrams", parts)


def _verdict(verdict: str) -> str:
    return {"met": "**met**", "missed": "**missed**"}.get(verdict, verdict)


def _misses(found: list[dict[str, str]]) -> list[str]:
    missed = [goal for goal in found if goal["verdict"] == "missed"]
    if not missed:
        return []
    lines = [
        f"- {goal['goal']}: {CAUSES.get(goal['key'], 'the cause is not known yet.')}"
        for goal in missed
    ]
    return ["What the misses come from:", "\n".join(lines)]


def _time_table(result: dict[str, Any]) -> str:
    lines = []
    for row in result["rows"]:
        ours = row["results"][OURS]["cpu_seconds"]
        line = [row["case"]["name"]]
        for name, entry in row["results"].items():
            seconds = entry["cpu_seconds"]
            beside = f" ({seconds / ours:.1f})" if seconds and ours and name != OURS else ""
            line.append(duration(seconds) + beside if seconds else f"*{entry['note']}*")
        lines.append(line)
    return table(["frame", *result["labels"].values()], lines)


def _memory_table(result: dict[str, Any]) -> str:
    lines = []
    for row in result["rows"]:
        sizes = [entry["peak_bytes"] for entry in row["results"].values()]
        if any(sizes):
            cells = [f"{size / 1e9:.2f} GB" if size else "" for size in sizes]
            lines.append([row["case"]["name"], *cells])
    return table(["frame", *result["labels"].values()], lines)
