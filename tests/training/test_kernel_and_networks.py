from pathlib import Path

import numpy as np
from ase import Atoms

from amorphology.training import TrainingConfig, load_run, train

ACSF = {"kind": "acsf", "r_cut": 4.0, "g4": []}
HISTOGRAM = {"bins": 16, "range": [1.0, 4.0], "normalisation": "per_atom"}
AVERAGE = ACSF | {"kind": "acsf_average"}


def test_predictions_are_means_of_both(
    copper_config: dict, copper_frames: list[Atoms], tmp_path: Path
):
    usual = copper_config | {"ensemble": 2}
    usual["optimisation"] = copper_config["optimisation"] | {"epochs": 5}
    kernel = {"kind": "kernel_ridge", "kernel": "product", "search": "likelihood", "starts": 1}
    both = {"kind": "kernel_and_network", "hidden": [8], "starts": 1}
    parts = {
        "kernel": {"descriptor": HISTOGRAM, "also": [AVERAGE], "model": kernel, "ensemble": 1},
        "network": {"descriptor": ACSF, "model": {"kind": "hdnnp", "hidden": [8]}},
        "both": {"descriptor": HISTOGRAM, "also": [AVERAGE], "local": ACSF, "model": both},
    }
    members = {
        name: train(TrainingConfig(**usual | changes, out=str(tmp_path / name))).predict_members(
            copper_frames
        )
        for name, changes in parts.items()
    }
    expected = (members["kernel"] + members["network"]) / 2
    np.testing.assert_allclose(members["both"], expected, atol=1e-5)
    metrics = load_run(tmp_path / "both").metrics()
    assert [row["epochs"] for row in metrics["members"]] == [5, 5]
    assert len(metrics["chosen"]["lengths"]) == 2
