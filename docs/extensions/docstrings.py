"""Small changes to docstrings, and to types, on their way into the API reference."""

import re
from typing import Any

from docutils import nodes
from numpy.typing import ArrayLike
from sphinx.addnodes import desc_annotation
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

CITATION = re.compile(r"\[(\d+)\]_")
REFERENCE = re.compile(r"^\.\. \[(\d+)\] ")
TYPE = re.compile(r"^:(vartype|rtype|type)\b")
# What ArrayLike and NDArray[float64] stand for, which helps nobody.
ARRAY_LIKE = [
    stringify_annotation(ArrayLike, mode)
    for mode in ("smart", "fully-qualified", "fully-qualified-except-typing")
]
ARRAY = re.compile(
    r"(?:~?numpy\.)?ndarray\[tuple\[(?:~?typing\.)?Any, \.\.\.\], (?:~?numpy\.)?dtype\["
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, before and after numpydoc's sections are read."""
    app.connect("autodoc-process-docstring", number_references, priority=400)
    app.connect("autodoc-process-docstring", part_attributes, priority=401)
    app.connect("autodoc-process-docstring", write_types, priority=600)
    # Before autodoc adds annotations to the description.
    app.connect("object-description-transform", shorten_annotations, priority=100)
    app.connect("doctree-resolved", shorten_properties)
    return {"parallel_read_safe": True}


def number_references(app: Sphinx, *described: Any) -> None:  # noqa: ARG001
    """Make a list of the references: every docstring counts from 1, and a page has many."""
    lines = described[-1]
    lines[:] = [REFERENCE.sub(r"\1. ", CITATION.sub(r"[\1]", line)) for line in lines]


def part_attributes(app: Sphinx, *described: Any) -> None:  # noqa: ARG001
    """Describe each of several attributes that share a line, such as ``birth, death``."""
    lines = described[-1]
    if "Attributes" not in lines:
        return
    start = lines.index("Attributes") + 2
    rules = (i for i in range(start + 1, len(lines)) if lines[i] and not lines[i].strip("-"))
    end = next(rules, len(lines) + 1) - 1
    entries: list[list[str]] = []
    for line in lines[start:end]:
        if not line.startswith(" ") and line:
            entries.append([line])
        elif entries:
            entries[-1].append(line)
    parted = []
    for head, *rest in entries:
        names, colon, kind = head.partition(" : ")
        for name in names.split(", "):
            parted += [name + colon + kind, *rest]
    lines[start:end] = parted


def write_types(app: Sphinx, *described: Any) -> None:  # noqa: ARG001
    """Shorten types, and keep ``numpy.str_`` from being read as a link."""
    lines = described[-1]
    lines[:] = [
        re.sub(r"_(?=\W|$)", r"\\_", short(line)) if TYPE.match(line) else line for line in lines
    ]


def short(annotation: str) -> str:
    """Write arrays in an annotation as ArrayLike and NDArray."""
    for written in ARRAY_LIKE:
        annotation = annotation.replace(written, "ArrayLike")
    while match := ARRAY.search(annotation):
        inside, depth = match.end(), 1
        while depth:
            depth += {"[": 1, "]": -1}.get(annotation[inside], 0)
            inside += 1
        kind = annotation[match.end() : inside - 1].removeprefix("~").removeprefix("numpy.")
        end = inside + 1  # the bracket of ndarray as well
        annotation = f"{annotation[: match.start()]}NDArray[{kind}]{annotation[end:]}"
    return annotation


def shorten_annotations(app: Sphinx, *_: Any) -> None:
    """Shorten what autodoc noted for parameters and results."""
    for noted in app.env.current_document.autodoc_annotations.values():
        for name, annotation in noted.items():
            noted[name] = short(annotation)


def shorten_properties(app: Sphinx, doctree: nodes.document, docname: str) -> None:  # noqa: ARG001
    """Shorten the types of properties."""
    for node in doctree.findall(desc_annotation):
        written = node.astext()
        if written != short(written):
            node.children = []
            node += nodes.Text(short(written))
