"""From atoms to persistence diagrams."""

from amorphology.homology.alpha import alpha_persistence
from amorphology.homology.batch import alpha_persistence_many
from amorphology.homology.diagram import PersistenceDiagram
from amorphology.homology.essential_pairs import pair_essential_classes
from amorphology.homology.rings import Bond, Cavity, Ring, bonds_of, cavities_of, rings_of

__all__ = [
    "Bond",
    "Cavity",
    "PersistenceDiagram",
    "Ring",
    "alpha_persistence",
    "alpha_persistence_many",
    "bonds_of",
    "cavities_of",
    "pair_essential_classes",
    "rings_of",
]
