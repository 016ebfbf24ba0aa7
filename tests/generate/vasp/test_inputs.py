from importlib.util import find_spec

import numpy as np
import pytest
from ase.calculators.vasp import Vasp
from ase.io import read

from amorphology.errors import ConfigError
from amorphology.generate.melt_quench import SCALES, MeltQuenchRun, Protocol, Stage
from amorphology.generate.vasp.inputs import TAGS, incar, read_run_folder
from amorphology.generate.vasp.runs import generate_carbon_vasp, run_melt_quench_vasp

PROTOCOL = Protocol("short", (Stage("heat", 300.0, 3000.0, 10.0, 2),), timestep=0.5, damping=10.0)


@pytest.fixture(autouse=True)
def no_potentials(monkeypatch):
    monkeypatch.delenv("VASP_PP_PATH", raising=False)


def test_ase_reads_the_inputs_of_the_papers_runs(tmp_path):
    folders = generate_carbon_vasp(tmp_path, write_only=True)
    assert len(folders) == 48 + 8
    assert {read(f / "1_heat" / "POSCAR").get_chemical_formula() for f in folders} == {
        "C216",
        "C512",
    }
    folder = tmp_path / "vasp" / "carbon_216_d2.40_s03"
    stages = SCALES["paper"].protocol.stages
    names = ["1_heat", "2_melt", "3_cool", "4_hold", "5_quench"]
    assert sorted(p.name for p in folder.iterdir()) == [*names, "run.json"]
    for name, stage in zip(names, stages, strict=True):
        calculator = Vasp()
        calculator.read_incar(folder / name / "INCAR")
        calculator.read_kpoints(folder / name / "KPOINTS")
        floats, ints = calculator.float_params, calculator.int_params
        assert (floats["tebeg"], floats["teend"]) == (
            stage.start_temperature,
            stage.end_temperature,
        )
        assert (ints["nsw"], floats["potim"], ints["ibrion"], ints["isif"]) == (
            stage.duration,
            1.0,
            0,
            2,
        )
        # a ramp needs scaled velocities; a constant temperature has the thermostat of Nose
        assert floats["smass"] == (0 if stage.start_temperature == stage.end_temperature else -1)
        assert calculator.string_params["gga"] is None
        assert list(calculator.input_params["kpts"]) == [1, 1, 1]
        assert calculator.input_params["gamma"]
        assert not (folder / name / "POTCAR").exists()
    assert "LEXCH = CA" in (tmp_path / "vasp" / "README").read_text()


@pytest.mark.skipif(find_spec("pymatgen") is None, reason="needs pymatgen")
def test_pymatgen_reads_the_inputs(tmp_path):
    from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

    options = {"n_atoms": 216, "densities": [2.8], "tags": {"ncore": "4", "ENCUT": "500"}}
    (folder,) = generate_carbon_vasp(tmp_path, write_only=True, **options)
    for number, stage in enumerate(SCALES["paper"].protocol.stages, 1):
        stage_folder = folder / f"{number}_{stage.name}"
        incar = Incar.from_file(stage_folder / "INCAR")
        incar.check_params()
        assert incar["NSW"] == stage.duration
        assert incar["TEBEG"] == stage.start_temperature
        assert incar["TEEND"] == stage.end_temperature
        assert incar["NCORE"] == 4
        assert incar["ENCUT"] == 500
        assert incar["LWAVE"] is False
        kpoints = Kpoints.from_file(stage_folder / "KPOINTS")
        assert kpoints.kpts == [(1, 1, 1)]
        assert kpoints.style == Kpoints.supported_modes.Gamma
    poscar = Poscar.from_file(folder / "1_heat" / "POSCAR", check_for_potcar=False)
    assert poscar.structure.density == pytest.approx(2.8, rel=1e-4)
    velocities = np.array(poscar.velocities)  # Angstrom/fs
    assert velocities.shape == (216, 3)
    np.testing.assert_allclose(velocities.mean(0), 0, atol=1e-12)
    # m v^2 / 2 in eV: 12.011 u (Angstrom/fs)^2 = 12.011 * 103.64270 eV (CODATA 2018)
    kinetic = 0.5 * 12.011 * 103.64270 * (velocities**2).sum()
    assert kinetic == pytest.approx(1.5 * 215 * 8.617333e-5 * 300, rel=1e-4)


def test_runs_start_from_velocities_of_their_own(tmp_path):
    runs = [MeltQuenchRun(27, 2.4, index, 0) for index in range(2)]
    first, second = run_melt_quench_vasp(tmp_path, PROTOCOL, runs, write_only=True)
    a, b = (read(f / "1_heat" / "POSCAR").get_velocities() for f in (first, second))
    assert np.abs(a - b).max() > 1e-3
    again = run_melt_quench_vasp(tmp_path / "again", PROTOCOL, runs, write_only=True)
    assert (again[1] / "1_heat" / "POSCAR").read_bytes() == (
        second / "1_heat" / "POSCAR"
    ).read_bytes()


@pytest.mark.parametrize("done", [0, 1, 7, 19])
def test_a_ramp_goes_on_where_it_was(done):
    """VASP's formula T = TEBEG + (TEEND - TEBEG) NSTEP / NSW gives the same T in either part."""
    run = MeltQuenchRun(27, 2.4, 0, 0)
    (window,) = PROTOCOL.windows()
    tags = {}
    for line in incar(run, PROTOCOL, window, TAGS, steps_done=done).splitlines():
        tag, _, value = line.partition(" = ")
        tags[tag] = value
    begin, end, n_steps = float(tags["TEBEG"]), float(tags["TEEND"]), int(tags["NSW"])
    assert float(tags["POTIM"]) == 0.5
    assert done + n_steps == 20
    for step in range(1, n_steps + 1):
        temperature = begin + (end - begin) * step / n_steps
        assert temperature == pytest.approx(300 + 2700 * (done + step) / 20)


def test_a_folder_remembers_its_run(tmp_path):
    run = MeltQuenchRun(27, 2.4, 3, 7)
    (folder,) = run_melt_quench_vasp(tmp_path, PROTOCOL, [run], write_only=True)
    assert read_run_folder(folder) == (run, PROTOCOL)
    (folder / "run.json").write_text("{")
    with pytest.raises(ConfigError, match=r"run\.json cannot be read"):
        read_run_folder(folder)
