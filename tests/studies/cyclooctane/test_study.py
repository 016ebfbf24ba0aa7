import json
import re
import shutil
import sys

import numpy as np
import pytest
from ase.io import read
from scipy.io import savemat

from amorphology import cli
from amorphology.errors import ConfigError, StructureError
from amorphology.generate.cyclooctane import generate_cyclooctane
from amorphology.studies import reproduce_cyclooctane
from amorphology.studies.cyclooctane import study
from amorphology.studies.cyclooctane.claims import VERDICTS
from amorphology.studies.cyclooctane.coincidences import KINDS, TOLERANCES
from amorphology.studies.cyclooctane.conformers import CONFORMERS, label_conformers
from amorphology.studies.cyclooctane.figures import FIGURES
from amorphology.studies.cyclooctane.planes import TITLES

pytest.importorskip("dscribe")

N = 60
LENGTHS = {
    "cartesian": 24,
    "soap": 324,
    "soap_average": 324,
    "coulomb": 64,
    "eigenvalues": 8,
    "image": 15278,
    "acsf": 19,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "cyclooctane"
    assert reproduce_cyclooctane(out, n_conformations=N, n_jobs=2) == out / "report.html"
    return out


@pytest.fixture
def without_drawing(monkeypatch):
    """The figures take most of the time; here a page gets empty ones."""

    def draw(results, folder):
        folder.mkdir()
        for name in FIGURES:
            for kind in ("png", "svg"):
                (folder / f"{name}.{kind}").write_text("<svg/>")

    monkeypatch.setattr(study, "draw_figures", draw)


def numbers(out):
    # Strict JSON: no NaN, no Infinity.
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads((out / "report.json").read_text(), parse_constant=refuse)


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["amorph", "reproduce", "cyclooctane", *map(str, arguments)])
    try:
        cli.main()
        status = 0
    except SystemExit as stop:
        status = stop.code or 0
    return status, capsys.readouterr()


def test_the_report_holds_everything(finished):
    found = numbers(finished)
    assert {key: plane["length"] for key, plane in found["planes"].items()} == LENGTHS
    assert set(LENGTHS) == set(TITLES)
    for plane in found["planes"].values():
        first, second = plane["explained"]
        assert 1 > first >= second > 0
    sample = found["sample"]
    assert sample["conformations"] == N
    assert sum(sample["labels"].values()) == N
    assert set(sample["labels"]) == set(CONFORMERS)
    assert len(found["claims"]) == sum(found["verdicts"].values()) == 18
    for claim in found["claims"]:
        assert claim["verdict"] in VERDICTS
        assert claim["sentence"].endswith(".")
        assert claim["measurement"]
        assert claim["found"]
    assert set(found["coincidences"]["counts"]) == set(KINDS)
    for counts in found["coincidences"]["counts"].values():
        assert len(counts) == len(TOLERANCES)
        assert counts == sorted(counts)
    assert found["versions"]["amorphology"]
    assert [stage["reused"] for stage in found["stages"]] == [False] * 9


def test_points_of_images_are_those_that_symmetry_allows(finished):
    points = {
        key: plane["points_of_32_images"] for key, plane in numbers(finished)["planes"].items()
    }
    # 32 over the order of what leaves the descriptor unchanged: numbering, direction, mirror.
    expected = {"cartesian": 32, "coulomb": 16, "soap": 8, "acsf": 8}
    expected |= {"soap_average": 1, "eigenvalues": 1, "image": 1}
    assert {key: one["any"] for key, one in points.items()} == expected
    # C2h, D2d and D4d have 4, 8 and 16 operations.
    assert [points["cartesian"][name] for name in ("chair", "boat", "crown")] == [8, 4, 2]
    assert [points["coulomb"][name] for name in ("chair", "boat", "crown")] == [4, 2, 1]
    assert [points["soap"][name] for name in ("chair", "boat", "crown")] == [2, 1, 1]


def test_five_points(finished):
    found = numbers(finished)["five_points"]
    np.testing.assert_allclose(found["computed"], found["stated"], atol=0.001)


def test_conformations_are_kept_with_their_labels(finished):
    frames = read(finished / "conformations.extxyz", ":")
    assert len(frames) == N
    assert [frame.info["conformer"] for frame in frames] == label_conformers(frames).tolist()


def test_the_page_loads_nothing_and_tells_all_claims(finished):
    page = (finished / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:)', page)
    # The example of a coincidence is shown where the sample has one.
    shown = len(FIGURES) - (not numbers(finished)["coincidences"]["exact"])
    assert page.count("data:image/svg+xml;base64,") == shown
    for claim in numbers(finished)["claims"]:
        assert claim["sentence"] in page
    for name in FIGURES:
        assert (finished / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_called_again_it_does_nothing(finished):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    reproduce_cyclooctane(finished, n_conformations=N)
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


def test_stopped_before_the_report_it_goes_on(finished, tmp_path, without_drawing):
    out = tmp_path / "again"
    out.mkdir()
    for name in ("conformations.extxyz", "settings.json"):
        shutil.copy(finished / name, out / name)
    reproduce_cyclooctane(out, n_conformations=N)
    found, expected = numbers(out), numbers(finished)
    assert found["stages"][0] == {"stage": "60 conformations", "seconds": None, "reused": True}
    for key in ("sample", "planes", "claims", "coincidences", "orientations", "made_from"):
        assert found[key] == expected[key]


def test_other_settings_are_refused(finished):
    with pytest.raises(ConfigError, match=r"another seed; give its settings, or .* --out"):
        reproduce_cyclooctane(finished, n_conformations=N, seed=1)
    with pytest.raises(ConfigError, match="another number of conformations"):
        reproduce_cyclooctane(finished, n_conformations=N + 1)


def test_options_out_of_range(tmp_path):
    with pytest.raises(ConfigError, match="at least 50"):
        reproduce_cyclooctane(tmp_path / "out", n_conformations=49)
    with pytest.raises(ConfigError, match="seed is -1"):
        reproduce_cyclooctane(tmp_path / "out", seed=-1)
    assert not (tmp_path / "out").exists()


def matlab_file(path, n):
    positions = np.array([frame.positions for frame in generate_cyclooctane(n, seed=7)])
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    savemat(path, {"pts": (positions @ turn).reshape(n, 24)})
    return path


def test_conformations_of_a_matlab_file(tmp_path, monkeypatch, capsys, without_drawing):
    source = matlab_file(tmp_path / "rings.mat", 55)
    out = tmp_path / "out"
    status, captured = run_command(monkeypatch, capsys, "--from", source, "--out", out)
    assert status == 0, captured.err
    assert f"report: {out / 'report.html'}" in captured.out
    found = numbers(out)
    assert found["sample"]["conformations"] == 55
    assert found["source"] == "rings.mat"
    assert "rings.mat" in (out / "report.html").read_text()
    # A file of other contents is another study.
    matlab_file(source, 56)
    with pytest.raises(ConfigError, match="another number of conformations and source"):
        reproduce_cyclooctane(out, source=source)


def test_a_wrong_file_is_a_one_line_error(tmp_path, monkeypatch, capsys):
    wrong = tmp_path / "wrong.mat"
    savemat(wrong, {"pts": np.ones((10, 23))})
    out = tmp_path / "out"
    status, captured = run_command(monkeypatch, capsys, "--from", wrong, "--out", out)
    assert status == 2
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert "wrong.mat" in captured.err
    assert not out.exists()
    with pytest.raises(StructureError, match="no such file"):
        reproduce_cyclooctane(out, source=tmp_path / "none.mat")


@pytest.mark.slow
def test_the_whole_study_on_a_matlab_file(tmp_path):
    out = tmp_path / "out"
    reproduce_cyclooctane(out, source=matlab_file(tmp_path / "rings.mat", 6040))
    found = numbers(out)
    assert found["verdicts"][VERDICTS[2]] == 0
    # Whatever sample it is: how many groups there are follows from symmetry.
    groups = {
        (claim["descriptor"], claim["sentence"]): claim["verdict"]
        for claim in found["claims"]
        if "groups" in claim["sentence"]
    }
    assert set(groups.values()) == {VERDICTS[0]}
    assert len(groups) == 4
