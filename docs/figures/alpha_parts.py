"""Parts of pictures: atoms in the plane, their balls, and their alpha complex."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Circle
from numpy.typing import NDArray

from amorphology import _kernel
from amorphology.plots.style import COLOURS, GREY

ATOM = "#26323d"
BALL = "#dfeaf3"
RING_COLOURS = [COLOURS["vermilion"], COLOURS["blue"], COLOURS["green"], COLOURS["purple"]]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Complex:
    """Edges and triangles in the plane, with the squared radii at which they enter."""

    edge_values: Floats
    edges: Floats
    triangle_values: Floats
    triangles: Floats


def alpha_complex(points: Floats, cell: Floats | None = None) -> Complex:
    """Compute the alpha complex of points in the plane, (n, 2); periodic with a cell, (2, 2)."""
    in_space = np.column_stack([points, np.zeros(len(points))])
    vectors = np.zeros((3, 3))
    if cell is not None:
        vectors[:2, :2] = cell
    periodic = (cell is not None, cell is not None, False)
    parts = _kernel.alpha_complex(in_space, vectors, periodic)
    (edge_values, *edges), (triangle_values, *triangles) = parts[1:3]

    def corners(atoms: NDArray[np.int32], offsets: NDArray[np.int32]) -> Floats:
        return (in_space[atoms] + offsets @ vectors)[..., :2]

    return Complex(edge_values, corners(*edges), triangle_values, corners(*triangles))


def draw_atoms(axes: Axes, points: Floats, size: float = 22) -> None:
    """Draw atoms as dots."""
    axes.scatter(*points.T, s=size, color=ATOM, linewidths=0, zorder=5)


def draw_balls(axes: Axes, points: Floats, radius: float) -> None:
    """Draw the balls around atoms, and where they end."""
    for point in points:
        axes.add_patch(Circle(point, radius, facecolor=BALL, edgecolor="none", zorder=0))
    for point in points:
        outline = Circle(point, radius, fill=False, edgecolor="#b5cbdc", linewidth=0.7, zorder=1)
        axes.add_patch(outline)


def draw_complex(axes: Axes, found: Complex, squared_radius: float, shifts: Floats) -> None:
    """Draw what has entered up to a squared radius, once for each shift, (n, 2)."""
    triangles = found.triangles[found.triangle_values <= squared_radius]
    edges = found.edges[found.edge_values <= squared_radius]
    for shift in shifts:
        axes.add_collection(
            PolyCollection(triangles + shift, facecolor="#9dbbd3", edgecolor="none", zorder=2)
        )
        axes.add_collection(LineCollection(edges + shift, colors=ATOM, linewidths=1.1, zorder=3))


def bare(axes: Axes, low: Floats, high: Floats) -> None:
    """Show a part of the plane, without axes."""
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.set_axis_off()


def draw_pairs(axes: Axes, limits: tuple[float, float]) -> None:
    """Make axes ready for pairs: the diagonal, and labels."""
    axes.plot(limits, limits, color=GREY, linewidth=1, zorder=1)
    axes.set(xlim=limits, ylim=limits, xlabel="Birth (Å²)", ylabel="Death (Å²)", aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
