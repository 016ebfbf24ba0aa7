import gzip
import shutil
from pathlib import Path

import pytest

from amorphology.errors import StructureError
from amorphology.generate.vasp.output import output_file, read_output, vasp_frames

SHARED = Path(__file__).parents[4] / "shared" / "data" / "vasp"
needs_files = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared VASP files are not here")


def outcar(*iterations, nelm=4, gave_up=()):
    """The lines of an OUTCAR that matter here."""
    text = f"   NELM   =   {nelm:4d};   NELMIN=  2; NELMDL= -5\n   IBRION =      0    ionic relax\n"
    text += "   POTIM  = 0.5000    time-step for ionic-motion\n"
    for step, n in enumerate(iterations, 1):
        for k in range(1, n + 1):
            text += f"----- Iteration {step:6d}({k:4d})  -----\n"
        if step in gave_up:
            text += "----- aborting loop EDIFF was not reached (unconverged) -----\n"
        else:  # what VASP 5 writes, converged or not
            text += "----- aborting loop because EDIFF is reached -----\n"
        text += f"  kinetic energy EKIN   =         {step}.250000\n     LOOP+:  cpu time    1.0\n"
    return text


def test_a_step_that_used_up_its_iterations_is_not_converged(tmp_path):
    path = tmp_path / "OUTCAR"
    path.write_text(outcar(3, 4, 2, 3, gave_up=[4]))
    output = read_output(path)
    assert [output.is_converged(i) for i in range(4)] == [True, False, True, False]
    assert [step.kinetic_energy for step in output.steps] == [1.25, 2.25, 3.25, 4.25]
    assert (output.max_iterations, output.timestep, output.n_complete) == (4, 0.5, 4)


def test_a_step_under_way_does_not_count(tmp_path):
    path = tmp_path / "OUTCAR"
    text = outcar(3, 3)
    path.write_text(text[: text.rindex("LOOP+")])
    assert read_output(path).n_complete == 1


@needs_files
def test_temperatures_are_those_that_vasp_prints():
    path = SHARED / "OUTCAR.h2o.md.10"
    output = read_output(path)
    printed = [
        float(line.split("temperature")[1].split()[0])
        for line in path.read_text().splitlines()
        if "EKIN_LAT" in line
    ]
    assert len(printed) == output.n_complete == 10
    assert [output.temperature(i, 6) for i in range(10)] == pytest.approx(printed, abs=0.011)


@needs_files
def test_both_files_of_a_run_tell_the_same():
    a, b = (read_output(SHARED / name) for name in ("vasprun.h2o.md.10.xml", "OUTCAR.h2o.md.10"))
    assert a.timestep == b.timestep == 1.0
    assert a.max_iterations == b.max_iterations == 60
    assert [s.n_iterations for s in a.steps] == [s.n_iterations for s in b.steps]
    assert [s.kinetic_energy for s in a.steps] == pytest.approx(
        [s.kinetic_energy for s in b.steps], abs=1e-6
    )


@needs_files
def test_methane_is_unconverged_though_vasp_says_it_is_not():
    path = SHARED / "OUTCAR.ch4.unconverged"
    output = read_output(path)
    assert "EDIFF was not reached" not in path.read_text()
    assert [output.is_converged(i) for i in range(3)] == [False, False, True]


@needs_files
def test_the_end_may_be_missing(tmp_path):
    text = (SHARED / "vasprun.h2o.md.10.xml").read_text()
    path = tmp_path / "vasprun.xml"
    path.write_text(text[: text.index("</calculation>", len(text) // 2) - 500])
    output = read_output(path)
    assert output.n_complete < len(output.steps)
    indices = [index for index, _ in vasp_frames(path, lambda index: index < output.n_complete)]
    assert indices == list(range(output.n_complete))


@needs_files
def test_only_wanted_frames_are_read():
    path = SHARED / "vasprun.h2o.md.10.xml"
    frames = dict(vasp_frames(path, lambda index: index in (2, 7)))
    assert list(frames) == [2, 7]
    assert frames[7].info["source"] == f"{path} frame 7"


@needs_files
def test_vasprun_goes_before_outcar(tmp_path):
    assert output_file(tmp_path) is None
    (tmp_path / "OUTCAR.gz").write_bytes(gzip.compress((SHARED / "OUTCAR.h2o.md.10").read_bytes()))
    assert output_file(tmp_path).name == "OUTCAR.gz"
    assert read_output(tmp_path / "OUTCAR.gz").n_complete == 10
    (tmp_path / "vasprun.xml").touch()  # empty: VASP was killed before it wrote anything
    assert output_file(tmp_path).name == "OUTCAR.gz"
    shutil.copy(SHARED / "vasprun.h2o.md.10.xml", tmp_path / "vasprun.xml")
    assert output_file(tmp_path).name == "vasprun.xml"


def test_other_files_are_refused(tmp_path):
    with pytest.raises(StructureError, match="no such file"):
        read_output(tmp_path / "OUTCAR")
    (tmp_path / "OUTCAR").touch()
    with pytest.raises(StructureError, match="empty"):
        read_output(tmp_path / "OUTCAR")
    for name, text in {
        "XDATCAR": "C\n 1.0\n",
        "data.bin": "\x00\x01",
        "notes.txt": "hello",
    }.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(StructureError, match=r"no vasprun\.xml or OUTCAR, which alone"):
            read_output(tmp_path / name)
