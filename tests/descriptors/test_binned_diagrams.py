import numpy as np
import pytest

from amorphology.descriptors.binned_diagrams import BinnedDiagrams, fill_bins, share_among_bins


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_numpy(seed: int):
    rng = np.random.default_rng(seed)
    edges = np.linspace(-1.0, 3.0, 9)
    # Many values on edges, where the two could differ, and some outside.
    births, deaths = rng.integers(-3, 9, (2, 400)) / 2
    expected, _, _ = np.histogram2d(births, deaths, edges)
    places, counts = fill_bins(births, deaths, edges)
    assert (np.diff(places) > 0).all()
    assert counts.min() > 0
    histogram = np.zeros(64)
    histogram[places] = counts
    np.testing.assert_array_equal(histogram.reshape(8, 8), expected)


def test_images_of_any_frames():
    frames = [([0, 7], [1.0, 0.5]), ([], []), ([3], [2.0])]
    binned = BinnedDiagrams.from_frames(
        (2, 2, 2), [(np.array(p, np.int32), np.array(v, np.float32)) for p, v in frames]
    )
    assert len(binned) == 3
    images = binned.images(slice(None))
    assert images.shape == (3, 2, 2, 2)
    assert images.dtype == np.float32
    assert images[0].ravel().tolist() == [1, 0, 0, 0, 0, 0, 0, 0.5]
    assert not images[1].any()
    np.testing.assert_array_equal(binned.images([2, 0, 2]), images[[2, 0, 2]])


def test_no_frames():
    binned = BinnedDiagrams.from_frames((1, 4, 4), [])
    assert len(binned) == 0
    assert binned.images(slice(None)).shape == (0, 1, 4, 4)


def test_shares_by_hand():
    edges = np.linspace(0.0, 4.0, 5)
    # A quarter of a bin from the centre of the first row, at the centre of the third column.
    places, counts = share_among_bins(np.array([0.75]), np.array([2.5]), edges)
    image = np.zeros(16)
    image[places] = counts
    expected = np.zeros((4, 4))
    expected[0, 2], expected[1, 2] = 0.75, 0.25
    np.testing.assert_allclose(image.reshape(4, 4), expected, atol=1e-15)


def test_shares_keep_number_and_place():
    rng = np.random.default_rng(0)
    edges = np.linspace(0.3, 2.7, 25)
    births, deaths = rng.uniform(0.5, 2.5, (2, 200))
    places, counts = share_among_bins(births, deaths, edges)
    assert (np.diff(places) > 0).all()
    centres = (edges[1:] + edges[:-1]) / 2
    assert counts.sum() == pytest.approx(200)
    np.testing.assert_allclose(counts @ centres[places // 24], births.sum())
    np.testing.assert_allclose(counts @ centres[places % 24], deaths.sum())
    # At the rim nothing is lost; outside nothing counts; without pairs there is nothing.
    rim = np.array([0.3, 2.7, 0.3001, 0.29, 2.71, np.nan])
    assert share_among_bins(rim, np.full(6, 1.0), edges)[1].sum() == pytest.approx(3)
    assert len(share_among_bins(rim[:0], rim[:0], edges)[0]) == 0
