"""From atoms to persistence diagrams."""

from amorphology.homology.alpha import alpha_persistence
from amorphology.homology.batch import alpha_persistence_many
from amorphology.homology.diagram import PersistenceDiagram

__all__ = ["PersistenceDiagram", "alpha_persistence", "alpha_persistence_many"]
