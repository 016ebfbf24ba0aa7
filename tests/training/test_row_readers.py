from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms

from amorphology.descriptors import ACSF, CartesianCoordinates
from amorphology.parallel import available_cores
from amorphology.training import feature_store
from amorphology.training import row_readers as module
from amorphology.training.readers import Workplace
from amorphology.training.row_readers import EnvironmentReader, VectorReader

CPU = torch.device("cpu")
TRAIN = np.array([0, 2, 3, 5])


@pytest.fixture(scope="module")
def alloys(copper_frames: list[Atoms]) -> list[Atoms]:
    """Frames of two species and of different sizes."""
    frames = []
    for index, frame in enumerate(copper_frames[:7]):
        alloy = frame.copy()[: 18 + index]
        alloy.symbols[::3] = "Au"
        frames.append(alloy)
    return frames


def place(tmp_path: Path, begun: list[bool] | None = None) -> Workplace:
    return Workplace(
        tmp_path / "features", None, lambda: begun.append(True) if begun is not None else None
    )


def test_each_species_is_standardised_by_itself(
    alloys: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "FRAMES_AT_A_TIME", 3)
    acsf = ACSF(r_cut=4.0, g4=[(0.01, 1.0, 1.0)])
    reader = EnvironmentReader(acsf)
    features = reader.fit(alloys, TRAIN, place(tmp_path))
    assert reader.species == ("Cu", "Au")
    assert reader.sizes() == {"n_features": 29, "n_species": 2}
    plain = ACSF(**acsf.get_params() | {"species": ["Au", "Cu"]}).fit(alloys)
    vectors = list(plain.per_atom(alloys))
    for number, symbol in enumerate(reader.species):
        known = np.concatenate([vectors[i][alloys[i].symbols == symbol] for i in TRAIN])
        np.testing.assert_allclose(reader.location[number], known.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(reader.scale[number], known.std(axis=0), rtol=1e-4)
    batch = reader.inputs(features, CPU).subset(np.array([6, 1, 4]))[torch.tensor([2, 0])]
    expected = np.concatenate(
        [
            (vectors[i] - reader.location[species]) / reader.scale[species]
            for i in (4, 6)
            for species in [(alloys[i].symbols == "Au").astype(int)]
        ]
    )
    np.testing.assert_allclose(batch.features.numpy(), expected, rtol=1e-4, atol=1e-4)
    gold = np.concatenate([alloys[i].symbols == "Au" for i in (4, 6)])
    np.testing.assert_array_equal(batch.species.numpy(), gold)
    assert batch.sizes.tolist() == [22, 24]
    assert batch.frames().tolist() == [0] * 22 + [1] * 24


def test_other_frames_are_streamed_in_blocks(
    alloys: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    reader = EnvironmentReader(ACSF(r_cut=4.0))
    features = reader.fit(alloys, TRAIN, place(tmp_path))
    whole = reader.inputs(features, CPU)[torch.arange(7)]
    monkeypatch.setattr(feature_store, "BLOCK", 40 * 60 * 4)
    blocks = [inputs[torch.arange(len(inputs))] for inputs in reader.stream(alloys, CPU)]
    assert len(blocks) > 2
    assert torch.equal(torch.cat([block.features for block in blocks]), whole.features)
    assert torch.equal(torch.cat([block.sizes for block in blocks]), whole.sizes)


@pytest.mark.parametrize("standardisation", ["z_score", None])
def test_vectors_of_frames(copper_frames: list[Atoms], tmp_path: Path, standardisation: str | None):
    frames = [Atoms(frame.numbers[:4], frame.positions[:4]) for frame in copper_frames[:7]]
    for frame in frames:
        frame.positions[0] = 0.5  # a feature that is the same everywhere
    reader = VectorReader(CartesianCoordinates(), standardisation)
    begun: list[bool] = []
    features = reader.fit(frames, TRAIN, place(tmp_path, begun))
    assert begun == [True]
    assert reader.species == ()
    rows = CartesianCoordinates().fit_transform(frames)
    found = reader.inputs(features, CPU)[torch.arange(7)].numpy()
    if standardisation is None:
        np.testing.assert_allclose(found, rows, rtol=1e-6)
        return
    np.testing.assert_array_equal(found[:, :3], 0.0)
    np.testing.assert_allclose(found[TRAIN, 3:].mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(found[TRAIN, 3:].std(axis=0), 1.0, rtol=1e-5)


def test_processes_where_they_pay_off(
    alloys: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    reader = EnvironmentReader(ACSF(r_cut=4.0))
    reader.fit(alloys, TRAIN, place(tmp_path))
    assert reader.descriptor.n_jobs == 1
    monkeypatch.setattr(module, "ATOMS_A_PROCESS", 100)
    reader.fit(alloys, TRAIN, place(tmp_path))  # 147 atoms; what is on disk is only read
    assert reader.descriptor.n_jobs == min(2, available_cores())
    given = EnvironmentReader(ACSF(r_cut=4.0, n_jobs=3))
    given.fit(alloys, TRAIN, place(tmp_path))
    assert given.descriptor.n_jobs == 3
