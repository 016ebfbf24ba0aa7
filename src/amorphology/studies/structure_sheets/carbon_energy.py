"""Energy of carbon against temperature: its liquid and its solid."""

from functools import partial
from typing import Any

import numpy as np
from ase import units
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from amorphology.plots import new_figure
from amorphology.plots.simulation import (
    plot_against_temperature,
)
from amorphology.plots.style import GREY
from amorphology.structures import mean_energy_per_atom
from amorphology.studies.sheet import Sheet, signed
from amorphology.studies.structure_sheets.carbon_runs import (
    LIQUID,
    CarbonRun,
    density_colour,
    of_density,
    shown_densities,
    straight_line,
)

__all__ = ["energy_sheet"]

# K; where energies lie about on straight lines. Hotter frames are of a hold, where temperature only
# fluctuates: they would make the line of the liquid flat.
RANGES = {"solid": (0.0, 1500.0), "liquid": (5500.0, 8000.0)}


def energy_sheet(runs: list[CarbonRun]) -> Sheet:
    """
    Follow the energy from the liquid to the solid.

    Parameters
    ----------
    runs
        What `carbon_runs` gives.

    Returns
    -------
    Sheet
        Energy against temperature, with straight lines for the liquid and the solid.
    """
    densities = shown_densities(runs)
    branches = [
        branch
        for density in densities
        for name in ("solid", "liquid")
        if (branch := _branch(of_density(runs, density), name, density)) is not None
    ]
    solid = mean_energy_per_atom([frame for run in runs for frame in run.solid])
    liquid = mean_energy_per_atom([frame for run in runs for frame in run.liquid])
    slopes = {
        name: [b["slope_boltzmann"] for b in branches if b["branch"] == name]
        for name in ("solid", "liquid")
    }
    steep = "".join(
        f" The {name} gains {_from_to(values)} k<sub>B</sub> an atom with each kelvin."
        for name, values in slopes.items()
        if values
    )
    caption = (
        "<b>Energy against temperature, a point for each frame.</b> Grey: heating of the crystal, "
        "which falls into a liquid on the way. Coloured by density: melt and quench, from the "
        "upper right to the lower left. On average, frames near "
        f"{LIQUID:,.0f} K have {signed(liquid.mean(), 2)} eV/atom, quenched solids "
        f"{signed(solid.mean(), 2)} eV/atom. Lines are fitted from {RANGES['liquid'][0]:,.0f} to "
        f"{RANGES['liquid'][1]:,.0f} K (liquid) and below {RANGES['solid'][1]:,.0f} K (solid) "
        f"at the densities of the legend.{steep} Harmonic vibrations alone would give 1.5 "
        "k<sub>B</sub> (Dulong and Petit, potential part); the rest is structure that changes with "
        "temperature while the run goes on. Temperatures are those of the moment, of a few hundred "
        "atoms: they scatter by some per cent."
    )
    return Sheet(
        "energy_temperature",
        partial(_draw_energy, runs, branches),
        "Energy per atom against temperature for all frames, coloured by density, with lines for "
        "the liquid and the solid.",
        caption,
        760,
        {
            "frames": sum(len(run.frames) for run in runs),
            "mean_liquid_ev_per_atom": float(liquid.mean()),
            "mean_solid_ev_per_atom": float(solid.mean()),
            "fitted_k": {name: list(ends) for name, ends in RANGES.items()},
            "branches": branches,
        },
    )


def _from_to(values: list[float]) -> str:
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"


def _branch(runs: list[CarbonRun], name: str, density: float) -> dict[str, Any] | None:
    """Fit a straight line to the liquid or the solid; None with fewer than three frames."""
    chosen = []
    for run in runs:
        cooled = run.frames[run.hottest :], run.temperature[run.hottest :]
        for frame, temperature in zip(*cooled, strict=True):
            if RANGES[name][0] < temperature < RANGES[name][1]:
                chosen.append((temperature, frame))
    if len(chosen) < 3:
        return None
    temperature = np.array([kelvin for kelvin, _ in chosen])
    line = straight_line(temperature, mean_energy_per_atom([frame for _, frame in chosen]))
    if line is None:
        return None
    return {
        "branch": name,
        "density_g_per_cm3": density,
        "frames": len(chosen),
        "from_k": float(temperature.min()),
        "to_k": float(temperature.max()),
        "slope_ev_per_k": line["slope"],
        "slope_boltzmann": line["slope"] / units.kB,
        "intercept_ev": line["intercept"],
    }


def _draw_energy(runs: list[CarbonRun], branches: list[dict[str, Any]]) -> Figure:
    figure = new_figure(7.6, 4.6)
    axes = figure.subplots()
    energy = [mean_energy_per_atom(run.frames) for run in runs]
    heating = [slice(0, run.hottest) for run in runs]
    axes.plot(
        np.concatenate([run.temperature[part] for run, part in zip(runs, heating, strict=True)]),
        np.concatenate([values[part] for values, part in zip(energy, heating, strict=True)]),
        ".",
        color=GREY,
        markersize=3,
        alpha=0.4,
        rasterized=True,
    )
    cooled = [slice(run.hottest, None) for run in runs]
    plot_against_temperature(
        axes,
        np.concatenate([run.temperature[part] for run, part in zip(runs, cooled, strict=True)]),
        np.concatenate([values[part] for values, part in zip(energy, cooled, strict=True)]),
        np.concatenate([np.full(len(run.frames) - run.hottest, run.density) for run in runs]),
        ylabel="Energy (eV/atom)",
        density_range=(runs[0].density, runs[-1].density),
    )
    points = axes.collections[-1]
    casing = [withStroke(linewidth=2.8, foreground="white")]
    for branch in branches:
        ends = np.array([branch["from_k"], branch["to_k"]])
        axes.plot(
            ends,
            branch["slope_ev_per_k"] * ends + branch["intercept_ev"],
            color=density_colour(runs, branch["density_g_per_cm3"]),
            linewidth=1.8,
            path_effects=casing,
        )
    densities = sorted({branch["density_g_per_cm3"] for branch in branches})
    if densities:
        lines = [
            Line2D([], [], color=density_colour(runs, density), label=f"{density:.2f} g/cm³")
            for density in densities
        ]
        axes.legend(
            handles=lines,
            title="Fitted lines",
            fontsize=8,
            title_fontsize=8,
            frameon=False,
            loc="upper left",
        )
    colours = figure.colorbar(points, label="Density (g/cm³)", pad=0.02)
    if colours.solids is not None:
        colours.solids.set_alpha(1)
    return figure
