import dscribe.descriptors
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from amorphology.descriptors import CoulombEigenspectrum, CoulombMatrix
from amorphology.errors import ConfigError, StructureError

MOLECULES = [molecule(name) for name in ("CH3CH2OH", "H2O", "CH3NO2", "C2H2")]


def by_the_formula(frame: Atoms) -> np.ndarray:
    matrix = np.zeros((len(frame), len(frame)))
    for i, a in enumerate(frame):
        for j, b in enumerate(frame):
            if i == j:
                matrix[i, j] = 0.5 * a.number**2.4
            else:
                difference = [x - y for x, y in zip(a.position, b.position, strict=True)]
                matrix[i, j] = a.number * b.number / sum(d * d for d in difference) ** 0.5
    return matrix


def test_matrix_is_the_formula():
    for frame in MOLECULES:
        row = CoulombMatrix().fit_transform([frame])
        assert row.dtype == np.float64
        np.testing.assert_allclose(row[0], by_the_formula(frame).ravel(), rtol=1e-12)


def test_hydrogen_by_hand():
    frame = Atoms("H2", [[0, 0, 0], [0, 0, 0.5]])
    np.testing.assert_allclose(CoulombMatrix().fit_transform([frame]), [[0.5, 2.0, 2.0, 0.5]])
    np.testing.assert_allclose(CoulombEigenspectrum().fit_transform([frame]), [[2.5, -1.5]])


@pytest.mark.parametrize(
    ("descriptor", "permutation"),
    [
        (CoulombMatrix(), "none"),
        (CoulombMatrix("sorted_l2"), "sorted_l2"),
        (CoulombEigenspectrum(), "eigenspectrum"),
    ],
)
def test_padded_rows_are_those_of_dscribe(descriptor, permutation: str):
    # Rattled, since equal norms of rows may be put in any order.
    frames = [frame.copy() for frame in MOLECULES]
    for seed, frame in enumerate(frames):
        frame.rattle(0.05, seed=seed)
    largest = max(map(len, frames))
    expected = dscribe.descriptors.CoulombMatrix(
        n_atoms_max=largest, permutation=permutation
    ).create(frames)
    np.testing.assert_allclose(descriptor.fit_transform(frames), expected, rtol=1e-10, atol=1e-10)


def test_eigenvalues_fall_in_absolute_value():
    stretched = Atoms("H3", [[0, 0, 0], [0, 0, 0.2], [0, 0, 0.4]])
    eigenvalues = CoulombEigenspectrum().fit_transform([stretched])[0]
    assert (eigenvalues < 0).sum() == 2
    assert (np.diff(np.abs(eigenvalues)) < 0).all()
    np.testing.assert_allclose(eigenvalues.sum(), 1.5)


def test_eight_ring_has_64_and_8_numbers():
    angles = np.arange(8) * np.pi / 4
    ring = Atoms("C8", np.column_stack([2 * np.cos(angles), 2 * np.sin(angles), 0 * angles]))
    assert CoulombMatrix().fit_transform([ring]).shape == (1, 64)
    eigenvalues = CoulombEigenspectrum().fit_transform([ring])
    # A circulant matrix: its eigenvalues are the Fourier transform of a row.
    fourier = np.fft.fft(by_the_formula(ring)[0]).real
    falling = fourier[np.argsort(-np.abs(fourier))]
    np.testing.assert_allclose(eigenvalues, [falling], rtol=1e-10)


@pytest.mark.parametrize("descriptor", [CoulombMatrix(), CoulombEigenspectrum()])
def test_unusable_frames(descriptor):
    water, ethanol = molecule("H2O"), molecule("CH3CH2OH")
    with pytest.raises(StructureError, match="frame 1: has 9 atoms, more than the 3"):
        descriptor.fit([water]).transform([water, ethanol])
    double = water + water[:1]
    with pytest.raises(StructureError, match="frame 1: atoms 0 and 3 are on one place"):
        descriptor.fit([water, double])
    sheet = water.copy()
    sheet.set_cell((5, 5, 0))
    sheet.pbc = (True, True, False)
    with pytest.raises(StructureError, match=r"frame 0: is periodic.*Ewald"):
        descriptor.fit([sheet])


def test_unknown_permutation():
    with pytest.raises(ConfigError, match="permutation is 'random'; choose none or sorted_l2"):
        CoulombMatrix("random").fit(MOLECULES)
