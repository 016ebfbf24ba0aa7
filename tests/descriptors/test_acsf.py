import dscribe.descriptors
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amorphology.descriptors import ACSF
from amorphology.errors import ConfigError

SETTINGS = {
    "r_cut": 3.5,
    "g2": ((0.5, 0.0), (2.0, 1.5)),
    "g3": (1.0,),
    "g4": ((0.01, 1.0, 1.0), (0.1, 4.0, -1.0)),
    "g5": ((0.05, 2.0, 1.0),),
}
CLUSTER = Atoms(
    "CNC2NC",
    [[0, 0, 0], [1.4, 0.3, 0.2], [-0.5, 1.3, -0.6], [0.2, -0.9, 1.1], [-2.0, -1, 0], [1, 2, -2]],
)


def cutoff(r: float) -> float:
    return 0.5 * (np.cos(np.pi * r / SETTINGS["r_cut"]) + 1) if r <= SETTINGS["r_cut"] else 0.0


def by_the_formulas(neighbours: list[tuple[str, np.ndarray]]) -> dict[str, float]:
    """Symmetry functions of an atom at the origin with these neighbours, term by term."""
    values: dict[str, float] = {}

    def add(name: str, value: float) -> None:
        values[name] = values.get(name, 0.0) + value

    for j, (species, vector) in enumerate(neighbours):
        r = np.linalg.norm(vector)
        add(f"g1_{species}", cutoff(r))
        for eta, shift in SETTINGS["g2"]:
            add(f"g2_{species}_eta{eta:g}_rs{shift:g}", np.exp(-eta * (r - shift) ** 2) * cutoff(r))
        for kappa in SETTINGS["g3"]:
            add(f"g3_{species}_kappa{kappa:g}", np.cos(kappa * r) * cutoff(r))
        for other, another in neighbours[:j]:
            r_k, r_jk = np.linalg.norm(another), np.linalg.norm(vector - another)
            pair = "_".join(sorted((species, other)))  # C before N, as by atomic number
            cosine = vector @ another / (r * r_k)
            for kind in ("g4", "g5"):
                for eta, zeta, sign in SETTINGS[kind]:
                    squares, tail = r**2 + r_k**2, cutoff(r) * cutoff(r_k)
                    if kind == "g4":
                        squares, tail = squares + r_jk**2, tail * cutoff(r_jk)
                    angle = 2 ** (1 - zeta) * (1 + sign * cosine) ** zeta
                    add(
                        f"{kind}_{pair}_eta{eta:g}_zeta{zeta:g}_lambda{sign:g}",
                        angle * np.exp(-eta * squares) * tail,
                    )
    return values


def test_cluster_is_the_formulas():
    descriptor = ACSF(**SETTINGS).fit([CLUSTER])
    names = descriptor.get_feature_names_out()
    assert len(names) == 2 * (1 + 2 + 1) + 3 * (2 + 1)
    for centre, row in enumerate(next(descriptor.per_atom([CLUSTER]))):
        expected = by_the_formulas(
            [
                (atom.symbol, atom.position - CLUSTER.positions[centre])
                for atom in CLUSTER
                if atom.index != centre
            ]
        )
        np.testing.assert_allclose(
            row, [expected.get(name, 0.0) for name in names], rtol=1e-10, atol=1e-12
        )


def test_crystal_is_the_formulas_over_images():
    crystal = bulk("BN", "zincblende", 3.62)
    crystal.rattle(0.1, seed=2)
    descriptor = ACSF(**SETTINGS).fit([crystal])
    shifts = [np.array(shift) - 3 for shift in np.ndindex(7, 7, 7)]
    neighbours = [
        (atom.symbol, atom.position + shift @ crystal.cell.array - crystal.positions[0])
        for shift in shifts
        for atom in crystal
        if atom.index != 0 or shift.any()
    ]
    near = [pair for pair in neighbours if np.linalg.norm(pair[1]) <= SETTINGS["r_cut"]]
    assert len(near) > 20
    expected = by_the_formulas(near)
    np.testing.assert_allclose(
        descriptor.transform([crystal])[0],
        [expected[name] for name in descriptor.get_feature_names_out()],
        rtol=1e-10,
    )


def test_frames_inside_their_cells_give_what_dscribe_gives():
    plain = dscribe.descriptors.ACSF(
        **{f"{key}_params" if key != "r_cut" else key: value for key, value in SETTINGS.items()},
        species=["C", "N"],
    )
    descriptor = ACSF(**SETTINGS).fit([CLUSTER])
    np.testing.assert_array_equal(next(descriptor.per_atom([CLUSTER])), plain.create(CLUSTER))


def test_defaults_tell_the_distances_and_angles_of_carbon_apart():
    descriptor = ACSF().fit([Atoms("C")])
    assert len(descriptor.get_feature_names_out()) == 25

    def largest(positions: list, kind: str) -> str:
        row = descriptor.transform([Atoms("C" * len(positions), positions)])[0]
        names = descriptor.get_feature_names_out()
        chosen = [i for i, name in enumerate(names) if name.startswith(kind)]
        return names[chosen[int(np.argmax(row[chosen]))]]

    for distance in (1.5, 2.5, 3.5):
        assert largest([[0, 0, 0], [distance, 0, 0]], "g2").endswith(f"rs{distance:g}")
    straight = [[0, 0, 0], [1.5, 0, 0], [-1.5, 0, 0]]
    assert largest(straight, "g4").endswith("lambda-1")


def test_straight_line_of_atoms_is_finite():
    direction = np.array([0.3, 0.5, 0.7])
    line = Atoms("C3", [0.1 + 0 * direction, 0.1 + 1.3 * direction, 0.1 + 2.9 * direction])
    assert np.isfinite(next(ACSF().fit([line]).per_atom([line]))).all()


def test_only_what_is_asked_for():
    names = ACSF(g2=(), g4=()).fit([CLUSTER]).get_feature_names_out()
    assert list(names) == ["g1_C", "g1_N"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"r_cut": -1.0}, "r_cut is -1.0"),
        ({"g2": ((1.0,),)}, "g2 holds"),
        ({"g2": ((-1.0, 0.0),)}, "g2 holds"),
        ({"g2": ((np.nan, 0.0),)}, "g2 holds"),
        ({"g3": ((1.0, 2.0),)}, "g3 is"),
        ({"g4": ((0.1, 1.5, 1.0),)}, "zeta is a positive whole number"),
        ({"g4": ((0.1, 0.0, 1.0),)}, "zeta is a positive whole number"),
        ({"g5": ((0.1, 1.0, 0.5),)}, "lambda 1 or -1"),
        ({"g5": ((0.1, 1.0),)}, "g5 holds"),
    ],
)
def test_meaningless_parameters(settings: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        ACSF(**settings).fit([CLUSTER])
