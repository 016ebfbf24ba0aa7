"""The promise of `amorph diagrams`, at the size of a real data set."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import zarr

from amorphology.store import DiagramStore

CARBON = Path(__file__).parents[2] / "shared" / "data" / "carbon_snap_216.npz"
N_FRAMES = 20_000
FILES = 4


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Frames of amorphous carbon, over and over, each time a little moved."""
    data = np.load(CARBON)
    positions, boxes, energies = data["positions"], data["box_length"], data["energy_per_atom"]
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"carbon{i}.extxyz" for i in range(FILES)]
    for i, path in enumerate(paths):
        with path.open("w") as file:
            for frame in range(i * N_FRAMES // FILES, (i + 1) * N_FRAMES // FILES):
                j = frame % len(positions)
                moved = positions[j] + rng.normal(0, 0.02, positions[j].shape)
                file.write(
                    f'{len(moved)}\nLattice="{boxes[j]} 0 0 0 {boxes[j]} 0 0 0 {boxes[j]}" '
                    f'Properties=species:S:1:pos:R:3 energy={216 * energies[j]} pbc="T T T"\n'
                )
                file.writelines("C {:.8f} {:.8f} {:.8f}\n".format(*xyz) for xyz in moved)
    return paths


# The process says itself what memory it took at most: what the system tells of an ended process
# counts the one that started it too, here all tests before this one.
PROGRAM = """
import atexit, resource, sys
from pathlib import Path
from amorphology.cli import main

def write_peak(path):
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        path.write_text(str(1024 * int(line.split()[1])))
    else:
        path.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

atexit.register(write_peak, Path(sys.argv.pop(1)))
main()
"""


def run(command: list[str], killed_after: float | None = None) -> None:
    """Run `amorph`, to its end or to SIGKILL."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if killed_after is not None:
        time.sleep(killed_after)
        process.send_signal(signal.SIGKILL)
    assert process.wait() == (0 if killed_after is None else -signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(not CARBON.is_file(), reason="the shared carbon frames are not here")
def test_killed_three_times(files: list[Path], tmp_path: Path):
    def command(out: Path) -> list[str]:
        start = [sys.executable, "-c", PROGRAM, str(tmp_path / "peak")]
        return [*start, "diagrams", *map(str, files), "--out", str(out)]

    whole, killed = tmp_path / "whole.zarr", tmp_path / "killed.zarr"
    begun = time.monotonic()
    run(command(whole))
    seconds = time.monotonic() - begun
    memory = int((tmp_path / "peak").read_text())
    for _ in range(3):
        run(command(killed), killed_after=random.uniform(0.1, 0.25) * seconds)
        assert len(DiagramStore(killed)) < N_FRAMES
    run(command(killed))

    assert memory < 1e9
    assert len(DiagramStore(killed)) == N_FRAMES
    names = {str(path.relative_to(whole)) for path in whole.rglob("*")}
    assert names == {str(path.relative_to(killed)) for path in killed.rglob("*")}
    for name in names:
        if (whole / name).is_file():
            assert (whole / name).read_bytes() == (killed / name).read_bytes(), name
    group = zarr.open_group(killed, mode="r")
    assert group["h1/birth"].shape == (group["h1/offsets"][-1],)
