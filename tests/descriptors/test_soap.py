import dscribe.descriptors
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.special import gamma, sph_harm_y

from amorphology.descriptors import SOAP
from amorphology.errors import ConfigError

SETTINGS = {"r_cut": 4.0, "n_max": 3, "l_max": 6, "sigma": 0.6}
CLUSTER = Atoms(
    "CNC2NC",
    [[0, 0, 0], [1.4, 0.3, 0.2], [-0.5, 1.3, -0.6], [0.2, -0.9, 1.1], [-2.0, -1, 0], [1, 2, -2]],
)


def gaussian_type_orbitals(r: np.ndarray, l: int) -> np.ndarray:  # noqa: E741
    """Orthonormal r^l exp(-alpha r^2) that fall to 1e-3 at equal steps between 1 and r_cut."""
    ends = np.linspace(1, SETTINGS["r_cut"], SETTINGS["n_max"])
    alpha = -np.log(1e-3 / ends**l) / ends**2
    primitive = r**l * np.exp(-alpha[:, np.newaxis] * r**2)
    overlap = 0.5 * gamma(l + 1.5) * np.add.outer(alpha, alpha) ** (-l - 1.5)
    return inverse_root(overlap) @ primitive


def polynomials(r: np.ndarray, l: int) -> np.ndarray:  # noqa: E741
    """Orthonormal (r_cut - r)^3, (r_cut - r)^4, ...: their overlaps integrated numerically."""
    cutoff, powers = SETTINGS["r_cut"], np.arange(3, 3 + SETTINGS["n_max"])[:, np.newaxis]
    points, weights = np.polynomial.legendre.leggauss(20)
    points, weights = (points + 1) * cutoff / 2, weights * cutoff / 2
    values = (cutoff - points) ** powers
    overlap = values * points**2 * weights @ values.T
    return inverse_root(overlap) @ (np.maximum(cutoff - r, 0) ** powers)


def inverse_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors / np.sqrt(values) @ vectors.T


def real_harmonic(l: int, m: int, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:  # noqa: E741
    harmonic = sph_harm_y(l, abs(m), theta, phi)
    if m == 0:
        return harmonic.real
    return np.sqrt(2) * (-1) ** m * (harmonic.real if m > 0 else harmonic.imag)


def coefficients(vectors: np.ndarray, basis, reach: float) -> list[np.ndarray]:
    """c_nlm of Gaussians at `vectors`, integrated numerically over a ball; [l][n, m]."""
    r, r_weights = np.polynomial.legendre.leggauss(80)
    r, r_weights = (r + 1) * reach / 2, r_weights * reach / 2
    cosine, cosine_weights = np.polynomial.legendre.leggauss(40)
    theta = np.arccos(cosine)[:, np.newaxis]
    phi = np.arange(80) * 2 * np.pi / 80
    directions = np.stack(
        [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi], axis=-1
    )
    density = sum(
        np.exp(
            -(r[:, None, None] ** 2 - 2 * r[:, None, None] * (directions @ v) + v @ v)
            / (2 * SETTINGS["sigma"] ** 2)
        )
        for v in vectors
    )
    on_sphere = cosine_weights[:, np.newaxis] * 2 * np.pi / 80
    result = []
    for l in range(SETTINGS["l_max"] + 1):  # noqa: E741
        radial = np.stack(
            [
                np.einsum("rtp,tp->r", density, real_harmonic(l, m, theta, phi) * on_sphere)
                for m in range(-l, l + 1)
            ],
            axis=-1,
        )
        result.append((basis(r, l) * r**2 * r_weights) @ radial)
    return result


# The basis "gto" reaches beyond the cut-off, as far as its broadest Gaussian.
@pytest.mark.parametrize(
    ("name", "basis", "reach"),
    [("gto", gaussian_type_orbitals, 12.0), ("polynomial", polynomials, SETTINGS["r_cut"])],
)
def test_power_spectrum_is_that_of_the_integrated_density(name: str, basis, reach: float):
    vectors = CLUSTER.positions - CLUSTER.positions[0]
    by_species = {
        symbol: coefficients(vectors[CLUSTER.symbols == symbol], basis, reach) for symbol in "CN"
    }
    expected = {}
    for first, second in ("CC", "CN", "NN"):
        for l in range(SETTINGS["l_max"] + 1):  # noqa: E741
            spectrum = by_species[first][l] @ by_species[second][l].T
            for n in range(SETTINGS["n_max"]):
                for m in range(SETTINGS["n_max"]):
                    expected[f"soap_{first}{n}_{second}{m}_l{l}"] = (
                        np.pi * np.sqrt(8 / (2 * l + 1)) * spectrum[n, m]
                    )
    descriptor = SOAP(**SETTINGS, basis=name)
    row = descriptor.fit_transform([CLUSTER])[0]
    names = descriptor.get_feature_names_out()
    assert len(names) == 2 * 6 * 7 + 9 * 7
    np.testing.assert_allclose(row, [expected[name] for name in names], rtol=1e-6, atol=1e-9)


def test_frames_inside_their_cells_give_what_dscribe_gives():
    crystal = bulk("C", cubic=True)
    crystal.rattle(0.1, seed=1)
    crystal.wrap()
    for frame in (crystal, CLUSTER):
        species = sorted(set(frame.symbols))
        plain = dscribe.descriptors.SOAP(
            **SETTINGS, species=species, periodic=bool(frame.pbc.any())
        )
        descriptor = SOAP(**SETTINGS, centre=2).fit([frame])
        np.testing.assert_array_equal(next(descriptor.per_atom([frame])), plain.create(frame))
        np.testing.assert_array_equal(descriptor.transform([frame])[0], plain.create(frame)[2])


def test_average_is_the_outer_one():
    outer = dscribe.descriptors.SOAP(**SETTINGS, species=["C", "N"], average="outer")
    row = SOAP(**SETTINGS, centre="average").fit_transform([CLUSTER])[0]
    np.testing.assert_allclose(row, outer.create(CLUSTER), rtol=1e-12)


def test_one_radial_function_without_angles():
    row = SOAP(r_cut=4.0, n_max=1, l_max=0, sigma=0.6).fit_transform([CLUSTER])[0]
    full = SOAP(r_cut=4.0, n_max=1, l_max=4, sigma=0.6).fit([CLUSTER])
    spherical = [name.endswith("l0") for name in full.get_feature_names_out()]
    np.testing.assert_allclose(row, full.transform([CLUSTER])[0][spherical], rtol=1e-12)


def test_lone_atom_sees_itself():
    rows = SOAP(**SETTINGS).fit_transform([Atoms("C"), Atoms("C", [[9, 9, 9]])])
    assert rows[0, 0] > 0
    np.testing.assert_allclose(rows[1], rows[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"r_cut": 0.0}, "r_cut is 0.0"),
        ({"r_cut": np.nan}, "r_cut is nan"),
        ({"r_cut": 0.9}, "begins at 1 Angstrom"),
        ({"n_max": 0}, "n_max is 0"),
        ({"n_max": 1.5}, "n_max is 1.5"),
        ({"l_max": -1}, "l_max is -1"),
        ({"l_max": 21}, "from 0 to 20"),
        ({"sigma": 0.0}, "sigma is 0.0"),
        ({"basis": "bessel"}, "gto or polynomial"),
        ({"n_max": 14, "r_cut": 3.0}, "lower n_max"),
        ({"n_max": 16}, "lower n_max"),
        ({"n_max": 30}, "lower n_max"),
        ({"n_max": 12, "basis": "polynomial"}, "lower n_max"),
        ({"n_max": 14, "r_cut": 10.0, "basis": "polynomial"}, "lower n_max"),
    ],
)
def test_meaningless_parameters(settings: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        SOAP(**settings).fit([CLUSTER])
