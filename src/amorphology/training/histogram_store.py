"""Counted pairs of many frames on disk, for other trainings on the same frames."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.binned_diagrams import BinnedDiagrams
from amorphology.structures import whole_file
from amorphology.training.feature_store import name_of_features

__all__ = ["binned_on_disk"]

FORMAT = 1
"""Raised when pairs are counted in another way."""

ARRAYS = ("offsets", "places", "values")

AFTER_COUNTING = ("blur", "standardisation", "n_jobs")
"""Parameters that do not change what is counted."""


def binned_on_disk(
    descriptor: PersistenceHistogram, frames: Sequence[Atoms], folder: Path
) -> BinnedDiagrams:
    """
    Count pairs of frames, or take what was counted before.

    The file is named after the frames and the parameters that matter, so that one folder serves any
    number of trainings.

    Parameters
    ----------
    descriptor
        Fitted or not.
    frames
        Frames.
    folder
        Where to keep what is counted; made if need be.

    Returns
    -------
    BinnedDiagrams
        What ``descriptor.bin_pairs(frames)`` returns.

    Raises
    ------
    ConfigError, StructureError
        As `PersistenceHistogram.bin_pairs`.
    """
    parameters = descriptor.get_params()
    settings = {name: parameters[name] for name in parameters if name not in AFTER_COUNTING}
    settings |= {"homology": descriptor.degrees, "range": descriptor.ranges}  # however written
    path = folder / f"{name_of_features(repr((FORMAT, settings)), frames)}.npz"
    try:
        with path.open("rb") as found, np.load(found) as arrays:
            shape = (len(descriptor.degrees), descriptor.bins, descriptor.bins)
            return BinnedDiagrams(shape, *(arrays[name] for name in ARRAYS))
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        pass
    binned = descriptor.bin_pairs(frames)
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **{name: getattr(binned, name) for name in ARRAYS})
    return binned
