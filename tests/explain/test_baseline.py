import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from amorphology.errors import RunError
from amorphology.explain import training_mean
from amorphology.explain.baseline import MEAN_HISTOGRAM
from amorphology.training import TrainingConfig, load_run, train


@pytest.fixture
def run_beside_its_frames(
    copper_config: dict, copper_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A ridge run, trained with relative paths in a folder that has been moved since."""
    before = tmp_path / "before"
    shutil.copytree(copper_files, before / "data")
    monkeypatch.chdir(before)
    settings = copper_config | {
        "data": {"frames": ["data/*.extxyz"]},
        "model": {"kind": "ridge"},
        "descriptor": {"bins": 12, "range": [1.0, 4.0], "homology": [1, 2], "blur": 0.2},
    }
    train(TrainingConfig(out="runs/ridge", **settings))
    monkeypatch.chdir(tmp_path)
    before.rename(tmp_path / "after")
    return tmp_path / "after" / "runs" / "ridge"


def test_mean_of_the_training_frames(run_beside_its_frames: Path, copper_frames: list[Atoms]):
    run = load_run(run_beside_its_frames)
    mean = training_mean(run)
    lines = (run_beside_its_frames / "split.csv").read_text().splitlines()[1:]
    train_frames = [copper_frames[i] for i, line in enumerate(lines) if ",train," in line]
    assert len(train_frames) == 24
    histograms = run.descriptor.transform(train_frames).astype(np.float64)
    location, scale = (
        np.reshape(value, (-1, 1, 1)) for value in (run.descriptor.location_, run.descriptor.scale_)
    )
    np.testing.assert_allclose(mean, histograms.mean(axis=0) * scale + location, atol=1e-6)


def test_it_is_kept(run_beside_its_frames: Path):
    run = load_run(run_beside_its_frames)
    mean = training_mean(run)
    shutil.rmtree(run_beside_its_frames.parents[1] / "data")
    np.testing.assert_array_equal(training_mean(run), mean)
    other = load_run(run.path)
    other.descriptor.set_params(bins=13)
    with pytest.raises(RunError, match="of another descriptor"):
        training_mean(other)
    (run_beside_its_frames / MEAN_HISTOGRAM).unlink()
    with pytest.raises(RunError, match=r"training frames of data/run\d.extxyz are not there"):
        training_mean(run)


def test_other_frames_are_noticed(run_beside_its_frames: Path, copper_frames: list[Atoms]):
    run = load_run(run_beside_its_frames)
    data = run_beside_its_frames.parents[1] / "data"
    for number in range(5):
        write(data / f"run{number}.extxyz", copper_frames[:8][::-1])
    with pytest.raises(RunError, match="holds other frames"):
        training_mean(run)
    for number in range(5):
        write(data / f"run{number}.extxyz", copper_frames[:2])
    with pytest.raises(RunError, match="fewer frames"):
        training_mean(run)
