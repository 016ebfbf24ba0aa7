"""Writing the page: template, style, scripts, libraries and data in one file."""

import json
import warnings
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms, units
from ase.data import chemical_symbols

from amorphology import __version__
from amorphology.errors import StructureError
from amorphology.homology import alpha_persistence
from amorphology.plots.style import COLOURS
from amorphology.structures import ENERGY_PLACES, frame_name, stored_result, whole_file
from amorphology.viewer.frame_arrays import frame_arrays, largest_death
from amorphology.viewer.packing import pack_arrays

if TYPE_CHECKING:
    # PyTorch takes seconds to import; a page without a run does without it.
    from amorphology.training import Run
    from amorphology.viewer.predictions import Predictor

__all__ = ["Viewer", "page_html", "write_page"]

LARGE = 10_000_000
"""Bytes from which a page's size is said before it is written."""

LIBRARIES = ("plotly-cartesian.min.js", "3Dmol-min.js")
# In this order they make one script; each may use what stands above it.
SCRIPTS = (
    "unpack.js",
    "geometry.js",
    "frame.js",
    "diagram.js",
    "structure.js",
    "selection.js",
    "page.js",
)


def write_page(
    frames: Sequence[Atoms] | Atoms,
    out: str | Path,
    *,
    run: "Run | str | Path | None" = None,
    title: str | None = None,
) -> Path:
    """
    Write a page that shows frames beside their persistence diagrams.

    The page needs no network, nor anything beside it: it can be opened from a disk, or sent. A
    click on a pair shows its ring, cavity or bond in the structure, a click on an atom the pairs
    that it takes part in, and a slider lets the alpha complex grow. It appears only once it is
    complete.

    Parameters
    ----------
    frames
        One frame, or several of a trajectory, periodic as their ``pbc`` say.
    out
        File to write; an existing one is replaced.
    run
        A trained run with a network (`PersistenceCNN`), or its folder: its activation map is drawn
        under the pairs, and its energies are told.
    title
        Heading; default: the name of the frame, or of the files that the frames come from.

    Returns
    -------
    pathlib.Path
        The file.

    Warns
    -----
    UserWarning
        Before a page of more than 10 MB is written, with its size. The libraries take 2 MB, a
        frame of 216 carbon atoms 0.1 MB.

    Raises
    ------
    StructureError
        If there are no frames, one of them cannot be used, the folder of `out` does not exist, or
        `out` is one itself.
    RunError
        If the run cannot be loaded, or its model reads no diagrams through convolutions.
    """
    out = Path(out)
    if out.is_dir():
        raise StructureError(f"{out}: this is a folder; name a file in it")
    with whole_file(out) as unfinished:
        page = page_html(frames, run=run, title=title).encode()
        if len(page) > LARGE:
            warnings.warn(
                f"{out} will have {len(page) / 1e6:.1f} MB; choose fewer frames for a page to be "
                "sent",
                stacklevel=2,
            )
        unfinished.write_bytes(page)
    return out


def page_html(
    frames: Sequence[Atoms] | Atoms,
    *,
    run: "Run | str | Path | None" = None,
    title: str | None = None,
) -> str:
    """
    Make the page that `write_page` writes.

    Parameters
    ----------
    frames, run, title
        As for `write_page`, with the same errors.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    frames = [frames] if isinstance(frames, Atoms) else list(frames)
    if not frames:
        raise StructureError("no frames to show; pass at least one")
    predictor = None
    if run is not None:
        from amorphology.viewer.predictions import Predictor

        predictor = Predictor(run)
    names = [frame_name(frame, i if len(frames) > 1 else None) for i, frame in enumerate(frames)]
    shown = [_frame(frame, name, predictor) for frame, name in zip(frames, names, strict=True)]
    title = title or _title(names)
    data = {"title": title, "version": __version__, "colours": COLOURS, "frames": shown}
    web = files("amorphology.viewer") / "web"

    def text(name: str) -> str:
        return (web / name).read_text(encoding="utf-8")

    parts = {
        "title": escape(title),
        "style": text("page.css"),
        "libraries": "\n".join(f"<script>{text(f'vendor/{name}')}</script>" for name in LIBRARIES),
        "licences": text("vendor/LICENSES.txt"),
        # Inside a script element only "<" could end it or hide what follows.
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "script": "\n".join(text(name) for name in SCRIPTS),
    }
    page = text("page.html")
    # One pass from the left: what has been put in is never looked at again.
    pieces = page.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, rest = piece.split("}}", 1)
        filled += [parts[name], rest]
    return "".join(filled)


class Viewer:
    """
    The page as a cell's output in a notebook.

    Parameters
    ----------
    frames, run, title
        As for `write_page`, with the same errors.
    height
        Of the output, CSS pixels.

    Examples
    --------
    >>> from ase.build import molecule
    >>> Viewer(molecule("C6H6"))  # in a notebook: the page
    Viewer(1 frame, 2.1 MB)
    """

    def __init__(
        self,
        frames: Sequence[Atoms] | Atoms,
        run: "Run | str | Path | None" = None,
        *,
        title: str | None = None,
        height: int = 820,
    ) -> None:
        self.n_frames = 1 if isinstance(frames, Atoms) else len(frames)
        """Number of frames."""
        self.html = page_html(frames, run=run, title=title)
        """The page."""
        self.height = height
        """Height of the output, CSS pixels."""

    def __repr__(self) -> str:
        frames = f"{self.n_frames} frame{'' if self.n_frames == 1 else 's'}"
        return f"Viewer({frames}, {len(self.html) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="Persistence diagram and structure" '
            f'style="width:100%;height:{self.height}px;border:0"></iframe>'
        )


def _frame(frame: Atoms, name: str, predictor: "Predictor | None") -> dict[str, Any]:
    """All that the page knows of one frame."""
    diagrams = alpha_persistence(frame, name=name)
    arrays = frame_arrays(frame, diagrams)
    shown: dict[str, Any] = {
        "name": name,
        "formula": frame.get_chemical_formula(),
        "elements": {int(z): chemical_symbols[z] for z in sorted(set(frame.numbers.tolist()))},
        "pbc": frame.pbc.tolist(),
        "cell": np.round(frame.cell.array, 5).tolist(),
        "largest": [largest_death(diagrams[degree]) for degree in range(3)],
        "energy": _energy(frame),
    }
    if frame.pbc.all():
        grams = frame.get_masses().sum() / units.kg * 1000
        shown["density"] = grams / frame.get_volume() * 1e24
    if predictor is not None:
        shown["predicted"] = predictor.energy(frame)
        shown["activation"], arrays["activation"] = predictor.activation(frame)
    return {**shown, "data": pack_arrays(arrays)}


def _title(names: list[str]) -> str:
    """Name of the only frame, or what the names of several have in common."""
    if len(names) == 1:
        return Path(names[0]).name
    sources = [Path(name.rsplit(" frame ", 1)[0]).name for name in names]
    return sources[0] if sources[0] == sources[-1] else f"{sources[0]} to {sources[-1]}"


def _energy(frame: Atoms) -> float | None:
    """Mean energy per atom that the frame came with, eV/atom."""
    for where, key in ENERGY_PLACES:
        energy = stored_result(frame, where, key)
        if energy is not None:
            return float(energy) / len(frame)
    return None
