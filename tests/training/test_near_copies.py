from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amorphology.errors import ConfigError
from amorphology.structures import read_frames
from amorphology.training.near_copies import displacements, near_copies

GAP17 = Path(__file__).parents[3] / "shared" / "data" / "carbon_gap17_bulk_train.extxyz"


def simulation(seed: int, n: int = 6, step: float = 0.1, drift: float = 0.4) -> list[Atoms]:
    """A random walk of all atoms from a random start, in one cell; it drifts, and is wrapped."""
    rng = np.random.default_rng(seed)
    frame = Atoms("C20", rng.uniform(0, 8, (20, 3)), cell=[8, 8, 8], pbc=True)
    frames = []
    for _ in range(n):
        frame = frame.copy()
        frame.positions += rng.normal(0, step, (20, 3)) + drift
        frame.wrap()
        frames.append(frame)
    return frames


def test_interleaved_simulations_come_apart():
    runs = [simulation(seed) for seed in range(4)]
    order = np.random.default_rng(0).permutation(24)
    frames = [frame for run in runs for frame in run]
    found = near_copies([frames[index] for index in order])
    expected = order // 6
    assert len(np.unique(found)) == 4
    assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == 4
    assert found[0] == 0  # numbered in the order of first frames
    assert list(dict.fromkeys(found.tolist())) == [0, 1, 2, 3]


def test_chains_join_what_is_far_apart():
    walk = simulation(0, n=40, step=0.3)
    assert displacements(walk[0], walk[-1:])[0] > 1.5
    assert (near_copies(walk) == 0).all()
    assert len(np.unique(near_copies(walk, displacement=0.2))) == 40


def test_other_cells_atoms_and_orders_are_other_simulations():
    run = simulation(0)
    wider, others, turned = run[0].copy(), run[0].copy(), run[0].copy()
    wider.set_cell([8.001, 8, 8])
    others.symbols[0] = "Si"
    turned.pbc = [True, True, False]
    assert near_copies([*run, wider, others, turned]).tolist() == [0] * 6 + [1, 2, 3]


def test_few_frames_of_an_unusual_cell_are_one_simulation():
    frames = [simulation(seed, n=1)[0] for seed in range(5)]
    assert near_copies(frames).tolist() == [0] * 5
    assert near_copies(frames, common_cell=4).tolist() == [0, 1, 2, 3, 4]
    assert near_copies([]).tolist() == []


def test_displacements_by_hand():
    frame = bulk("C", cubic=True) * (2, 2, 2)
    moved = frame.copy()
    moved.positions[3] += [0.3, 0, 0]
    moved.positions[4] -= [0.3, 0, 0]
    shifted = moved.copy()
    shifted.positions += [5.0, 1.0, -2.0]
    shifted.wrap()
    expected = np.sqrt(2 * 0.3**2 / 64)
    found = displacements(frame, [frame, moved, shifted])
    np.testing.assert_allclose(found, [0, expected, expected], atol=1e-12)
    frame.pbc = moved.pbc = False
    np.testing.assert_allclose(displacements(frame, [moved]), expected)
    skewed = Atoms("C2", [[0, 0, 0], [1, 1, 0]], cell=[[4, 0, 0], [2, 4, 0], [0, 0, 5]], pbc=True)
    other = skewed.copy()
    other.positions += [[0.1, 0, 0], [-0.1, 0, 0]] + skewed.cell.array[1]
    np.testing.assert_allclose(displacements(skewed, [other]), 0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"displacement": 0.0}, "displacement is 0.0"), ({"common_cell": -1}, "common_cell is -1")],
)
def test_numbers_without_meaning(change: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        near_copies(simulation(0), **change)


@pytest.mark.skipif(not GAP17.is_file(), reason="the shared carbon frames are not here")
def test_the_liquid_runs_of_carbon():
    frames = read_frames([str(GAP17)])
    groups = near_copies(frames)
    sizes = np.bincount(groups)
    # Five simulations of the liquid, at densities of 1.5 to 3.5 g/cm3, are in the file.
    long = np.flatnonzero(sizes > 40)
    densities = [
        {f.info["density_gcc"] for f, g in zip(frames, groups, strict=True) if g == k} for k in long
    ]
    assert sorted(round(np.mean(list(d)), 1) for d in densities) == [1.5, 2.0, 2.5, 3.0, 3.5]
    assert all(np.ptp(list(d)) < 1e-3 for d in densities)
    assert sizes.max() < 100
    assert np.sort(sizes)[-6] < 10
