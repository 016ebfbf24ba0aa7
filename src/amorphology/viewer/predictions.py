"""What a trained run says about a frame, for the page."""

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from amorphology.errors import RunError
from amorphology.explain import activation_map
from amorphology.models import PersistenceCNN
from amorphology.training import Run, load_run

__all__ = ["Predictor"]


class Predictor:
    """
    A run, and what the page shows of it.

    Parameters
    ----------
    run
        A run with a network (`PersistenceCNN`), or its folder.

    Raises
    ------
    RunError
        If the run cannot be loaded, or its model reads no diagrams through convolutions.
    """

    def __init__(self, run: Run | str | Path) -> None:
        self.run = run if isinstance(run, Run) else load_run(run)
        """The run."""
        others = [model for model in self.run.models if not isinstance(model, PersistenceCNN)]
        if others:
            raise RunError(
                f"{self.run.path}: a {type(others[0]).__name__} has no activation map to show; "
                "choose a run whose model is cnn, or show the frames without a run"
            )

    def energy(self, frame: Atoms) -> float:
        """
        Predict the energy of a frame.

        Parameters
        ----------
        frame
            The frame.

        Returns
        -------
        float
            Mean energy per atom, eV/atom.

        Raises
        ------
        StructureError
            If the frame cannot be used.
        """
        return float(self.run.predict([frame])[0])

    def activation(self, frame: Atoms) -> tuple[dict[str, Any], NDArray[np.int8]]:
        """
        Map where the network looks, see `amorphology.explain.activation_map`.

        Parameters
        ----------
        frame
            The frame.

        Returns
        -------
        about : dict
            ``largest``, the largest value without its sign, eV/atom; ``degrees``, ``ranges`` and
            ``axes`` of the histogram's channels, which share one map.
        levels : numpy.ndarray
            The map with its sign in steps of ``largest / 127``, int8 (bins, bins): birth, death.

        Raises
        ------
        StructureError
            If the frame cannot be used.
        """
        found = activation_map(self.run, frame)
        largest = float(np.abs(found.map).max())
        levels = np.round(found.weights[0] * (127 / largest if largest else 0.0)).astype(np.int8)
        about = {
            "largest": largest,
            "degrees": list(found.degrees),
            "ranges": [list(ends) for ends in found.ranges],
            "axes": found.axes,
        }
        return about, levels
