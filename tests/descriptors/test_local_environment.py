import sys
from collections.abc import Iterator

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from sklearn.exceptions import NotFittedError

from amorphology.descriptors import ACSF, SOAP
from amorphology.descriptors import local_environment as module
from amorphology.errors import ConfigError, MissingDependencyError, StructureError

SOAP_SMALL = SOAP(r_cut=3.0, n_max=3, l_max=3)
ACSF_SMALL = ACSF(r_cut=3.0)
BOTH = pytest.mark.parametrize("descriptor", [SOAP_SMALL, ACSF_SMALL], ids=["SOAP", "ACSF"])

RINGS = [molecule(name) for name in ("C6H6", "C5H5N", "C4H4O")]


def cut_out(frame: Atoms, copies: tuple[int, int, int]) -> Atoms:
    """The same atoms with their images in the cells around, as a cluster without periods."""
    cluster = frame.copy()
    for shift in np.ndindex(*(2 * n + 1 for n in copies)):
        shift = np.array(shift) - copies
        if shift.any():
            image = frame.copy()
            image.positions += shift @ frame.cell.array
            cluster += image
    cluster.pbc = False
    cluster.cell = None
    return cluster


def skewed_diamond() -> Atoms:
    crystal = bulk("C")
    crystal.rattle(0.05, seed=1)
    crystal.positions += [[0, 0, 0], 2 * crystal.cell[0] - 3 * crystal.cell[2]]
    return crystal


def sheet() -> Atoms:
    """Graphene without a third cell vector, an atom out of the cell, and another out of plane."""
    layer = graphene(size=(2, 2, 1), vacuum=None)
    layer.set_cell([*layer.cell[:2], [0, 0, 0]])
    layer.pbc = (True, True, False)
    layer.rattle(0.1, seed=3)
    layer.positions[2] += 4 * layer.cell[0] + [0, 0, 1.0]
    return layer


def flat_sheet() -> Atoms:
    """The same with a third vector, which is no period, in the plane."""
    layer = sheet()
    layer.set_cell([*layer.cell[:2], layer.cell[0] * 3])
    return layer


def chain() -> Atoms:
    line = Atoms("C3", [[0.3, 0, 0], [-1.2, 0.2, 0.1], [4.0, 0.1, -0.3]], cell=[4, 0, 0])
    line.pbc = (True, False, False)
    return line


@BOTH
@pytest.mark.parametrize(
    ("frame", "copies"),
    [
        (skewed_diamond(), (5, 5, 5)),
        (sheet(), (6, 3, 0)),
        (flat_sheet(), (6, 3, 0)),
        (chain(), (3, 0, 0)),
    ],
    ids=["crystal", "sheet", "flat sheet", "chain"],
)
def test_periodic_frame_is_the_middle_of_a_large_cluster(descriptor, frame: Atoms, copies):
    descriptor = descriptor.fit([frame])
    cluster = cut_out(frame, copies)
    expected = next(descriptor.per_atom([cluster]))[: len(frame)]
    np.testing.assert_allclose(
        next(descriptor.per_atom([frame])), expected, rtol=1e-8, atol=1e-8 * expected.max()
    )


@BOTH
def test_per_atom_centres_and_average_agree(descriptor):
    descriptor = descriptor.fit(RINGS)
    vectors = list(descriptor.per_atom(RINGS))
    width = len(descriptor.get_feature_names_out())
    assert [rows.shape for rows in vectors] == [(len(frame), width) for frame in RINGS]
    assert all(rows.dtype == np.float64 for rows in vectors)
    for centre in (0, 3):
        np.testing.assert_allclose(
            descriptor.set_params(centre=centre).transform(RINGS),
            [rows[centre] for rows in vectors],
            rtol=1e-12,
        )
    np.testing.assert_allclose(
        descriptor.set_params(centre="average").transform(RINGS),
        [rows.mean(axis=0) for rows in vectors],
        rtol=1e-12,
    )


@BOTH
def test_workers_give_the_same_in_order(descriptor, monkeypatch):
    monkeypatch.setattr(module, "ATOMS_A_BLOCK", 15)  # several blocks
    frames = [*RINGS, *RINGS[::-1]]
    descriptor = descriptor.fit(frames)
    serial = list(descriptor.per_atom(frames))
    parallel = list(descriptor.set_params(n_jobs=2).per_atom(iter(frames)))
    assert len(parallel) == len(frames)
    for one, other in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(one, other)
    descriptor.set_params(n_jobs=None)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_frames_are_taken_as_they_are_needed(n_jobs: int, monkeypatch):
    monkeypatch.setattr(module, "ATOMS_A_BLOCK", 15)
    taken = 0

    def endless() -> Iterator[Atoms]:
        nonlocal taken
        while True:
            taken += 1
            yield RINGS[0]

    vectors = SOAP(r_cut=3.0, n_max=3, l_max=3, n_jobs=n_jobs).fit(RINGS).per_atom(endless())
    next(vectors)
    assert taken <= 3
    vectors.close()


@BOTH
def test_species_are_learned_or_given(descriptor):
    learned = descriptor.fit(RINGS)
    assert learned.species_ == ("H", "C", "N", "O")
    width = len(learned.get_feature_names_out())
    given = type(descriptor)(**descriptor.get_params()).set_params(species=["O", "C", "N", "H"])
    assert given.fit(RINGS[:1]).species_ == learned.species_
    assert given.transform(RINGS).shape == (3, width)
    np.testing.assert_array_equal(given.transform(RINGS), learned.transform(RINGS))


@BOTH
def test_unknown_species(descriptor):
    descriptor = descriptor.fit(RINGS[:1])
    message = "frame 1: holds N, unknown to a descriptor of H, C"
    with pytest.raises(StructureError, match=message):
        descriptor.transform(RINGS[:2])
    with pytest.raises(StructureError, match=message):
        list(descriptor.per_atom(RINGS[:2]))
    strict = type(descriptor)(species=["C", "H"])
    with pytest.raises(StructureError, match=message):
        strict.fit(RINGS[:2])
    for species in (["Xy"], [], ["X"]):
        with pytest.raises(ConfigError, match="give chemical symbols"):
            type(descriptor)(species=species).fit(RINGS)


@BOTH
@pytest.mark.parametrize("centre", [-1, 1.0, "mean", True])
def test_meaningless_centre(descriptor, centre):
    with pytest.raises(ConfigError, match="centre is"):
        type(descriptor)(centre=centre).fit(RINGS)


@BOTH
def test_centre_beyond_the_last_atom(descriptor):
    with pytest.raises(StructureError, match="frame 2: has 9 atoms, so that there is no centre 9"):
        type(descriptor)(centre=9).fit(RINGS)


@BOTH
def test_meaningless_n_jobs(descriptor):
    with pytest.raises(ConfigError, match="n_jobs is 0"):
        type(descriptor)(n_jobs=0).fit(RINGS)


@BOTH
def test_atoms_on_one_place(descriptor):
    twice = RINGS[0] + RINGS[0][3:4]
    with pytest.raises(StructureError, match="frame 1: atoms 3 and 12 are on one place"):
        descriptor.fit([RINGS[0], twice])
    # On opposite faces of the cell, which rounding may put on either side.
    crystal = bulk("C", cubic=True)
    crystal += Atoms("C", [crystal.cell[0] * (1 - 1e-16) - [0, 1e-20, 1e-12]])
    with pytest.raises(StructureError, match="frame 0: atoms 0 and 8 are on one place"):
        descriptor.fit([crystal])
    crystal.pbc = False
    assert descriptor.fit([crystal])


@BOTH
def test_stray_atom(descriptor):
    stray = RINGS[0].copy()
    stray.positions[0] = 1e5
    with pytest.raises(StructureError, match=r"frame 0: atoms are spread over 1e\+05 Angstrom"):
        descriptor.fit([stray])


@BOTH
def test_unfitted(descriptor):
    with pytest.raises(NotFittedError):
        next(type(descriptor)().per_atom(RINGS))


@BOTH
def test_without_dscribe(descriptor, monkeypatch):
    monkeypatch.setitem(sys.modules, "dscribe.descriptors", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "amorphology\[descriptors\]"'):
        descriptor.fit(RINGS)
