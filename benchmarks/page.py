"""The page docs/benchmarks.md: one part for each benchmark, written without touching the others."""

from __future__ import annotations

import re
from pathlib import Path

_MARK = "<!-- Written by `python benchmarks/"


def write_part(path: Path, script: str, paragraphs: list[str]) -> None:
    """Write the part of one benchmark, in its place on the page or at the end."""
    page = path.read_text() if path.exists() else "# Benchmarks\n"
    head, *parts = re.split(rf"^{re.escape(_MARK)}", page, flags=re.MULTILINE)
    bodies = dict(part.split(".py", maxsplit=1) for part in parts)
    mark = " --write-docs RESULTS`; edit that. -->"
    bodies[script] = "\n\n".join([mark, *paragraphs])
    written = [f"{_MARK}{name}.py{body.rstrip()}" for name, body in bodies.items()]
    path.write_text("\n\n".join([head.rstrip(), *written]) + "\n")


def table(header: list[str], rows: list[list[str]]) -> str:
    """Write a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
