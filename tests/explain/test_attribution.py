import numpy as np
import pytest
from ase import Atoms

from amorphology.descriptors import PersistenceHistogram
from amorphology.errors import StructureError
from amorphology.explain import attribute, integrated_gradients
from amorphology.explain.attribution import pair_places, shares_of_pairs
from amorphology.explain.histogram_map import histograms_of
from amorphology.homology import PersistenceDiagram, alpha_persistence
from amorphology.homology.rings import cavities_of, rings_of

from .runs import ONE_DEGREE, THREE_DEGREES, run_with

SETTINGS = {
    "as in the paper": ONE_DEGREE,
    "probability, blurred": ONE_DEGREE | {"blur": 0.2, "standardisation": "max_min"},
    "per atom": THREE_DEGREES,
    "radii, probability": THREE_DEGREES
    | {"axes": "radius", "normalisation": "probability", "range": (0.5, 2.0), "blur": 0.1},
    "not standardised": THREE_DEGREES | {"standardisation": None},
    "shared among bins, blurred": THREE_DEGREES | {"counting": "shared"},
    "essential classes paired": THREE_DEGREES | {"essential": "paired"},
    "radii, shared among bins": ONE_DEGREE
    | {"axes": "radius", "range": (0.5, 2.0), "counting": "shared"},
}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        *((kind, name) for kind in ("network", "ridge", "kernel_ridge") for name in SETTINGS),
        ("ensemble", "as in the paper"),
    ],
)
def test_nothing_is_lost_on_the_way(kind: str, settings: str, copper_frames: list[Atoms]):
    run = run_with(kind, copper_frames[:8], **SETTINGS[settings])
    baseline = histograms_of(run, copper_frames[:8]).mean(axis=0)
    frame = copper_frames[13]
    found = attribute(run, frame, baseline=baseline)

    of_map = 32 * found.gradients.values.sum() / 1000
    rise = 32 * (run.predict([frame])[0] - found.baseline_prediction)
    assert abs(rise) > 0.05
    assert of_map == pytest.approx(rise, rel=2e-3, abs=0.05)
    of_pairs = sum(shares.sum() for shares in found.pairs.values())
    assert of_pairs == pytest.approx(of_map, rel=1e-5)
    assert found.atoms.sum() == pytest.approx(of_map, rel=1e-5)
    assert found.unassigned == 0.0
    assert found.atoms.shape == (32,)
    for degree, shares in found.pairs.items():
        assert len(shares) == len(found.diagrams[degree]) == len(found.members[degree])
        assert (shares[found.sizes(degree) == 0] == 0).all()


def test_atoms_have_equal_parts_of_their_rings(copper_frames: list[Atoms]):
    run = run_with("ridge", copper_frames[:8], **THREE_DEGREES)
    frame = copper_frames[13]
    baseline = histograms_of(run, copper_frames[:8]).mean(axis=0)
    found = attribute(run, frame, baseline=baseline)
    expected = np.zeros(32)
    diagrams = alpha_persistence(frame)
    finite = np.flatnonzero(~diagrams[1].essential)
    for pair, ring in zip(finite, rings_of(frame, finite), strict=True):
        for atom in ring.atoms:
            expected[atom] += found.pairs[1][pair] / len(ring.atoms)
        if found.pairs[1][pair] != 0:
            np.testing.assert_array_equal(found.members[1][pair], ring.atoms)
    finite = np.flatnonzero(~diagrams[2].essential)
    for pair, cavity in zip(finite, cavities_of(frame, finite), strict=True):
        for atom in cavity.atoms:
            expected[atom] += found.pairs[2][pair] / len(cavity.atoms)
    for shares, simplex in zip(found.pairs[0], diagrams[0].death_simplex, strict=True):
        expected[simplex] += shares / 2
    np.testing.assert_allclose(found.atoms, expected, atol=1e-9)


def small_diagram(pairs: list[tuple[float, float]], n_atoms: int) -> PersistenceDiagram:
    birth, death = np.array(pairs).T
    return PersistenceDiagram.from_pairs(1, birth, death, n_atoms=n_atoms)


# Bins of 1 Angstrom^2; two pairs share a bin, one lies outside, one never dies, one has no life.
PAIRS = [(0.5, 2.5), (0.6, 2.6), (1.5, 3.5), (1.0, 9.0), (1.0, np.inf), (2.0, 2.0)]


@pytest.mark.parametrize("normalisation", ["probability", "per_atom"])
def test_shares_on_a_linear_model_by_hand(normalisation: str, copper_frames: list[Atoms]):
    run = run_with(
        "ridge",
        copper_frames[:8],
        bins=8,
        range=(0.0, 8.0),
        normalisation=normalisation,
    )
    diagram = small_diagram(PAIRS, n_atoms=10)
    slope = 50.0 * run.model.weights.numpy().reshape(8, 8) / run.descriptor.scale_
    baseline = np.zeros((1, 8, 8))
    baseline[0, 0, 3], baseline[0, 4, 6] = 0.25, 0.75
    found = integrated_gradients(run, {1: diagram}, baseline=baseline)
    shares, unassigned = shares_of_pairs(run.descriptor, {1: diagram}, found)

    unit = 3 if normalisation == "probability" else 10
    average = 0.25 * slope[0, 3] + 0.75 * slope[4, 6]
    expected = 10 * (np.array([slope[0, 2], slope[0, 2], slope[1, 3]]) / unit - average / 3)
    np.testing.assert_allclose(shares[1], [*expected, 0, 0, 0], rtol=1e-5)
    assert unassigned == 0.0


def test_a_shared_pair_has_parts_of_its_four_bins(copper_frames: list[Atoms]):
    run = run_with(
        "ridge",
        copper_frames[:8],
        bins=8,
        range=(0.0, 8.0),
        normalisation="per_atom",
        counting="shared",
    )
    # A quarter of the way from one centre to the next, and three quarters; and beside the edge.
    diagrams = {1: small_diagram([(1.75, 4.25), (0.2, 7.9)], n_atoms=10)}
    found = integrated_gradients(run, diagrams, baseline=np.zeros((1, 8, 8)))
    shares, unassigned = shares_of_pairs(run.descriptor, diagrams, found)
    slope = 50.0 * run.model.weights.numpy().reshape(8, 8) / run.descriptor.scale_
    expected = [np.array([0.75, 0.25]) @ slope[1:3, 3:5] @ np.array([0.25, 0.75]), slope[0, 7]]
    np.testing.assert_allclose(shares[1], expected, rtol=1e-5)
    assert unassigned == 0.0


def test_a_frame_without_pairs(copper_frames: list[Atoms]):
    run = run_with("ridge", copper_frames[:8], bins=8, range=(0.0, 8.0))
    diagram = small_diagram([(1.0, np.inf)], n_atoms=10)
    baseline = np.zeros((1, 8, 8))
    baseline[0, 0, 3] = 1.0
    found = integrated_gradients(run, {1: diagram}, baseline=baseline)
    shares, unassigned = shares_of_pairs(run.descriptor, {1: diagram}, found)
    np.testing.assert_array_equal(shares[1], [0.0])
    assert unassigned == pytest.approx(
        10 * (found.prediction - found.baseline_prediction), rel=1e-4
    )


def test_the_common_part_of_a_probability_gradient_drops_out(copper_frames: list[Atoms]):
    # A histogram that sums to 1 says nothing about a number added to all weights.
    run = run_with("ridge", copper_frames[:8], bins=8, range=(0.0, 8.0))
    diagram = small_diagram(PAIRS, n_atoms=10)
    baseline = np.zeros((1, 8, 8))
    baseline[0, 0, 3] = 1.0
    before, _ = shares_of_pairs(
        run.descriptor, {1: diagram}, integrated_gradients(run, {1: diagram}, baseline=baseline)
    )
    run.model.weights += 7.0
    after, _ = shares_of_pairs(
        run.descriptor, {1: diagram}, integrated_gradients(run, {1: diagram}, baseline=baseline)
    )
    np.testing.assert_allclose(after[1], before[1], rtol=1e-3)


@pytest.mark.parametrize("axes", ["squared_radius", "radius"])
def test_places_are_those_of_the_histogram(axes: str, copper_frames: list[Atoms]):
    descriptor = PersistenceHistogram(
        [1, 2], bins=10, range=[(1.0, 3.0), (1.2, 2.0)], axes=axes, normalisation="per_atom"
    ).fit(copper_frames[:1])
    binned = descriptor.bin_pairs(copper_frames[3:4])
    counts = 32 * binned.images(slice(None))[0]
    diagrams = alpha_persistence(copper_frames[3])
    for channel, degree in enumerate((1, 2)):
        places = pair_places(descriptor, channel, diagrams[degree])
        assert (places == -1).any()
        assert (places >= 0).any()
        found = np.bincount(places[places >= 0], minlength=100)
        np.testing.assert_allclose(found, counts[channel].ravel(), atol=1e-5)


def test_ends_of_the_range():
    descriptor = PersistenceHistogram(bins=4, range=(0.0, 4.0))
    diagram = small_diagram([(0.0, 4.0), (1.0, 2.0), (-0.1, 1.0), (3.0, 4.1)], n_atoms=4)
    np.testing.assert_array_equal(pair_places(descriptor, 0, diagram), [3, 6, -1, -1])


def test_diagrams_have_no_atoms(copper_frames: list[Atoms]):
    run = run_with("ridge", copper_frames[:8], **ONE_DEGREE)
    with pytest.raises(StructureError, match="dict has no atoms to share"):
        attribute(run, alpha_persistence(copper_frames[0]))
