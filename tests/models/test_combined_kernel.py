import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge as ReferenceKernelRidge

from amorphology.errors import ConfigError
from amorphology.models import Both, build_model
from amorphology.models.combined_kernel import fit_combined_kernel, parts_of
from amorphology.models.projection import Projection
from amorphology.models.ridge import FittedRidge, fit_kernel_ridge

BOTH = pytest.mark.parametrize("combination", ["product", "sum"])


def data(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(n, width)).astype(np.float32) for width in (4, 3)]
    return parts, 2.0 + np.sin(parts[0][:, 0].astype(np.float64)) + parts[1][:, 1] ** 2


TRAIN, VALIDATION, TEST = data(150, 0), data(40, 1), data(60, 2)
KEPT = [Projection(np.arange(4)), Projection(np.arange(3))]


def fit(combination: str, projections: list[Projection] = KEPT, **choices) -> FittedRidge:
    chosen = {"penalties": [1e-3], "lengths": [0.7], "weights": [1.0]} | choices
    train, validation = (
        [projection(part) for projection, part in zip(projections, parts, strict=True)]
        for parts, _ in (TRAIN, VALIDATION)
    )
    known = (train, TRAIN[1], validation, VALIDATION[1], projections)
    return fit_combined_kernel(*known, **chosen, combination=combination)


def predicted(model: torch.nn.Module, parts: list[np.ndarray]) -> np.ndarray:
    with torch.inference_mode():
        return model(Both(*map(torch.from_numpy, parts))).numpy()


def error(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predictions - targets) ** 2)))


@BOTH
def test_it_is_that_of_scikit_learn(combination: str):
    fitted = fit(combination)

    def kernel(new_parts: list[np.ndarray]) -> np.ndarray:
        gaussians = []
        for known, new in zip(TRAIN[0], new_parts, strict=True):
            known, new = known.astype(np.float64), new.astype(np.float64)
            unit = np.mean(np.sum((known[:, None] - known) ** 2, axis=-1))
            squares = np.sum((new[:, None] - known) ** 2, axis=-1)
            gaussians.append(np.exp(-squares / (2 * 0.7**2 * unit)))
        return (
            np.prod(gaussians, axis=0) if combination == "product" else np.mean(gaussians, axis=0)
        )

    mean = TRAIN[1].mean()
    reference = ReferenceKernelRidge(alpha=1e-3, kernel="precomputed")
    reference.fit(kernel(TRAIN[0]), TRAIN[1] - mean)
    expected = mean + reference.predict(kernel(TEST[0]))
    np.testing.assert_allclose(predicted(fitted.model, TEST[0]), expected, rtol=1e-5, atol=1e-5)
    found = error(predicted(fitted.model, VALIDATION[0]), VALIDATION[1])
    assert found == pytest.approx(fitted.validation_rmse, rel=1e-4)


@BOTH
def test_more_is_learned_from_both_than_from_either(combination: str):
    penalties, lengths = [1e-6, 1e-4, 1e-2], [0.3, 1.0, 3.0]
    fitted = fit(combination, penalties=penalties, lengths=lengths, weights=[0.3, 1.0])
    assert len(fitted.chosen["lengths"]) == 2
    either = []
    for train, validation, test, one in zip(TRAIN[0], VALIDATION[0], TEST[0], KEPT, strict=True):
        alone = fit_kernel_ridge(
            train, TRAIN[1], validation, VALIDATION[1], one.kept, penalties, lengths
        )
        either.append(error(alone.model(torch.from_numpy(test)).numpy(), TEST[1]))
    assert error(predicted(fitted.model, TEST[0]), TEST[1]) < 0.6 * min(either)


@BOTH
def test_no_single_change_has_a_lower_validation_error(combination: str):
    choices = {"penalties": [1e-6, 1e-4, 1e-2], "lengths": [0.3, 1.0, 3.0], "weights": [0.3, 1.0]}
    best = fit(combination, **choices)
    for penalty in choices["penalties"]:
        # With one penalty the search for the rest may end elsewhere, but not below its own start.
        other = fit(combination, **choices | {"penalties": [penalty]})
        if other.chosen["lengths"] == best.chosen["lengths"]:
            assert other.validation_rmse >= best.validation_rmse * (1 - 1e-9)
    assert best.validation_rmse <= fit(combination, lengths=[1.0], penalties=[1e-4]).validation_rmse


def test_a_product_with_equal_lengths_is_one_gaussian():
    parts = [np.concatenate([part[:, :3] for part in some[0]], axis=1) for some in (TRAIN, TEST)]
    fitted = fit("product")
    assert fitted.chosen["weights"] == [1.0, 1.0]
    model = fitted.model
    model.lengths.fill_(2.0)
    model.frames_0[:, 3] = 0.0
    features = [TEST[0][0].copy(), TEST[0][1]]
    features[0][:, 3] = 0.0
    distances = np.linalg.norm(parts[1][:, None] - parts[0], axis=-1)
    expected = np.exp(-(distances**2) / 8) @ model.coefficients.numpy() + model.intercept.item()
    np.testing.assert_allclose(predicted(model, features), expected, rtol=1e-5)


def test_parts_are_channels_and_the_second_descriptor():
    images, features = torch.rand(2, 3, 4, 4), torch.rand(2, 5)
    parts = parts_of(Both(images, features))
    assert [tuple(part.shape) for part in parts] == [(2, 16)] * 3 + [(2, 5)]
    assert torch.equal(parts[1], images[:, 1].flatten(1))
    assert parts_of(features)[0] is features


@BOTH
def test_an_empty_model_takes_the_state(combination: str):
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0].astype(np.float32)
    turning = [Projection(np.arange(4), turned), KEPT[1]]
    fitted = fit(combination, projections=turning)
    # Turned features have the same distances.
    expected = predicted(fit(combination).model, TEST[0])
    np.testing.assert_allclose(predicted(fitted.model, TEST[0]), expected, rtol=1e-3, atol=1e-3)
    model = build_model({"kind": "combined_kernel_ridge", **fitted.settings})
    model.load_state_dict(fitted.model.state_dict())
    np.testing.assert_array_equal(predicted(model, TEST[0]), predicted(fitted.model, TEST[0]))


def test_unknown_combination():
    with pytest.raises(ConfigError, match="combination is power"):
        build_model(
            {
                "kind": "combined_kernel_ridge",
                "n_frames": 1,
                "n_features": [1],
                "combination": "power",
            }
        )
