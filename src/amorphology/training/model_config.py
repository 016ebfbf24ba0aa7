"""Settings of what reads energies from descriptors."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from amorphology.training.config_section import Positive, Section

__all__ = [
    "CNNConfig",
    "HDNNPConfig",
    "JointConfig",
    "KernelAndNetworkConfig",
    "KernelRidgeConfig",
    "ModelConfig",
    "NetworkConfig",
    "RidgeConfig",
    "usual_model",
]

Width: TypeAlias = Annotated[int, Field(ge=1)]


class CNNConfig(Section):
    """The convolutional network."""

    kind: Literal["cnn"] = Field(default="cnn", description="A convolutional network.")
    hidden: int = Field(default=128, ge=1, description="Width of the hidden fully connected layer.")


class HDNNPConfig(Section):
    """A network for each species that gives every atom its part of the energy."""

    kind: Literal["hdnnp"] = Field(
        description="Behler-Parrinello network on a descriptor of every atom."
    )
    hidden: list[Width] = Field(
        default=[64, 64], min_length=1, description="Widths of the hidden layers."
    )


class RidgeConfig(Section):
    """Linear regression with a penalty on its weights."""

    kind: Literal["ridge"] = Field(description="Linear ridge regression.")
    penalties: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=[1e-4, 1e-3, 1e-2, 1e-1, 1.0],
        description="Penalties to choose from by the validation error, in units of the mean "
        "squared length of a training frame's features.",
    )


class KernelRidgeConfig(Section):
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
    kernel: Literal["single", "product", "sum"] = Field(
        default="single",
        description="single: one Gaussian, with one length for all features. product: one Gaussian "
        "with a length of its own for each degree of homology and for the descriptors in sections "
        "local and also. sum: a Gaussian for each of them, added with weights. All lengths and "
        "weights are chosen from the lists here; for product and sum, longer lists than these pay "
        "off. For product there is a better search, too.",
    )
    weights: Annotated[list[Positive], Field(min_length=1)] = Field(
        default=[0.25, 1.0, 4.0],
        description="Weights to choose from for each part of a sum; only their ratios count.",
    )
    search: Literal["lists", "likelihood", "leave_one_out"] = Field(
        default="lists",
        description="How penalty, lengths and weights are found. lists: one after the other, the "
        "choices with the lowest validation error. The others, for kernel product, find any "
        "numbers, better where there are several descriptors, and need no validation set. "
        "likelihood: those under which the training energies are most probable. leave_one_out: "
        "those that predict each training frame best from all others.",
    )
    noise: Literal["constant", "exponential"] = Field(
        default="constant",
        description="What the kernel is not to explain, in the searches likelihood and "
        "leave_one_out. constant: as much for each frame. exponential: more, or less, with each "
        "step in energy; how much is found with the lengths. For data of hot liquids and cold "
        "solids together.",
    )
    starts: int = Field(
        default=3,
        ge=1,
        description="Places from which the searches likelihood and leave_one_out start, the first "
        "of them a usual one and the others decided by the seed; the best end counts.",
    )

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        if self.search != "lists" and self.kernel != "product":
            raise ValueError(
                f"search {self.search} is for kernel product, not {self.kernel}; set one of them"
            )
        if self.noise != "constant" and self.search == "lists":
            raise ValueError(
                f"noise {self.noise} is for the searches likelihood and leave_one_out, not for "
                "lists; set one of them"
            )
        return self


class JointConfig(Section):
    """A network that reads diagrams and neighbourhoods of atoms together."""

    kind: Literal["joint"] = Field(
        description="A network on a persistence histogram and, in section local, on a descriptor "
        "of every atom."
    )
    design: Literal["embedding", "sum"] = Field(
        default="embedding",
        description="embedding: the network of an atom also sees some numbers that a cnn makes of "
        "its frame's histogram. sum: the energy is that of a cnn plus that of an hdnnp, trained "
        "together.",
    )
    hidden: list[Width] = Field(
        default=[64, 64], min_length=1, description="Widths of the hidden layers for atoms."
    )
    hidden_histogram: int = Field(
        default=128, ge=1, description="Width of the cnn's hidden fully connected layer."
    )
    embedding: int = Field(
        default=16, ge=1, description="Numbers a histogram becomes; for design embedding."
    )


class KernelAndNetworkConfig(Section):
    """Kernel ridge regression on whole frames, and a network on neighbourhoods of atoms."""

    kind: Literal["kernel_and_network"] = Field(
        description="Mean of a kernel_ridge with kernel product, on sections descriptor and also, "
        "and of an hdnnp, on section local. Each is fitted for itself, and their errors differ."
    )
    search: Literal["likelihood", "leave_one_out"] = Field(
        default="likelihood", description="As for kernel_ridge."
    )
    noise: Literal["constant", "exponential"] = Field(
        default="constant", description="As for kernel_ridge."
    )
    starts: int = Field(default=3, ge=1, description="As for kernel_ridge.")
    hidden: list[Width] = Field(
        default=[64, 64], min_length=1, description="Widths of the hidden layers for atoms."
    )

    @property
    def kernel_ridge(self) -> KernelRidgeConfig:
        """Settings of the kernel."""
        return KernelRidgeConfig(
            kind="kernel_ridge",
            kernel="product",
            search=self.search,
            noise=self.noise,
            starts=self.starts,
        )

    @property
    def hdnnp(self) -> HDNNPConfig:
        """Settings of the network."""
        return HDNNPConfig(kind="hdnnp", hidden=self.hidden)


ModelConfig: TypeAlias = Annotated[
    CNNConfig
    | HDNNPConfig
    | RidgeConfig
    | KernelRidgeConfig
    | JointConfig
    | KernelAndNetworkConfig,
    Field(discriminator="kind"),
]

NetworkConfig: TypeAlias = CNNConfig | HDNNPConfig | JointConfig
"""Those that are trained in epochs."""


def usual_model(value: Any) -> Any:
    """Add the kind of model that is meant where none is named."""
    if isinstance(value, dict) and "kind" not in value:
        return {"kind": "cnn"} | value
    return value
