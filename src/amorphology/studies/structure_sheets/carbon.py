"""The physics of melt-quenched carbon: figures of what simulations made, and their numbers."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from numpy.typing import NDArray

from amorphology.homology import PersistenceDiagram
from amorphology.plots import COLOURS, coordination_legend, new_figure, plot_structure
from amorphology.plots.simulation import (
    plot_radial_distribution,
)
from amorphology.plots.style import GREY
from amorphology.radial_distribution import first_shell, number_density, radial_distribution
from amorphology.structures import mean_energy_per_atom
from amorphology.studies.sheet import Sheet, listed
from amorphology.studies.structure_sheets.carbon_coordination import BOND, coordination_sheet
from amorphology.studies.structure_sheets.carbon_energy import energy_sheet
from amorphology.studies.structure_sheets.carbon_runs import (
    AT_MOST,
    LIQUID,
    CarbonRun,
    carbon_runs,
    density_colour,
    of_density,
    shown_densities,
)
from amorphology.studies.structure_sheets.representative_structures import (
    BINS,
    RepresentativeStructures,
    represent,
)

__all__ = ["carbon_sheets"]

R_MAX, N_BINS = 5.0, 125  # bins of 0.04 Angstrom
HISTOGRAM_RANGE = (0.0, 8.0)  # Angstrom^2, as the paper has it for amorphous carbon
BORN_AS_BONDS = 0.8  # Angstrom^2; balls of this squared radius meet along bonds up to 1.79 Angstrom


def carbon_sheets(frames: Sequence[Atoms]) -> list[Sheet]:
    """
    Show the physics of melt-quenched carbon.

    The solid of a run is its last five frames; its liquid the five frames nearest to 5,000 K from
    the hottest one on. Curves of single densities are of the smallest cells there, of at most six
    runs.

    Parameters
    ----------
    frames
        All frames of a study, as `amorphology.generate.carbon.generate_carbon` makes them.

    Returns
    -------
    list of Sheet
        Radial distribution functions, numbers of neighbours against density, energy against
        temperature, and representative structures with their histograms.

    Raises
    ------
    StructureError
        If there are no frames, or one lacks its energy, run, density, temperature or time.
    """
    runs = carbon_runs(frames)
    return [_radial(runs), coordination_sheet(runs), energy_sheet(runs), _structures(runs)]


def _middle(densities: list[float]) -> float:
    return densities[(len(densities) - 1) // 2]


def _radial(runs: list[CarbonRun]) -> Sheet:
    densities = shown_densities(runs)
    liquid = _middle(densities)
    states = [("solid", density) for density in densities] + [("liquid", liquid)]
    curves: list[NDArray[np.float64]] = []
    numbers: list[dict[str, Any]] = []
    for state, density in states:
        own = of_density(runs, density)
        some = [frame for run in own for frame in getattr(run, state)]
        r, g = radial_distribution(some, r_max=R_MAX, n_bins=N_BINS)
        shell = first_shell(r, g, number_density(some[0]))
        curves.append(g)
        numbers.append(
            {
                "state": state,
                "density_g_per_cm3": density,
                "n_atoms": own[0].n_atoms,
                "runs": len(own),
                "frames": len(some),
                "temperature_k": float(np.mean([frame.info["temperature"] for frame in some])),
                "first_peak_angstrom": round(shell.peak, 3),
                "first_minimum_angstrom": round(shell.minimum, 3),
                "neighbours_to_minimum": shell.neighbours,
                "at_bond_length": float(np.interp(BOND, r, g)),
            }
        )
    *solids, melt = numbers
    rows = listed(
        [
            f"{solid['first_peak_angstrom']:.2f} Å, {solid['first_minimum_angstrom']:.2f} Å and "
            f"{solid['neighbours_to_minimum']:.2f} at {solid['density_g_per_cm3']:.2f} g/cm³"
            for solid in solids
        ]
    )
    caption = (
        "<b>How far atoms are from each other.</b> How much likelier than by chance two atoms are "
        "at each distance. First peak, first minimum after it, and the mean number of neighbours "
        f"up to there: {rows} for the quenched solids; {melt['first_peak_angstrom']:.2f} Å, "
        f"{melt['first_minimum_angstrom']:.2f} Å and {melt['neighbours_to_minimum']:.2f} for the "
        f"liquid of {liquid:.2f} g/cm³ at {melt['temperature_k']:,.0f} K. Bonds of "
        f"graphite and diamond are 1.42 Å and 1.54 Å long. At {BOND} Å (dotted), where bonds are "
        "taken to end in what follows, the function is at most "
        f"{max(float(solid['at_bond_length']) for solid in solids):.2f} in the solids and "
        f"{melt['at_bond_length']:.2f} in the liquid: where it is not near zero, numbers of "
        f"neighbours depend on that choice. Last {AT_MOST} frames of a run, or the {AT_MOST} "
        f"nearest to {LIQUID:,.0f} K on the way down; {melt['n_atoms']} atoms, bins of "
        f"{R_MAX / N_BINS:g} Å."
    )
    return Sheet(
        "radial_distribution",
        partial(_draw_radial, runs, r, curves, numbers),
        "Radial distribution functions of quenched carbon at several densities and of the liquid.",
        caption,
        760,
        {"bond_length_angstrom": BOND, "bin_angstrom": R_MAX / N_BINS, "states": numbers},
    )


def _draw_radial(
    runs: list[CarbonRun],
    r: NDArray[np.float64],
    curves: list[NDArray[np.float64]],
    numbers: list[dict[str, Any]],
) -> Figure:
    figure = new_figure(7.6, 4.0)
    axes = figure.subplots()
    *solids, melt = numbers
    labels = [f"Solid, {solid['density_g_per_cm3']:.2f} g/cm³" for solid in solids]
    labels.append(f"Liquid, {melt['density_g_per_cm3']:.2f} g/cm³")
    axes.axvline(BOND, color=GREY, linewidth=0.9, linestyle=":", zorder=1)
    plot_radial_distribution(
        axes,
        r,
        curves,
        labels,
        colours=[
            *(density_colour(runs, solid["density_g_per_cm3"]) for solid in solids),
            COLOURS["vermilion"],
        ],
        linestyles=["-"] * len(solids) + ["--"],
    )
    axes.set_xlim(0.8, R_MAX)
    return figure


def _structures(runs: list[CarbonRun]) -> Sheet:
    densities = shown_densities(runs)
    chosen = [_typical(of_density(runs, density)) for density in densities]
    titles = [f"Solid, {density:.2f} g/cm³" for density in densities]
    melted = chosen[densities.index(_middle(densities))]
    frames = [run.frames[-1] for run in chosen] + [melted.liquid[-1]]
    titles.append(f"Liquid, {melted.density:.2f} g/cm³")
    shown = represent(titles, frames, HISTOGRAM_RANGE)
    pairs = listed([str(len(diagram.finite())) for diagram in shown.diagrams])
    temperature = float(frames[-1].info["temperature"])
    bonded = [_born_as_bonds(diagram) for diagram in shown.diagrams]
    caption = (
        "<b>Representative structures and the histograms of their rings.</b> Above: one cell, "
        f"{listed(sorted({str(len(frame)) for frame in frames}))} atoms, seen along z and "
        "coloured by the number of neighbours; far atoms are paler. The solids are last frames, of "
        "the run at each density whose final energy is nearest to the mean there; the liquid is "
        f"one of those runs at {temperature:,.0f} K. Below: their H1 histograms, from left to "
        f"right of {pairs} pairs, with the colours of one scale. Rings closed by bonds are born "
        "near 0.5 to 0.65 Å², a quarter of a squared bond length: the narrow column at the left. "
        f"Before {BORN_AS_BONDS:g} Å² are born {listed([f'{100 * x:.0f}' for x in bonded])} % of "
        "the pairs, again from left to right. How high the column reaches says how wide the rings "
        "are; pairs near the diagonal are gaps that fill as soon as they close. Bins of "
        f"{HISTOGRAM_RANGE[1] / BINS:g} Å²; the picture ends "
        "where 99 % of the deaths are in."
    )
    return Sheet(
        "structures",
        partial(_draw_structures, shown),
        "Carbon at low, middle and high density and in the liquid, each above the histogram of its "
        "H1 persistence diagram.",
        caption,
        992,
        {
            "structures": shown.as_dicts(),
            "share_born_as_bonds": bonded,
            "born_as_bonds_before_angstrom2": BORN_AS_BONDS,
            "liquid_temperature_k": temperature,
            "histogram_range_angstrom2": list(HISTOGRAM_RANGE),
        },
    )


def _born_as_bonds(diagram: PersistenceDiagram) -> float:
    """Share of the finite pairs that are born while balls meet along bonds."""
    births = diagram.finite().birth
    return float((births < BORN_AS_BONDS).mean()) if len(births) else 0.0


def _typical(runs: list[CarbonRun]) -> CarbonRun:
    """Pick the run whose final energy is nearest to the mean of them."""
    energy = mean_energy_per_atom([run.frames[-1] for run in runs])
    return runs[int(np.argmin(np.abs(energy - energy.mean())))]


def _draw_structures(shown: RepresentativeStructures) -> Figure:
    return shown.draw(plot_structure, coordination_legend())
