import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from amorphology.errors import ConfigError
from amorphology.training import TrainingConfig, example_config, load_config
from amorphology.training.config import CNNConfig, DescriptorConfig


def write_config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def sections(model: type[BaseModel] = TrainingConfig):
    yield model
    for field in model.model_fields.values():
        for kind in get_args(field.annotation) or (field.annotation,):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from sections(kind)


def test_every_setting_is_documented():
    for section in sections():
        assert section.__doc__
        for name, field in section.model_fields.items():
            assert field.description, name


def test_the_example_is_valid_and_holds_the_defaults(tmp_path: Path):
    path = write_config(tmp_path, example_config())
    config = load_config(path)
    assert config == TrainingConfig(out="runs/carbon", data={"frames": ["carbon/*.extxyz"]})
    assert all(len(line) <= 100 for line in example_config().splitlines())


# What a config needs besides a section of this kind.
WITH = {
    "soap": {"model": {"kind": "hdnnp"}},
    "acsf": {"model": {"kind": "hdnnp"}},
    "coordination_numbers": {"model": {"kind": "ridge"}},
    "coulomb_matrix": {"model": {"kind": "ridge"}},
    "coulomb_eigenspectrum": {"model": {"kind": "ridge"}},
    "cartesian": {"model": {"kind": "kernel_ridge"}},
    "hdnnp": {"descriptor": {"kind": "soap"}},
    "joint": {"local": {"kind": "acsf"}},
    "kernel_and_network": {"local": {"kind": "soap"}},
}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            "descriptor",
            [
                "soap",
                "acsf",
                "coordination_numbers",
                "coulomb_matrix",
                "coulomb_eigenspectrum",
                "cartesian",
            ],
        ),
        ("model", ["hdnnp", "ridge", "kernel_ridge", "joint", "kernel_and_network"]),
    ],
)
def test_every_kind_is_in_the_example(tmp_path: Path, section: str, expected: list[str]):
    lines = example_config().splitlines()
    start = lines.index(f"{section}:")
    block = []
    for line in lines[start + 1 :]:
        if not line.startswith("  "):
            break
        block.append(line)
    alternatives = "\n".join(block).split("  # Instead:\n")
    kinds = []
    for alternative in alternatives[1:]:
        # Settings are lines "# key: value"; explanations are sentences.
        keys = [
            line.removeprefix("  # ")
            for line in alternative.splitlines()
            if re.match(r"  # [a-z_0-9]+: \S*( \[?[\w., -]+\]?)*$", line)
        ]
        found = yaml.safe_load("\n".join(keys))
        settings = {"out": "a", "data": {"frames": ["b"]}, section: found}
        path = write_config(tmp_path, yaml.safe_dump(settings | WITH.get(found["kind"], {})))
        config = getattr(load_config(path), section)
        kinds.append(config.kind)
        assert set(found) == set(type(config).model_fields)
    assert kinds == expected


def test_a_model_without_kind_is_a_cnn(tmp_path: Path):
    text = "out: a\ndata: {frames: [b]}\nmodel: {hidden: 7}"
    model = load_config(write_config(tmp_path, text)).model
    assert isinstance(model, CNNConfig)
    assert model.hidden == 7


def test_a_descriptor_without_kind_is_a_histogram(tmp_path: Path):
    config = load_config(
        write_config(tmp_path, "out: a\ndata: {frames: [b]}\ndescriptor: {bins: 9}")
    )
    assert config.histogram == DescriptorConfig(bins=9)
    other = TrainingConfig(
        out="a", data={"frames": ["b"]}, descriptor={"kind": "acsf"}, model={"kind": "hdnnp"}
    )
    with pytest.raises(ConfigError, match="kind is acsf; this needs persistence_histogram"):
        _ = other.histogram


@pytest.mark.parametrize(
    "changes",
    [
        {
            "descriptor": {"kind": "soap", "species": ["C", "H"], "n_max": 4},
            "model": {"kind": "hdnnp", "hidden": [8, 4]},
            "ensemble": 3,
        },
        {
            "descriptor": {"kind": "acsf_average", "g2": [(1.0, 2.0)], "g4": []},
            "model": {"kind": "ridge"},
        },
        {"local": {"kind": "soap"}, "model": {"kind": "joint", "design": "embedding"}},
        {
            "local": {"kind": "soap_average"},
            "model": {"kind": "kernel_ridge", "kernel": "sum", "weights": [0.3]},
        },
        {
            "also": [
                {"points": "bond_midpoints", "bond_cutoff": 1.8},
                {"kind": "soap_average", "n_max": 4},
            ],
            "model": {"kind": "kernel_ridge", "kernel": "product", "search": "likelihood"},
            "split": {"by": "near_copies"},
        },
    ],
)
def test_other_kinds_read_back(tmp_path: Path, changes: dict):
    config = TrainingConfig(out="a", data={"frames": ["b"]}, **changes)
    text = yaml.safe_dump(config.model_dump(mode="json"))
    assert load_config(write_config(tmp_path, text)) == config


def test_a_written_config_reads_back(tmp_path: Path):
    config = TrainingConfig(
        out="a",
        data={"frames": ["b"], "exclude_energies": (-8.0, -7.5), "fraction": 0.5},
        descriptor={
            "homology": [0, 1, 2],
            "range": [(0, 2), (0, 8), (0, 8)],
            "blur": [0.05, 0.2, 0.2],
            "axes": "radius",
            "normalisation": "per_atom",
        },
        model={"kind": "kernel_ridge", "lengths": [1, 2]},
    )
    text = yaml.safe_dump(config.model_dump(mode="json"))
    assert load_config(write_config(tmp_path, text)) == config


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path):
    text = "out: a\ndata: {frames: [b]}\noptimisation: {learning_rate: 1e-4}"
    assert load_config(write_config(tmp_path, text)).optimisation.learning_rate == 1e-4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no settings"),
        ("- 1", "holds no settings"),
        ("out: [", "not valid YAML"),
        ("out: a", "key data is missing"),
        ("out: a\ndata: {frames: []}", r"data\.frames"),
        ("out: a\ndata: {frames: [b]}\nseeed: 1", "unknown key seeed; did you mean seed?"),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {depth: 1}",
            r"unknown key model\.depth; known: kind, hidden",
        ),
        ("out: a\ndata: {frames: [b]}\nsplit: {by: density}", r"split\.by"),
        ("out: a\ndata: {frames: [b]}\nsplit: {validation: 0.5, test: 0.5}", "nothing to train on"),
        ("out: a\ndata: {frames: [b], test: [c]}", r"set split\.test to 0"),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {range: [4, 1]}", "rising"),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {bins: 4}", r"descriptor\.bins"),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {homology: [0, 3]}", r"descriptor\.homology: "),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {homology: [1, 1]}", "names a degree twice"),
        (
            "out: a\ndata: {frames: [b]}\ndescriptor: {homology: [0, 1], range: [[0, 2]]}",
            "range has 1 entries for 2 degrees",
        ),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {blur: -1}", r"descriptor\.blur: "),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {blur: [1, 2]}", "blur has 2 entries for 1"),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {kind: forest}",
            r"model\.kind is forest; choose one of cnn, hdnnp, ridge, kernel_ridge, joint",
        ),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {kind: ridge, penalty: [1]}",
            r"unknown key model\.penalty; did you mean penalties\?",
        ),
        ("out: a\ndata: {frames: [b]}\nmodel: {kind: ridge, penalties: [0]}", "penalties"),
        ("out: a\ndata: {frames: [b]}\nmodel: {kind: ridge}\nensemble: 3", "ensemble is 3, but"),
        (
            "out: a\ndata: {frames: [b]}\nalso: [{binz: 3}]\n"
            "model: {kind: kernel_ridge, kernel: sum}",
            r"unknown key also\.0\.binz; did you mean bins\?",
        ),
        (
            "out: a\ndata: {frames: [b]}\nalso: [{}, {kind: soap}]\n"
            "model: {kind: kernel_ridge, kernel: sum}",
            "also: kernel_ridge cannot read kind soap; choose persistence_histogram, soap_average",
        ),
        ("out: a\ndata: {frames: [b]}\nalso: [{kind: soop}]", r"also\.0\.kind is soop; choose one"),
        ("out: a\ndata: {frames: [b]}\nalso: {bins: 8}", "also: Input should be a valid list"),
        (
            "out: a\ndata: {frames: [b]}\nalso: [{bins: 8}]",
            r"model\.kind cnn cannot read the descriptors in also; remove them",
        ),
        (
            "out: a\ndata: {frames: [b]}\nalso: [{bins: 8}]\nmodel: {kind: kernel_ridge}",
            "one length for all; with also, set it to product or sum",
        ),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {kind: kernel_ridge, search: likelihood}",
            "search likelihood is for kernel product, not single",
        ),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {kind: kernel_ridge, noise: exponential}",
            "noise exponential is for the searches likelihood and leave_one_out, not for lists",
        ),
        (
            "out: a\ndata: {frames: [b]}\ndescriptor: {kind: soap}",
            r"model\.kind cnn cannot read descriptor\.kind soap; choose persistence_histogram, or "
            "hdnnp as model",
        ),
        (
            "out: a\ndata: {frames: [b]}\nmodel: {kind: hdnnp}",
            r"hdnnp cannot read descriptor\.kind persistence_histogram; choose soap or acsf, or "
            "cnn, ridge, kernel_ridge, joint or kernel_and_network as model",
        ),
        (
            "out: a\ndata: {frames: [b]}\ndescriptor: {kind: coulomb}",
            r"descriptor\.kind is coulomb; choose one of persistence_histogram, soap, soap_average",
        ),
        (
            "out: a\ndata: {frames: [b]}\ndescriptor: {kind: soap, rcut: 1}",
            r"unknown key descriptor\.rcut; did you mean r_cut\?",
        ),
        (
            "out: a\ndata: {frames: [b]}\nlocal: {kind: soap, rcut: 1}",
            r"unknown key local\.rcut; did you mean r_cut\?",
        ),
        ("out: a\ndata: {frames: [b]}\nmodel: {kind: joint}", "add local: {kind: soap}"),
        (
            "out: a\ndata: {frames: [b]}\nlocal: {kind: soap}",
            r"cnn cannot read local\.kind soap; remove local, or choose joint or "
            "kernel_and_network as model",
        ),
        (
            "out: a\ndata: {frames: [b]}\nlocal: {kind: soap_average}\nmodel: {kind: joint}",
            r"cannot read local\.kind soap_average; set local\.kind to soap or acsf, or choose "
            "kernel_ridge",
        ),
        (
            "out: a\ndata: {frames: [b]}\nlocal: {kind: soap_average}\nmodel: {kind: kernel_ridge}",
            r"with local, set it to product or sum",
        ),
        ("out: a\ndata: {frames: [b]}\nmodel: {kind: joint, hidden: []}", r"model\.hidden: "),
        ("out: a\ndata: {frames: [b], fraction: 0.5, n_train: 3}", "give one of them"),
        ("out: a\ndata: {frames: [b], exclude_energies: [-7, -8]}", "two rising numbers"),
    ],
)
def test_bad_configs_are_one_line_with_file_and_key(tmp_path: Path, text: str, message: str):
    path = write_config(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_config(tmp_path: Path):
    with pytest.raises(ConfigError, match="no such config file"):
        load_config(tmp_path / "config.yaml")
