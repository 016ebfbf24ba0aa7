"""Random and degenerate structures of every kind, checked for what theory says of all of them."""

import time

import gudhi
import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from amorphology import _kernel
from amorphology.homology import alpha_persistence

from .random_structures import BETTI
from .strategies import Structure, moved, structures

SETTINGS = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SLOW_SECONDS = 600  # CPU time


def diagrams_of(structure: Structure):
    return alpha_persistence(
        structure.positions, cell=structure.cell, pbc=structure.pbc, weights=structure.weights
    )


def check_numbers(structure: Structure, diagrams) -> None:
    """Betti numbers; classes of one atom each; births before deaths, all of them finite."""
    essential = tuple(int(diagrams[dim].essential.sum()) for dim in range(3))
    assert essential == BETTI[sum(structure.pbc)]
    # Every pair of H0 is an atom's; those whose ball is covered at birth leave none.
    assert len(diagrams[0]) <= len(structure.positions) - len(diagrams[0].hidden_atoms)
    if structure.weights is None:
        assert len(diagrams[0]) == len(structure.positions)
        assert len(diagrams[0].hidden_atoms) == 0
    heaviest = 0.0 if structure.weights is None else structure.weights.max()
    for diagram in diagrams.values():
        assert np.isfinite(diagram.birth).all()
        assert (diagram.birth >= -heaviest).all()
        assert (diagram.death > diagram.birth).all()


def check_complex(structure: Structure) -> None:
    """The complex fills space up to homotopy: its Euler characteristic is that of a torus."""
    parts = _kernel.alpha_complex(*structure.arguments())
    euler = sum((-1) ** dim * len(values) for dim, (values, _, _) in enumerate(parts))
    assert euler == (0 if any(structure.pbc) else 1)


def check_simplices(structure: Structure, diagrams) -> None:
    """The simplex of a birth or death enters with its own smallest sphere: recompute that."""
    for diagram in diagrams.values():
        dies = ~diagram.essential
        for atoms, offsets, values in (
            (diagram.birth_simplex, diagram.birth_offset, diagram.birth),
            (diagram.death_simplex[dies], diagram.death_offset[dies], diagram.death[dies]),
        ):
            cell = np.where(np.array(structure.pbc)[:, None], structure.cell, 0)
            corners = structure.positions[atoms] + offsets @ cell
            weights = np.zeros(atoms.shape)
            if structure.weights is not None:
                weights = structure.weights[atoms]
            edges = corners[:, 1:] - corners[:, :1]
            # The centre is sum_i x_i edge_i with 2 edge_j . centre = |edge_j|^2 - w_j + w_0.
            gram = edges @ edges.transpose(0, 2, 1)
            lifts = np.einsum("njj->nj", gram) - weights[:, 1:] + weights[:, :1]
            # Doubles cannot check slivers, nor distances far below the size of the structure.
            lengths = np.sqrt(np.einsum("njj->nj", gram))
            outer = lengths[:, :, None] * lengths[:, None]
            fair = np.linalg.det(gram / outer) > 1e-4 if edges.shape[1] else lengths.all(axis=1)
            fair &= (lengths > 1e-4 * structure.size).all(axis=1)
            fair &= (np.abs(lifts) < 10 * lengths**2).all(axis=1)
            x = np.linalg.solve(2 * gram[fair], lifts[fair][:, :, None])[:, :, 0]
            centre = np.einsum("ni,nik->nk", x, edges[fair])
            expected = (centre**2).sum(axis=1) - weights[fair, 0]
            allowed = 1e-7 * (structure.size**2 + np.abs(weights).max(initial=0))
            assert np.abs(expected - values[fair]).max(initial=0) <= allowed


def distance(one, other, *, squared: bool) -> float:
    """Bottleneck distance of two diagrams; of radii, when squared radii are given."""
    pairs = [np.column_stack([d.birth, d.death]) for d in (one, other)]
    if not squared:
        pairs = [np.sqrt(p) for p in pairs]
    return gudhi.bottleneck_distance(*pairs)


def check_moved(structure: Structure, diagrams) -> None:
    """Neither basis nor image, order, rotation or reflection changes a diagram."""
    rng = np.random.default_rng(len(structure.positions))
    other, order = moved(rng, structure)
    others = diagrams_of(other)
    weighted = structure.weights is not None
    rounding = 1e-9 * (structure.size + other.size)  # a skewed basis is rounded a hundredfold
    if weighted:
        reach = max(np.abs(d.death[~d.essential]).max(initial=0) for d in diagrams.values())
        heaviest = np.abs(structure.weights).max()
        rounding = 1e-8 * (structure.size + np.sqrt(reach + heaviest)) ** 2
    for dim, diagram in diagrams.items():
        assert distance(diagram, others[dim], squared=weighted) <= rounding
    assert order.shape == (diagrams[0].n_atoms,)


def check(structure: Structure) -> None:
    diagrams = diagrams_of(structure)
    check_numbers(structure, diagrams)
    check_complex(structure)
    check_simplices(structure, diagrams)
    check_moved(structure, diagrams)


@settings(SETTINGS, max_examples=8000, derandomize=True)
@given(structures())
def test_structures(structure):
    check(structure)


@settings(SETTINGS, max_examples=3500, derandomize=True)
@given(structures(max_atoms=4))
def test_one_to_four_atoms(structure):
    check(structure)


@pytest.mark.slow
def test_structures_for_long():
    """The same with other seeds, for ten minutes."""
    started, round_ = time.process_time(), 0
    while time.process_time() - started < SLOW_SECONDS:
        round_ += 1
        fuzz = settings(SETTINGS, max_examples=500)(given(structures())(check))
        hypothesis.seed(round_)(fuzz)()
