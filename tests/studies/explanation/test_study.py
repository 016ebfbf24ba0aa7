import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from PIL import Image

from amorphology.errors import RunError, StructureError
from amorphology.structures import mean_energy_per_atom
from amorphology.studies.explanation import reproduce_explanation
from amorphology.studies.explanation.figures import FIGURES


@pytest.fixture(scope="module")
def study(copper_frames: list[Atoms], trained_run: Path, tmp_path_factory) -> Path:
    """Copper in the place of carbon: hot frames are the disordered ones."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "data").mkdir()
    for run in range(5):
        frames = copper_frames[8 * run : 8 * run + 8]
        for step, frame in enumerate(frames):
            frame = frame.copy()
            frame.calc = frames[step].calc
            frame.info |= {
                "temperature": 1000.0 * (step + 0.5),
                "stage": "melt" if step else "heat",
            }
            frames[step] = frame
        write(folder / "data" / f"run{run}.extxyz", frames)
    shutil.copytree(trained_run, folder / "models" / "cnn_paper_seed0")
    return folder


@pytest.fixture(scope="module")
def report(study: Path) -> dict:
    path = reproduce_explanation(study, n_attributed=2)
    assert path == study / "explanation" / "report.json"
    return json.loads(path.read_text())


def test_groups(report: dict, copper_frames: list[Atoms]):
    # The first frame of each run is of the heating. The energy rises with the temperature, so that
    # the threshold lies between the fourth and the fifth frame.
    energy = mean_energy_per_atom(copper_frames).reshape(5, 8)
    assert energy[:, 3].max() < report["threshold_ev_per_atom"] < energy[:, 4].min()
    assert report["on_the_wrong_side"] == 0
    assert report["n_frames"] == {
        "all": 35,
        "largest_cells": 35,
        "largest_cells_liquid": 20,
        "largest_cells_low_energy": 15,
    }
    assert report["examples"]["liquid"]["energy_ev_per_atom"] == energy[:, 1:].max()
    assert report["examples"]["low_energy"]["energy_ev_per_atom"] == energy[:, 1:].min()


def test_numbers(report: dict):
    for place in ("where_pairs_are", "half_plane"):
        found = report["mean_persistence_angstrom2"][place]["largest_cells"]
        assert found.keys() == {"raising", "lowering", "size", "histogram"}
        assert found["histogram"]["n_runs"] == found["size"]["n_runs"] == 5
        # Disorder takes pairs away from the diagonal or towards it, in all runs alike.
        assert found["histogram"]["n_runs_agreeing"] in (0, 5)
        assert 0 < found["size"]["p_value"] <= 1
        assert found["raising"] is None or found["raising"]["n_runs"] <= 5
    assert report["largest_error_of_sums"]["bins_beside_predictions"] < 2e-3
    assert report["largest_error_of_sums"]["atoms_beside_bins"] < 1e-5
    assert report["weight_randomisation"].keys() == {"Grad-CAM", "gradients"}
    for group in report["shares_by_ring_size_mev_per_atom"].values():
        assert group["n_frames"] == 2
        assert all(3 <= int(size) <= 12 for size in group["sizes"])


def test_files(report: dict, study: Path):
    out = study / "explanation"
    for name in FIGURES:
        assert (out / "figures" / f"{name}.svg").stat().st_size > 1000
        with Image.open(out / "figures" / f"{name}.png") as image:
            assert np.ptp(np.asarray(image)) == 255
    for name in ("liquid", "low_energy"):
        assert (out / name / "frame.extxyz").is_file()


def test_what_cannot_be_shown(study: Path, tmp_path: Path, copper_frames: list[Atoms]):
    with pytest.raises(RunError, match="no such run folder"):
        reproduce_explanation(tmp_path)
    model = study / "models" / "cnn_paper_seed0"
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "bare.extxyz", copper_frames[:3])
    with pytest.raises(StructureError, match="no temperature; set"):
        reproduce_explanation(tmp_path, model=model)
