from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms

from amorphology.descriptors import SOAP, PersistenceHistogram
from amorphology.errors import RunError
from amorphology.models import PersistenceCNN
from amorphology.models.combined_kernel import parts_of
from amorphology.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from amorphology.training.readers import BothReader, HistogramReader
from amorphology.training.row_readers import EnvironmentReader, VectorReader


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint(
        model_settings={"bins": 8, "hidden": 4},
        model_state=PersistenceCNN(bins=8, hidden=4).state_dict(),
        descriptor_settings={"bins": 8, "range": (0.0, 4.0), "standardisation": "z_score"},
        descriptor_location=0.25,
        descriptor_scale=0.5,
        target_mean=-8.0,
        target_scale=0.3,
        training={"history": [{"epoch": 1.0}]},
    )


def test_what_is_saved_comes_back(checkpoint: Checkpoint, tmp_path: Path):
    save_checkpoint(tmp_path / "a.pt", checkpoint)
    loaded = load_checkpoint(tmp_path / "a.pt")
    for name, weights in checkpoint.model().state_dict().items():
        assert torch.equal(loaded.model().state_dict()[name], weights)
    assert loaded.descriptor().get_params() == checkpoint.descriptor().get_params()
    assert (loaded.descriptor().location_, loaded.descriptor().scale_) == (0.25, 0.5)
    assert loaded.training == checkpoint.training
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_another_format_version(checkpoint: Checkpoint, tmp_path: Path):
    path = tmp_path / "a.pt"
    save_checkpoint(path, checkpoint)
    contents = torch.load(path, weights_only=True)
    torch.save(contents | {"format_version": 99, "amorphology_version": "7.1"}, path)
    with pytest.raises(RunError, match=r"amorphology 7\.1 with checkpoint format 99.*install"):
        load_checkpoint(path)


def test_a_checkpoint_of_format_1(checkpoint: Checkpoint, tmp_path: Path):
    path = tmp_path / "a.pt"
    # As it was written before there were other models, several degrees, and ensembles.
    torch.save(
        {
            "format_version": 1,
            "amorphology_version": "0.1.0",
            "model_settings": {"bins": 8, "hidden": 4},
            "model_state": checkpoint.model_state,
            "descriptor_settings": {
                "homology": 1,
                "bins": 8,
                "range": (0.0, 4.0),
                "normalisation": "probability",
                "standardisation": "z_score",
            },
            "descriptor_location": 0.25,
            "descriptor_scale": 0.5,
            "target_mean": -8.0,
            "target_scale": 0.3,
            "training": {},
        },
        path,
    )
    loaded = load_checkpoint(path)
    inputs = torch.rand(3, 1, 8, 8)
    assert torch.equal(loaded.model()(inputs), checkpoint.model()(inputs))
    assert loaded.descriptor().get_params() == checkpoint.descriptor().get_params()
    assert loaded.ensemble == 1


def test_a_checkpoint_of_format_2(checkpoint: Checkpoint, tmp_path: Path):
    path = tmp_path / "a.pt"
    # As it was written before there were other descriptors.
    torch.save(
        {
            "format_version": 2,
            "amorphology_version": "0.1.0",
            "model_settings": {"kind": "cnn", "hidden": 4, "bins": 8, "in_channels": 2},
            "model_state": PersistenceCNN(bins=8, in_channels=2, hidden=4).state_dict(),
            "descriptor_settings": {
                "homology": [0, 1],
                "bins": 8,
                "range": [(0.0, 2.0), (0.0, 4.0)],
                "normalisation": "per_atom",
                "standardisation": "z_score",
                "axes": "radius",
                "blur": 0.1,
            },
            "descriptor_location": [0.1, 0.2],
            "descriptor_scale": [1.0, 2.0],
            "target_mean": -8.0,
            "target_scale": 0.3,
            "training": {"history": []},
            "ensemble": 3,
        },
        path,
    )
    loaded = load_checkpoint(path)
    assert loaded.ensemble == 3
    assert loaded.model()(torch.rand(3, 2, 8, 8)).shape == (3,)
    reader = loaded.reader()
    assert isinstance(reader, HistogramReader)
    assert reader.descriptor.blurs == (0.1, 0.1)
    np.testing.assert_array_equal(reader.descriptor.scale_, [1.0, 2.0])


def test_a_checkpoint_of_format_3(checkpoint: Checkpoint, tmp_path: Path):
    path = tmp_path / "a.pt"
    save_checkpoint(path, checkpoint)
    # As it was written before there were more than two descriptors.
    contents = torch.load(path, weights_only=True) | {"format_version": 3}
    assert contents.pop("also") == []
    torch.save(contents, path)
    reader = load_checkpoint(path).reader()
    assert isinstance(reader, HistogramReader)
    assert reader.descriptor.points == "atoms"


def test_several_descriptors_come_back_in_order(
    checkpoint: Checkpoint, copper_frames: list[Atoms], tmp_path: Path
):
    soap = SOAP(r_cut=3.0, n_max=2, l_max=1, centre="average").fit(copper_frames[:1])
    rows = VectorReader(soap, "z_score", np.ones((1, 6)), np.full((1, 6), 2.0))
    midpoints = HistogramReader(
        PersistenceHistogram(bins=8, points="bond_midpoints").fit(copper_frames[:2])
    )
    first = HistogramReader(checkpoint.descriptor())
    reader = BothReader(BothReader(first, rows), midpoints)
    save_checkpoint(tmp_path / "a.pt", replace(checkpoint, **Checkpoint.statistics_of(reader)))
    again = load_checkpoint(tmp_path / "a.pt").reader()
    frames = copper_frames[:5]
    expected, found = (
        [x[torch.arange(len(x))] for x in one.stream(frames, torch.device("cpu"))]
        for one in (reader, again)
    )
    assert len(found) == len(expected) == 1
    parts, known = parts_of(found[0]), parts_of(expected[0])
    assert [part.shape[1] for part in parts] == [64, 6, 64]
    assert all(map(torch.equal, parts, known))
    plain = soap.transform(frames)
    np.testing.assert_allclose(parts[1], (plain - 1) / 2, rtol=1e-5, atol=1e-6)
    histograms = midpoints.descriptor.transform(frames).reshape(5, -1)
    np.testing.assert_allclose(parts[2], histograms, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("each_atom", [True, False])
def test_other_descriptors_come_back(
    checkpoint: Checkpoint, copper_frames: list[Atoms], tmp_path: Path, each_atom: bool
):
    frames = copper_frames[:3]
    centre = 0 if each_atom else "average"
    soap = SOAP(r_cut=3.0, n_max=2, l_max=1, centre=centre, n_jobs=2).fit(frames)
    kind = EnvironmentReader if each_atom else VectorReader
    rng = np.random.default_rng(0)
    reader = kind(soap, "z_score", rng.normal(size=(1, 6)), rng.uniform(1, 2, size=(1, 6)))
    changed = replace(checkpoint, **Checkpoint.statistics_of(reader))
    save_checkpoint(tmp_path / "a.pt", changed)
    loaded = load_checkpoint(tmp_path / "a.pt")
    soap.n_jobs = None
    expected, found = (
        next(one.stream(frames, torch.device("cpu")))[torch.arange(3)]
        for one in (reader, loaded.reader())
    )
    if each_atom:
        expected, found = expected.features, found.features
    assert torch.equal(found, expected)
    with pytest.raises(RunError, match="the model reads soap, no persistence histogram"):
        loaded.descriptor()
    both = replace(
        checkpoint,
        **Checkpoint.statistics_of(BothReader(HistogramReader(checkpoint.descriptor()), reader)),
    )
    save_checkpoint(tmp_path / "b.pt", both)
    again = load_checkpoint(tmp_path / "b.pt").reader()
    assert isinstance(again, BothReader)
    np.testing.assert_array_equal(again.local.location, reader.location)
    assert again.whole.descriptor.scale_ == 0.5


def test_several_degrees(checkpoint: Checkpoint, tmp_path: Path):
    changed = replace(
        checkpoint,
        descriptor_settings={"homology": [0, 1], "bins": 8},
        descriptor_location=[0.1, 0.2],
        descriptor_scale=[1.0, 2.0],
    )
    save_checkpoint(tmp_path / "a.pt", changed)
    descriptor = load_checkpoint(tmp_path / "a.pt").descriptor()
    np.testing.assert_array_equal(descriptor.location_, [0.1, 0.2])
    np.testing.assert_array_equal(descriptor.scale_, [1.0, 2.0])


@pytest.mark.parametrize("contents", [b"", b"no checkpoint", b"PK\x03\x04 half an archive"])
def test_broken_files(contents: bytes, tmp_path: Path):
    path = tmp_path / "a.pt"
    path.write_bytes(contents)
    with pytest.raises(RunError, match="not a readable checkpoint") as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    torch.save({"format_version": 1, "x": Bomb()}, tmp_path / "a.pt")
    with pytest.raises(RunError, match="not a readable checkpoint"):
        load_checkpoint(tmp_path / "a.pt")
    assert not (tmp_path / "exploded").exists()


def test_checkpoints_of_others(tmp_path: Path):
    torch.save({"state_dict": {}}, tmp_path / "a.pt")
    with pytest.raises(RunError, match="not a checkpoint of amorphology"):
        load_checkpoint(tmp_path / "a.pt")
    with pytest.raises(RunError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "b.pt")
