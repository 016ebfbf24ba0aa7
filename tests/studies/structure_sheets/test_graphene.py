import json

import numpy as np
import pytest
from ase.build import graphene, make_supercell
from ase.calculators.singlepoint import SinglePointCalculator

from amorphology.errors import StructureError
from amorphology.studies.structure_sheets import graphene_sheets

NAMES = ["ring_statistics", "radial_distribution", "energy_rate", "structures"]
SLOW, FAST = 500.0, 20_000.0
ENERGIES = {SLOW: [-7.4], FAST: [-7.1, -7.0, -6.8]}  # eV/atom


def perfect(repeats=(6, 4)):
    atoms = make_supercell(graphene(a=2.46, vacuum=5.0), [[1, 0, 0], [1, 2, 0], [0, 0, 1]])
    atoms *= (*repeats, 1)
    atoms.pbc = (True, True, False)
    return atoms


def vacancy():
    """One ring of twelve in the place of three hexagons."""
    atoms = perfect()
    del atoms[len(atoms) // 2]
    return atoms


def one_run(name, rate, energy, atoms):
    """A frame from along the quench, and the final state at the same time."""
    frames = []
    for stage, above in (("quench", 1.0), ("minimised", 0.0)):
        frame = atoms.copy()
        if above:
            frame.rattle(0.3, seed=1)
        frame.calc = SinglePointCalculator(frame, energy=len(frame) * (energy + above))
        frame.info = {"run": name, "cooling_rate": rate, "time_fs": 900.0, "stage": stage}
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def sheets():
    frames = [
        frame
        for rate, energies in ENERGIES.items()
        for k, energy in enumerate(energies)
        for frame in one_run(f"r{rate:.0f}_{k}", rate, energy, perfect())
    ]
    frames += one_run("large", FAST, -7.05, perfect((8, 6)))
    return {sheet.name: sheet for sheet in graphene_sheets(frames)}


def test_sheets_are_complete(sheets):
    assert list(sheets) == NAMES
    for sheet in sheets.values():
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


def test_graphene_is_hexagons_alone(sheets):
    for row in sheets["ring_statistics"].numbers["by_rate"]:
        assert row["rings"] == 48 * row["sheets"]
        assert {size for size, share in row["shares"].items() if share} == {"6"}
        assert row["mean_size"] == pytest.approx(6)
        assert row["euler_mean_size"] == pytest.approx(6)
    assert [row["sheets"] for row in sheets["ring_statistics"].numbers["by_rate"]] == [1, 3]


def test_rings_of_defects_are_counted_at_their_rate():
    frames = one_run("slow", SLOW, -7.4, vacancy())
    frames += [frame for k in "ab" for frame in one_run(f"fast_{k}", FAST, -7.0, vacancy())]
    sheet = graphene_sheets(frames)[0]
    slow, fast = sheet.numbers["by_rate"]
    assert (slow["rings"], fast["rings"]) == (46, 92)
    assert slow["shares"]["6"] == pytest.approx(45 / 46)
    assert fast["shares"]["12"] == pytest.approx(1 / 46)
    # Euler's theorem: two ends of each of the 141 bonds are around one of the 46 rings.
    assert slow["mean_size"] == pytest.approx(2 * 141 / 46)
    assert slow["euler_mean_size"] == pytest.approx(2 * 141 / 46)
    assert slow["three_fold"] == pytest.approx(92 / 95)
    assert "0, 98 and 0 % of the rings have five, six and seven atoms and 2 %" in sheet.caption


def test_radial_distribution_has_the_shells_of_graphene(sheets):
    figure = sheets["radial_distribution"]
    for row in figure.numbers["rates"]:
        assert row["first_peak_angstrom"] == pytest.approx(2.46 / np.sqrt(3), abs=0.02)
        assert row["neighbours_to_minimum"] == pytest.approx(3)
        assert row["at_bond_length"] == 0
    assert [row["rate_k_per_ps"] for row in figure.numbers["rates"]] == [FAST, SLOW]
    ticks = figure.draw().axes[0].collections[0].get_segments()
    shells = 2.46 * np.sqrt([1 / 3, 1, 4 / 3, 7 / 3, 3, 4])
    np.testing.assert_allclose([tick[0][0] for tick in ticks], shells, atol=1e-3)


def test_energies_are_of_the_final_states(sheets):
    small, large = sheets["energy_rate"].numbers["sizes"]
    assert (small["n_atoms"], large["n_atoms"]) == (96, 192)
    slow, fast = small["by_rate"]
    assert slow["mean_ev_per_atom"] == pytest.approx(-7.4)
    assert slow["spread_mev_per_atom"] is None
    assert fast["mean_ev_per_atom"] == pytest.approx(np.mean(ENERGIES[FAST]))
    assert fast["spread_mev_per_atom"] == pytest.approx(1000 * np.std(ENERGIES[FAST], ddof=1))
    assert "433 meV/atom lower" in sheets["energy_rate"].caption


def test_the_typical_sheet_of_each_rate_and_its_rings(sheets):
    numbers = sheets["structures"].numbers
    chosen = [structure["run"] for structure in numbers["structures"]]
    assert chosen == ["r20000_1", "r500_0"]
    # On the torus all hexagons but one are pairs, and all die at the radius of their corners.
    assert [structure["h1_pairs"] for structure in numbers["structures"]] == [47, 47]
    assert numbers["deaths_of_regular_rings_angstrom2"]["6"] == pytest.approx(2.46**2 / 3)


def test_one_rate_alone_is_shown_too():
    sheets = graphene_sheets(one_run("only", FAST, -7.0, vacancy()))
    assert [sheet.name for sheet in sheets] == NAMES
    for sheet in sheets:
        sheet.draw().draw_without_rendering()


def test_frames_that_say_too_little_are_refused():
    with pytest.raises(StructureError, match="no frames of graphene"):
        graphene_sheets([])
    frames = one_run("run", FAST, -7.0, perfect())
    del frames[1].info["cooling_rate"]
    with pytest.raises(StructureError, match=r'frame 1: has no info\["cooling_rate"\]'):
        graphene_sheets(frames)
