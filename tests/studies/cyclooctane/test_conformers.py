from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from amorphology.errors import StructureError
from amorphology.generate import generate_cyclooctane
from amorphology.generate.cyclooctane import (
    BOND_ANGLE,
    BOND_LENGTH,
    close_rings,
    ring_images,
    ring_positions,
)
from amorphology.generate.cyclooctane_variety import on_sphere
from amorphology.studies.cyclooctane.conformers import (
    CONFORMERS,
    THRESHOLD,
    canonical_conformers,
    conformer_distances,
    label_conformers,
    torsion_angles,
    write_conformations,
)


@pytest.fixture(scope="module")
def frames() -> list[Atoms]:
    return generate_cyclooctane(700, seed=1)


def renumbered(frame: Atoms, shift: int, backwards: bool, mirrored: bool) -> Atoms:
    order = np.roll(np.arange(8)[::-1] if backwards else np.arange(8), shift)
    return Atoms("C8", positions=frame.positions[order] * (-1 if mirrored else 1))


def test_torsion_angles_are_those_of_ase(frames):
    ours = torsion_angles(ring_positions(frames[:50]))
    for frame, angles in zip(frames, ours, strict=False):
        ase = [frame.get_dihedral((i - 1) % 8, i, (i + 1) % 8, (i + 2) % 8) for i in range(8)]
        difference = np.remainder(np.subtract(ase, angles) + 180, 360) - 180
        np.testing.assert_allclose(difference, 0, atol=1e-9)
    assert (ours > -180).all()
    assert (ours <= 180).all()


def test_torsion_angles_of_planar_rings():
    turns = np.arange(8) * np.pi / 4
    octagon = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    zigzag = np.array([[i, i % 2, 0] for i in range(8)], dtype=float)
    np.testing.assert_array_equal(torsion_angles([octagon]), 0)
    np.testing.assert_array_equal(torsion_angles([zigzag, -zigzag])[:, 1:6], 180)
    with pytest.raises(StructureError, match="n_atoms, 3"):
        torsion_angles(octagon)


@pytest.mark.parametrize(
    ("name", "angles", "n_images", "sphere"),
    [
        ("chair", [124.4, -77.4, 0, 77.4, -124.4, 77.4, 0, -77.4], 8, False),  # C2h
        ("boat", [0, 77.4, 0, -77.4, 0, 77.4, 0, -77.4], 4, True),  # D2d
        ("crown", [89.2, -89.2, 89.2, -89.2, 89.2, -89.2, 89.2, -89.2], 2, True),  # D4d
    ],
)
def test_canonical_conformers(name, angles, n_images, sphere):
    conformer = canonical_conformers()[name]
    for i in range(8):
        assert conformer.get_distance(i, (i + 1) % 8) == pytest.approx(BOND_LENGTH, abs=1e-12)
        angle = conformer.get_angle(i, (i + 1) % 8, (i + 2) % 8)
        assert angle == pytest.approx(BOND_ANGLE, abs=1e-10)
    np.testing.assert_allclose(torsion_angles([conformer.positions])[0], angles, atol=0.05)
    # Order of the point group: 32 over the number of different images.
    images = ring_images(conformer.positions[None]).reshape(32, 24)
    assert len(np.unique(images.round(6) + 0.0, axis=0)) == n_images
    assert on_sphere([conformer]).item() is sphere


def test_crown_has_the_closed_form():
    # Alternating heights h on a circle of radius r: second neighbours lie at one height, a square
    # of side sqrt(2) r; bonds give h.
    second = 2 * BOND_LENGTH * np.sin(np.radians(BOND_ANGLE / 2))
    r = second / np.sqrt(2)
    h = np.sqrt(BOND_LENGTH**2 - (2 * r * np.sin(np.pi / 8)) ** 2) / 2
    crown = canonical_conformers()["crown"].positions
    np.testing.assert_allclose(np.linalg.norm(crown[:, :2], axis=1), r, atol=1e-12)
    np.testing.assert_allclose(crown[:, 2], np.tile([h, -h], 4), atol=1e-12)


def test_canonical_conformers_are_labelled_as_themselves():
    conformers = canonical_conformers()
    assert list(conformers) == list(CONFORMERS[:3])
    assert label_conformers(list(conformers.values())).tolist() == list(conformers)
    distances = conformer_distances(list(conformers.values()))
    np.testing.assert_allclose(np.diag(distances), 0, atol=1e-5)
    # Far enough apart that no conformation can be near two of them.
    assert distances[~np.eye(3, dtype=bool)].min() > 145 > 2 * THRESHOLD


def test_boat_boat_lies_between():
    turns = np.arange(8) * np.pi / 4
    heights = 0.7 * np.tile([1, 0, -1, 0], 2)
    start = np.stack([2 * np.cos(turns), 2 * np.sin(turns), heights], axis=1)
    closed, converged = close_rings(start[None])
    assert converged.all()
    boat_boat = Atoms("C8", positions=closed[0])
    np.testing.assert_allclose(
        torsion_angles(closed)[0], 55.9 * np.tile([1, 1, -1, -1], 2), atol=0.05
    )
    assert label_conformers([boat_boat]).tolist() == ["between"]
    assert conformer_distances([boat_boat])[0, 1] == pytest.approx(55.9, abs=0.05)
    assert conformer_distances([boat_boat])[0, 1] > 2 * THRESHOLD


def test_labels_do_not_depend_on_numbering_mirror_or_place(frames):
    few = frames[::5]
    expected = conformer_distances(few)
    for shift in range(8):
        for backwards in (False, True):
            for mirrored in (False, True):
                images = [renumbered(frame, shift, backwards, mirrored) for frame in few]
                np.testing.assert_allclose(conformer_distances(images), expected, atol=1e-5)
    moved = [frame.copy() for frame in few]
    for index, frame in enumerate(moved):
        frame.rotate(37 * index, (1, index, 2))
        frame.translate((5, -3, index))
    np.testing.assert_allclose(conformer_distances(moved), expected, atol=1e-5)
    assert (label_conformers(moved) == label_conformers(few)).all()


def test_distance_is_the_rule_spelled_out(frames):
    # All 32 images of the conformer, one torsion angle after the other, on ASE's angles.
    crown = canonical_conformers()["crown"]
    for frame in frames[:5]:
        angles = [frame.get_dihedral((i - 1) % 8, i, (i + 1) % 8, (i + 2) % 8) for i in range(8)]
        nearest = 360.0
        for sign in (1, -1):
            for image in ring_images(crown.positions[None]) * sign:
                other = torsion_angles([image])[0]
                largest = 0.0
                for a, b in zip(angles, other, strict=True):
                    largest = max(largest, min(abs(a - b) % 360, 360 - abs(a - b) % 360))
                nearest = min(nearest, largest)
        assert conformer_distances([frame])[0, 2] == pytest.approx(nearest, abs=1e-5)


def test_every_label_has_its_share_and_its_images(frames):
    labels = label_conformers(frames)
    for name in CONFORMERS[:3]:
        assert 0.01 < (labels == name).mean() < 0.04
    crowns = torsion_angles(ring_positions(frames))[labels == "crown"]
    assert (np.sign(crowns[:, 0]) == 1).mean() == pytest.approx(0.5, abs=0.25)
    assert (np.sign(crowns[:, 1:]) == -np.sign(crowns[:, :-1])).all()
    wide = label_conformers(frames, threshold=50.0)
    assert (wide[labels != "between"] == labels[labels != "between"]).all()
    assert (label_conformers(frames, threshold=0.0) == "between").all()


def test_frames_that_are_no_rings():
    with pytest.raises(StructureError, match="frame 0: 3 atoms"):
        label_conformers([Atoms("C3", positions=np.eye(3))])


def test_no_frames():
    assert label_conformers([]).shape == (0,)
    assert conformer_distances([]).shape == (0, 3)


def test_written_frames_carry_their_labels(tmp_path: Path):
    path = tmp_path / "conformations.extxyz"
    summary = write_conformations(path, n_conformations=100, seed=2)
    written = read(path, ":")
    labels = label_conformers(generate_cyclooctane(100, seed=2)).tolist()
    assert [frame.info["conformer"] for frame in written] == labels
    counts = ", ".join(f"{name} {labels.count(name)}" for name in CONFORMERS)
    assert summary == f"100 conformations: {counts}"
