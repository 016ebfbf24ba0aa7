"""Predicted energies of frames: as numbers, beside reference energies, and in a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.descriptors.diagram_input import Diagrams
from amorphology.structures import mean_energy_per_atom, write_frames
from amorphology.training.metrics import ErrorMetrics, error_metrics
from amorphology.training.run import Run, load_run

__all__ = ["evaluate", "predict", "write_predictions"]


def predict(run: Run | str | Path, frames: Sequence[Atoms | Diagrams]) -> NDArray[np.float64]:
    """
    Predict energies of frames.

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames, or their persistence diagrams.

    Returns
    -------
    numpy.ndarray
        Mean energy per atom, float64 (n_frames,), eV/atom.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used.
    """
    return _loaded(run).predict(frames)


def evaluate(run: Run | str | Path, frames: Sequence[Atoms]) -> ErrorMetrics:
    """
    Compare predicted with reference energies of frames.

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames with energies.

    Returns
    -------
    ErrorMetrics
        RMSE and MAE in meV/atom.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used or has no energy.
    """
    run = _loaded(run)
    energies = mean_energy_per_atom(frames)  # first: labels are found missing in no time
    return error_metrics(energies, run.predict(frames), "given frames")


def write_predictions(run: Run | str | Path, frames: Sequence[Atoms], out: str | Path) -> None:
    """
    Write frames with their predicted energies as extended XYZ.

    Labels the frames came with stay as they are; the predictions are added as
    ``predicted_energy_per_atom`` (eV/atom) and ``predicted_energy`` (eV). An ensemble adds
    ``predicted_energy_per_atom_spread``, the standard deviation of its members, and
    ``predicted_energy_per_atom_uncertainty``, the same times the factor that makes it fit the
    errors of the validation set (both eV/atom).

    Parameters
    ----------
    run
        A run or its folder.
    frames
        Frames to predict; they are left unchanged.
    out
        File to write; it appears only once it is complete.

    Raises
    ------
    RunError
        If the run cannot be loaded.
    StructureError
        If a frame cannot be used, or the folder of `out` does not exist.
    """
    run = _loaded(run)
    members = run.predict_members(frames)
    labelled = []
    for index, frame in enumerate(frames):
        copy = frame.copy()
        copy.calc = frame.calc
        energy = float(members[:, index].mean())
        copy.info["predicted_energy_per_atom"] = energy
        copy.info["predicted_energy"] = energy * len(frame)
        if len(members) > 1:
            spread = float(members[:, index].std(ddof=1))
            copy.info["predicted_energy_per_atom_spread"] = spread
            if run.recalibration is not None:
                uncertainty = run.recalibration * spread
                copy.info["predicted_energy_per_atom_uncertainty"] = uncertainty
        labelled.append(copy)
    write_frames(out, labelled)


def _loaded(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else load_run(run)
