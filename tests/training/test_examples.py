from pathlib import Path

import pytest
from ase import Atoms

from amorphology.training import load_config, train

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def test_there_are_examples():
    assert len(EXAMPLES) == 8
    kinds = {load_config(path).model.kind for path in EXAMPLES}
    assert kinds == {"cnn", "hdnnp", "ridge", "kernel_ridge", "joint"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(path: Path, copper_config: dict, copper_frames: list[Atoms], tmp_path: Path):
    config = load_config(path)
    assert config.out == f"runs/{path.stem}"
    # Other frames, and one epoch of a network; everything else as it is written.
    changes = {key: copper_config[key] for key in ("data", "split")} | {
        "out": str(tmp_path / "run"),
        "optimisation": config.optimisation.model_dump() | {"epochs": 1, "device": "cpu"},
    }
    run = train(type(config).model_validate(config.model_dump() | changes))
    assert run.metrics()["test"]["n_frames"] == 8
    assert run.predict(copper_frames[:2]).shape == (2,)
