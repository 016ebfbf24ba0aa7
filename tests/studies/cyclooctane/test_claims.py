import numpy as np
import pytest

from amorphology.studies.cyclooctane.claims import VERDICTS, check_planes
from amorphology.studies.cyclooctane.measures import LABELS

N = 60
LABELS_OF_ALL = np.repeat([*LABELS, "between"], [N, N, N, 200])


def groups(centres, width=0.03, seed=0):
    """Points of one label, divided among centres."""
    random = np.random.default_rng(seed)
    return np.array(centres)[np.arange(N) % len(centres)] + random.normal(0, width, (N, 2))


def plane(chair, boat, crown):
    between = np.random.default_rng(9).uniform(-2, 2, (200, 2))
    parts = [groups(centres, seed=i) for i, centres in enumerate((chair, boat, crown))]
    return np.concatenate([*parts, between])


APART = plane([(-1, 0)], [(1, 0)], [(0, 1)])
FOUR = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
AS_STATED = {
    "cartesian": plane([(0, 0)], FOUR, [(0, 0)]),
    "soap": plane([(-1, 0), (-1, 1)], [(1, 0)], [(0, -1)]),
    "acsf": plane([(-1, 0), (-1, 1)], [(1, 0)], [(0, -1)]),
    "soap_average": APART,
    "coulomb": plane(FOUR, [(0, 0)], [(0, 0)]),
    "eigenvalues": APART * 3 + 1,
    "image": APART,
}
IMAGES = {key: {"any": 32} for key in AS_STATED} | {
    "soap_average": {"any": 1},
    "eigenvalues": {"any": 2},
}


def check(planes=AS_STATED, labels=LABELS_OF_ALL, images=IMAGES, atoms=None):
    atoms = [planes["soap"]] * 8 if atoms is None else atoms
    return check_planes(planes, labels, images, atoms)


def of(claims, key, word):
    (found,) = [c for c in claims if c.descriptor == key and word in c.sentence]
    return found


def test_planes_as_the_paper_has_them_agree():
    claims = check()
    assert [claim.verdict for claim in claims] == [VERDICTS[0]] * 16
    assert of(claims, "cartesian", "groups").values["groups"] == 4
    assert of(claims, "eigenvalues", "like").values["correlation"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("key", "changed", "word"),
    [
        ("cartesian", plane([(-1, 0)], FOUR, [(0, 0)]), "Chair and crown are not"),
        ("cartesian", plane([(0, 0)], [(0, 0)], [(0, 0)]), "boat lies apart"),
        ("cartesian", plane([(0, 0)], FOUR[:3], [(0, 0)]), "groups"),
        ("soap", plane([(-1, 0), (-1, 1)], [(-1, 0)], [(0, -1)]), "separated"),
        ("soap", plane([(-1, 0)], [(1, 0)], [(0, -1)]), "groups"),
        ("acsf", plane([(-1, 0)], [(1, 0)], [(0, -1)]), "groups"),
        ("soap_average", plane([(-1, 0), (-1, 2)], [(1, 0)], [(0, 1)]), "clustered"),
        ("soap_average", plane([(-1, 0)], [(-1, 0)], [(0, 1)]), "clustered"),
        ("coulomb", plane(FOUR, [(0, 0)], [(0, 0.5)]), "not separated"),
        ("coulomb", plane(FOUR[:2], [(0, 0)], [(0, 0)]), "groups"),
        ("eigenvalues", AS_STATED["coulomb"], "clustered"),
        ("eigenvalues", AS_STATED["coulomb"], "like"),
        ("image", plane([(0, 0)], [(0, 0)], [(0, 1)]), "clustered"),
    ],
)
def test_another_plane_does_not_agree(key, changed, word):
    claims = check({**AS_STATED, key: changed})
    assert of(claims, key, word).verdict == VERDICTS[1]


def test_images_on_many_points_do_not_agree():
    images = {**IMAGES, "soap_average": {"any": 8}}
    claims = check(images=images)
    assert of(claims, "soap_average", "one point").verdict == VERDICTS[1]
    assert of(claims, "eigenvalues", "one point").verdict == VERDICTS[0]


def test_one_atom_that_sees_otherwise_does_not_agree():
    other = plane([(-1, 0)], [(1, 0)], [(0, -1)])
    claims = check(atoms=[AS_STATED["soap"]] * 7 + [other])
    assert of(claims, "soap", "choice").verdict == VERDICTS[1]


def test_too_few_conformations_of_a_label_give_no_verdict():
    labels = np.where(np.arange(len(LABELS_OF_ALL)) < N - 20, "between", LABELS_OF_ALL)  # chairs
    claims = check(labels=labels)
    assert of(claims, "soap_average", "clustered").verdict == VERDICTS[2]
    assert of(claims, "coulomb", "groups").verdict == VERDICTS[2]
    assert of(claims, "coulomb", "not separated").verdict == VERDICTS[0]  # boat and crown only
