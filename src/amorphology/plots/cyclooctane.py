"""What the cyclo-octane study draws: growing circles, molecules, planes of principal components."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, Polygon
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from amorphology.plots.style import COLOURS, tidy

__all__ = [
    "CONFORMER_COLOURS",
    "conformer_legend",
    "plot_growing_circles",
    "plot_molecule",
    "plot_scores",
]

CONFORMER_COLOURS = {
    "chair": COLOURS["blue"],
    "boat": COLOURS["orange"],
    "crown": COLOURS["green"],
    "between": "#d3d7de",
}
"""Colour of a conformation by its label."""

MARKERS = {"chair": "o", "boat": "^", "crown": "s", "between": "o"}

CARBON = "#4a4f57"
BALL, STICK = 0.27, 0.13  # radii, Angstrom
EYE = 14.0  # distance of the eye, Angstrom: near atoms look a little larger


def plot_growing_circles(
    axes: Axes,
    points: ArrayLike,
    squared_radius: float,
    names: Sequence[str],
    edges: Mapping[tuple[int, int], float],
    triangles: Mapping[tuple[int, int, int], float],
    *,
    colour: str = COLOURS["sky"],
) -> Axes:
    """
    Draw circles of one radius around points, and the alpha complex of that radius.

    Parameters
    ----------
    axes
        Where to draw.
    points
        Positions in the plane, (n_points, 2), Angstrom.
    squared_radius
        Squared radius of the circles, Angstrom^2.
    names
        One for each point.
    edges, triangles
        Squared radius at which each simplex enters, Angstrom^2, by the points it joins. Those
        that have entered are drawn, those that enter just now in red.
    colour
        Of the discs.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales and without frame.
    """
    points = np.asarray(points, np.float64)
    radius = float(np.sqrt(squared_radius))
    discs = [Circle((float(x), float(y)), radius) for x, y in points]
    # Half transparent each on its own: where discs overlap is what the complex is about.
    axes.add_collection(PatchCollection(discs, facecolor=colour, alpha=0.22, linewidths=0))
    axes.add_collection(
        PatchCollection(discs, facecolor="none", edgecolor=colour, linewidths=0.7, zorder=1.5)
    )
    red, ink = COLOURS["vermilion"], "#1c2330"
    for corners, value in triangles.items():
        new = np.isclose(value, squared_radius)
        if new or value < squared_radius:
            patch = Polygon(
                points[list(corners)],
                facecolor=red if new else ink,
                alpha=0.45 if new else 0.28,
                linewidth=0,
                zorder=2,
            )
            axes.add_patch(patch)
    for ends, value in edges.items():
        new = np.isclose(value, squared_radius)
        if new or value < squared_radius:
            axes.plot(
                points[list(ends), 0],
                points[list(ends), 1],
                color=red if new else ink,
                linewidth=2.0 if new else 1.2,
                zorder=3,
            )
    axes.scatter(points[:, 0], points[:, 1], s=11, color=ink, zorder=4)
    away = points - points.mean(axis=0)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    for name, place in zip(names, points + 0.33 * away, strict=True):
        where = (float(place[0]), float(place[1]))
        axes.text(*where, name, ha="center", va="center", fontsize=9, style="italic", zorder=5)
    axes.set_aspect("equal")
    axes.axis("off")
    return axes


def plot_molecule(
    axes: Axes,
    atoms: Atoms,
    *,
    elevation: float = 28.0,
    azimuth: float = 20.0,
    colour: str = CARBON,
    bond_length: float = 1.85,
    centre: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
) -> Axes:
    """
    Draw a molecule as balls and sticks, seen in perspective.

    Parameters
    ----------
    axes
        Where to draw.
    atoms
        The molecule; drawn about its mean plane, so that its own orientation does not matter.
    elevation
        Angle of the view above the mean plane, degrees; 90 looks down on the ring.
    azimuth
        Angle by which the molecule is turned about the normal of its mean plane, degrees.
    colour
        Of all atoms.
    bond_length
        Atoms up to this distance are bonded, Angstrom; 1.85 suits carbon.
    centre
        Where on `axes` the middle of the molecule comes to lie.
    scale
        Units of `axes` for one Angstrom.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales and without frame.
    """
    positions = _as_seen(atoms.get_positions(), elevation, azimuth)
    nearness = EYE / (EYE - positions[:, 2])
    flat = positions[:, :2] * nearness[:, None]
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    span = float(np.ptp(positions[:, 2])) or 1.0
    depth = (positions[:, 2] - positions[:, 2].min()) / span  # 1 nearest to the eye
    place = np.asarray(centre)
    ink = np.array(to_rgb(colour))

    def mist(share: float, rgb: NDArray[np.float64]) -> tuple[float, float, float]:
        strength = 0.5 + 0.5 * share
        red, green, blue = 1 - strength * (1 - rgb)
        return float(red), float(green), float(blue)

    # Halves of bonds, so that each is sorted in depth with its own atom.
    for first, second in np.argwhere((distances > 0) & (distances <= bond_length)):
        middle = (flat[first] + flat[second]) / 2
        along = middle - flat[first]
        across = np.array([-along[1], along[0]]) / (np.linalg.norm(along) or 1.0)
        near = STICK * nearness[first]
        far = STICK * (nearness[first] + nearness[second]) / 2
        height = float(0.75 * depth[first] + 0.25 * depth[second])
        # A dark stick, and a paler stripe along it: light from above.
        for width, rgb, step in ((1.0, ink, 0.0), (0.4, 0.35 + 0.65 * ink, 0.001)):
            corners = [
                flat[first] + width * near * across,
                middle + width * far * across,
                middle - width * far * across,
                flat[first] - width * near * across,
            ]
            axes.add_patch(
                Polygon(
                    place + scale * np.array(corners),
                    facecolor=mist(height, rgb),
                    linewidth=0,
                    zorder=3 + height + step,
                )
            )
    for index in np.argsort(depth):
        x, y = place + scale * flat[index]
        radius = scale * BALL * nearness[index]
        level = 3.002 + float(depth[index])
        axes.add_patch(
            Circle(
                (x, y),
                radius,
                facecolor=mist(float(depth[index]), ink),
                edgecolor="white",
                linewidth=0.6,
                zorder=level,
            )
        )
        axes.add_patch(
            Ellipse(
                (x - 0.33 * radius, y + 0.36 * radius),
                0.62 * radius,
                0.44 * radius,
                angle=40,
                facecolor="white",
                alpha=0.55,
                linewidth=0,
                zorder=level + 0.0005,
            )
        )
    axes.set_aspect("equal")
    axes.axis("off")
    return axes


def plot_scores(
    axes: Axes,
    scores: NDArray[np.floating],
    labels: NDArray[np.str_],
    explained: ArrayLike,
    *,
    size: float = 4.0,
) -> Axes:
    """
    Draw conformations on the plane of their first two principal components.

    Parameters
    ----------
    axes
        Where to draw.
    scores
        First two principal components of each, (n_conformations, 2).
    labels
        A key of `CONFORMER_COLOURS` for each, (n_conformations,).
    explained
        Share of the variance that each of the two components holds, (2,).
    size
        Area of a marker, points^2.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, without numbers: only distances relative to each other mean something.
    """
    for label in reversed(CONFORMER_COLOURS):
        chosen = labels == label
        axes.scatter(
            scores[chosen, 0],
            scores[chosen, 1],
            s=0.5 * size if label == "between" else size,
            marker=MARKERS[label],
            color=CONFORMER_COLOURS[label],
            linewidths=0,
            zorder=1 if label == "between" else 2,
            # Thousands of points as drawings would make a file that no reader opens quickly.
            rasterized=True,
        )
    first, second = (100 * float(share) for share in np.asarray(explained)[:2])
    axes.set(xlabel=f"PC 1 ({first:.0f} %)", ylabel=f"PC 2 ({second:.0f} %)")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.margins(0.06)
    tidy(axes)
    axes.tick_params(labelbottom=False, labelleft=False, length=2)
    return axes


def conformer_legend(counts: Mapping[str, int]) -> list[Line2D]:
    """
    Make the legend of `plot_scores`.

    Parameters
    ----------
    counts
        How many conformations carry each label.

    Returns
    -------
    list of matplotlib.lines.Line2D
        One labelled marker a label, for ``legend(handles=...)``.
    """
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=MARKERS[label],
            markersize=5,
            color=CONFORMER_COLOURS[label],
            label=f"{label} ({counts[label]:,})",
        )
        for label in CONFORMER_COLOURS
        if label in counts
    ]


def _as_seen(
    positions: NDArray[np.float64], elevation: float, azimuth: float
) -> NDArray[np.float64]:
    """Turn positions so that x points right, y up and z to the eye; (n, 3), Angstrom."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    # Signs of principal axes are arbitrary: fix them, and keep the hand of the molecule.
    for axis in axes[:2]:
        axis *= np.sign(axis[np.abs(axis).argmax()])
    axes[2] = np.cross(axes[0], axes[1])
    own = centred @ axes.T
    turn, tilt = np.radians([azimuth, 90.0 - elevation])
    about_normal = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]]
    )
    seen: NDArray[np.float64] = own @ about_normal.T @ about_x.T
    return seen
