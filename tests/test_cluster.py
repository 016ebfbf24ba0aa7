"""The example of docs/cluster.md on a real scheduler, one of whose workers is killed."""

import importlib.util
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from amorphology import frame_stream, store_commits
from amorphology.store import DiagramStore
from amorphology.store_writer import write_diagrams

distributed = pytest.importorskip("distributed")

EXAMPLE = Path(__file__).parents[1] / "examples" / "diagrams_with_dask.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("diagrams_with_dask", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_worker_that_dies_costs_nothing(example, tmp_path: Path, monkeypatch):
    frames = []
    for seed in range(120):
        frame = bulk("Si", cubic=True) * (2, 2, 2)
        frame.rattle(0.2, seed=seed)
        frames.append(frame)
    frames[77].positions[3] = np.nan
    write(tmp_path / "si.extxyz", frames)
    files = [str(tmp_path / "si.extxyz")]
    write_diagrams(files, tmp_path / "here.zarr", on_error="skip")

    monkeypatch.setattr(frame_stream, "FRAMES_A_BATCH", 4)
    monkeypatch.setattr(store_commits, "COMMIT_SECONDS", 0.0)
    reported = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        assert len(set(workers.values()) | {os.getpid()}) == 3  # processes of their own

        def report(line: str) -> None:
            reported.append(line)
            if len(reported) == 3:
                os.kill(next(iter(workers.values())), signal.SIGKILL)

        summary = example.diagrams_on(client, files, str(tmp_path / "cluster.zarr"), report)
        assert client.run(os.getpid) != workers  # another took its place
    assert len(reported) > 10
    assert summary.new_frames == 120

    here, there = (DiagramStore(tmp_path / name) for name in ("here.zarr", "cluster.zarr"))
    assert there.complete
    assert there.sources == here.sources
    assert there.failures == here.failures
    assert len(there.failures) == 1
    for one, other in zip(here, there, strict=True):
        for dim in range(3):
            assert np.array_equal(one[dim].pairs, other[dim].pairs)
            assert np.array_equal(one[dim].death_offset, other[dim].death_offset)
