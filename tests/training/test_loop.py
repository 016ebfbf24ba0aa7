import pytest
import torch

from amorphology.errors import ConfigError, RunError
from amorphology.models import PersistenceCNN
from amorphology.training.config import OptimisationConfig
from amorphology.training.loop import (
    Dataset,
    Trainer,
    choose_device,
    choose_precision,
    predict_standardised,
)

CPU = torch.device("cpu")


def trainer(**settings) -> Trainer:
    torch.manual_seed(0)
    chosen = OptimisationConfig(**{"device": "cpu", "precision": "float32", "epochs": 3} | settings)
    return Trainer(PersistenceCNN(bins=8, hidden=4), chosen, seed=0, energy_scale=0.5)


def dataset(n: int, seed: int) -> Dataset:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(n, 1, 8, 8, generator=generator)
    return Dataset(inputs, inputs.mean(dim=(1, 2, 3)) * 8)


def test_device():
    assert choose_device("cpu") == CPU
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_a_device():
    with pytest.raises(ConfigError, match="no CUDA device"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_bfloat16_only_where_the_processor_has_it(capabilities, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_precision("auto", CPU) == expected


def test_precision_can_be_forced():
    assert choose_precision("float32", CPU) == torch.float32
    assert choose_precision("bfloat16", CPU) == torch.bfloat16


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_errors_fall(precision: str):
    fitted = trainer(epochs=15, batch_size=8, learning_rate=3e-3, precision=precision)
    saved = []
    fitted.fit(dataset(64, 1), dataset(16, 2), saved.append)
    column = [row["train_rmse_mev_per_atom"] for row in fitted.history]
    assert column[-1] < 0.7 * column[0]
    assert len(saved) == len(fitted.history)
    best = min(row["validation_rmse_mev_per_atom"] for row in fitted.history)
    assert fitted.best_rmse == best
    assert saved[fitted.best_epoch - 1]


def test_logged_validation_error_is_in_mev():
    fitted = trainer(epochs=1)
    validation = dataset(16, 2)
    fitted.fit(dataset(8, 1), validation, lambda best: None)
    errors = predict_standardised(fitted.model, validation.inputs, CPU) - validation.targets
    expected = 500 * float(errors.square().mean().sqrt())
    assert fitted.history[0]["validation_rmse_mev_per_atom"] == pytest.approx(expected, rel=1e-5)


def test_the_learning_rate_falls_along_a_cosine():
    fitted = trainer(epochs=4, batch_size=8, learning_rate=1e-3)
    fitted.fit(dataset(8, 1), dataset(4, 2), lambda best: None)
    rates = [row["learning_rate"] for row in fitted.history]
    assert rates == pytest.approx([1e-3, 0.853553e-3, 0.5e-3, 0.146447e-3], rel=1e-5)


def test_early_stopping():
    fitted = trainer(epochs=50, patience=2, learning_rate=1e-12)
    validation = dataset(4, 2)
    fitted.fit(dataset(8, 1), validation, lambda best: None)
    assert len(fitted.history) < 50
    assert len(fitted.history) - fitted.best_epoch == 2


def test_divergence_is_an_error():
    with pytest.raises(RunError, match="not finite; lower"):
        trainer(epochs=50, learning_rate=1e30).fit(dataset(64, 1), dataset(4, 2), lambda best: None)


def test_predictions_do_not_depend_on_the_batch():
    model = trainer().model
    inputs = dataset(70, 3).inputs
    together = predict_standardised(model, inputs, CPU)
    alone = torch.cat([predict_standardised(model, row[None], CPU) for row in inputs])
    torch.testing.assert_close(together, alone)
    assert predict_standardised(model, inputs[:0], CPU).shape == (0,)
