"""Draw the pictures of the pages about persistent homology: `python docs/figures/draw.py`."""

import importlib
import sys
from pathlib import Path

from matplotlib import rc_context

from amorphology.plots import save_figure

FOLDER = Path(__file__).parents[1] / "images" / "homology"
PICTURES = (
    "growing_balls",
    "birth_and_death",
    "fullerene",
    "solids",
    "periodic_cell",
    "histogram",
)


def draw(folder: Path, names: tuple[str, ...] = PICTURES) -> None:
    """Draw pictures as SVG files; the same picture is the same file."""
    with rc_context({"svg.hashsalt": "amorphology"}):
        for name in names:
            save_figure(importlib.import_module(name).draw(), folder / f"{name}.svg")


if __name__ == "__main__":
    draw(FOLDER, tuple(sys.argv[1:]) or PICTURES)
