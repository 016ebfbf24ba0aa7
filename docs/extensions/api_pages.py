"""The API reference: a page for each package, with everything its modules name in ``__all__``."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import amorphology

# Verbs of the command line have a page of their own.
LEFT_OUT = ("amorphology.cli",)
FOLDER = "api"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-signature", shorten_settings)
    return {"parallel_read_safe": True}


def public_modules() -> list[str]:
    """Names of all modules, those of packages before those in them."""
    found = (module.name for module in pkgutil.walk_packages(amorphology.__path__, "amorphology."))
    return sorted(
        name
        for name in found
        if not name.startswith(LEFT_OUT) and not any(x.startswith("_") for x in name.split("."))
    )


def write_pages(app: Sphinx) -> None:
    """Write a page for each package, and each module that is in none; drop pages of others."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    pages: dict[str, list[str]] = {}
    for name in public_modules():
        pages.setdefault(name.split(".")[1], []).append(name)
    for title, names in pages.items():
        path, text = folder / f"{title}.rst", "\n".join(page(names)) + "\n"
        # A file that stays as it is need not be read again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()


def page(names: list[str]) -> Iterator[str]:
    """Lines of the page of a package, which comes first, and its modules."""
    seen: set[Any] = set()
    for place, name in enumerate(names):
        module = importlib.import_module(name)
        members = [
            member
            for member in getattr(module, "__all__", ())
            if is_at_home(module, member, face=place == 0) and key(module, member) not in seen
        ]
        seen |= {key(module, member) for member in members}
        if place and not members:
            continue
        if place == 1:
            yield from ("", "Inner modules", "-------------", "")
        yield from heading(name if place else name.split(".")[1], "~" if place else "=")
        if not place:
            yield from (f"``{name}``", "")
        yield from (f".. automodule:: {name}", "   :no-members:")
        # A module may be called like the function in it.
        yield from ("   :no-index:", "") if place else ("",)
        documented = {
            attribute for _, attribute in ModuleAnalyzer.for_module(name).find_attr_docs()
        }
        for member in members:
            yield from entry(name, member, getattr(module, member), member in documented)


def is_at_home(module: ModuleType, member: str, *, face: bool) -> bool:
    """Say whether a member belongs here: a package's face, or the module that defines it."""
    value = getattr(module, member)
    if face or not (inspect.isclass(value) or inspect.isroutine(value)):
        return True
    return value.__module__ == module.__name__ or not value.__module__.startswith("amorphology.")


def key(module: ModuleType, member: str) -> Any:
    """Tell an object apart from all others, under whatever name a module offers it."""
    value = getattr(module, member)
    return (member, id(value))


def heading(name: str, line: str) -> Iterator[str]:
    """Lines of a heading."""
    yield from ("", name, line * len(name), "")


def entry(module: str, member: str, value: Any, documented: bool) -> Iterator[str]:
    """Lines that make autodoc describe a member."""
    full = f"{module}.{member}"
    if inspect.isclass(value):
        directive = "autoexception" if issubclass(value, BaseException) else "autoclass"
        yield f".. {directive}:: {full}"
        if not issubclass(value, BaseModel):
            yield "   :members:"
    elif inspect.isroutine(value):
        yield f".. autofunction:: {full}"
    elif documented:
        yield from (f".. autodata:: {full}", "   :no-value:")
    else:
        yield f".. py:data:: {full}"
        text = str(value).replace("typing.", "").replace("\n", " ")
        if len(text) <= 80:
            yield f"   :value: {text}"
    yield ""


def shorten_settings(app: Sphinx, what: str, name: str, obj: Any, *_: Any) -> Any:  # noqa: ARG001
    """Leave out the signature of settings: the page about configs explains every key."""
    if inspect.isclass(obj) and issubclass(obj, BaseModel):
        return ("", None)
    return None
