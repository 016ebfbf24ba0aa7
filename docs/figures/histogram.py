"""From pairs to the histogram that a network reads."""

from matplotlib.figure import Figure
from solids import diamond

from amorphology.descriptors import PersistenceHistogram
from amorphology.homology import alpha_persistence
from amorphology.plots import new_figure, plot_diagram, plot_histogram

RANGE = (0.0, 4.0)


def draw() -> Figure:
    """Draw the picture."""
    frame = diamond(0.15)
    rings = alpha_persistence(frame)[1]
    figure = new_figure(8.0, 3.1)
    pairs, counts, smooth = figure.subplots(1, 3)
    plot_diagram(pairs, rings.birth, rings.death, limits=RANGE)
    pairs.set_title(f"{len(rings.finite())} pairs", fontsize=9.5)
    for axes, blur, title in (
        (counts, 0.0, "32 × 32 bins"),
        (smooth, 0.15, "the same, blur 0.15 Å²"),
    ):
        descriptor = PersistenceHistogram(
            bins=32, range=RANGE, standardisation=None, blur=blur, normalisation="per_atom"
        )
        histogram = descriptor.fit_transform([frame])[0]
        # The Gaussian has no end: what is nothing beside the largest bin stays white.
        histogram[histogram < 0.01 * histogram.max()] = 0.0
        plot_histogram(axes, histogram, range=RANGE)
        axes.set_title(title, fontsize=9.5)
    return figure
