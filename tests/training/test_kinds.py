"""Every kind of descriptor and model, from frames to predictions."""

import io
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from rich.console import Console
from tests.training.run_folders import rows_of

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.homology import alpha_persistence_many
from amorphology.training import (
    TrainingConfig,
    evaluate,
    feature_store,
    load_run,
    predict,
    train,
)

SOAP = {"kind": "soap", "r_cut": 4.0, "n_max": 3, "l_max": 2, "sigma": 0.7}
ACSF = {"kind": "acsf", "r_cut": 4.0, "g4": []}
HISTOGRAM = {
    "homology": [0, 1],
    "bins": 16,
    "range": [[0.0, 4.0], [1.0, 4.0]],
    "normalisation": "per_atom",
    "blur": 0.1,
}
SMALL = {"hidden": [12, 12]}
NETWORK = {"epochs": 25, "batch_size": 4, "learning_rate": 4e-3, "device": "cpu"}

PERIODIC = {
    "hdnnp-soap": {"descriptor": SOAP, "model": {"kind": "hdnnp", **SMALL}},
    "hdnnp-acsf": {"descriptor": ACSF, "model": {"kind": "hdnnp", **SMALL}},
    "ridge-soap": {"descriptor": SOAP | {"kind": "soap_average"}, "model": {"kind": "ridge"}},
    "kernel-acsf": {
        "descriptor": ACSF | {"kind": "acsf_average"},
        "model": {"kind": "kernel_ridge"},
    },
    "kernel-sum": {
        "descriptor": HISTOGRAM,
        "local": SOAP | {"kind": "soap_average"},
        "model": {
            "kind": "kernel_ridge",
            "kernel": "sum",
            "lengths": [1, 4],
            "penalties": [1e-4, 1e-2],
        },
    },
    "kernel-product": {
        "descriptor": HISTOGRAM,
        "local": SOAP | {"kind": "soap_average"},
        "model": {"kind": "kernel_ridge", "kernel": "product", "lengths": [1, 4, 16]},
    },
    "kernel-also": {
        "descriptor": HISTOGRAM,
        "also": [
            {
                "points": "bond_midpoints",
                "homology": [0, 1],
                "bins": 16,
                "range": [0.0, 3.0],
                "normalisation": "per_atom",
            },
            SOAP | {"kind": "soap_average", "standardisation": None},
            ACSF | {"kind": "acsf_average"},
        ],
        "model": {"kind": "kernel_ridge", "kernel": "product", "search": "likelihood", "starts": 1},
    },
    "kernel-numbers": {
        "descriptor": SOAP | {"kind": "soap_average", "standardisation": None},
        "also": [{"kind": "coordination_numbers", "standardisation": None}],
        "model": {
            "kind": "kernel_ridge",
            "kernel": "product",
            "search": "leave_one_out",
            "noise": "exponential",
            "starts": 1,
        },
    },
    "kernel-degrees": {
        "descriptor": HISTOGRAM,
        "model": {"kind": "kernel_ridge", "kernel": "product"},
    },
    "joint-sum": {
        "descriptor": HISTOGRAM,
        "local": ACSF,
        "model": {"kind": "joint", "design": "sum", "hidden_histogram": 8, **SMALL},
    },
    "joint-embedding": {
        "descriptor": HISTOGRAM,
        "local": SOAP,
        "model": {"kind": "joint", "design": "embedding", "hidden_histogram": 8, **SMALL},
    },
    "kernel-and-network": {
        "descriptor": HISTOGRAM,
        "also": [ACSF | {"kind": "acsf_average"}],
        "local": SOAP,
        "model": {"kind": "kernel_and_network", "starts": 1, **SMALL},
    },
}

FREE = {
    "ridge-eigenspectrum": {"descriptor": {"kind": "coulomb_eigenspectrum"}},
    "ridge-matrix": {"descriptor": {"kind": "coulomb_matrix"}},
    "ridge-cartesian": {"descriptor": {"kind": "cartesian", "standardisation": None}},
}


@pytest.fixture(scope="module")
def settings(copper_config: dict) -> dict:
    return copper_config | {"optimisation": NETWORK}


@pytest.mark.parametrize("kind", PERIODIC)
def test_trained_evaluated_and_loaded(
    settings: dict, copper_frames: list[Atoms], tmp_path: Path, kind: str
):
    config = TrainingConfig(**settings | PERIODIC[kind], out=str(tmp_path / "run"))
    run = train(config)
    metrics = run.metrics()
    assert metrics["descriptor"] == config.descriptor.kind
    assert metrics["model"] == config.model.kind
    mean = metrics["mean_predictor"]["rmse_mev_per_atom"]
    assert metrics["test"]["rmse_mev_per_atom"] < 0.5 * mean
    names = {path.name for path in run.path.iterdir()}
    assert {"best.pt", "config.yaml", "metrics.json", "predictions.csv"} <= names
    assert "features" not in names  # taken away at the end
    saved = [float(row["prediction_ev_per_atom"]) for row in rows_of(run.path / "predictions.csv")]
    loaded = load_run(run.path)
    np.testing.assert_allclose(loaded.predict(copper_frames), saved, atol=1e-5)
    assert evaluate(loaded, copper_frames).n_frames == 40
    assert predict(loaded, []).shape == (0,)
    if config.descriptor.kind != "persistence_histogram":
        # The mean energy of a repeated cell is that of the cell. Diagrams of so few atoms differ:
        # on the torus some classes never die.
        larger = copper_frames[3].repeat((2, 1, 1))
        np.testing.assert_allclose(loaded.predict([larger]), saved[3], atol=1e-4)
    if kind == "kernel-degrees":
        diagrams = alpha_persistence_many(copper_frames[:2])
        np.testing.assert_allclose(loaded.predict(diagrams), saved[:2], atol=1e-5)
        return
    stranger = copper_frames[3].copy()
    stranger.symbols[5] = "Ag"
    with pytest.raises(StructureError, match="frame 1: holds Ag, unknown to a descriptor of Cu"):
        loaded.predict([copper_frames[0], stranger])
    with pytest.raises(StructureError, match=r"is not ase.Atoms|diagrams were passed"):
        loaded.predict(alpha_persistence_many(copper_frames[:1]))
    with pytest.raises(RunError, match="only of such a histogram"):
        _ = loaded.descriptor


@pytest.mark.parametrize("model", ["ridge", "kernel_ridge"])
@pytest.mark.parametrize("kind", FREE)
def test_descriptors_of_molecules(
    settings: dict, copper_frames: list[Atoms], tmp_path: Path, kind: str, model: str
):
    frames = []
    for frame in copper_frames:
        free = frame[:12]
        free.pbc = False
        # Something that Cartesian coordinates, too, can learn.
        energy = 12.0 * free.get_all_distances().mean()
        free.calc = SinglePointCalculator(free, energy=energy)
        free.info["run"] = frame.info["run"]
        frames.append(free)
    write(tmp_path / "free.extxyz", frames)
    changes = FREE[kind] | {"model": {"kind": model}}
    changes["data"] = {"frames": [str(tmp_path / "free.extxyz")]}
    run = train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    metrics = run.metrics()
    assert metrics["test"]["rmse_mev_per_atom"] < metrics["mean_predictor"]["rmse_mev_per_atom"]
    saved = [float(row["prediction_ev_per_atom"]) for row in rows_of(run.path / "predictions.csv")]
    np.testing.assert_allclose(load_run(run.path).predict(frames), saved, atol=1e-5)


def test_an_ensemble_of_hdnnps(settings: dict, copper_frames: list[Atoms], tmp_path: Path):
    changes = PERIODIC["hdnnp-acsf"] | {"ensemble": 2}
    config = TrainingConfig(**settings | changes, out=str(tmp_path / "run"))
    run = train(config)
    energies, spread = run.predict_with_spread(copper_frames[:3])
    assert energies.shape == (3,)
    assert (spread > 0).all()
    assert run.metrics()["precision"] == "float32"


@pytest.fixture(scope="module")
def alloys(copper_frames: list[Atoms]) -> list[Atoms]:
    """Frames of several compositions and sizes, whose energy is a pair sum with its own depths."""
    frames = []
    for index, frame in enumerate(copper_frames):
        alloy = frame.copy()[: 20 + index % 3]
        gold = np.random.default_rng(index).random(len(alloy)) < index % 8 / 10
        alloy.symbols[gold] = "Au"
        energy = np.where(gold, -3.8, -3.5).sum() + 0.05 * np.sum(gold) ** 2 / len(alloy)
        alloy.calc = SinglePointCalculator(alloy, energy=energy)
        alloy.info["run"] = frame.info["run"]
        frames.append(alloy)
    return frames


def test_several_species(settings: dict, alloys: list[Atoms], tmp_path: Path):
    write(tmp_path / "alloys.extxyz", alloys)
    changes = PERIODIC["hdnnp-acsf"] | {"data": {"frames": [str(tmp_path / "alloys.extxyz")]}}
    run = train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    metrics = run.metrics()
    assert (
        metrics["test"]["rmse_mev_per_atom"] < 0.3 * metrics["mean_predictor"]["rmse_mev_per_atom"]
    )
    saved = [float(row["prediction_ev_per_atom"]) for row in rows_of(run.path / "predictions.csv")]
    alone = [run.predict([frame])[0] for frame in alloys[:9]]
    np.testing.assert_allclose(alone, saved[:9], atol=1e-5)


def test_a_species_without_training_frames(settings: dict, tmp_path: Path):
    changes = {"descriptor": ACSF | {"species": ["Cu", "Ag"]}, "model": {"kind": "hdnnp"}}
    with pytest.raises(ConfigError, match="species names Ag, of which the training set has no"):
        train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    assert not (tmp_path / "run").exists()


def test_a_cache_serves_several_trainings(settings: dict, tmp_path: Path):
    texts = []
    for name, changes in (
        ("first", PERIODIC["hdnnp-soap"]),
        ("second", PERIODIC["hdnnp-soap"] | {"seed": 1}),
        ("third", PERIODIC["joint-embedding"]),
    ):
        text = io.StringIO()
        epoch = {"optimisation": NETWORK | {"epochs": 1}, "cache": str(tmp_path / "cache")}
        config = TrainingConfig(**settings | changes | epoch, out=str(tmp_path / name))
        train(config, Console(file=text, width=200))
        texts.append(text.getvalue())
    assert "SOAP of 40 frames: 1280 atoms x 18 features take 9.22e-05 GB" in texts[0]
    # Another split may learn its species from other frames, but they are the same.
    assert all("features take" not in text for text in texts[1:])
    assert len(list((tmp_path / "cache").glob("*.float32"))) == 1


def test_a_run_of_several_descriptors_goes_on_elsewhere(
    settings: dict, copper_frames: list[Atoms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    changes = PERIODIC["kernel-also"]
    run = train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    metrics = run.metrics()
    assert metrics["also"] == ["persistence_histogram", "soap_average", "acsf_average"]
    assert len(metrics["chosen"]["lengths"]) == 6  # two degrees twice, SOAP and ACSF
    # Streams of features end where they fill a block, each at frames of its own.
    expected = run.predict(copper_frames[:9])
    monkeypatch.setattr(feature_store, "BLOCK", 200)
    np.testing.assert_allclose(load_run(run.path).predict(copper_frames[:9]), expected, atol=1e-6)
    histogram, soap, acsf = changes["also"]
    moved = changes | {"also": [histogram, soap | {"n_jobs": 2}, acsf]}
    train(TrainingConfig(**settings | moved, out=str(tmp_path / "run")))
    other = changes | {"also": [histogram, soap | {"n_max": 2}, acsf]}
    with pytest.raises(ConfigError, match=r"other settings \(also\.1\.n_max\)"):
        train(TrainingConfig(**settings | other, out=str(tmp_path / "run")))


def test_diagrams_of_midpoints_are_computed_of_frames(
    settings: dict, copper_frames: list[Atoms], tmp_path: Path
):
    changes = {
        "descriptor": HISTOGRAM | {"points": "bond_midpoints"},
        "model": {"kind": "kernel_ridge"},
    }
    run = train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    assert run.predict(copper_frames[:2]).shape == (2,)
    with pytest.raises(StructureError, match="diagrams were passed"):
        run.predict(alpha_persistence_many(copper_frames[:2]))
    with pytest.raises(RunError, match="reads diagrams of bond midpoints"):
        _ = run.descriptor


def test_a_split_by_near_copies(settings: dict, copper_frames: list[Atoms], tmp_path: Path):
    frames = []
    for frame in copper_frames:  # each run gets a cell of its own, and loses its name
        copy = frame.copy()
        copy.calc = frame.calc
        copy.set_cell(frame.cell * (1 + 0.001 * int(frame.info["run"][3:])))
        del copy.info["run"]
        frames.append(copy)
    write(tmp_path / "all.extxyz", frames)
    changes = PERIODIC["kernel-degrees"] | {
        "data": {"frames": [str(tmp_path / "all.extxyz")]},
        "split": {"by": "near_copies", "validation": 0.2, "test": 0.2},
    }
    run = train(TrainingConfig(**settings | changes, out=str(tmp_path / "run")))
    rows = rows_of(run.path / "split.csv")
    assert [row["run"] for row in rows] == [f"near_copies{i // 8:06d}" for i in range(40)]
    assert all(len({row["subset"] for row in rows[i : i + 8]}) == 1 for i in range(0, 40, 8))
    assert run.metrics()["test"]["split"] == "test, by near-copies"
    again = changes | {"data": changes["data"] | {"test": [str(tmp_path / "all.extxyz")]}}
    again["split"] = changes["split"] | {"test": 0.0}
    with pytest.raises(ConfigError, match=r"group near_copies000000 is also in data\.frames"):
        train(TrainingConfig(**settings | again, out=str(tmp_path / "other")))


def test_settings_of_the_machine_may_change(settings: dict, tmp_path: Path):
    changes = PERIODIC["hdnnp-soap"] | {"optimisation": NETWORK | {"epochs": 1}}
    config = TrainingConfig(**settings | changes, out=str(tmp_path / "run"))
    train(config)
    moved = changes | {"descriptor": SOAP | {"n_jobs": 2}, "cache": str(tmp_path / "cache")}
    train(TrainingConfig(**settings | moved, out=str(tmp_path / "run")))
    other = changes | {"descriptor": SOAP | {"n_max": 2}}
    with pytest.raises(ConfigError, match=r"other settings \(descriptor\.n_max\)"):
        train(TrainingConfig(**settings | other, out=str(tmp_path / "run")))
