"""Settings of a training run, read from YAML."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from amorphology.errors import ConfigError

__all__ = [
    "DataConfig",
    "DescriptorConfig",
    "ModelConfig",
    "OptimisationConfig",
    "SplitConfig",
    "TrainingConfig",
    "example_config",
    "load_config",
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(_Section):
    """Which frames to learn from."""

    frames: list[str] = Field(
        min_length=1,
        examples=[["carbon/*.extxyz"]],
        description="Structure files with energies, any format ASE reads; patterns allowed. "
        "Relative paths start where the command is run.",
    )
    test: list[str] = Field(
        default=[],
        description="Separate files that make up the test set. split.test must then be 0.",
    )


class SplitConfig(_Section):
    """How frames are divided into training, validation and test sets."""

    by: Literal["run", "random"] = Field(
        default="run",
        description="run: whole simulation runs (info['run'] of a frame, else its file) are held "
        "out, so that no test frame has a near-copy in the training set. random: single frames "
        "are; errors then look smaller than they are for a new run.",
    )
    validation: float = Field(
        default=0.15,
        gt=0,
        lt=1,
        description="Fraction of the runs (or frames) that decides when to stop. The training set "
        "is what validation and test leave.",
    )
    test: float = Field(
        default=0.15,
        ge=0,
        lt=1,
        description="Fraction of the runs (or frames) that is only looked at after training.",
    )

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave nothing to train on; make them smaller")
        return self


class DescriptorConfig(_Section):
    """The persistence histogram that the network sees."""

    homology: Literal[0, 1, 2] = Field(default=1, description="Degree of the homology.")
    bins: int = Field(default=128, ge=8, description="Bins along birth and along death.")
    range: tuple[float, float] = Field(
        default=(0.0, 8.0),
        description="Squared radii covered by both axes, Angstrom^2.",
    )
    normalisation: Literal["probability", "per_atom"] = Field(
        default="probability",
        description="probability: a histogram sums to 1. per_atom: it is divided by the number of "
        "atoms.",
    )
    standardisation: Literal["max_min", "z_score"] | None = Field(
        default="z_score",
        description="max_min: the training set spans 0 to 1. z_score: it has mean 0 and standard "
        "deviation 1. null: none.",
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.range[0] < self.range[1]:
            raise ValueError("range must be two rising numbers, [low, high]")
        return self


class ModelConfig(_Section):
    """The convolutional network."""

    hidden: int = Field(default=128, ge=1, description="Width of the hidden fully connected layer.")


class OptimisationConfig(_Section):
    """How the network is fitted: AdamW, mean squared error, cosine learning rate."""

    epochs: int = Field(default=30, ge=1, description="Passes over the training set at most.")
    batch_size: int = Field(default=16, ge=1, description="Frames a step.")
    learning_rate: float = Field(
        default=1e-3, gt=0, description="At the first step; falls to 0 at the last along a cosine."
    )
    weight_decay: float = Field(default=1e-4, ge=0, description="Weight decay of AdamW.")
    patience: int = Field(
        default=15,
        ge=1,
        description="Stop after this many epochs without a lower validation RMSE.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: CUDA where there is one, else the CPU."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="Of the convolutions while training. auto: bfloat16 where the processor "
        "computes in it, else float32. Final predictions are always made in float32.",
    )


class TrainingConfig(_Section):
    """Everything that decides the outcome of a training run."""

    out: str = Field(
        examples=["runs/carbon"],
        description="Folder of the run. Started again with the same settings, a stopped run goes "
        "on where it was.",
    )
    seed: int = Field(
        default=0, ge=0, description="Decides the split, the first weights and the frame order."
    )
    data: DataConfig = Field(description="Which frames to learn from.")
    split: SplitConfig = Field(
        default=SplitConfig(), description="Training, validation and test sets."
    )
    descriptor: DescriptorConfig = Field(
        default=DescriptorConfig(), description="The persistence histogram the network sees."
    )
    model: ModelConfig = Field(default=ModelConfig(), description="The convolutional network.")
    optimisation: OptimisationConfig = Field(
        default=OptimisationConfig(), description="How the network is fitted."
    )

    @model_validator(mode="after")
    def _one_test_set(self) -> Self:
        if self.data.test and self.split.test > 0:
            raise ValueError("data.test names the test set, so set split.test to 0")
        return self


def load_config(path: str | Path) -> TrainingConfig:
    """
    Read the settings of a training run.

    Parameters
    ----------
    path
        YAML file; ``amorph train --example`` prints one.

    Returns
    -------
    TrainingConfig
        The settings, defaults filled in.

    Raises
    ------
    ConfigError
        If the file is missing, not YAML, has an unknown or missing key, or a value that is not
        allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such config file; `amorph train --example > {path}` writes one"
        )
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(settings, dict):
        raise ConfigError(
            f"{path}: holds no settings; `amorph train --example` prints a config to start from"
        )
    try:
        return TrainingConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(map(_sentence, error.errors()))}") from error


def example_config() -> str:
    """
    Write a config with every key, its default and what it means.

    Returns
    -------
    str
        YAML that `load_config` accepts.
    """
    return "\n".join(_documented(TrainingConfig, "")) + "\n"


def _documented(section: type[BaseModel], indent: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield from _comment(field.description or "", indent)
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield f"{indent}{name}:"
            yield from _documented(nested, indent + "  ")
            continue
        value = field.examples[0] if field.examples else field.default
        if isinstance(value, tuple):
            value = list(value)
        written = yaml.safe_dump(value, default_flow_style=True, width=1000)
        written = written.removesuffix("...\n").strip()  # YAML's end mark after a bare scalar
        yield f"{indent}{name}: {written}"


def _comment(text: str, indent: str) -> Iterator[str]:
    line = f"{indent}#"
    for word in text.split():
        if len(line) + 1 + len(word) > 100:
            yield line
            line = f"{indent}#"
        line += f" {word}"
    yield line


def _sentence(error: Any) -> str:
    """Put one pydantic error as key, fault and, for a mistyped key, the likely one."""
    location = [str(part) for part in error["loc"]]
    key = ".".join(location)
    if error["type"] == "extra_forbidden":
        section: Any = TrainingConfig
        for part in location[:-1]:
            section = section.model_fields[part].annotation
        near = difflib.get_close_matches(location[-1], section.model_fields, n=1)
        known = ", ".join(section.model_fields)
        return f"unknown key {key}; " + (f"did you mean {near[0]}?" if near else f"known: {known}")
    if error["type"] == "missing":
        return f"key {key} is missing; `amorph train --example` shows it"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else str(message)
