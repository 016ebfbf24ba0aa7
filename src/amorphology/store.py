"""Diagrams of a data set on disk: one Zarr store, read frame by frame."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
import zarr
from numpy.typing import ArrayLike, NDArray

from amorphology.errors import ConfigError, RunError, StructureError
from amorphology.homology.diagram import PersistenceDiagram, simplex_shapes
from amorphology.structures import ENERGY_PLACES, LABELS

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "ArrayLayout",
    "DiagramStore",
    "Failure",
    "layout",
    "open_group",
    "source_name",
]

FORMAT = "amorphology diagrams"
FORMAT_VERSION = 1
"""Raised whenever older versions could no longer read what is written."""

PAIRS_READ_AHEAD = 2**16
"""Pairs fetched at a time: at 216 atoms 100 frames, 6 MB; also the pairs in a chunk."""


class ArrayLayout(NamedTuple):
    """
    How an array of a store looks.

    Attributes
    ----------
    dtype
        Its type.
    shape
        Of one entry.
    counted
        What it has an entry for: ``"frame"``, ``"failure"``, or the pairs of ``"h0"``, ...
    """

    dtype: type[np.generic] | type[str]
    shape: tuple[int, ...]
    counted: str


class Failure(NamedTuple):
    """
    A frame that is not in the store.

    Attributes
    ----------
    source : str
        File and number of the frame; the file alone where nothing of it could be read.
    reason : str
        Why there are no diagrams of it.
    """

    source: str
    reason: str


def layout(dims: Sequence[int], simplices: bool) -> dict[str, ArrayLayout]:
    """
    List the arrays of a store.

    Parameters
    ----------
    dims
        Homology dimensions.
    simplices
        Whether birth and death simplices are in it.

    Returns
    -------
    dict of str to ArrayLayout
        By path in the store.
    """
    arrays = {
        "frames/n_atoms": ArrayLayout(np.int32, (), "frame"),
        # Total energy, eV, in each place where one may stand; NaN without.
        "frames/energy": ArrayLayout(np.float64, (len(ENERGY_PLACES),), "frame"),
        "frames/labels": ArrayLayout(np.bool_, (len(LABELS),), "frame"),
        "frames/run": ArrayLayout(str, (), "frame"),
        "frames/file": ArrayLayout(np.int32, (), "frame"),
        "frames/index": ArrayLayout(np.int64, (), "frame"),
        "failures/file": ArrayLayout(np.int32, (), "failure"),
        "failures/index": ArrayLayout(np.int64, (), "failure"),
        "failures/reason": ArrayLayout(str, (), "failure"),
    }
    for dim in dims:
        h = f"h{dim}"
        # One entry more than frames: pairs of frame i are offsets[i] to offsets[i + 1].
        arrays[f"{h}/offsets"] = ArrayLayout(np.int64, (), "frame")
        arrays[f"{h}/birth"] = ArrayLayout(np.float64, (), h)
        arrays[f"{h}/death"] = ArrayLayout(np.float64, (), h)
        if simplices:
            for name, shape in simplex_shapes(dim).items():
                arrays[f"{h}/{name}"] = ArrayLayout(np.int32, shape, h)
    return arrays


def open_group(path: Path, mode: str) -> zarr.Group:
    """
    Open a store and check that it is one of this format.

    Parameters
    ----------
    path
        The store.
    mode
        ``"r"`` or ``"r+"``.

    Returns
    -------
    zarr.Group
        Its root.

    Raises
    ------
    RunError
        If there is none, it is something else, or of another format version.
    """
    try:
        root = zarr.open_group(path, mode="r" if mode == "r" else "r+", zarr_format=3)
    except (FileNotFoundError, NotADirectoryError):  # Zarr's own is a FileNotFoundError
        raise RunError(f"{path}: no diagram store; `amorph diagrams` makes one") from None
    except (ValueError, TypeError, KeyError):
        raise RunError(f"{path}: its zarr.json is damaged; make the store again") from None
    found = root.attrs.get("format_version")
    if root.attrs.get("format") != FORMAT or found is None:
        raise RunError(f"{path}: a Zarr store, but not of diagrams; `amorph diagrams` makes one")
    if found != FORMAT_VERSION:
        writer = dict(root.attrs.get("made_with", {})).get("amorphology", "of unknown number")  # type: ignore[arg-type]
        raise RunError(
            f"{path}: made by another version, amorphology {writer} with store format {found}, but "
            f"this version reads format {FORMAT_VERSION}; make the store again or install "
            f"amorphology {writer}"
        )
    return root


def source_name(path: str, index: int) -> str:
    """
    Name a frame as `amorphology.structures.read_frames` does.

    Parameters
    ----------
    path
        Its file.
    index
        Its number in the file; -1 for the file itself.

    Returns
    -------
    str
        For example ``"carbon.extxyz frame 17"``.
    """
    return path if index < 0 else f"{path} frame {index}"


class DiagramStore(Sequence[dict[int, PersistenceDiagram]]):
    """
    The diagrams of a data set, read from disk when they are asked for.

    A sequence like the list that `alpha_persistence_many` returns, so that descriptors take it,
    of the frames that could be done. A store that is still being written can be read; frames that
    come later are seen when it is opened again. Reading in order is fastest.

    Parameters
    ----------
    path
        What `amorph diagrams` or `write_diagrams` made.
    dims
        Homology dimensions to read; default: all in the store.
    simplices
        Read birth and death simplices as well. Without them, and where the store was made without
        them, they are -1 and a frame is read several times faster.

    Attributes
    ----------
    dims : tuple of int
        Homology dimensions of the diagrams.
    complete : bool
        Whether all frames of the input files are in the store.
    settings : dict
        With which the diagrams were computed.
    made_with : dict of str to str
        Versions of the packages that did.

    Raises
    ------
    RunError
        If there is no store, or one of another format version.
    ConfigError
        If a dimension is not in the store.

    Examples
    --------
    >>> store = DiagramStore("carbon.zarr", dims=[1], simplices=False)  # doctest: +SKIP
    >>> X = PersistenceHistogram().fit_transform(store)  # doctest: +SKIP
    >>> y = store.energies  # doctest: +SKIP
    """

    def __init__(
        self, path: str | Path, *, dims: Sequence[int] | None = None, simplices: bool = True
    ) -> None:
        self.path = Path(path)
        self._root = open_group(self.path, "r")
        attributes: dict[str, Any] = dict(self._root.attrs)
        if "frames" not in attributes:
            raise RunError(f"{path}: holds no frames yet; wait, or run `amorph diagrams` again")
        self.settings: dict[str, Any] = attributes["settings"]
        self.made_with: dict[str, str] = attributes["made_with"]
        self.complete: bool = attributes["complete"]
        self._n_failures: int = attributes["failures"]
        there = tuple(self.settings["dims"])
        self.dims = there if dims is None else tuple(dims)
        if not set(self.dims) <= set(there):
            raise ConfigError(f"{path}: dims={self.dims}, but the store has {there}")
        self._rows: range | NDArray[np.intp] = range(attributes["frames"])
        self._n_atoms = self._column("n_atoms", len(self._rows))
        self._pairs = {
            dim: _Pairs(self._root, dim, len(self._rows), simplices and self.settings["simplices"])
            for dim in self.dims
        }

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, selection: int) -> dict[int, PersistenceDiagram]: ...

    @overload
    def __getitem__(self, selection: slice | ArrayLike) -> DiagramStore: ...

    def __getitem__(
        self, selection: int | slice | ArrayLike
    ) -> dict[int, PersistenceDiagram] | DiagramStore:
        """Diagrams of a frame; or a store of part of the frames (slice, mask or indices)."""
        if isinstance(selection, int | np.integer):
            row = int(self._rows[int(selection)])
            n_atoms = int(self._n_atoms[row])
            return {dim: pairs.diagram(row, n_atoms) for dim, pairs in self._pairs.items()}
        part = copy.copy(self)
        if isinstance(selection, slice):
            part._rows = self._rows[selection]
        else:
            part._rows = np.asarray(self._rows)[np.asarray(selection)]
        return part

    def __repr__(self) -> str:
        dims = " ".join(f"H{dim}" for dim in self.dims)
        return f"DiagramStore({str(self.path)!r}: {self.label_summary}; {dims})"

    @property
    def n_atoms(self) -> NDArray[np.int32]:
        """Atoms of each frame, int32 (n_frames,)."""
        atoms: NDArray[np.int32] = self._n_atoms[np.asarray(self._rows)]
        return atoms

    @property
    def energies(self) -> NDArray[np.float64]:
        """
        Mean energies per atom, float64 (n_frames,), eV/atom.

        As `amorphology.structures.mean_energy_per_atom`, energies are taken from one place for all
        frames. A `StructureError` tells of frames without.
        """
        totals = self._labels("energy")
        complete = ~np.isnan(totals).any(axis=0)
        if not complete.any():
            fullest = totals[:, np.isnan(totals).sum(axis=0).argmin()]
            without = np.flatnonzero(np.isnan(fullest))
            raise StructureError(
                f"{self.sources[int(without[0])]}: no energy ({len(without)} of {len(self)} frames "
                "have none in the place where most do); select the frames that have one, or label "
                "the files and make the store again"
            )
        energies: NDArray[np.float64] = totals[:, complete.argmax()] / self.n_atoms
        if not np.isfinite(energies).all():
            place = int(np.flatnonzero(~np.isfinite(energies))[0])
            raise StructureError(f"{self.sources[place]}: energy is not a finite number")
        return energies

    @property
    def runs(self) -> NDArray[np.str_]:
        """Simulation run each frame belongs to, str (n_frames,), as `run_labels` names it."""
        return np.array(self._labels("run").tolist(), dtype=np.str_)

    @property
    def sources(self) -> list[str]:
        """File and number of each frame, for example ``"carbon.extxyz frame 17"``."""
        files = self._files()
        pairs = zip(self._labels("file").tolist(), self._labels("index").tolist(), strict=True)
        return [source_name(files[file], index) for file, index in pairs]

    @property
    def failures(self) -> list[Failure]:
        """Frames of the input files that are not in the store, and why."""
        files = self._files()
        n = self._n_failures
        columns = [self._column(name, n, "failures") for name in ("file", "index", "reason")]
        return [
            Failure(source_name(files[file], index), str(reason))
            for file, index, reason in zip(*(c.tolist() for c in columns), strict=True)
        ]

    @property
    def label_summary(self) -> str:
        """Which labels the frames carry, for example ``"2 frames: energy 2, forces 0, ..."``."""
        counts = self._labels("labels").sum(axis=0)
        listed = ", ".join(f"{name} {count}" for name, count in zip(LABELS, counts, strict=True))
        return f"{len(self)} frame{'' if len(self) == 1 else 's'}: {listed}"

    def _labels(self, name: str) -> NDArray[Any]:
        labels: NDArray[Any] = self._column(name, len(self._n_atoms))[np.asarray(self._rows)]
        return labels

    def _column(self, name: str, length: int, group: str = "frames") -> NDArray[Any]:
        return np.asarray(_array(self._root, f"{group}/{name}")[:length])

    def _files(self) -> list[str]:
        inputs: Any = self._root["inputs"].attrs["files"]
        return [entry["path"] for entry in inputs]


class _Pairs:
    """The pairs of one homology dimension, with the last block that was read."""

    def __init__(self, root: zarr.Group, dim: int, n_frames: int, simplices: bool) -> None:
        self._dim = dim
        self._offsets = np.asarray(_array(root, f"h{dim}/offsets")[: n_frames + 1])
        names = ["birth", "death", *(simplex_shapes(dim) if simplices else ())]
        self._arrays = {name: _array(root, f"h{dim}/{name}") for name in names}
        self._block: tuple[int, int, dict[str, NDArray[Any]]] = (0, 0, {})

    def diagram(self, row: int, n_atoms: int) -> PersistenceDiagram:
        start, stop = self._offsets[row : row + 2].tolist()
        first, last, block = self._block
        if start < first or stop > last or not block:
            first = start
            last = max(stop, min(start + PAIRS_READ_AHEAD, int(self._offsets[-1])))
            block = {n: np.asarray(array[first:last]) for n, array in self._arrays.items()}
            self._block = (first, last, block)  # in one step: threads may share a store
        # Copied: a diagram that is kept must not keep the whole block.
        columns = {n: array[start - first : stop - first].copy() for n, array in block.items()}
        return PersistenceDiagram.from_pairs(self._dim, n_atoms=n_atoms, **columns)


def _array(root: zarr.Group, path: str) -> Any:
    """Look up an array; Any, since Zarr types what comes out of one as almost anything."""
    return root[path]
