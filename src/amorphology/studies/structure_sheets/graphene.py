"""The physics of melt-quenched graphene: figures of what simulations made, and their numbers."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import graphene
from ase.neighborlist import neighbor_list
from matplotlib.figure import Figure
from numpy.typing import NDArray

from amorphology.bond_network import BondNetwork
from amorphology.plots import COLOURS, new_figure
from amorphology.plots.sheets import (
    plot_against_rate,
    plot_ring_shares,
    plot_sheet,
    ring_legend,
)
from amorphology.plots.simulation import plot_radial_distribution
from amorphology.plots.style import GREY
from amorphology.radial_distribution import first_shell, number_density, radial_distribution
from amorphology.studies.sheet import Sheet, listed, signed
from amorphology.studies.structure_sheets.carbon_coordination import BOND
from amorphology.studies.structure_sheets.final_states import FinalStates, final_states
from amorphology.studies.structure_sheets.representative_structures import (
    BINS,
    RepresentativeStructures,
    represent,
)

__all__ = ["graphene_sheets"]

MAX_RING = 12
RINGS_AT_MOST = 40  # sheets at each rate whose rings are counted: 0.06 s each
RADIAL_AT_MOST = 8  # sheets at each rate in a radial distribution function
R_MAX, N_BINS = 5.0, 125  # bins of 0.04 Angstrom
LATTICE_CONSTANT = 2.46  # Angstrom, of the crystal
HISTOGRAM_RANGE = (0.0, 4.0)  # Angstrom^2, as the paper has it for amorphous graphene


def graphene_sheets(frames: Sequence[Atoms]) -> list[Sheet]:
    """
    Show the physics of melt-quenched graphene.

    All but the energies is of the final states of the smallest sheets. Rings are counted in the
    first 40 of them at each cooling rate, radial distribution functions are of the first eight.

    Parameters
    ----------
    frames
        All frames of a study, as `amorphology.generate.graphene.generate_graphene` makes them. The
        last one of a run is its final state.

    Returns
    -------
    list of Sheet
        Ring statistics and final energies against the cooling rate, radial distribution functions,
        and representative sheets with their histograms.

    Raises
    ------
    StructureError
        If there are no frames, or one lacks its energy, run, cooling rate or time.
    """
    sizes = final_states(frames)
    smallest = sizes[0]
    return [_rings(smallest), _radial(smallest), _energies(sizes), _structures(smallest)]


def _kelvin(rate: float) -> str:
    return f"{rate:,.0f} K/ps"


# Rings


def _rings(states: FinalStates) -> Sheet:
    chosen = [index for rate in states.rates for index in states.at(rate, RINGS_AT_MOST)]
    networks = [BondNetwork(states.frames[index], BOND) for index in chosen]
    counts = np.array([network.ring_sizes(MAX_RING) for network in networks])
    rate = states.rate[chosen]
    by_rate: list[dict[str, Any]] = []
    for one in states.rates:
        own = np.flatnonzero(rate == one)
        total = counts[own].sum(axis=0)
        coordination = np.concatenate([networks[index].coordination for index in own])
        by_rate.append(
            {
                "rate_k_per_ps": one,
                "sheets": len(own),
                "rings": int(total.sum()),
                "shares": {
                    str(size): float(total[size] / max(total.sum(), 1))
                    for size in range(3, MAX_RING + 1)
                },
                "mean_size": float(total @ np.arange(MAX_RING + 1) / max(total.sum(), 1)),
                "euler_mean_size": _euler_mean(float(coordination.mean())),
                "three_fold": float((coordination == 3).mean()),
            }
        )
    slow, fast = by_rate[0], by_rate[-1]

    def shares(row: dict[str, Any]) -> str:
        five, six, seven = (100 * row["shares"][str(size)] for size in (5, 6, 7))
        other = 100 - five - six - seven
        return (
            f"{five:.0f}, {six:.0f} and {seven:.0f} % of the rings have five, six and seven atoms "
            f"and {other:.0f} % another number"
        )

    change = f"At {_kelvin(fast['rate_k_per_ps'])} {shares(fast)}"
    if slow is not fast:
        change += f"; at {_kelvin(slow['rate_k_per_ps'])} {shares(slow)}"
    means = [float(row["mean_size"]) for row in by_rate]
    expected = [float(row["euler_mean_size"]) for row in by_rate if row["euler_mean_size"]]
    check = (
        " A check: by Euler’s theorem the rings of a plane network with z bonds an atom have "
        f"2z/(z − 2) atoms on average, here {_range(expected, 2)}; counted are "
        f"{_range(means, 2)}."
        if len(expected) == len(means)
        else ""
    )
    caption = (
        f"<b>How ordered a sheet freezes.</b> {change}. Graphene has hexagons alone. Rings are "
        "shortest-path rings (Franzblau, <em>Phys. Rev. B</em> <b>44</b>, 4925, 1991) of up to "
        f"{MAX_RING} atoms, with bonds up to {BOND} Å, of {len(chosen)} minimised sheets of "
        f"{states.n_atoms} atoms.{check} Monolayer amorphous carbon, first made by "
        "Toh et al. (<em>Nature</em> <b>577</b>, 199, 2020), is likewise of rings of five to eight "
        "atoms."
    )
    return Sheet(
        "ring_statistics",
        partial(_draw_rings, rate, counts),
        "Shares of rings of four or fewer to eight or more atoms against the cooling rate.",
        caption,
        700,
        {
            "n_atoms": states.n_atoms,
            "bond_length_angstrom": BOND,
            "largest_ring": MAX_RING,
            "by_rate": by_rate,
        },
    )


def _euler_mean(bonds: float) -> float | None:
    """
    Mean number of atoms around the faces of a plane network that closes to a torus.

    V - E + F = 0 with E = z V / 2 edges, each along two faces: 2 E / F = 2 z / (z - 2).
    """
    return 2 * bonds / (bonds - 2) if bonds > 2 else None


def _range(values: list[float], digits: int) -> str:
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _draw_rings(rate: NDArray[np.float64], counts: NDArray[np.int64]) -> Figure:
    figure = new_figure(6.6, 4.0)
    plot_ring_shares(figure.subplots(), rate, counts)
    return figure


# Radial distribution functions


def _radial(states: FinalStates) -> Sheet:
    rates = sorted({states.rates[-1], states.rates[0]}, reverse=True)
    crystal = neighbor_list("d", graphene(a=LATTICE_CONSTANT, vacuum=10.0), R_MAX)
    curves: list[NDArray[np.float64]] = []
    numbers: list[dict[str, Any]] = []
    for rate in rates:
        some = [states.frames[index] for index in states.at(rate, RADIAL_AT_MOST)]
        r, g = radial_distribution(some, r_max=R_MAX, n_bins=N_BINS)
        shell = first_shell(r, g, number_density(some[0]), dimension=2)
        curves.append(g)
        numbers.append(
            {
                "rate_k_per_ps": rate,
                "sheets": len(some),
                "first_peak_angstrom": round(shell.peak, 3),
                "first_minimum_angstrom": round(shell.minimum, 3),
                "neighbours_to_minimum": shell.neighbours,
                "at_bond_length": float(np.interp(BOND, r, g)),
            }
        )
    ours = listed(
        [
            f"{row['first_peak_angstrom']:.2f} Å, {row['first_minimum_angstrom']:.2f} Å and "
            f"{row['neighbours_to_minimum']:.2f} at {_kelvin(row['rate_k_per_ps'])}"
            for row in numbers
        ]
    )
    caption = (
        "<b>How far atoms of a sheet are from each other.</b> How much likelier than by chance, by "
        "area, two atoms are at each distance. First peak, first minimum after it, and the mean "
        f"number of neighbours up to there: {ours}. Grey ticks: the distances in perfect graphene "
        f"(lattice constant {LATTICE_CONSTANT} Å), the nearest three at 1.42 Å, then six at 2.46 Å "
        "and three at 2.84 Å; the last two make one broad peak here. REBO2, the potential used "
        "unless another is asked for, fades bonds out from 1.7 to 2.0 Å: stretched ones gather "
        "just before, and hardly any pair is in between. Minimised sheets of "
        f"{states.n_atoms} atoms, the first {RADIAL_AT_MOST} or fewer at a rate; bins of "
        f"{R_MAX / N_BINS:g} Å."
    )
    return Sheet(
        "radial_distribution",
        partial(_draw_radial, r, curves, numbers, np.unique(crystal.round(3))),
        "Radial distribution functions of sheets quenched fast and slowly, with the distances of "
        "the crystal.",
        caption,
        760,
        {
            "n_atoms": states.n_atoms,
            "bin_angstrom": R_MAX / N_BINS,
            "crystal_lattice_constant_angstrom": LATTICE_CONSTANT,
            "rates": numbers,
        },
    )


def _draw_radial(
    r: NDArray[np.float64],
    curves: list[NDArray[np.float64]],
    numbers: list[dict[str, Any]],
    shells: NDArray[np.float64],
) -> Figure:
    figure = new_figure(7.6, 4.0)
    axes = figure.subplots()
    labels = [f"Quenched at {_kelvin(row['rate_k_per_ps'])}" for row in numbers]
    colours = [COLOURS["vermilion"], COLOURS["blue"]][-len(curves) :]
    axes.vlines(
        shells,
        0,
        0.07,
        transform=axes.get_xaxis_transform(),
        color=GREY,
        linewidth=1.6,
        label="Distances in graphene",
    )
    plot_radial_distribution(axes, r, curves, labels, colours=colours)
    axes.set_xlim(1.0, R_MAX)
    return figure


# Energies


def _energies(sizes: list[FinalStates]) -> Sheet:
    by_size: list[dict[str, Any]] = []
    for states in sizes:
        by_rate: list[dict[str, Any]] = []
        for rate in states.rates:
            energy = states.energy[states.at(rate)]
            by_rate.append(
                {
                    "rate_k_per_ps": rate,
                    "sheets": len(energy),
                    "mean_ev_per_atom": float(energy.mean()),
                    "spread_mev_per_atom": (
                        float(1000 * energy.std(ddof=1)) if len(energy) > 1 else None
                    ),
                }
            )
        by_size.append({"n_atoms": states.n_atoms, "by_rate": by_rate})
    smallest = by_size[0]["by_rate"]
    slow, fast = smallest[0], smallest[-1]

    def mean(row: dict[str, Any]) -> str:
        spread = row["spread_mev_per_atom"]
        some = f", with a spread of {spread:.0f} meV/atom" if spread is not None else ""
        return f"{signed(row['mean_ev_per_atom'], 3)} eV/atom{some}"

    change = f"at {_kelvin(fast['rate_k_per_ps'])} the mean is {mean(fast)}"
    if slow is not fast:
        gain = 1000 * (fast["mean_ev_per_atom"] - slow["mean_ev_per_atom"])
        below = f"{abs(gain):.0f} meV/atom {'lower' if gain > 0 else 'higher'}"
        change += f", at {_kelvin(slow['rate_k_per_ps'])} {mean(slow)}: {below}"
    larger = "".join(f" Squares: {states.n_atoms:,} atoms." for states in sizes[1:2])
    n_sheets = len(sizes[0].frames)
    caption = (
        "<b>Energy of the minimised sheets against the cooling rate.</b> Sheets of "
        f"{sizes[0].n_atoms} atoms, {n_sheets} in all: {change}. Points beside the bars are "
        "sheets, the line goes through the means, bars reach one standard deviation of the sheets "
        f"to each side. A slower quench leaves more time to mend rings.{larger}"
    )
    return Sheet(
        "energy_rate",
        partial(_draw_energies, sizes),
        "Final energy per atom against the cooling rate, with mean and spread at each rate.",
        caption,
        700,
        {"sizes": by_size},
    )


def _draw_energies(sizes: list[FinalStates]) -> Figure:
    figure = new_figure(6.6, 4.0)
    axes = figure.subplots()
    looks = ((COLOURS["blue"], "o"), (COLOURS["vermilion"], "s"))
    for states, (colour, marker) in zip(sizes, looks, strict=False):
        plot_against_rate(
            axes,
            states.rate,
            states.energy,
            ylabel="Energy (eV/atom)",
            label=f"{states.n_atoms:,} atoms",
            colour=colour,
            marker=marker,
        )
    return figure


# Representative sheets


def _structures(states: FinalStates) -> Sheet:
    rates = states.rates
    chosen = sorted({rates[-1], rates[len(rates) // 2], rates[0]}, reverse=True)
    frames = []
    for rate in chosen:
        own = states.at(rate)
        energy = states.energy[own]
        frames.append(states.frames[own[int(np.argmin(np.abs(energy - energy.mean())))]])
    shown = represent([_kelvin(rate) for rate in chosen], frames, HISTOGRAM_RANGE)
    bond = LATTICE_CONSTANT / np.sqrt(3)
    deaths = {size: float((bond / (2 * np.sin(np.pi / size))) ** 2) for size in (5, 6, 7)}
    pairs = listed([str(len(diagram.finite())) for diagram in shown.diagrams])
    marks = listed([f"{death:.2f}" for death in deaths.values()])
    caption = (
        "<b>Representative sheets and the histograms of their rings.</b> Above: one cell of "
        f"{states.n_atoms} atoms, quenched at the rate of the title; at each rate the sheet whose "
        "energy is nearest to the mean. Rings are coloured by their number of atoms. Below: their "
        f"H1 histograms, from left to right of {pairs} pairs, with the colours of one scale; "
        "periodic in the plane, as the sheets are. A ring is born with its longest bond, at a "
        "quarter of that bond’s square, which is 0.50 Å² for 1.42 Å, and dies when the balls "
        "fill it: for regular rings of five, six and seven atoms with bonds of 1.42 Å at the "
        f"squared radius of their corners, {marks} Å² (small numbers at the left: atoms in the "
        f"ring). Bins of {HISTOGRAM_RANGE[1] / BINS:g} Å²."
    )
    return Sheet(
        "structures",
        partial(_draw_structures, shown, deaths),
        "Sheets quenched at different rates with their rings in colour, each above the histogram "
        "of its H1 persistence diagram.",
        caption,
        940,
        {
            "structures": shown.as_dicts(),
            "histogram_range_angstrom2": list(HISTOGRAM_RANGE),
            "deaths_of_regular_rings_angstrom2": {
                str(size): death for size, death in deaths.items()
            },
        },
    )


def _draw_structures(shown: RepresentativeStructures, deaths: dict[int, float]) -> Figure:
    return shown.draw(
        partial(plot_sheet, bond_length=BOND),
        ring_legend(),
        "Atoms in a ring",
        [(death, str(size)) for size, death in deaths.items()],
    )
