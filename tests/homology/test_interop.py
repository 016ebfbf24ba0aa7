import sys

import gudhi
import numpy as np
import pytest

from amorphology.errors import ConfigError, MissingDependencyError
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.homology.interop import (
    bottleneck_distance,
    from_giotto,
    from_gudhi,
    from_persim,
    to_giotto,
    to_gudhi,
    to_persim,
)


def points(seed: int, n: int = 40):
    return np.random.default_rng(seed).uniform(0, 6, (n, 3))


def assert_same_pairs(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for dim, diagram in other.items():
        assert np.array_equal(one[dim].pairs, diagram.pairs)
        assert one[dim].n_atoms == diagram.n_atoms
        assert one[dim].dimension == dim


def test_gudhi_itself_says_the_same():
    tree = gudhi.AlphaComplex(points=points(0)).create_simplex_tree()
    theirs = tree.persistence()
    ours = alpha_persistence(points(0))
    assert [dim for dim, _ in to_gudhi(ours)] == [dim for dim, _ in theirs]
    assert np.allclose([p for _, p in to_gudhi(ours)], [p for _, p in theirs], atol=1e-10)
    taken = from_gudhi(theirs, n_atoms=40)
    for dim in range(3):
        assert np.allclose(taken[dim].pairs, ours[dim].pairs, atol=1e-10)
        intervals = tree.persistence_intervals_in_dimension(dim)
        assert np.allclose(np.sort(intervals, axis=0), np.sort(ours[dim].pairs, axis=0))


@pytest.mark.parametrize("cell", [None, [6, 6, 6]])
def test_there_and_back(cell):
    ours = alpha_persistence(points(1), cell=cell)
    assert_same_pairs(from_gudhi(to_gudhi(ours), n_atoms=40), ours)
    assert_same_pairs(from_persim(to_persim(ours), n_atoms=40), ours)
    finite = {dim: diagram.finite() for dim, diagram in ours.items()}
    (back,) = from_giotto(to_giotto([ours]), n_atoms=40)
    assert_same_pairs(back, finite)
    assert (back[1].death_simplex == -1).all()


def test_persim_has_a_place_for_every_dimension():
    only_rings = alpha_persistence(points(1), dims=[1])
    arrays = to_persim(only_rings)
    assert [array.shape for array in arrays] == [(0, 2), (len(only_rings[1]), 2)]
    assert to_persim({}) == []
    assert from_persim([[], [[1.0, 2.0]]], n_atoms=3)[0].pairs.shape == (0, 2)


def test_giotto_fills_up_with_pairs_on_the_diagonal():
    frames = [alpha_persistence(points(seed, n), cell=[6, 6, 6]) for seed, n in ((1, 30), (2, 40))]
    batch = to_giotto(frames)
    rows = sum(max(len(frame[dim].finite()) for frame in frames) for dim in range(3))
    assert batch.shape == (2, rows, 3)
    assert np.isfinite(batch).all()
    assert (batch[0, :, 2] == batch[1, :, 2]).all()  # giotto-tda asks for this
    filling = batch[batch[:, :, 0] == batch[:, :, 1]]
    assert len(filling)
    for dim in range(3):
        births = np.concatenate([frame[dim].finite().birth for frame in frames])
        assert (filling[filling[:, 2] == dim, 0] == births.min()).all()
    for frame, back in zip(frames, from_giotto(batch, n_atoms=0), strict=True):
        for dim in range(3):
            assert np.array_equal(back[dim].pairs, frame[dim].finite().pairs)


def test_giotto_of_one_frame_or_none():
    array = np.array([[0.0, 1.0, 0], [0.5, 0.5, 1], [2.0, 3.0, 1]])
    (diagrams,) = from_giotto(array, n_atoms=2)
    assert diagrams[1].pairs.tolist() == [[2.0, 3.0]]
    assert to_giotto([]).shape == (0, 0, 3)
    assert from_giotto(np.empty((0, 0, 3)), n_atoms=2) == []


def test_arrays_that_are_no_diagrams():
    with pytest.raises(ConfigError, match=r"dimension 1 have shape \(2, 3\)"):
        from_persim([np.empty((0, 2)), np.ones((2, 3))], n_atoms=1)
    with pytest.raises(ConfigError, match="not before it"):
        from_gudhi([(0, (1.0, 0.5))], n_atoms=1)
    with pytest.raises(ConfigError, match="shape"):
        from_giotto(np.ones(3), n_atoms=1)
    rings, all_dims = alpha_persistence(points(1), dims=[1]), alpha_persistence(points(1))
    with pytest.raises(ConfigError, match="different dimensions"):
        to_giotto([rings, all_dims])


def test_bottleneck_distance():
    def of(*pairs):
        return PersistenceDiagram.from_pairs(1, *zip(*pairs, strict=True), n_atoms=9)

    assert bottleneck_distance(of((1.0, 3.0)), of((1.25, 3.5))) == pytest.approx(0.5)
    assert bottleneck_distance(of((1.0, 3.0), (2.0, 2.5)), of((1.0, 3.0))) == pytest.approx(0.25)
    essential = of((1.0, 3.0), (0.5, np.inf)), of((1.0, 3.0), (0.75, np.inf))
    assert bottleneck_distance(*essential) == pytest.approx(0.25)
    assert bottleneck_distance(essential[0], of((1.0, 3.0))) == np.inf


def test_bottleneck_distance_is_stable():
    # Moving every atom by at most e moves the square roots of births and deaths by at most e.
    moved = points(3) + np.random.default_rng(4).uniform(-0.01, 0.01, (40, 3)) / np.sqrt(3)
    for dim in range(3):
        roots = [
            PersistenceDiagram.from_pairs(dim, *np.sqrt(d[dim].pairs.T), n_atoms=40)
            for d in (alpha_persistence(points(3)), alpha_persistence(moved))
        ]
        assert bottleneck_distance(*roots) <= 0.01


def test_bottleneck_distance_of_different_dimensions():
    diagrams = alpha_persistence(points(1))
    with pytest.raises(ConfigError, match="H0 and H1"):
        bottleneck_distance(diagrams[0], diagrams[1])


def test_without_gudhi(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gudhi", None)
    diagrams = alpha_persistence(points(1))
    with pytest.raises(MissingDependencyError, match="pip install gudhi"):
        bottleneck_distance(diagrams[1], diagrams[1])
