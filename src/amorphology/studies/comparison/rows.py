"""Rows of the tables: what a model sees of a frame, and what reads energies from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from amorphology.studies.amorphous_carbon import CARBON_HISTOGRAMS
from amorphology.studies.amorphous_graphene import GRAPHENE_HISTOGRAMS
from amorphology.studies.energy_study.trainings import PAPER, of_midpoints
from amorphology.training.config import (
    CNNConfig,
    DescriptorConfig,
    ForcesConfig,
    HDNNPConfig,
    JointConfig,
    KernelAndNetworkConfig,
    KernelRidgeConfig,
    ModelConfig,
    RidgeConfig,
)
from amorphology.training.descriptor_config import (
    ACSFConfig,
    AnyDescriptorConfig,
    CartesianConfig,
    CoordinationNumbersConfig,
    CoulombEigenspectrumConfig,
    CoulombMatrixConfig,
    SOAPConfig,
)

__all__ = ["SHEET", "SPACE", "Row", "comparison_rows"]

SPACE: Final = "space"
SHEET: Final = "sheet"
"""A layer of atoms, which encloses no cavities; other structures fill space."""

PENALTIES = [10.0**exponent for exponent in range(-8, 1)]

NEAR: Final[dict[str, Any]] = {"r_cut": 3.0, "sigma": 0.2, "n_max": 8, "l_max": 6}
"""SOAP that errors on frames with DFT energies prefer, of networks and of averages alike."""


@dataclass(frozen=True)
class Row:
    """
    A descriptor and a model.

    Attributes
    ----------
    name
        For names of folders.
    descriptor_title, model_title
        For people.
    descriptor, model, local, also
        Settings, see `amorphology.training.TrainingConfig`.
    forces, ensemble
        More of them.
    one_size
        Whether numbers of frames of different size cannot be compared one by one.
    without_images
        Whether the atoms of a cell are taken without their periodic images.
    """

    name: str
    descriptor_title: str
    model_title: str
    descriptor: AnyDescriptorConfig
    model: ModelConfig
    local: SOAPConfig | ACSFConfig | None = None
    also: tuple[AnyDescriptorConfig, ...] = ()
    one_size: bool = False
    without_images: bool = False
    forces: ForcesConfig | None = None
    ensemble: int = 1

    @property
    def reads_atoms(self) -> bool:
        """Whether it is a network that reads atoms one by one, and no images."""
        return isinstance(self.model, HDNNPConfig | KernelAndNetworkConfig)

    @property
    def kernels(self) -> int:
        """Matrices of training frames by training frames that are in memory at a time."""
        if isinstance(self.model, KernelAndNetworkConfig):
            return 2 + sum(map(_parts, [self.descriptor, *self.also]))
        if not isinstance(self.model, KernelRidgeConfig):
            return 1
        if self.model.kernel == "single":
            return 2
        return 2 + sum(map(_parts, self.sections))

    @property
    def sections(self) -> tuple[AnyDescriptorConfig, ...]:
        """All descriptors that are read."""
        return (self.descriptor, *([self.local] if self.local else []), *self.also)

    def settings(self) -> Mapping[str, object]:
        """
        Write down the settings.

        Returns
        -------
        dict
            Sections of a `TrainingConfig`.
        """
        return {
            "descriptor": self.descriptor,
            "local": self.local,
            "also": list(self.also),
            "model": self.model,
            "ensemble": self.ensemble,
        }


def comparison_rows(shape: Literal["space", "sheet"]) -> tuple[Row, ...]:
    """
    List the rows.

    Parameters
    ----------
    shape
        `SPACE` or `SHEET`.

    Returns
    -------
    tuple of Row
        From those that know least of a structure, to those that see diagrams and neighbourhoods.
    """
    ridge = RidgeConfig(kind="ridge", penalties=PENALTIES)
    # The same search for all: a better one for diagrams alone would be no comparison.
    search: dict[str, Any] = {"search": "likelihood"}
    if shape == SHEET:
        # Most sheets are quenched ones of nearly one energy, and would decide the likelihood.
        search = {"search": "leave_one_out", "noise": "exponential"}
    kernel = KernelRidgeConfig(kind="kernel_ridge", kernel="product", **search)
    paper_soap, acsf = SOAPConfig(kind="soap"), ACSFConfig(kind="acsf")
    soap = SOAPConfig(kind="soap", **NEAR)
    average, environments = _averaged_soap(), _environments()
    (paper,) = (CARBON_HISTOGRAMS if shape == SPACE else GRAPHENE_HISTOGRAMS)[PAPER]
    diagrams = _diagrams(shape)
    midpoints = of_midpoints(diagrams)
    # Midpoints that come later tell lengths and angles apart in another way.
    later = midpoints.model_copy(
        update={"bond_weight": 0.5, "range": [(0.0, 2.4)] * (3 if shape == SPACE else 2)}
    )
    every = "PD H0 + H1 + H2" if shape == SPACE else "PD H0 + H1"
    return (
        Row(
            "cartesian_ridge",
            "Cartesian",
            "ridge",
            CartesianConfig(kind="cartesian"),
            ridge,
            one_size=True,
        ),
        Row(
            "coulomb_matrix_ridge",
            "Coulomb matrix",
            "ridge",
            CoulombMatrixConfig(kind="coulomb_matrix"),
            ridge,
            one_size=True,
            without_images=True,
        ),
        Row(
            "coulomb_eigenspectrum_ridge",
            "Coulomb eigenspectrum",
            "ridge",
            CoulombEigenspectrumConfig(kind="coulomb_eigenspectrum"),
            ridge,
            one_size=True,
            without_images=True,
        ),
        Row("acsf_ridge", "ACSF, averaged", "ridge", ACSFConfig(kind="acsf_average"), ridge),
        Row("acsf_hdnnp", "ACSF", "HDNNP", acsf, HDNNPConfig(kind="hdnnp")),
        Row("soap_ridge", "SOAP, averaged", "ridge", average, ridge),
        Row("soap_kernel_ridge", "SOAP, averaged", "kernel ridge", average, kernel),
        Row(
            "environments_kernel_ridge",
            "SOAP within 3 Å, neighbours",
            "kernel ridge",
            environments[0],
            kernel,
            also=environments[1:],
        ),
        Row(
            "soap_hdnnp_paper", "SOAP, the paper’s", "HDNNP", paper_soap, HDNNPConfig(kind="hdnnp")
        ),
        Row("soap_hdnnp", "SOAP within 3 Å", "HDNNP", soap, HDNNPConfig(kind="hdnnp")),
        Row(
            "soap_hdnnp_forces",
            "SOAP within 3 Å",
            "3 HDNNPs, forces",
            soap,
            HDNNPConfig(kind="hdnnp"),
            forces=ForcesConfig(),
            ensemble=3,
        ),
        Row("pd_cnn_paper", "PD H1, the paper’s", "CNN", paper, CNNConfig()),
        Row("pd_cnn", every, "CNN", diagrams, CNNConfig()),
        Row("pd_ridge", every, "ridge", diagrams, ridge),
        Row("pd_kernel_ridge", every, "kernel ridge", diagrams, kernel),
        Row(
            "pd_midpoints_kernel_ridge",
            f"{every} + midpoints",
            "kernel ridge",
            diagrams,
            kernel,
            also=(midpoints,),
        ),
        Row(
            "pd_only_midpoints_kernel_ridge",
            f"{every}, midpoints of two weights",
            "kernel ridge",
            # Alone, midpoints want a wider blur.
            midpoints.model_copy(update={"blur": 0.12}),
            kernel,
            also=(later.model_copy(update={"blur": 0.12}),),
        ),
        Row(
            "pd_soap_kernel_ridge",
            f"{every} + SOAP, averaged",
            "kernel ridge",
            diagrams,
            kernel,
            also=(average,),
        ),
        Row(
            "pd_environments_kernel_ridge",
            f"{every}, midpoints of two weights + SOAP within 3 Å, neighbours",
            "kernel ridge",
            midpoints,
            kernel,
            also=(later, *environments),
        ),
        Row(
            "pd_soap_network",
            f"{every} + SOAP within 3 Å",
            "joint network",
            diagrams,
            JointConfig(kind="joint"),
            local=soap,
        ),
        Row(
            "pd_environments_kernel_and_hdnnp",
            f"{every}, midpoints of two weights + SOAP within 3 Å, neighbours",
            "kernel ridge and 3 HDNNPs, forces",
            midpoints,
            KernelAndNetworkConfig(kind="kernel_and_network", **search),
            local=soap,
            also=(later, *environments),
            forces=ForcesConfig(),
            ensemble=3,
        ),
    )


def _averaged_soap() -> SOAPConfig:
    # Narrow and short-ranged, and as it is: averaged over atoms, the paper's setting is too smooth.
    return SOAPConfig(
        kind="soap_average", r_cut=4.0, sigma=0.3, n_max=10, l_max=6, standardisation=None
    )


def _environments() -> tuple[AnyDescriptorConfig, ...]:
    """Mean of near neighbourhoods, and numbers of neighbours."""
    near = SOAPConfig(kind="soap_average", standardisation=None, **NEAR)
    return (
        near,
        CoordinationNumbersConfig(kind="coordination_numbers", standardisation=None),
    )


def _diagrams(shape: str) -> DescriptorConfig:
    """Count pairs of all degrees that tell something, per atom over radii, blurred."""
    degrees: list[Literal[0, 1, 2]] = [0, 1, 2]
    n_degrees = 3 if shape == SPACE else 2
    return DescriptorConfig(
        homology=degrees[:n_degrees],
        axes="radius",
        range=[(0.0, 3.0), (0.2, 3.2), (0.2, 3.2)][:n_degrees],
        bins=64,
        normalisation="per_atom",
        blur=0.2,
        counting="shared",
        essential="paired",
    )


def _parts(section: AnyDescriptorConfig) -> int:
    """Parts that a kernel of several parts sees of a descriptor."""
    if not isinstance(section, DescriptorConfig):
        return 1
    return len(section.homology) if isinstance(section.homology, list) else 1
