import json
import re
from html import unescape

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from amorphology.errors import RunError, StructureError
from amorphology.explain import activation_map
from amorphology.training import TrainingConfig, load_run, train
from amorphology.viewer import Viewer, page_html, write_page
from amorphology.viewer import page as page_module
from amorphology.viewer.packing import unpack_arrays


def data_of(html):
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    return json.loads(text[1])


def test_one_frame_or_many(tmp_path):
    carbon = bulk("C", cubic=True)
    carbon.rattle(0.1, seed=0)
    out = write_page(carbon, tmp_path / "one.html")
    assert out == tmp_path / "one.html"
    assert len(data_of(out.read_text())["frames"]) == 1
    many = page_html([carbon, molecule("H2O"), carbon])
    assert [frame["formula"] for frame in data_of(many)["frames"]] == ["C8", "H2O", "C8"]
    assert list(tmp_path.iterdir()) == [out]


def test_what_is_said_of_a_frame():
    frame = bulk("C", cubic=True)
    frame.info.update(source="runs/a.extxyz frame 3", energy=-64.0)
    (shown,) = data_of(page_html(frame))["frames"]
    assert shown["name"] == "runs/a.extxyz frame 3"
    assert shown["energy"] == -8.0
    assert shown["density"] == pytest.approx(3.51, abs=0.02)  # diamond, as measured
    assert shown["elements"] == {"6": "C"}
    assert shown["pbc"] == [True] * 3
    assert "predicted" not in shown
    (free,) = data_of(page_html(molecule("H2O")))["frames"]
    assert "density" not in free
    assert free["energy"] is None


def test_several_frames_are_named_after_their_files():
    def titled(*sources):
        frames = [molecule("H2O") for _ in sources]
        for frame, source in zip(frames, sources, strict=True):
            if source:
                frame.info["source"] = source
        return data_of(page_html(frames))["title"]

    assert titled("runs/a.extxyz frame 3") == "a.extxyz frame 3"
    assert titled("runs/a.extxyz frame 0", "runs/a.extxyz frame 1") == "a.extxyz"
    assert titled("runs/a.extxyz frame 0", "runs/b.extxyz frame 0") == "a.extxyz to b.extxyz"
    assert titled("", "") == "frame 0 to frame 1"


def test_names_cannot_break_out_of_the_page():
    evil = '</script><script>alert("1")</script><!-- {{data}} {{script}}'
    html = page_html(molecule("H2O"), title=evil)
    assert html.count("</script>") == page_html(molecule("H2O"), title="x").count("</script>")
    assert data_of(html)["title"] == evil
    assert "<title>&lt;/script&gt;" in html


def test_page_is_small_and_carries_the_licences():
    rng = np.random.default_rng(0)
    frame = Atoms("C512", scaled_positions=rng.random((512, 3)), cell=[16.2] * 3, pbc=True)
    html = page_html(frame)
    assert len(html.encode()) < 3_000_000
    for words in ("University of Pittsburgh", "Plotly", "THE SOFTWARE IS PROVIDED"):
        assert words in html


def test_the_size_of_a_large_page_is_said_before_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "LARGE", 2_000_000)
    out = tmp_path / "large.html"

    def no_writing(*_):
        raise RuntimeError("written")

    monkeypatch.setattr(page_module.Path, "write_bytes", no_writing)
    with (
        pytest.warns(UserWarning, match=r"large.html will have 2\.\d MB"),
        pytest.raises(RuntimeError, match="written"),
    ):
        write_page(molecule("H2O"), out)


def test_activation_map_and_energy_of_a_run(trained_run, copper_frames):
    frame = copper_frames[0]
    (shown,) = data_of(page_html(frame, run=trained_run))["frames"]
    run = load_run(trained_run)
    assert shown["predicted"] == pytest.approx(run.predict([frame])[0])
    expected = activation_map(run, frame)
    about = shown["activation"]
    assert about["degrees"] == [1]
    assert about["ranges"] == [[1.0, 4.0]]
    assert about["axes"] == "squared_radius"
    levels = unpack_arrays(shown["data"])["activation"]
    step = about["largest"] / 127
    np.testing.assert_allclose(levels * step, expected.weights[0], atol=0.51 * step)
    assert np.abs(levels).max() > 60
    # A run that is loaded already gives the same page.
    assert data_of(page_html(frame, run=run)) == data_of(page_html(frame, run=trained_run))


def test_errors_are_told(tmp_path):
    with pytest.raises(StructureError, match="no frames"):
        page_html([])
    with pytest.raises(StructureError, match=r"frame 1: .*on one place"):
        page_html([molecule("H2O"), Atoms("H2", positions=[[0, 0, 0], [0, 0, 0]])])
    with pytest.raises(StructureError, match=r"folder .* does not exist"):
        write_page(molecule("H2O"), tmp_path / "absent" / "page.html")
    with pytest.raises(StructureError, match="this is a folder"):
        write_page(molecule("H2O"), tmp_path)
    with pytest.raises(RunError):
        page_html(molecule("H2O"), run=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_map_is_refused_with_what_to_do(tmp_path, copper_config, copper_frames):
    config = copper_config | {"model": {"kind": "ridge"}, "out": str(tmp_path / "run")}
    train(TrainingConfig(**config))
    with pytest.raises(RunError, match=r"run: a \w+ has no activation map .* without a run"):
        page_html(copper_frames[0], run=tmp_path / "run")


def test_notebooks_show_the_same_page():
    viewer = Viewer(molecule("H2O"), height=500)
    output = viewer._repr_html_()
    assert output.startswith("<iframe")
    assert "height:500px" in output
    assert unescape(re.search(r'srcdoc="([^"]*)"', output)[1]) == viewer.html
    assert repr(viewer) == "Viewer(1 frame, 2.1 MB)"
