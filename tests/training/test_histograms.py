import numpy as np
import pytest
import torch
from ase import Atoms

from amorphology.descriptors import PersistenceHistogram
from amorphology.training.histograms import Histograms

CPU = torch.device("cpu")


@pytest.mark.parametrize("standardisation", [None, "max_min", "z_score"])
def test_unblurred_images_are_those_of_the_descriptor_to_the_bit(
    copper_frames: list[Atoms], standardisation: str | None
):
    frames = copper_frames[:9]
    descriptor = PersistenceHistogram(bins=32, standardisation=standardisation).fit(frames[:5])
    histograms = Histograms(descriptor, descriptor.bin_pairs(frames), CPU)
    assert len(histograms) == 9
    batch = torch.tensor([8, 0, 3])
    expected = descriptor.transform([frames[index] for index in batch])
    np.testing.assert_array_equal(histograms[batch].numpy(), expected[:, None])


def test_blurred_channels(copper_frames: list[Atoms]):
    frames = copper_frames[:9]
    descriptor = PersistenceHistogram(
        [0, 1, 2], bins=32, range=[(0, 2), (0, 4), (0, 4)], blur=[0.0, 0.2, 0.1]
    ).fit(frames)
    histograms = Histograms(descriptor, descriptor.bin_pairs(frames), CPU)
    expected = torch.from_numpy(descriptor.transform(frames))
    torch.testing.assert_close(histograms[torch.arange(9)], expected, rtol=1e-4, atol=1e-5)


def test_subsets_of_subsets(copper_frames: list[Atoms]):
    frames = copper_frames[:9]
    descriptor = PersistenceHistogram(bins=16).fit(frames)
    histograms = Histograms(descriptor, descriptor.bin_pairs(frames), CPU)
    subset = histograms.subset(np.array([7, 2, 4])).subset(np.array([2, 0]))
    assert len(subset) == 2
    expected = histograms[torch.tensor([4, 7])]
    assert torch.equal(subset[torch.arange(2)], expected)
    assert subset[torch.arange(0)].shape == (0, 1, 16, 16)


def test_frames_without_pairs():
    descriptor = PersistenceHistogram(bins=16, range=(0.0, 1.0), standardisation=None)
    pair = Atoms("H2", positions=[(0, 0, 0), (0, 0, 1)])  # no ring at all
    triangle = Atoms("H3", positions=[(0, 0, 0), (0, 0, 1), (0.8, 0, 0.5)])
    frames = [pair, triangle, pair]
    descriptor.fit(frames)
    histograms = Histograms(descriptor, descriptor.bin_pairs(frames), CPU)
    assert histograms[torch.arange(3)].sum(dim=(1, 2, 3)).tolist() == [0.0, 1.0, 0.0]
