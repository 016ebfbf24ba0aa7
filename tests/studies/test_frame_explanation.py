import csv
import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from PIL import Image

from amorphology.errors import RunError, StructureError
from amorphology.explain import attribute
from amorphology.studies.frame_explanation import (
    LARGEST_RING,
    explain,
    has_activation_map,
    ring_table,
    shares_by_size,
)
from amorphology.training import TrainingConfig, load_run, train


@pytest.fixture(scope="module")
def explained(trained_run: Path, copper_frames: list[Atoms], tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("explained") / "new" / "folder"
    assert explain(trained_run, copper_frames[15], out) == out / "explanation.png"
    return out


def test_the_folder_holds_figure_frame_rings_and_numbers(explained: Path):
    names = {"explanation.png", "explanation.svg", "frame.extxyz", "rings.csv", "explanation.json"}
    assert {path.name for path in explained.iterdir()} == names
    with Image.open(explained / "explanation.png") as image:
        assert image.size == (2320, 1440)


def test_atoms_rings_and_prediction_agree(
    explained: Path, trained_run: Path, copper_frames: list[Atoms]
):
    numbers = json.loads((explained / "explanation.json").read_text())
    frame = read(explained / "frame.extxyz")
    rows = list(csv.DictReader((explained / "rings.csv").read_text().splitlines()))
    prediction = load_run(trained_run).predict([copper_frames[15]])[0]
    assert numbers["prediction_ev_per_atom"] == pytest.approx(prediction, abs=1e-5)
    assert frame.info["predicted_energy_per_atom"] == pytest.approx(prediction, abs=1e-5)
    difference = 32 * (prediction - numbers["baseline_prediction_ev_per_atom"])
    assert numbers["difference_ev"] == pytest.approx(difference, rel=1e-3)
    expected = pytest.approx(numbers["difference_ev"], rel=2e-3)
    assert frame.arrays["attribution"].sum() == expected
    assert sum(float(row["share_ev"]) for row in rows) == expected
    assert numbers["sum_of_bins_ev"] == expected
    assert numbers["degrees"]["H1"]["n_pairs"] == len(rows)
    by_size = sum(numbers["mev_per_atom_by_ring_size"].values())
    assert 32 * by_size / 1000 == expected
    assert frame.get_potential_energy() == pytest.approx(copper_frames[15].get_potential_energy())
    np.testing.assert_allclose(frame.positions, copper_frames[15].positions, atol=1e-6)


def test_rings_are_listed_strongest_first(trained_run: Path, copper_frames: list[Atoms]):
    found = attribute(trained_run, copper_frames[15])
    rows = list(csv.DictReader(ring_table(found).splitlines()))
    shares = np.array([float(row["share_ev"]) for row in rows])
    assert (np.diff(np.abs(shares)) <= 0).all()
    atoms = np.zeros(32)
    for row in rows:
        members = [int(atom) for atom in row["atoms"].split()]
        assert len(members) == int(row["size"])
        assert row["kind"] == "ring"
        pair = int(row["pair"])
        assert float(row["birth_angstrom2"]) == found.diagrams[1].birth[pair]
        assert float(row["death_angstrom2"]) == found.diagrams[1].death[pair]
        for atom in members:
            atoms[atom] += float(row["share_ev"]) / len(members)
    np.testing.assert_allclose(atoms, found.atoms, atol=1e-9)


def test_shares_by_size_are_all_there_is(trained_run: Path, copper_frames: list[Atoms]):
    found = attribute(trained_run, copper_frames[15])
    shares = shares_by_size(found)
    assert shares.shape == (LARGEST_RING + 1,)
    assert shares.sum() * 32 / 1000 == pytest.approx(found.pairs[1].sum())
    three = found.sizes(1) == 3
    assert shares[3] * 32 / 1000 == pytest.approx(found.pairs[1][three].sum())


def test_a_ridge_run_of_all_degrees(
    copper_config: dict, copper_frames: list[Atoms], tmp_path: Path
):
    descriptor = {
        "homology": [0, 1, 2],
        "bins": 16,
        "range": [[0.0, 2.0], [0.5, 2.0], [0.5, 2.0]],
        "axes": "radius",
        "normalisation": "per_atom",
        "blur": 0.05,
    }
    settings = copper_config | {"descriptor": descriptor, "model": {"kind": "ridge"}}
    run = train(TrainingConfig(out=str(tmp_path / "run"), **settings))
    assert not has_activation_map(run)
    explain(run, copper_frames[15], tmp_path / "out")
    numbers = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert numbers["activation_map"] is None
    assert numbers["degrees"].keys() == {"H0", "H1", "H2"}
    sums = [entry["sum_ev"] for entry in numbers["degrees"].values()]
    assert sum(sums) == pytest.approx(numbers["difference_ev"], rel=1e-3)
    rows = list(csv.DictReader((tmp_path / "out" / "rings.csv").read_text().splitlines()))
    assert {row["kind"] for row in rows} == {"bond", "ring", "cavity"}


def test_a_frame_of_a_file(trained_run: Path, copper_files: Path, tmp_path: Path):
    with pytest.raises(StructureError, match="no frame 8; it has 8, counted from 0"):
        explain(trained_run, copper_files / "run1.extxyz", tmp_path, index=8)
    explain(trained_run, copper_files / "run1.extxyz", tmp_path / "last")
    numbers = json.loads((tmp_path / "last" / "explanation.json").read_text())
    assert numbers["frame"].endswith("run1.extxyz frame 7")


def test_no_run(copper_frames: list[Atoms], tmp_path: Path):
    with pytest.raises(RunError, match="no such run folder"):
        explain(tmp_path / "nowhere", copper_frames[0], tmp_path / "out")
    assert not (tmp_path / "out").exists()
