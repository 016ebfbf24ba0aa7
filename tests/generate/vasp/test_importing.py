import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Stage
from amorphology.generate.vasp.importing import import_vasp
from amorphology.generate.vasp.runs import run_melt_quench_vasp
from amorphology.structures import mean_energy_per_atom, run_labels

SHARED = Path(__file__).parents[4] / "shared" / "data" / "vasp"
needs_files = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared VASP files are not here")

DOUBLE = Path(__file__).with_name("stand_in_vasp.py")
RUN = MeltQuenchRun(27, 2.4, 0, 0)
PROTOCOL = Protocol(
    "short",
    (Stage("heat", 300.0, 3000.0, 10.0, 2), Stage("melt", 3000.0, 3000.0, 6.0, 3)),
    timestep=1.0,
    damping=10.0,
)


@needs_files
def test_the_same_run_from_either_file(tmp_path):
    a, b = tmp_path / "a.extxyz", tmp_path / "b.extxyz"
    result = import_vasp([SHARED / "vasprun.h2o.md.10.xml"], a)
    assert str(result) == "10 frames of 1 runs: energy 10, forces 10, stress 10"
    import_vasp([SHARED / "OUTCAR.h2o.md.10"], b)
    for x, y in zip(read(a, ":"), read(b, ":"), strict=True):
        # the digits that OUTCAR prints
        assert x.get_potential_energy() == pytest.approx(y.get_potential_energy(), abs=1e-8)
        assert x.calc.results["free_energy"] == pytest.approx(
            y.calc.results["free_energy"], abs=1e-8
        )
        np.testing.assert_allclose(x.get_forces(), y.get_forces(), atol=6e-6)
        np.testing.assert_allclose(x.get_stress(), y.get_stress(), atol=1e-6)
        apart = x.get_scaled_positions() - y.get_scaled_positions()
        np.testing.assert_allclose(apart - np.round(apart), 0, atol=1e-6)
        assert x.info.pop("temperature") == pytest.approx(y.info.pop("temperature"), abs=2e-3)
        assert x.info.pop("density") == pytest.approx(y.info.pop("density"), rel=1e-6)
        assert x.info.pop("run") == x.info.pop("stage") == "vasprun.h2o.md.10"
        assert y.info.pop("run") == y.info.pop("stage") == "OUTCAR.h2o.md.10"
        assert x.info == y.info
    assert x.info == {"step": 10, "time_fs": 10.0}


@needs_files
def test_unconverged_frames_are_reported_and_left_out(tmp_path):
    source, out = SHARED / "OUTCAR.ch4.unconverged", tmp_path / "ch4.extxyz"
    result = import_vasp([source], out)
    assert str(result).splitlines() == [
        "1 frames of 1 runs: energy 1, forces 1, stress 1",
        f"electronic steps not converged, left out: {source}, 2 frames (ionic steps 1, 2)",
    ]
    (frame,) = read(out, ":")
    assert frame.info["step"] == 3
    # energy(sigma -> 0) and TOTEN, which differ here; as printed in the file
    assert frame.get_potential_energy() == pytest.approx(-23.95107730, abs=1e-8)
    assert frame.calc.results["free_energy"] == pytest.approx(-23.94708651, abs=1e-8)
    # 12.011 + 4 x 1.008 u in the volume that OUTCAR prints, 957.97 Angstrom^3
    assert frame.info["density"] == pytest.approx(16.043 * 1.66054 / 957.97, rel=1e-3)

    result = import_vasp([source], out, keep_unconverged=True)
    assert "not converged, kept" in str(result)
    assert [a.info.get("unconverged", False) for a in read(out, ":")] == [True, True, False]


@needs_files
def test_nothing_is_written_when_nothing_is_left(tmp_path):
    text = (SHARED / "OUTCAR.ch4.unconverged").read_text()
    path = tmp_path / "OUTCAR"
    path.write_text(text[: text.index("Iteration      3")])
    with pytest.raises(StructureError, match=r"no frame to import.*steps 1, 2.*--keep-unconverged"):
        import_vasp([path], tmp_path / "out.extxyz")
    with pytest.raises(StructureError, match="no frame to import"):
        import_vasp([path], tmp_path / "out")
    assert not (tmp_path / "out.extxyz").exists()
    assert list((tmp_path / "out").iterdir()) == []


@needs_files
def test_folders_become_runs(tmp_path, monkeypatch):
    for name in ("a/1", "a/2", "b"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(SHARED / "vasprun.h2o.md.10.xml", tmp_path / name / "vasprun.xml")
    shutil.copy(SHARED / "OUTCAR.h2o.md.10", tmp_path / "b" / "OUTCAR")  # the same run again
    (tmp_path / "c").mkdir()
    monkeypatch.chdir(tmp_path)
    lines = []
    result = import_vasp(["a", "b"], "out", every=4, report=lines.append)
    assert lines == ["a/1: 2 frames", "a/2: 2 frames", "b: 2 frames"]
    assert sorted(p.name for p in Path("out").iterdir()) == [
        "a_1.extxyz",
        "a_2.extxyz",
        "b.extxyz",
    ]
    frames = [frame for path in result.files for frame in read(path, ":")]
    assert list(run_labels(frames)) == ["a/1"] * 2 + ["a/2"] * 2 + ["b"] * 2
    assert [frame.info["step"] for frame in frames] == [4, 8] * 3
    assert mean_energy_per_atom(frames)[0] == pytest.approx(-28.41624868 / 6, abs=0.02)

    result = import_vasp(["a/1", "a/2/vasprun.xml"], "one.extxyz", run="water")
    frames = read("one.extxyz", ":")
    assert {frame.info["run"] for frame in frames} == {"water"}
    assert [str(frame.info["stage"]) for frame in frames] == ["1"] * 10 + ["2"] * 10
    assert [frame.info["step"] for frame in frames] == list(range(1, 21))

    with pytest.raises(ConfigError, match="two sources make the run b"):
        import_vasp(["b/vasprun.xml", "b/OUTCAR"], "out")
    with pytest.raises(StructureError, match=r"c: no vasprun\.xml or OUTCAR"):
        import_vasp(["c"], "out")
    with pytest.raises(ConfigError, match="not a folder"):
        import_vasp(["a"], "one.extxyz/below")
    with pytest.raises(ConfigError, match="at least 1"):
        import_vasp(["a"], "out", every=0)
    with pytest.raises(StructureError, match="nothing to import"):
        import_vasp([], "out")


@needs_files
def test_a_broken_file_costs_no_other(tmp_path):
    text = (SHARED / "vasprun.h2o.md.10.xml").read_text()
    broken = tmp_path / "vasprun.broken.xml"
    middle = text.index('<varray name="forces"', len(text) // 2)
    broken.write_text(text[:middle] + text[middle:].replace("<v>", "<v>-", 1))
    result = import_vasp(
        [broken, SHARED / "OUTCAR.h2o.md.10"], tmp_path / "out.extxyz", keep_unconverged=True
    )
    assert len(result.broken) == 1
    assert "vasprun.broken.xml" in str(result)
    assert 10 < result.n_frames < 20
    assert result.n_runs == 2


def test_runs_made_here_bring_their_stages(tmp_path, monkeypatch):
    potcar = tmp_path / "POTCAR"
    potcar.write_text("VRHFIN =C: s2p2\nLEXCH  = CA\n")
    double = [sys.executable, str(DOUBLE)]
    monkeypatch.setenv("ASE_VASP_COMMAND", shlex.join([*double, "--stop-after", "7"]))
    with pytest.raises(RunError):
        run_melt_quench_vasp(tmp_path / "made", PROTOCOL, [RUN], potcar=potcar)
    folder = tmp_path / "made" / "vasp"
    out = tmp_path / "imported"
    import_vasp([folder], out)  # not finished: what there is
    assert [a.info["step"] for a in read(out / f"{RUN.name}.extxyz", ":")] == [5]

    monkeypatch.setenv("ASE_VASP_COMMAND", shlex.join(double))
    (made,) = run_melt_quench_vasp(tmp_path / "made", PROTOCOL, [RUN], potcar=potcar)
    assert (folder / RUN.name / "1_heat_part2").is_dir()
    import_vasp([folder / RUN.name], out)
    assert (out / made.name).read_text() == made.read_text()
    import_vasp([folder], out, every=1)
    frames = read(out / made.name, ":")
    assert [a.info["step"] for a in frames] == list(range(1, 17))
    assert [a.info["stage"] for a in frames] == ["heat"] * 10 + ["melt"] * 6
    temperatures = [a.info["temperature"] for a in frames]
    np.testing.assert_allclose(temperatures[:10], 300 + 270 * np.arange(1, 11), rtol=1e-6)
