from pathlib import Path

import pytest
from pydantic import BaseModel

from amorphology.errors import ConfigError
from amorphology.training import TrainingConfig, example_config, load_config


def write_config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def sections(model: type[BaseModel] = TrainingConfig):
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from sections(field.annotation)


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
            r"unknown key model\.depth; known: hidden",
        ),
        ("out: a\ndata: {frames: [b]}\nsplit: {by: density}", r"split\.by"),
        ("out: a\ndata: {frames: [b]}\nsplit: {validation: 0.5, test: 0.5}", "nothing to train on"),
        ("out: a\ndata: {frames: [b], test: [c]}", r"set split\.test to 0"),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {range: [4, 1]}", "rising"),
        ("out: a\ndata: {frames: [b]}\ndescriptor: {bins: 4}", r"descriptor\.bins"),
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
