"""Timing on shared machines: medians of processor time, contenders taking turns.

Every contender has a process of its own, so that one that crashes or hangs takes nobody with it,
and its memory is its own. Only one of them works at a time, for a short turn; then the next one
does. A change in the machine's load thus meets all of them.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from cases import Case
from peers import CONTENDERS, FEWER_DIMS

NOISE = 1e-9  # Angstrom^2: shorter pairs are rounding in some contender
MEMORY_LIMIT = 16 * 2**30  # bytes of address space of one contender: a machine must survive it
_SPAWN = multiprocessing.get_context("spawn")
_PROC = Path("/proc")


class Stopped(Exception):  # noqa: N818  it is not always an error
    """A contender did not answer: too slow, crashed, or raised an error."""


class Contestant:
    """A contender in a process of its own, started when first asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cpu_seconds = 0.0
        self._process: Any = None
        self._pipe: Connection

    def ask(self, limit: float, **request: Any) -> Any:
        """Send a request; `limit` is in seconds of wall time."""
        if self._process is None:
            self._pipe, theirs = _SPAWN.Pipe()
            self._process = _SPAWN.Process(target=_serve, args=(self.name, theirs), daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send(request)
            if not self._pipe.poll(limit):
                self.stop()
                raise Stopped(f"over {limit:g} s")
            answer, cpu, error = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self.stop()
            raise Stopped(f"process died (exit status {code})") from None
        self.cpu_seconds += cpu
        if error is not None:
            self.stop()
            raise Stopped(error)
        return answer

    def stop(self) -> None:
        """End the process; the next request starts a fresh one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = None


def _serve(name: str, pipe: Connection) -> None:
    """Answer requests, in the process of a contender."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    contender = {**CONTENDERS, **FEWER_DIMS}[name]
    frames: list[Any] = []
    next_frame = 0

    def timed_call() -> tuple[list[np.ndarray], float, float]:
        nonlocal next_frame
        frame = frames[next_frame % len(frames)]
        next_frame += 1
        cpu, wall = time.process_time(), time.perf_counter()
        diagrams = contender.diagrams(frame)
        return diagrams, time.process_time() - cpu, time.perf_counter() - wall

    def load(case: Case) -> None:
        nonlocal frames, next_frame
        structures, weights = case.build()
        frames, next_frame = [contender.prepare(atoms, weights) for atoms in structures], 0

    def first() -> dict[str, Any]:
        before = memory("VmRSS")
        calls = [timed_call() for _ in frames[:3]]
        peak = memory("VmHWM")
        return {
            "pairs": [[_lasting(pairs) for pairs in call[0]] for call in calls],
            "times": [call[1:] for call in calls],
            "peak_bytes": None if before is None or peak is None else peak - before,
        }

    def turn(seconds: float) -> list[tuple[float, float]]:
        times = [timed_call()[1:]]
        while sum(cpu for cpu, _ in times) < seconds:
            times.append(timed_call()[1:])
        return times

    # Imports are neither time nor memory of a frame.
    load(Case("glass", 216, periodic=False))
    timed_call()

    answers = {"load": load, "first": first, "turn": turn}
    cpu = 0.0
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        answer, error = None, None
        try:
            answer = answers[request.pop("what")](**request)
        except Exception as raised:  # noqa: BLE001  whatever a library raises is its result
            error = f"{type(raised).__name__}: {raised}".splitlines()[0][:80]
        used, cpu = time.process_time() - cpu, time.process_time()
        pipe.send((answer, used, error))


def _lasting(pairs: np.ndarray) -> int:
    """Count the finite pairs that are not rounding."""
    pairs = np.asarray(pairs).reshape(-1, 2)
    finite = pairs[np.isfinite(pairs[:, 1])]
    return int((finite[:, 1] - finite[:, 0] > NOISE).sum())


def memory(field: str) -> int | None:
    """Bytes of memory of this process: ``VmRSS`` now, ``VmHWM`` at most so far (Linux only)."""
    status = _PROC / "self/status"
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


class Load:
    """How many cores others keep busy: what is busy, less what the benchmark itself used."""

    def __init__(self) -> None:
        self._wall, self._busy = time.perf_counter(), self._busy_seconds()

    def others(self, own_cpu_seconds: float) -> float | None:
        """Mean number of cores that others kept busy since this object was made."""
        if self._busy is None:
            return None
        wall = time.perf_counter() - self._wall
        return round(max(0.0, (self._busy_seconds() - self._busy - own_cpu_seconds) / wall), 2)

    @staticmethod
    def _busy_seconds() -> Any:
        if not (_PROC / "stat").exists():
            return None
        user, nice, system, _idle, _wait, interrupt, soft, stolen = map(
            int, (_PROC / "stat").read_text().splitlines()[0].split()[1:9]
        )
        ticks = user + nice + system + interrupt + soft + stolen
        return ticks / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Describe what the numbers were measured on."""
    model = platform.processor() or platform.machine()
    if (_PROC / "cpuinfo").exists():
        lines = (_PROC / "cpuinfo").read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if "model name" in line]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": model,
        "cores": cores,
        "memory_gb": round(pages / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }
