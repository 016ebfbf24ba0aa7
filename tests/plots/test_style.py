import matplotlib
import pytest

from amorphology.errors import StructureError
from amorphology.plots import new_figure, plot_parity, save_figure


def figure():
    drawn = new_figure(3.0, 2.0)
    plot_parity(drawn.subplots(), [-8.0, -7.0], [-7.9, -7.1], title="Test")
    return drawn


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_saved_whole(tmp_path, kind, magic):
    path = tmp_path / f"parity.{kind}"
    save_figure(figure(), path)
    assert path.read_bytes().startswith(magic)
    assert list(tmp_path.iterdir()) == [path]


def test_png_has_200_dots_an_inch(tmp_path):
    path = tmp_path / "parity.png"
    save_figure(figure(), path)
    width = int.from_bytes(path.read_bytes()[16:20], "big")
    assert width == 600


def test_no_folder_is_an_error(tmp_path):
    with pytest.raises(StructureError, match="does not exist"):
        save_figure(figure(), tmp_path / "none" / "parity.png")


def test_nothing_global_is_touched():
    before = dict(matplotlib.rcParams)
    figure()
    assert dict(matplotlib.rcParams) == before
