import json

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, graphene
from ase.calculators.singlepoint import SinglePointCalculator
from ase.neighborlist import neighbor_list

from amorphology.errors import StructureError
from amorphology.homology import alpha_persistence
from amorphology.studies.structure_sheets import Sheet, carbon_sheets

# Crystals in the place of solids: all that figures state about them is known.
DIAMOND = bulk("C", "diamond", a=3.57, cubic=True) * (2, 2, 2)
LAYERS = graphene(a=2.46, size=(4, 4, 1), vacuum=3.0)
LAYERS.pbc = True
CHAINS = Atoms("C4", [[1.3 * k, 0, 0] for k in range(4)], cell=[5.2, 3.0, 3.0], pbc=True) * (
    1,
    2,
    2,
)
SOLIDS = {2.0: CHAINS, 2.5: LAYERS, 2.8: LAYERS, 3.4: DIAMOND}
NAMES = ["radial_distribution", "coordination", "energy_temperature", "structures"]
TEMPERATURES = [5000, 8000, 9000, 8500, 7500, 7000, 6000, 5200, 5050, 4990, 4900, 4800, 3000, 2000]
SOLID_TEMPERATURES = [900, 700, 500, 400, 300]


def one_run(name, density, solid, shift=0.0):
    """Heating, the hottest frame (9000 K), a liquid, and five frames of the solid."""
    frames = []
    for step, kelvin in enumerate(TEMPERATURES + SOLID_TEMPERATURES):
        frame = solid.copy()
        if kelvin > 1500:
            frame.rattle(0.25, seed=step)
        slope = 1.5 if kelvin < 1500 else 2.5
        energy = len(frame) * (-8.5 + shift + slope * units.kB * kelvin)
        frame.calc = SinglePointCalculator(frame, energy=energy)
        frame.info = {
            "run": name,
            "density": density,
            "temperature": float(kelvin),
            "time_fs": 10.0 * step,
        }
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def sheets():
    frames = [
        frame
        for density, solid in SOLIDS.items()
        for k in range(3 if density == 3.4 else 1)
        for frame in one_run(f"run_{density}_{k}", density, solid, 0.1 * k**2)
    ]
    order = np.random.default_rng(0).permutation(len(frames))
    return {sheet.name: sheet for sheet in carbon_sheets([frames[k] for k in order])}


def test_sheets_are_complete(sheets):
    assert list(sheets) == NAMES
    for sheet in sheets.values():
        assert isinstance(sheet, Sheet)
        assert sheet.description
        assert sheet.caption.startswith("<b>")
        assert sheet.caption.count("<") == sheet.caption.count(">")
        assert json.loads(json.dumps(sheet.numbers, allow_nan=False)) == sheet.numbers


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_figure_is_cut_off(sheets, name):
    figure = sheets[name].draw()
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= figure.bbox.width + 1
        assert box.y1 <= figure.bbox.height + 1
    assert sheets[name].draw() is not figure


def test_radial_distribution_has_the_shells_of_the_crystals(sheets):
    # The smallest cells are the chains: theirs are the densities to choose from.
    solid, liquid = sheets["radial_distribution"].numbers["states"]
    assert (solid["density_g_per_cm3"], solid["frames"]) == (2.0, 5)
    assert solid["first_peak_angstrom"] == pytest.approx(1.3, abs=0.02)
    assert solid["neighbours_to_minimum"] == pytest.approx(2)
    assert solid["temperature_k"] == pytest.approx(np.mean(SOLID_TEMPERATURES))
    # Those nearest to 5000 K, but not the one of the heating that has just 5000 K.
    assert liquid["temperature_k"] == pytest.approx(np.mean([5200, 5050, 4990, 4900, 4800]))


def test_low_middle_and_high_density():
    frames = [f for d in (2.0, 2.5, 2.8, 3.4) for f in one_run(f"run_{d}", d, DIAMOND)]
    *solids, liquid = carbon_sheets(frames)[0].numbers["states"]
    assert [solid["density_g_per_cm3"] for solid in solids] == [2.0, 2.8, 3.4]
    assert liquid["density_g_per_cm3"] == 2.8
    for solid in solids:
        assert solid["first_peak_angstrom"] == pytest.approx(1.546, abs=0.02)
        assert solid["neighbours_to_minimum"] == pytest.approx(4)
    melted = [f for f in frames[19:38] if 4800 <= f.info["temperature"] <= 5200][1:]
    end = liquid["first_minimum_angstrom"] + 0.02  # of the bin
    within = np.mean([len(neighbor_list("i", frame, end)) / len(frame) for frame in melted])
    assert liquid["neighbours_to_minimum"] == pytest.approx(within)


def test_coordination_is_that_of_the_crystals(sheets):
    numbers = sheets["coordination"].numbers
    found = [
        (row["density_g_per_cm3"], row["two_or_fewer"], row["three"], row["four_or_more"])
        for row in numbers["by_density"]
    ]
    assert found == [(2.0, 1, 0, 0), (2.5, 0, 1, 0), (2.8, 0, 1, 0), (3.4, 0, 0, 1)]
    assert [row["runs"] for row in numbers["by_density"]] == [1, 1, 1, 3]
    assert numbers["largest_change_of_four_or_more"] == 0
    line = numbers["straight_lines"]["four_or_more"]
    correlation = np.corrcoef([2.0, 2.5, 2.8, 3.4], [0, 0, 0, 1])[0, 1]
    assert line["r_squared"] == pytest.approx(correlation**2)
    assert f"{correlation**2:.2f} for four-fold" in sheets["coordination"].caption
    assert "do not follow that line" in sheets["coordination"].caption


def test_larger_bonds_count_where_the_cut_off_allows_them():
    wide = DIAMOND.copy()
    wide.set_cell(wide.cell * 1.9 / 1.546, scale_atoms=True)  # bonds of 1.9 Angstrom
    frames = one_run("wide", 2.0, wide) + one_run("usual", 3.4, DIAMOND)
    coordination = carbon_sheets(frames)[1]
    wide, usual = coordination.numbers["by_density"]
    assert (wide["four_or_more_at_1.75_angstrom"], wide["four_or_more"]) == (0, 0)
    assert wide["four_or_more_at_1.95_angstrom"] == usual["four_or_more"] == 1
    assert coordination.numbers["largest_change_of_four_or_more"] == 1
    assert "at most 100.0 percentage points" in coordination.caption
    assert coordination.numbers["straight_lines"] == {"three": None, "four_or_more": None}


def test_energies_have_the_slopes_of_both_branches(sheets):
    numbers = sheets["energy_temperature"].numbers
    slopes = {branch["branch"]: branch for branch in numbers["branches"]}
    assert slopes["solid"]["slope_boltzmann"] == pytest.approx(1.5)
    assert slopes["liquid"]["slope_boltzmann"] == pytest.approx(2.5)
    assert slopes["liquid"]["frames"] == 3  # 7500, 7000 and 6000 K; 8000 K was heating
    assert numbers["frames"] == 6 * 19


def test_the_typical_run_stands_for_its_density():
    frames = [
        frame
        for k in range(3)
        for frame in one_run(f"run_{k}", 3.4, DIAMOND, shift=(0.0, 0.1, 0.4)[k])
    ]
    sheet = carbon_sheets(frames)[-1]
    solid, liquid = sheet.numbers["structures"]
    assert (solid["run"], solid["time_fs"], solid["n_atoms"]) == ("run_1", 180.0, 64)
    assert solid["energy_ev_per_atom"] == pytest.approx(-8.4 + 1.5 * units.kB * 300)
    assert (liquid["run"], sheet.numbers["liquid_temperature_k"]) == ("run_1", 4800.0)
    births = alpha_persistence(frames[19 + 11])[1].finite().birth
    assert sheet.numbers["share_born_as_bonds"] == [1.0, pytest.approx(np.mean(births < 0.8))]


def test_runs_too_short_for_lines_have_none():
    sheets = carbon_sheets(one_run("short", 2.0, LAYERS)[:3])
    assert [sheet.name for sheet in sheets] == NAMES
    assert sheets[2].numbers["branches"] == []
    for sheet in sheets:
        sheet.draw().draw_without_rendering()


def test_frames_that_say_too_little_are_refused():
    with pytest.raises(StructureError, match="no frames of carbon"):
        carbon_sheets([])
    frames = one_run("run", 2.0, LAYERS)
    del frames[4].info["temperature"]
    with pytest.raises(StructureError, match=r'frame 4: has no info\["temperature"\]'):
        carbon_sheets(frames)
