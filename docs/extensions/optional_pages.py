"""Patterns of a table of contents that no page fits: results that have not been made yet."""

from pathlib import Path

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", drop_empty_patterns)
    return {"parallel_read_safe": True}


def drop_empty_patterns(app: Sphinx, docname: str, source: list[str]) -> None:
    """Take the lines of such patterns out of the first page."""
    if docname != "index":
        return
    folder = Path(app.srcdir)
    source[0] = "\n".join(
        line
        for line in source[0].split("\n")
        if " " in line or "*" not in line or any(folder.glob(f"{line}.md"))
    )
