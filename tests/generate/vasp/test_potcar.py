import pytest

from amorphology.errors import ConfigError
from amorphology.generate.vasp.potcar import find_potcar

POTCAR = "  PAW C 31May2000\n   VRHFIN =C: s2p2\n   LEXCH  = CA\n   EATOM  =   147.1560 eV\n"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Folder in which ASE looks, empty."""
    monkeypatch.setenv("VASP_PP_PATH", str(tmp_path))
    monkeypatch.delenv("VASP_PP_VERSION", raising=False)
    return tmp_path


def test_ase_finds_it(library, monkeypatch):
    with pytest.raises(ConfigError, match="VASP_PP_VERSION=64"):
        find_potcar()
    for name in ("potpaw", "potpaw_LDA.64"):
        (library / name / "C").mkdir(parents=True)
        (library / name / "C" / "POTCAR").write_text(f"{POTCAR} {name}\n")
    assert find_potcar() == f"{POTCAR} potpaw\n"
    monkeypatch.setenv("VASP_PP_VERSION", "64")
    assert find_potcar() == f"{POTCAR} potpaw_LDA.64\n"


def test_a_file_goes_before_the_library(library):
    path = library / "mine"
    path.write_text(POTCAR)
    assert find_potcar(path) == POTCAR
    with pytest.raises(ConfigError, match="not a file"):
        find_potcar(library)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (POTCAR.replace("CA", "PE"), "C PE"),
        (POTCAR.replace("=C:", "=Si:"), "Si CA"),
        (POTCAR + POTCAR, "C CA, C CA"),
        ("", "nothing"),
    ],
)
def test_another_potential_is_refused(tmp_path, text, found):
    path = tmp_path / "POTCAR"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf"not an LDA potential of carbon \(found: {found};"):
        find_potcar(path)


def test_without_a_library_there_is_none(monkeypatch):
    monkeypatch.delenv("VASP_PP_PATH", raising=False)
    assert find_potcar() is None
