"""From a prediction back to the pairs, rings and atoms that it rests on."""

from amorphology.explain.activation_map import ActivationMap, activation_map, activation_maps
from amorphology.explain.attribution import Attribution, attribute
from amorphology.explain.baseline import training_mean
from amorphology.explain.gradients import (
    IntegratedGradients,
    gradient_times_input,
    input_gradients,
    integrated_gradients,
)
from amorphology.explain.histogram_map import HistogramMap, mean_persistence
from amorphology.explain.sanity import RandomisedLayers, weight_randomisation

__all__ = [
    "ActivationMap",
    "Attribution",
    "HistogramMap",
    "IntegratedGradients",
    "RandomisedLayers",
    "activation_map",
    "activation_maps",
    "attribute",
    "gradient_times_input",
    "input_gradients",
    "integrated_gradients",
    "mean_persistence",
    "training_mean",
    "weight_randomisation",
]
