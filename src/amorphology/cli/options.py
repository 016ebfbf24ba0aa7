"""Options and arguments that several verbs of ``amorph`` share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["FrameFiles", "JobsOption", "RunFolder", "ScaleOption", "SeedOption"]

ScaleOption = Annotated[
    str, typer.Option(metavar="demo|paper", help="demo: minutes. paper: the paper's own size.")
]
SeedOption = Annotated[int, typer.Option(help="All random numbers follow from it.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Side by side; default: the cores there are.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `amorph train` made.")]
FrameFiles = Annotated[
    list[str], typer.Argument(metavar="FRAMES...", help="Structure files that ASE reads.")
]
