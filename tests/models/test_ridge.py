import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge as ReferenceKernelRidge
from sklearn.linear_model import Ridge as ReferenceRidge

from amorphology.errors import ConfigError, StructureError
from amorphology.models import build_model
from amorphology.models.ridge import FittedRidge, fit_kernel_ridge, fit_ridge, varying_features

SHAPE = (2, 4, 5)


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, *SHAPE)).astype(np.float32)
    images[:, 0, 2:] = 0.25  # bins that no frame fills, after standardisation
    flat = images.reshape(n, -1).astype(np.float64)
    return images, 3.0 + flat @ np.linspace(-1, 1, flat.shape[1]) + 0.3 * flat[:, 0] ** 2


TRAIN, VALIDATION, TEST = data(60, 0), data(20, 1), data(15, 2)


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float64)


KEPT = varying_features([TRAIN[0][:25], TRAIN[0][25:]])
FEATURES = [
    argument
    for images, targets in (TRAIN, VALIDATION)
    for argument in (images.reshape(len(images), -1)[:, KEPT], targets)
]


def predicted(fitted: FittedRidge, images: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return fitted.model(torch.from_numpy(images)).numpy()


def test_ridge_is_that_of_scikit_learn():
    fitted = fit_ridge(*FEATURES, KEPT, penalties=[0.02])
    features = flat(TRAIN[0])
    unit = np.square(features - features.mean(axis=0)).sum(axis=1).mean()
    reference = ReferenceRidge(alpha=0.02 * unit).fit(features, TRAIN[1])
    expected = reference.predict(flat(TEST[0]))
    np.testing.assert_allclose(predicted(fitted, TEST[0]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("length", [0.5, 2.0])
def test_kernel_ridge_is_that_of_scikit_learn(length: float):
    fitted = fit_kernel_ridge(*FEATURES, KEPT, penalties=[1e-3], lengths=[length])
    features = flat(TRAIN[0])
    distances = np.linalg.norm(features[:, None] - features[None], axis=-1)
    gamma = 0.5 / (length**2 * np.mean(distances**2))
    reference = ReferenceKernelRidge(alpha=1e-3, kernel="rbf", gamma=gamma)
    mean = TRAIN[1].mean()
    expected = mean + reference.fit(features, TRAIN[1] - mean).predict(flat(TEST[0]))
    np.testing.assert_allclose(predicted(fitted, TEST[0]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["ridge", "kernel_ridge"])
def test_the_lowest_validation_error_is_chosen(kind: str):
    def fit(penalties: list[float], lengths: list[float]) -> FittedRidge:
        if kind == "ridge":
            return fit_ridge(*FEATURES, KEPT, penalties)
        return fit_kernel_ridge(*FEATURES, KEPT, penalties, lengths)

    penalties, lengths = [1e-5, 1e-2, 10.0], [0.3, 3.0]
    single = [fit([p], [s]) for p in penalties for s in lengths]
    chosen = fit(penalties, lengths)
    assert chosen.validation_rmse == min(one.validation_rmse for one in single)
    difference = predicted(chosen, VALIDATION[0]) - VALIDATION[1]
    assert np.sqrt(np.mean(difference**2)) == pytest.approx(chosen.validation_rmse, rel=1e-5)


@pytest.mark.parametrize("kind", ["ridge", "kernel_ridge"])
def test_an_empty_model_takes_the_state(kind: str):
    fitted = (
        fit_ridge(*FEATURES, KEPT, [1e-3])
        if kind == "ridge"
        else fit_kernel_ridge(*FEATURES, KEPT, [1e-3], [2.0])
    )
    assert fitted.settings["n_features"] == 40 - 10
    model = build_model({"kind": kind, **fitted.settings})
    model.load_state_dict(fitted.model.state_dict())
    inputs = torch.from_numpy(TEST[0])
    assert torch.equal(model(inputs), fitted.model(inputs))
    assert model(inputs).dtype == torch.float32
    channels_last = inputs.to(memory_format=torch.channels_last)
    torch.testing.assert_close(model(channels_last), fitted.model(inputs))


def test_features_that_vary():
    expected = np.flatnonzero(flat(TRAIN[0]).std(axis=0) > 0)
    np.testing.assert_array_equal(KEPT, expected)
    images = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    images[:, 1] *= 1e-6  # too little beside the others
    images[:, 2] = 1e4 + images[:, 2]  # a large mean is no spread, and hides none
    np.testing.assert_array_equal(varying_features([images]), [0, 2, 3])


def test_features_that_never_vary():
    with pytest.raises(StructureError, match="same histogram"):
        varying_features([np.full((5, *SHAPE), 0.7, np.float32)] * 2)


def test_unknown_kind():
    with pytest.raises(ConfigError, match="no model of kind forest; choose one of cnn"):
        build_model({"kind": "forest"})
