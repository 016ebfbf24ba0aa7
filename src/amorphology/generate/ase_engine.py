"""Melt-quench runs with any ASE calculator: ab initio, tight binding, a learned potential.

Velocity Verlet with stochastic velocity rescaling, ASE's implementation of Bussi, Donadio,
Parrinello, J. Chem. Phys. 126, 014101 (2007): the thermostat of `amorphology.generate.lammps`, with
the same ramps, so that runs differ by their forces alone. A run is saved while it is under way and
goes on from there, bit for bit if the calculator's forces depend on nothing but the structure.
"""

import contextlib
import dataclasses
import importlib
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator, PropertyNotImplementedError
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.bussi import Bussi
from numpy.typing import NDArray

from amorphology.errors import ConfigError, MissingDependencyError, RunError
from amorphology.generate.engines import (
    plan_cells,
    protocol_settings,
    remember_settings,
    thermal_start,
    unfinished_runs,
)
from amorphology.generate.melt_quench import MeltQuenchRun, Protocol, Window, check_frames
from amorphology.generate.run_folder import run_path
from amorphology.structures import whole_file, write_frames

__all__ = ["generate_carbon_ase", "load_calculator", "run_melt_quench_ase"]

Progress = Callable[[int, int, str], None]

_FOLDER = "ase"
_CHECKPOINT = "checkpoint.npz"
_SAVE_EVERY = 60.0  # s; a frame is saved at once

_LABELS = ("energy", "free_energy", "forces", "stress")


def generate_carbon_ase(
    out: str | os.PathLike[str],
    calculator: str,
    *,
    scale: str = "demo",
    n_atoms: int | None = None,
    densities: Sequence[float] | None = None,
    n_runs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Path]:
    """Make amorphous carbon by melt-quench molecular dynamics with an ASE calculator.

    Parameters
    ----------
    out : path
        Folder for the runs, made if need be. Each run is one extended XYZ file there, which appears
        when the run is complete. Stopped and called again, it goes on from the last frame, or from
        a minute ago. Any number of processes may be called with the same `out`: each takes the next
        run that nobody works on.
    calculator : str
        ``module:factory``, such as ``tblite.ase:TBLite``: a class or function that, called without
        arguments, makes an ASE calculator. The working directory is searched too.
    scale : {"demo", "paper"}
        Protocol and default set of runs (`amorphology.generate.melt_quench.SCALES`).
    n_atoms : int, optional
        Only cells of this size; any cube from 8 on. By default the scale's own.
    densities, n_runs, seed
        As in `amorphology.generate.generate_carbon`.
    progress : callable, optional
        Called as ``progress(done, total, message)``; `done` and `total` count atoms times steps.

    Returns
    -------
    list of pathlib.Path
        The files of the finished runs, with the frames that `generate_carbon` describes. Stress and
        free energy are there if the calculator gives them.

    Raises
    ------
    ConfigError
        When an option is out of range, `calculator` names no calculator, or `out` holds runs made
        with other settings.
    MissingDependencyError
        When the calculator's module cannot be imported.
    RunError
        When the calculator failed or frames are not sound; the other runs are finished first.

    Examples
    --------
    >>> paths = generate_carbon_ase("out", "tblite.ase:TBLite", n_atoms=8)  # doctest: +SKIP
    """
    protocol, runs = plan_cells(
        scale, n_atoms=n_atoms, densities=densities, n_runs=n_runs, seed=seed
    )
    return run_melt_quench_ase(Path(out), protocol, runs, calculator=calculator, progress=progress)


def run_melt_quench_ase(
    out: Path,
    protocol: Protocol,
    runs: Sequence[MeltQuenchRun],
    *,
    calculator: str,
    progress: Progress | None = None,
) -> list[Path]:
    """Carry out those runs of a set whose files are not there yet, one after another.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the runs.
    protocol : Protocol
    runs : sequence of MeltQuenchRun
        With one seed in common.
    calculator, progress
        See `generate_carbon_ase`.

    Returns
    -------
    list of pathlib.Path
        As `generate_carbon_ase`.

    Raises
    ------
    ConfigError, MissingDependencyError, RunError
        As `generate_carbon_ase`.
    """
    factory = load_calculator(calculator)
    names = [run.name for run in runs]
    settings = {"engine": "ase", "calculator": calculator, **protocol_settings(protocol, runs)}
    remember_settings(out, settings, names, {"ase": version("ase")})

    failures: list[str] = []
    total = protocol.n_steps * sum(run.n_atoms for run in runs)
    for run, folder in unfinished_runs(out, runs, _FOLDER):
        finished = [other for other in runs if run_path(out, other.name).exists()]
        before = protocol.n_steps * sum(other.n_atoms for other in finished)
        message = f"{len(finished)} of {len(runs)} runs, at {run.name}"

        def report(step: int, run: MeltQuenchRun = run, b: int = before, m: str = message) -> None:
            if progress:
                progress(b + step * run.n_atoms, total, m)

        try:
            frames = _carry_out(run, protocol, folder, factory(), report)
            check_frames(run, protocol, frames)
        except RunError as error:
            failures.append(str(error))
            continue
        write_frames(run_path(out, run.name), frames)
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty: others are at work, or a run failed
        (out / _FOLDER).rmdir()
    if failures:
        others = f"; {len(failures) - 1} more runs failed" if len(failures) > 1 else ""
        raise RunError(f"{failures[0]}{others}")
    return [path for name in names if (path := run_path(out, name)).exists()]


def load_calculator(name: str) -> Callable[[], BaseCalculator]:
    """Find what makes a calculator, and see that it does.

    Parameters
    ----------
    name : str
        ``module:factory``.

    Returns
    -------
    callable
        Makes a new calculator at each call.

    Raises
    ------
    ConfigError
        When `name` is not of that form, or what it names makes no ASE calculator.
    MissingDependencyError
        When the module cannot be imported.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise ConfigError(f"calculator {name!r}: write module:factory, such as tblite.ase:TBLite")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise MissingDependencyError(
            f"calculator {name!r}: {error}; install it, or call from the folder of {module_name}.py"
        ) from error
    finally:
        sys.path.pop(0)
    factory = getattr(module, attribute, None)
    if not callable(factory):
        raise ConfigError(f"calculator {name!r}: {module_name} has no such class or function")
    try:
        made = factory()
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"calculator {name!r}: cannot be made without arguments ({error}); write a function "
            "that gives them"
        ) from error
    if not isinstance(made, BaseCalculator):
        raise ConfigError(
            f"calculator {name!r}: makes a {type(made).__name__}, not an ASE calculator"
        )
    return factory  # type: ignore[no-any-return]


@dataclasses.dataclass
class _State:
    """A run under way: all that its next step depends on, and the frames so far."""

    step: int
    atoms: Atoms  # with momenta; not wrapped, which would round
    forces: NDArray[np.float64]
    rng: np.random.Generator
    frames: list[Atoms]


def _carry_out(
    run: MeltQuenchRun,
    protocol: Protocol,
    folder: Path,
    calculator: BaseCalculator,
    report: Callable[[int], None],
) -> list[Atoms]:
    path = folder / _CHECKPOINT
    try:
        state = _load(path, run, protocol) if path.exists() else _begin(run, protocol, calculator)
        state.atoms.calc = calculator
        _integrate(state, run, protocol, path, report)
    except (RuntimeError, ArithmeticError, np.linalg.LinAlgError) as error:
        if isinstance(error, RunError):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise RunError(f"{run.name}: the calculator failed: {reason}") from error
    return state.frames


def _begin(run: MeltQuenchRun, protocol: Protocol, calculator: BaseCalculator) -> _State:
    rng = np.random.default_rng(run.random_seeds(1)[0])
    atoms = thermal_start(run, protocol.stages[0].start_temperature, rng)
    atoms.calc = calculator
    return _State(0, atoms, np.array(atoms.get_forces()), rng, [])


def _integrate(
    state: _State,
    run: MeltQuenchRun,
    protocol: Protocol,
    path: Path,
    report: Callable[[int], None],
) -> None:
    atoms = state.atoms
    dynamics = Bussi(
        atoms,
        timestep=protocol.timestep * units.fs,
        temperature_K=protocol.stages[0].start_temperature,
        taut=protocol.damping * units.fs,
        rng=state.rng,
    )
    # ASE counts three degrees of freedom too many where the centre of mass rests: 14 % of the
    # temperature at 8 atoms.
    dynamics.ndof = 3 * len(atoms) - 3
    saved = time.monotonic()
    for window in protocol.windows():
        stage = window.stage
        slope = (stage.end_temperature - stage.start_temperature) / (window.end - window.begin)
        for step in range(max(state.step, window.begin) + 1, window.end + 1):
            temperature = stage.start_temperature + slope * (step - window.begin)
            dynamics.target_kinetic_energy = 0.5 * units.kB * temperature * dynamics.ndof
            state.forces = np.array(dynamics.step(state.forces))
            state.step = step
            if not math.isfinite(atoms.get_kinetic_energy()):
                raise RunError(f"{run.name}, step {step}: a velocity is not a number")
            is_frame = step in window.frames
            if is_frame:
                state.frames.append(_frame(atoms, step, window, run, protocol))
            if is_frame or time.monotonic() - saved > _SAVE_EVERY:
                _save(state, path)
                saved = time.monotonic()
            report(step)


def _frame(
    atoms: Atoms, step: int, window: Window, run: MeltQuenchRun, protocol: Protocol
) -> Atoms:
    """Copy a structure with its labels."""
    labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    if "stress" in atoms.calc.implemented_properties:
        with contextlib.suppress(PropertyNotImplementedError):
            labels["stress"] = atoms.get_stress()
    if "free_energy" in atoms.calc.results:
        labels["free_energy"] = atoms.calc.results["free_energy"]
    temperature = 2 * atoms.get_kinetic_energy() / ((3 * len(atoms) - 3) * units.kB)
    wrapped = atoms.copy()
    wrapped.wrap()
    return _labelled(wrapped.positions, labels, temperature, step, window, run, protocol)


def _labelled(
    positions: NDArray[np.float64],
    labels: dict[str, Any],
    temperature: float,
    step: int,
    window: Window,
    run: MeltQuenchRun,
    protocol: Protocol,
) -> Atoms:
    frame = run.start_structure()
    frame.positions = positions
    frame.info = {
        "run": run.name,
        "stage": window.stage.name,
        "step": step,
        "time_fs": step * protocol.timestep,
        "temperature": float(temperature),
        "density": run.density,
    }
    frame.calc = SinglePointCalculator(frame, **labels)
    return frame


def _save(state: _State, path: Path) -> None:
    """Write the state, without rounding; an older one stays until the new one is whole."""
    frames = state.frames
    arrays: dict[str, Any] = {
        "step": state.step,
        "positions": state.atoms.positions,
        "momenta": state.atoms.get_momenta(),
        "forces": state.forces,
        "random": json.dumps(state.rng.bit_generator.state),
    }
    if frames:
        arrays["frame_positions"] = [frame.positions for frame in frames]
        arrays["frame_temperature"] = [frame.info["temperature"] for frame in frames]
        for label in _LABELS:
            if label in frames[0].calc.results:
                arrays[f"frame_{label}"] = [frame.calc.results[label] for frame in frames]
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **arrays)


def _load(path: Path, run: MeltQuenchRun, protocol: Protocol) -> _State:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = dict(saved)
        rng = np.random.default_rng()
        rng.bit_generator.state = json.loads(str(arrays["random"]))
        atoms = run.start_structure()
        atoms.positions = arrays["positions"]
        atoms.set_momenta(arrays["momenta"])
        step = int(arrays["step"])
        due = [
            (place, window)
            for window in protocol.windows()
            for place in window.frames
            if place <= step
        ]
        frames = []
        for index, (place, window) in enumerate(due):
            labels = {
                label: arrays[f"frame_{label}"][index]
                for label in _LABELS
                if f"frame_{label}" in arrays
            }
            positions = arrays["frame_positions"][index]
            temperature = arrays["frame_temperature"][index]
            frames.append(_labelled(positions, labels, temperature, place, window, run, protocol))
        return _State(step, atoms, arrays["forces"], rng, frames)
    except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile) as error:
        raise RunError(
            f"{path} cannot be read ({type(error).__name__}): delete it to begin {run.name} anew"
        ) from None
