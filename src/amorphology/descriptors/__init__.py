"""Descriptors: frames or persistence diagrams in, arrays out, as scikit-learn transformers."""

from amorphology.descriptors.persistence_histogram import PersistenceHistogram

__all__ = ["PersistenceHistogram"]
