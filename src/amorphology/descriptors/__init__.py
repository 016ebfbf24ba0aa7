"""Descriptors: frames or persistence diagrams in, arrays out, as scikit-learn transformers."""

from amorphology.descriptors.acsf import ACSF
from amorphology.descriptors.cartesian import CartesianCoordinates
from amorphology.descriptors.coordination_numbers import CoordinationNumbers
from amorphology.descriptors.coulomb_eigenspectrum import CoulombEigenspectrum
from amorphology.descriptors.coulomb_matrix import CoulombMatrix
from amorphology.descriptors.persistence_histogram import PersistenceHistogram
from amorphology.descriptors.persistence_image import PersistenceImage
from amorphology.descriptors.soap import SOAP

__all__ = [
    "ACSF",
    "SOAP",
    "CartesianCoordinates",
    "CoordinationNumbers",
    "CoulombEigenspectrum",
    "CoulombMatrix",
    "PersistenceHistogram",
    "PersistenceImage",
]
