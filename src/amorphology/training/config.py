"""Settings of a training run."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from amorphology.errors import ConfigError
from amorphology.training.config_section import Positive, Section
from amorphology.training.descriptor_config import (
    AnyDescriptorConfig,
    DescriptorConfig,
    LocalConfig,
    usual_descriptor,
)
from amorphology.training.model_config import (
    CNNConfig,
    HDNNPConfig,
    JointConfig,
    KernelAndNetworkConfig,
    KernelRidgeConfig,
    ModelConfig,
    RidgeConfig,
    usual_model,
)

__all__ = [
    "CNNConfig",
    "DataConfig",
    "DescriptorConfig",
    "ForcesConfig",
    "HDNNPConfig",
    "JointConfig",
    "KernelAndNetworkConfig",
    "KernelRidgeConfig",
    "ModelConfig",
    "OptimisationConfig",
    "RidgeConfig",
    "SplitConfig",
    "TrainingConfig",
]

EACH_ATOM = ("soap", "acsf")
AVERAGE = ("soap_average", "acsf_average")
ONE_VECTOR = (
    "persistence_histogram",
    *AVERAGE,
    "coordination_numbers",
    "coulomb_matrix",
    "coulomb_eigenspectrum",
    "cartesian",
)

READS = {
    "cnn": ("persistence_histogram",),
    "hdnnp": EACH_ATOM,
    "ridge": ONE_VECTOR,
    "kernel_ridge": ONE_VECTOR,
    "joint": ("persistence_histogram",),
    "kernel_and_network": ONE_VECTOR,
}
"""Kinds of descriptor that each kind of model can read."""

READS_AS_WELL = {"kernel_ridge": AVERAGE, "joint": EACH_ATOM, "kernel_and_network": EACH_ATOM}
"""Kinds of a second descriptor, in section local."""

READS_FORCES = ("hdnnp", "joint", "kernel_and_network")
"""Kinds of model that learn from forces as well."""


class DataConfig(Section):
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


class SplitConfig(Section):
    """How frames are divided into training, validation and test sets."""

    by: Literal["run", "near_copies", "random"] = Field(
        default="run",
        description="run: whole simulation runs (info['run'] of a frame, else its file) are held "
        "out, so that no test frame has a near-copy in the training set. near_copies: the same "
        "where no run is named; frames of one simulation are found by their cells and atoms. "
        "random: single frames are held out; errors then look smaller than they are for a new run.",
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


class ForcesConfig(Section):
    """What a network learns from forces: how energies rise along random directions."""

    directions: int = Field(
        default=4,
        ge=1,
        description="Random directions for each training frame. Its atoms are described at two "
        "more places for each of them.",
    )
    weight: Positive = Field(
        default=0.002,
        description="Of the mean square error of forces beside that of mean energies per atom, "
        "Angstrom^2.",
    )


class OptimisationConfig(Section):
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
    forces: ForcesConfig | None = Field(
        default=None,
        description="Learn from forces, too, which all training frames must have. For models that "
        "read atoms: hdnnp, joint, kernel_and_network. null: energies alone.",
    )


class TrainingConfig(Section):
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
    descriptor: AnyDescriptorConfig = Field(
        default=DescriptorConfig(),
        description="What the model sees of a frame. Each kind has keys of its own.",
    )
    local: LocalConfig | None = Field(
        default=None,
        description="Descriptor of the neighbourhoods of atoms that a model reads as well, with "
        "the keys of its kind above: for joint and kernel_and_network {kind: soap} or acsf; for "
        "kernel_ridge soap_average or acsf_average, with kernel product or sum. null: none.",
    )
    also: list[AnyDescriptorConfig] = Field(
        default=[],
        description="More descriptors that kernel_ridge with kernel product or sum, or "
        "kernel_and_network, reads beside these, as many as there are sections in this list; each "
        "has the keys of its kind above.",
    )
    cache: str | None = Field(
        default=None,
        description="Folder where features that take long to compute are kept for other trainings "
        "on the same frames. null: in the folder of the run, until it has ended.",
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
        "trust it. For networks: cnn, hdnnp, joint, kernel_and_network.",
    )
    optimisation: OptimisationConfig = Field(
        default=OptimisationConfig(), description="How a network is fitted."
    )

    @field_validator("descriptor", mode="before")
    @classmethod
    def _usual_descriptor(cls, value: Any) -> Any:
        return usual_descriptor(value)

    @field_validator("also", mode="before")
    @classmethod
    def _usual_descriptors(cls, value: Any) -> Any:
        return [usual_descriptor(one) for one in value] if isinstance(value, list) else value

    @field_validator("model", mode="before")
    @classmethod
    def _usual_model(cls, value: Any) -> Any:
        return usual_model(value)

    @model_validator(mode="after")
    def _one_test_set(self) -> Self:
        if self.data.test and self.split.test > 0:
            raise ValueError("data.test names the test set, so set split.test to 0")
        if self.ensemble > 1 and isinstance(self.model, RidgeConfig | KernelRidgeConfig):
            raise ValueError(
                f"ensemble is {self.ensemble}, but model.kind {self.model.kind} has no first "
                "weights to vary; set ensemble to 1"
            )
        return self

    @model_validator(mode="after")
    def _model_reads_descriptor(self) -> Self:
        kind, descriptor = self.model.kind, self.descriptor.kind
        if descriptor not in READS[kind]:
            raise ValueError(
                f"model.kind {kind} cannot read descriptor.kind {descriptor}; choose "
                f"{_or(READS[kind])}, or {_or(_readers(descriptor))} as model"
            )
        allowed = READS_AS_WELL.get(kind, ())
        if self.local is None:
            if kind in ("joint", "kernel_and_network"):
                raise ValueError(
                    f"model.kind {kind} reads a second descriptor; add local: {{kind: soap}}"
                )
        elif self.local.kind not in allowed:
            what = f"set local.kind to {_or(allowed)}" if allowed else "remove local"
            raise ValueError(
                f"model.kind {kind} cannot read local.kind {self.local.kind}; {what}, or choose "
                f"{_or(_second_readers(self.local.kind))} as model"
            )
        return self

    @model_validator(mode="after")
    def _forces_move_atoms(self) -> Self:
        kind = self.model.kind
        if self.optimisation.forces and kind not in READS_FORCES:
            raise ValueError(
                f"optimisation.forces: model.kind {kind} learns from energies alone; leave it out, "
                f"or choose {_or(READS_FORCES)} as model"
            )
        return self

    @model_validator(mode="after")
    def _kernel_reads_several(self) -> Self:
        given = "local" if self.local else "also"
        if self.also and not isinstance(self.model, KernelRidgeConfig | KernelAndNetworkConfig):
            raise ValueError(
                f"model.kind {self.model.kind} cannot read the descriptors in also; remove them, "
                "or choose kernel_ridge as model"
            )
        single = isinstance(self.model, KernelRidgeConfig) and self.model.kernel == "single"
        if single and (self.local or self.also):
            raise ValueError(
                f"model.kernel single has one length for all; with {given}, set it to product or "
                "sum"
            )
        for section in self.also:
            if section.kind not in ONE_VECTOR:
                raise ValueError(
                    f"also: kernel_ridge cannot read kind {section.kind}; choose {_or(ONE_VECTOR)}"
                )
        return self

    @property
    def histogram(self) -> DescriptorConfig:
        """
        The persistence histogram.

        Raises
        ------
        ConfigError
            If the model sees another descriptor.
        """
        if not isinstance(self.descriptor, DescriptorConfig):
            raise ConfigError(
                f"descriptor.kind is {self.descriptor.kind}; this needs persistence_histogram"
            )
        return self.descriptor


def _readers(descriptor: str) -> list[str]:
    return [kind for kind, allowed in READS.items() if descriptor in allowed]


def _second_readers(descriptor: str) -> list[str]:
    return [kind for kind, allowed in READS_AS_WELL.items() if descriptor in allowed]


def _or(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
