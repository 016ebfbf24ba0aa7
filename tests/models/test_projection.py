import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from amorphology.errors import StructureError
from amorphology.models import projection as module
from amorphology.models.projection import principal_projection


def blurred_images(n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, 1, (n, 5, 2))
    grid = np.linspace(0, 1, 12)
    one, other = (np.exp(-((centres[..., k, None] - grid) ** 2) / 0.08) for k in (0, 1))
    images = 7 + np.einsum("npi,npj->nij", one, other)
    images[:, 3, 4] = 1.5  # does not vary
    return images.astype(np.float32)


def projected(images: np.ndarray, **options):
    found = principal_projection(lambda: np.array_split(images, 4), **options)
    return found, found(images)


def test_distances_stay():
    images = blurred_images()
    found, rows = projected(images)
    assert rows.shape == (60, found.n_axes)
    assert rows.dtype == np.float32
    assert found.n_axes < 60
    assert 3 * 12 + 4 not in found.kept
    expected = pdist(images.reshape(60, -1))
    np.testing.assert_allclose(pdist(rows), expected, rtol=1e-3)


def test_axes_are_principal_components():
    images = blurred_images()
    found, rows = projected(images, tolerance=1e-3)
    analysis = PCA().fit(images.reshape(60, -1).astype(np.float64))
    lost = 1 - np.cumsum(analysis.explained_variance_ratio_)
    assert found.n_axes == np.flatnonzero(lost <= 1e-3)[0] + 1
    variances = np.sort(rows.var(axis=0, ddof=1))[::-1]
    np.testing.assert_allclose(variances, analysis.explained_variance_[: found.n_axes], rtol=1e-3)


def test_features_that_cannot_be_made_fewer_stay(monkeypatch: pytest.MonkeyPatch):
    features = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    found, rows = projected(features)
    assert found.axes is None
    np.testing.assert_array_equal(rows, features)
    monkeypatch.setattr(module, "MOST_FEATURES", 100)
    assert projected(blurred_images())[0].axes is None


def test_equal_frames_are_an_error():
    with pytest.raises(StructureError, match="all training frames have the same"):
        projected(np.ones((5, 3, 3), np.float32))
