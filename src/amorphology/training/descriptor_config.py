"""Settings of what a model sees of a frame."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from amorphology.training.config_section import NotNegative, Positive, Section

__all__ = [
    "ACSFConfig",
    "AnyDescriptorConfig",
    "CartesianConfig",
    "CoordinationNumbersConfig",
    "CoulombEigenspectrumConfig",
    "CoulombMatrixConfig",
    "DescriptorConfig",
    "LocalConfig",
    "RowConfig",
    "SOAPConfig",
    "usual_descriptor",
]

Degree: TypeAlias = Literal[0, 1, 2]


class DescriptorConfig(Section):
    """The persistence histogram that the model sees."""

    kind: Literal["persistence_histogram"] = Field(
        default="persistence_histogram", description="Two-dimensional histogram of diagrams."
    )
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
    points: Literal["atoms", "bond_midpoints"] = Field(
        default="atoms",
        description="What the diagrams are of. bond_midpoints: of the midpoints of bonds; beside "
        "those of atoms, in section also, they hold distances across bond angles.",
    )
    bond_cutoff: Positive | None = Field(
        default=None,
        description="Longest bond, Angstrom, for points bond_midpoints. null: 1.25 times the sum "
        "of covalent radii, 1.9 for carbon.",
    )
    bond_weight: NotNegative = Field(
        default=0.0,
        description="Weight of the midpoint of a bond of length r: minus this times (r/2)^2, so "
        "that births tell the lengths of bonds.",
    )
    counting: Literal["whole", "shared"] = Field(
        default="whole",
        description="whole: a pair counts in its bin. shared: the four bins around it share it, so "
        "that the histogram follows every small move; better for kernel_ridge.",
    )
    essential: Literal["left_out", "paired"] = Field(
        default="left_out",
        description="Essential classes of periodic cells. left_out: not counted. paired: counted "
        "as the pairs they make where the cell is repeated, so that numbers per atom do not depend "
        "on the size of the cell.",
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


class _LocalSection(Section):
    species: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Chemical symbols that may occur; null: those of the training set.",
    )
    standardisation: Literal["z_score"] | None = Field(
        default="z_score",
        description="z_score: each feature has mean 0 and standard deviation 1 over the training "
        "set (over its atoms, each species for itself, where every atom is described). null: "
        "as it is.",
    )
    n_jobs: int | None = Field(
        default=None,
        ge=1,
        description="Processes that compute it; null: the cores there are, where that pays off.",
    )


class SOAPConfig(_LocalSection):
    """Smooth overlap of atomic positions."""

    kind: Literal["soap", "soap_average"] = Field(
        description="Smooth overlap of atomic positions. soap: of every atom, for hdnnp and joint. "
        "soap_average: mean over the atoms, for ridge and kernel_ridge."
    )
    r_cut: Positive = Field(default=6.0, description="Radius of the neighbourhood, Angstrom.")
    n_max: int = Field(default=8, ge=1, description="Radial functions.")
    l_max: int = Field(
        default=8, ge=0, le=20, description="Highest degree of the spherical harmonics."
    )
    sigma: Positive = Field(
        default=0.5, description="Standard deviation of the Gaussian of an atom, Angstrom."
    )
    basis: Literal["gto", "polynomial"] = Field(default="gto", description="Radial functions.")


class ACSFConfig(_LocalSection):
    """Atom-centred symmetry functions."""

    kind: Literal["acsf", "acsf_average"] = Field(
        description="Atom-centred symmetry functions. acsf: of every atom, for hdnnp and joint. "
        "acsf_average: mean over the atoms, for ridge and kernel_ridge."
    )
    r_cut: Positive = Field(default=4.0, description="Radius of the neighbourhood, Angstrom.")
    g2: list[tuple[float, float]] | None = Field(
        default=None,
        description="Pairs of eta (1/Angstrom^2) and r_s (Angstrom). null: twelve, every 0.25 "
        "Angstrom from 1 to 3.75, as wide as they are apart.",
    )
    g3: list[float] = Field(default=[], description="Values of kappa (1/Angstrom).")
    g4: list[tuple[float, float, float]] | None = Field(
        default=None,
        description="Triples of eta (1/Angstrom^2), zeta and lambda. null: twelve, with eta 0.1 "
        "and 0.4, zeta 1, 4, 16 and lambda 1, -1.",
    )
    g5: list[tuple[float, float, float]] = Field(
        default=[], description="The same without the distance between the two neighbours."
    )


class _VectorSection(Section):
    standardisation: Literal["z_score"] | None = Field(
        default="z_score",
        description="z_score: each feature has mean 0 and standard deviation 1 over the training "
        "set. null: as it is.",
    )


class CoulombMatrixConfig(_VectorSection):
    """Coulomb matrix of a molecule."""

    kind: Literal["coulomb_matrix"] = Field(description="Of molecules (frames without periods).")
    permutation: Literal["none", "sorted_l2"] = Field(
        default="sorted_l2", description="Order of the rows: of the atoms, or of falling norm."
    )


class CoulombEigenspectrumConfig(_VectorSection):
    """Eigenvalues of the Coulomb matrix of a molecule."""

    kind: Literal["coulomb_eigenspectrum"] = Field(
        description="Eigenvalues of the Coulomb matrix of molecules."
    )


class CoordinationNumbersConfig(_VectorSection):
    """Numbers of neighbours."""

    kind: Literal["coordination_numbers"] = Field(
        description="Shares of the atoms with 0, 1, 2 and more neighbours."
    )
    cutoff: Positive = Field(
        default=1.9, description="Distance below which atoms are neighbours, Angstrom."
    )
    most: int = Field(default=7, ge=1, description="The last share is that of so many or more.")


class CartesianConfig(_VectorSection):
    """Positions of the atoms."""

    kind: Literal["cartesian"] = Field(
        description="Positions of the atoms; frames with the same atoms in the same order only."
    )
    subtract_centroid: bool = Field(
        default=True, description="Take positions from the centroid of the atoms."
    )


LocalConfig: TypeAlias = Annotated[SOAPConfig | ACSFConfig, Field(discriminator="kind")]

RowConfig: TypeAlias = (
    SOAPConfig
    | ACSFConfig
    | CoordinationNumbersConfig
    | CoulombMatrixConfig
    | CoulombEigenspectrumConfig
    | CartesianConfig
)
"""All but persistence histograms."""

AnyDescriptorConfig: TypeAlias = Annotated[
    DescriptorConfig | RowConfig,
    Field(discriminator="kind"),
]


def usual_descriptor(value: Any) -> Any:
    """Add the kind of descriptor that is meant where none is named."""
    if isinstance(value, dict) and "kind" not in value:
        return {"kind": "persistence_histogram"} | value
    return value
