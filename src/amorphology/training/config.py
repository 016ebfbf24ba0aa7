"""Settings of a training run."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "CNNConfig",
    "DataConfig",
    "DescriptorConfig",
    "KernelRidgeConfig",
    "ModelConfig",
    "OptimisationConfig",
    "RidgeConfig",
    "SplitConfig",
    "TrainingConfig",
]


Degree: TypeAlias = Literal[0, 1, 2]
NotNegative: TypeAlias = Annotated[float, Field(ge=0)]
Positive: TypeAlias = Annotated[float, Field(gt=0)]


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
    fraction: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Learn from this fraction of the training set only, for a learning curve. "
        "Validation and test sets stay the same, and smaller fractions are part of larger ones.",
    )
    n_train: int | None = Field(
        default=None, ge=1, description="The same, as a number of frames; give one of the two."
    )
    exclude_energies: tuple[float, float] | None = Field(
        default=None,
        description="Learn nothing of frames with a mean energy per atom from the first to the "
        "second number, eV/atom. Their errors are reported apart: as excluded where they come "
        "from the training and validation sets, as excluded_test where from the test set.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.fraction is not None and self.n_train is not None:
            raise ValueError("fraction and n_train say the same thing; give one of them")
        if self.exclude_energies and not self.exclude_energies[0] < self.exclude_energies[1]:
            raise ValueError("exclude_energies must be two rising numbers, [low, high]")
        return self


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
    """The persistence histogram that the model sees."""

    homology: Degree | Annotated[list[Degree], Field(min_length=1)] = Field(
        default=1,
        description="Degree of the homology; or several, which become channels: [0, 1, 2].",
    )
    bins: int = Field(default=128, ge=8, description="Bins along birth and along death.")
    range: tuple[float, float] | list[tuple[float, float]] = Field(
        default=(0.0, 8.0),
        description="Values covered by both axes, in the unit of axes; or such a pair for each "
        "degree: [[0, 2], [0, 8], [0, 8]].",
    )
    axes: Literal["squared_radius", "radius"] = Field(
        default="squared_radius",
        description="squared_radius: births and deaths in Angstrom^2. radius: in Angstrom.",
    )
    normalisation: Literal["probability", "per_atom"] = Field(
        default="probability",
        description="probability: a histogram sums to 1. per_atom: it is divided by the number of "
        "atoms.",
    )
    blur: NotNegative | list[NotNegative] = Field(
        default=0.0,
        description="Standard deviation of a Gaussian that counts are blurred with, in the unit "
        "of axes; 0: none. Or a number for each degree.",
    )
    standardisation: Literal["max_min", "z_score"] | None = Field(
        default="z_score",
        description="max_min: the training set spans 0 to 1. z_score: it has mean 0 and standard "
        "deviation 1. null: none. Each degree for itself.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        degrees = self.homology if isinstance(self.homology, list) else [self.homology]
        if len(set(degrees)) < len(degrees):
            raise ValueError("homology names a degree twice; name each once")
        ranges = self.range if isinstance(self.range, list) else [self.range]
        if not all(low < high for low, high in ranges):
            raise ValueError("range must be two rising numbers, [low, high]")
        for name in ("range", "blur"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) != len(degrees):
                raise ValueError(
                    f"{name} has {len(value)} entries for {len(degrees)} degrees of homology; "
                    "give one for each, or one for all"
                )
        return self


class CNNConfig(_Section):
    """The convolutional network."""

    kind: Literal["cnn"] = Field(default="cnn", description="A convolutional network.")
    hidden: int = Field(default=128, ge=1, description="Width of the hidden fully connected layer.")


class RidgeConfig(_Section):
    """Linear regression with a penalty on its weights."""

    kind: Literal["ridge"] = Field(description="Linear ridge regression.")
    penalties: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=[1e-4, 1e-3, 1e-2, 1e-1, 1.0],
        description="Penalties to choose from by the validation error, in units of the mean "
        "squared length of a training frame's features.",
    )


class KernelRidgeConfig(_Section):
    """Ridge regression with a Gaussian kernel."""

    kind: Literal["kernel_ridge"] = Field(description="Gaussian-kernel ridge regression.")
    penalties: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=[1e-6, 1e-5, 1e-4, 1e-3, 1e-2],
        description="Penalties to choose from by the validation error.",
    )
    lengths: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=[2.0, 4.0, 8.0, 16.0],
        description="Lengths of the kernel to choose from, in units of the root mean square "
        "distance between training frames.",
    )


ModelConfig: TypeAlias = Annotated[
    CNNConfig | RidgeConfig | KernelRidgeConfig, Field(discriminator="kind")
]


class OptimisationConfig(_Section):
    """How a network is fitted: AdamW, mean squared error, cosine learning rate."""

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
        default=DescriptorConfig(), description="The persistence histogram the model sees."
    )
    model: ModelConfig = Field(
        default=CNNConfig(),
        description="What reads energies from it. Each kind has keys of its own.",
    )
    ensemble: int = Field(
        default=1,
        ge=1,
        description="Networks to train on the same split, from other first weights and in another "
        "frame order. Their mean is the prediction; their standard deviation tells how far to "
        "trust it. For kind cnn.",
    )
    optimisation: OptimisationConfig = Field(
        default=OptimisationConfig(), description="How a network is fitted; for kind cnn."
    )

    @field_validator("model", mode="before")
    @classmethod
    def _usual_kind(cls, value: Any) -> Any:
        if isinstance(value, dict) and "kind" not in value:
            return {"kind": "cnn"} | value
        return value

    @model_validator(mode="after")
    def _one_test_set(self) -> Self:
        if self.data.test and self.split.test > 0:
            raise ValueError("data.test names the test set, so set split.test to 0")
        if self.ensemble > 1 and self.model.kind != "cnn":
            raise ValueError(
                f"ensemble is {self.ensemble}, but model.kind {self.model.kind} has no first "
                "weights to vary; set ensemble to 1"
            )
        return self
