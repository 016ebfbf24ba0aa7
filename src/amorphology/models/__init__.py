"""Models: arrays in, energies out."""

from amorphology.models.persistence_cnn import PersistenceCNN

__all__ = ["PersistenceCNN"]
