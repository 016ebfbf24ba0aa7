"""Descriptors as plain settings, with what they learned: from a config, and to a checkpoint."""

from collections.abc import Mapping
from typing import Any

from amorphology.descriptors import (
    ACSF,
    SOAP,
    CartesianCoordinates,
    CoordinationNumbers,
    CoulombEigenspectrum,
    CoulombMatrix,
)
from amorphology.descriptors.frame_descriptor import FrameDescriptor
from amorphology.errors import RunError
from amorphology.training.config_section import Section

__all__ = ["build_descriptor", "descriptor_from_config", "descriptor_settings"]

DESCRIPTORS: dict[str, type[FrameDescriptor]] = {
    "soap": SOAP,
    "acsf": ACSF,
    "coordination_numbers": CoordinationNumbers,
    "coulomb_matrix": CoulombMatrix,
    "coulomb_eigenspectrum": CoulombEigenspectrum,
    "cartesian": CartesianCoordinates,
}
"""Classes of the kinds in a config; "_average" added, SOAP and ACSF of a whole frame."""

AVERAGE = "_average"

OF_THE_TRAINING = ("kind", "standardisation")
"""Keys of a section of a config that are no parameters of the descriptor."""

FITTED = "fitted"


def descriptor_from_config(config: Section) -> FrameDescriptor:
    """
    Build the descriptor that a section of a config means; not for persistence histograms.

    Parameters
    ----------
    config
        A section with the key ``kind``.

    Returns
    -------
    FrameDescriptor
        Not fitted.
    """
    settings = config.model_dump()
    kind = str(settings["kind"])
    parameters = {
        key: value
        for key, value in settings.items()
        if key not in OF_THE_TRAINING and value is not None  # null: what the class takes
    }
    if kind.endswith(AVERAGE):
        parameters["centre"] = "average"
    return DESCRIPTORS[kind.removesuffix(AVERAGE)](**parameters)


def descriptor_settings(descriptor: FrameDescriptor, *, each_atom: bool) -> dict[str, Any]:
    """
    Write a descriptor down.

    Parameters
    ----------
    descriptor
        Fitted.
    each_atom
        Whether it is used to describe every atom.

    Returns
    -------
    dict
        Plain values: the kind, `each_atom`, the parameters that decide the features and, as
        ``"fitted"``, what was learned. `build_descriptor` reads it.
    """
    (kind,) = (kind for kind, of_kind in DESCRIPTORS.items() if type(descriptor) is of_kind)
    parameters = descriptor.get_params()
    for name in ("n_jobs", "species"):  # of the machine; and known by what was learned
        parameters.pop(name, None)
    if each_atom:
        del parameters["centre"]
    fitted = {name: value for name, value in vars(descriptor).items() if name.endswith("_")}
    return {"kind": kind, "each_atom": each_atom, **parameters, FITTED: fitted}


def build_descriptor(settings: Mapping[str, Any]) -> FrameDescriptor:
    """
    Build a descriptor from what `descriptor_settings` wrote.

    Parameters
    ----------
    settings
        The settings.

    Returns
    -------
    FrameDescriptor
        Fitted.

    Raises
    ------
    RunError
        If there is no such kind.
    """
    parameters = dict(settings)
    kind, fitted = parameters.pop("kind"), parameters.pop(FITTED)
    del parameters["each_atom"]
    if kind not in DESCRIPTORS:
        raise RunError(f"there is no descriptor of kind {kind}; install a newer amorphology")
    descriptor = DESCRIPTORS[kind](**parameters)
    for name, value in fitted.items():
        setattr(descriptor, name, value)
    return descriptor
