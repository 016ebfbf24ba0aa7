"""Numbers of neighbours in quenched carbon against density."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from amorphology.bond_network import coordination_shares
from amorphology.plots import coordination_legend, new_figure
from amorphology.plots.simulation import (
    COORDINATION_COLOURS,
    plot_coordination,
)
from amorphology.plots.style import GREY, tidy
from amorphology.studies.sheet import Sheet
from amorphology.studies.structure_sheets.carbon_runs import (
    AT_MOST,
    CarbonRun,
    density_colour,
    of_density,
    shown_densities,
    straight_line,
)

__all__ = ["BOND", "coordination_sheet"]

BOND = 1.85
"""Distance up to which atoms count as bonded, Angstrom."""

CUTOFFS = np.round(np.arange(1.60, 2.11, 0.05), 2)
NEARBY = (1.75, 1.95)  # Angstrom; cut-offs that one might have taken as well


@dataclass(frozen=True)
class _Neighbours:
    """Shares of atoms by run, (n_runs, n_cutoffs, 7), and what of it is shown."""

    runs: list[CarbonRun]
    shares: NDArray[np.float64]

    def at(self, cutoff: float) -> NDArray[np.float64]:
        """Shares of 2 or fewer, 3, and 4 or more neighbours for each run, (n_runs, 3)."""
        (row,) = np.flatnonzero(np.isclose(CUTOFFS, cutoff))
        shares = self.shares[:, row]
        return np.stack([shares[:, :3].sum(1), shares[:, 3], shares[:, 4:].sum(1)], axis=1)

    @property
    def density(self) -> NDArray[np.float64]:
        return np.array([run.density for run in self.runs])

    @property
    def smaller(self) -> NDArray[np.bool_]:
        sizes = np.array([run.n_atoms for run in self.runs])
        return np.asarray(sizes == sizes.min())

    def mean(self, density: float, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over the smallest cells of one density."""
        names = [run.name for run in of_density(self.runs, density)]
        return np.asarray(shares[[run.name in names for run in self.runs]].mean(axis=0))


def coordination_sheet(runs: list[CarbonRun]) -> Sheet:
    """
    Count neighbours in the quenched solids.

    Parameters
    ----------
    runs
        What `carbon_runs` gives.

    Returns
    -------
    Sheet
        Shares of two-, three- and four-fold atoms against density, and what the cut-off does.
    """
    found = _Neighbours(
        runs, np.array([coordination_shares(run.solid, CUTOFFS.tolist()) for run in runs])
    )
    shares = found.at(BOND)
    densities = np.unique(found.density)
    by_density = [
        {
            "density_g_per_cm3": float(density),
            "runs": len(of_density(runs, density)),
            "two_or_fewer": float(mean[0]),
            "three": float(mean[1]),
            "four_or_more": float(mean[2]),
            **{
                f"four_or_more_at_{cutoff:g}_angstrom": float(
                    found.mean(density, found.at(cutoff))[2]
                )
                for cutoff in NEARBY
            },
        }
        for density, mean in ((density, found.mean(density, shares)) for density in densities)
    ]
    lines = {
        name: straight_line(densities, np.array([row[name] for row in by_density]))
        for name in ("three", "four_or_more")
    }
    first, last = by_density[0], by_density[-1]
    largest = max(
        abs(row[f"four_or_more_at_{cutoff:g}_angstrom"] - row["four_or_more"])
        for row in by_density
        for cutoff in NEARBY
    )
    numbers = {
        "cutoff_angstrom": BOND,
        "by_density": by_density,
        "straight_lines": lines,
        "largest_change_of_four_or_more": largest,
        "cutoffs_compared_angstrom": list(NEARBY),
    }
    change = (
        f"from {first['density_g_per_cm3']:.2f} to {last['density_g_per_cm3']:.2f} g/cm³ the "
        f"share of four-fold atoms goes from {100 * first['four_or_more']:.0f} to "
        f"{100 * last['four_or_more']:.0f} %, of three-fold ones from {100 * first['three']:.0f} "
        f"to {100 * last['three']:.0f} %, and of two-fold ones from "
        f"{100 * first['two_or_fewer']:.0f} to {100 * last['two_or_fewer']:.0f} %"
        if len(by_density) > 1
        else f"at {first['density_g_per_cm3']:.2f} g/cm³ {100 * first['four_or_more']:.0f} % of "
        f"the atoms are four-fold, {100 * first['three']:.0f} % three-fold and "
        f"{100 * first['two_or_fewer']:.0f} % two-fold"
    )
    caption = (
        f"<b>Denser carbon has more four-fold atoms.</b> Left: in the last {AT_MOST} frames of "
        f"each run, {change}, with neighbours counted up to {BOND} Å. Circles are runs, lines "
        "their means; squares are larger cells. Right: the share of four-fold atoms for other "
        f"cut-offs; between {NEARBY[0]:g} and {NEARBY[1]:g} Å it changes by at most "
        f"{100 * largest:.1f} percentage points. Published trends: McCulloch, McKenzie and "
        "Goringe (<em>Phys. Rev. B</em> <b>61</b>, 2349, 2000), who cooled 125 atoms rapidly with "
        "ab-initio molecular dynamics at 2.0, 2.6, 2.9 and 3.2 g/cm³, found the share of sp² atoms "
        f"to be linear in density. {_compared(lines, first)}Wang and Ho (“Structural "
        "trends in amorphous carbon”, <em>MRS Online Proceedings Library</em>; tight binding) "
        "found mostly three-fold atoms from liquids of low density and tetrahedral carbon from "
        "dense ones of about 3.0 g/cm³. "
        "Films of tetrahedral carbon made by deposition have over 85 % of sp³ atoms, which "
        "simulations reached first by simulating the deposition (Caro et al., <em>Phys. Rev. "
        "Lett.</em> <b>120</b>, 166101, 2018). These are trends: the authors’ numbers at each "
        "density were not at hand."
    )
    return Sheet(
        "coordination",
        partial(_draw_coordination, found),
        "Shares of atoms with two, three and four neighbours against density, and the share of "
        "four-fold atoms against the cut-off.",
        caption,
        940,
        numbers,
    )


def _compared(lines: dict[str, dict[str, float] | None], first: dict[str, Any]) -> str:
    """Say how straight the shares of three- and four-fold atoms are against density."""
    three, four = lines["three"], lines["four_or_more"]
    if three is None or four is None:
        return ""
    ours = (
        f"Straight lines through ours leave r² = {three['r_squared']:.2f} for three-fold and "
        f"{four['r_squared']:.2f} for four-fold atoms. "
    )
    if three["r_squared"] < 0.8 and first["two_or_fewer"] > 0.1:
        ours += (
            "So the three-fold atoms here do not follow that line: at low density many atoms "
            "have only two neighbours. "
        )
    return ours


def _draw_coordination(found: _Neighbours) -> Figure:
    figure = new_figure(9.4, 4.0)
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    shares = found.at(BOND)
    by_name = dict(zip(COORDINATION_COLOURS, shares.T, strict=True))
    plot_coordination(left, found.density, by_name, smaller=found.smaller)
    handles = coordination_legend()
    sizes = sorted({run.n_atoms for run in found.runs})
    for size, marker, face in zip((sizes[0], sizes[-1]), "os", ("black", "white"), strict=True):
        if len(sizes) > 1:
            handles.append(
                Line2D(
                    [],
                    [],
                    linestyle="",
                    marker=marker,
                    markerfacecolor=face,
                    markeredgecolor="black",
                    markersize=5,
                    label=f"{size} atoms",
                )
            )
    figure.legend(handles=handles, loc="outside upper center", ncols=6, frameon=False, fontsize=9)
    for density in shown_densities(found.runs):
        mean = found.mean(density, found.shares)
        right.plot(
            CUTOFFS,
            100 * mean[:, 4:].sum(axis=1),
            color=density_colour(found.runs, density),
            marker="o",
            markersize=3,
            linewidth=1.3,
            label=f"{density:.2f} g/cm³",
        )
    right.axvspan(*NEARBY, color=GREY, alpha=0.15, linewidth=0)
    right.axvline(BOND, color=GREY, linewidth=0.9, linestyle=":")
    right.set(xlabel="Cut-off (Å)", ylabel="4 or more neighbours (%)")
    right.set_ylim(bottom=0)
    right.legend(fontsize=8, frameon=False)
    tidy(right)
    return figure
