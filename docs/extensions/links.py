"""Links from the API reference to where a name is described, here or in other projects."""

from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref, pending_xref_condition
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

PYTHON = "https://docs.python.org/3/library/"
NUMPY = "https://numpy.org/doc/stable/reference/"
SKLEARN = "https://scikit-learn.org/stable/modules/generated/"

# Sphinx's own way, inventories of other projects, needs a network for every build.
ELSEWHERE = {
    "ase.Atoms": "https://ase-lib.org/ase/atoms.html#ase.Atoms",
    "numpy.ndarray": f"{NUMPY}generated/numpy.ndarray.html",
    "array_like": "https://numpy.org/doc/stable/glossary.html#term-array_like",
    "ArrayLike": f"{NUMPY}typing.html#numpy.typing.ArrayLike",
    "NDArray": f"{NUMPY}typing.html#numpy.typing.NDArray",
    "pathlib.Path": f"{PYTHON}pathlib.html#pathlib.Path",
    "concurrent.futures.Executor": f"{PYTHON}concurrent.futures.html#concurrent.futures.Executor",
    "matplotlib.axes.Axes": "https://matplotlib.org/stable/api/_as_gen/matplotlib.axes.Axes.html",
    "matplotlib.figure.Figure": "https://matplotlib.org/stable/api/_as_gen/"
    "matplotlib.figure.Figure.html",
    "torch.Tensor": "https://docs.pytorch.org/docs/stable/tensors.html",
    "torch.nn.Module": "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html",
    "sklearn.exceptions.NotFittedError": f"{SKLEARN}sklearn.exceptions.NotFittedError.html",
    "rich.console.Console": "https://rich.readthedocs.io/en/stable/reference/console.html",
    **{f"np.{name}": f"{NUMPY}arrays.scalars.html#numpy.{name}" for name in ("float32", "float64")},
    **{f"numpy.{n}": f"{NUMPY}arrays.scalars.html#numpy.{n}" for n in ("float32", "float64")},
    **{name: f"{PYTHON}functions.html#{name}" for name in ("bool", "float", "int", "object")},
    **{name: f"{PYTHON}stdtypes.html#{name}" for name in ("dict", "list", "set", "str", "tuple")},
    **{name: f"{PYTHON}constants.html#{name}" for name in ("None", "True", "False")},
    **{
        name: f"{PYTHON}collections.abc.html#collections.abc.{name}"
        for name in ("Callable", "Iterable", "Iterator", "Mapping", "Sequence")
    },
}
SHORT = {
    "Atoms": "ase.Atoms",
    "Path": "pathlib.Path",
    "ndarray": "numpy.ndarray",
    "Executor": "concurrent.futures.Executor",
    "Axes": "matplotlib.axes.Axes",
    "Figure": "matplotlib.figure.Figure",
    "Console": "rich.console.Console",
    "Tensor": "torch.Tensor",
    "Module": "torch.nn.Module",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", unlink_shapes)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True}


def unlink_shapes(app: Sphinx, doctree: nodes.document) -> None:  # noqa: ARG001
    """Keep words of a type such as ``n_atoms`` from being taken for an attribute of that name."""
    for node in list(doctree.findall(pending_xref)):
        word = node.get("reftarget", "")
        if node.get("refspecific") and word.islower() and "." not in word:
            if word in ELSEWHERE:
                node["refspecific"] = False
            else:
                first = node.children[0]
                several = isinstance(first, pending_xref_condition)  # texts to choose from
                node.replace_self(first.children if several else node.children)


def find(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
) -> nodes.reference | None:
    """Find a Python name under its last part, if only one object here has it, or elsewhere."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].lstrip(".")
    last = target.rsplit(".", 1)[-1]
    here = _places(env).get(last, ())
    inside = target.startswith("amorphology.") or target == last
    if inside and len(here) == 1:
        page, anchor, full = here[0]
        return make_refnode(app.builder, node["refdoc"], page, anchor, contents, full)
    full = target if target in ELSEWHERE else SHORT.get(last, last)
    if full in ELSEWHERE:
        return nodes.reference("", "", contents, internal=False, refuri=ELSEWHERE[full])
    return None


def _places(env: BuildEnvironment) -> dict[str, list[tuple[str, str, str]]]:
    """Page, anchor and full name of every described object, by the last part of its name."""
    places: dict[str, list[tuple[str, str, str]]] = {}
    entries: Any = env.domains.python_domain.objects
    for name, entry in entries.items():
        if entry.objtype != "module":
            places.setdefault(name.rsplit(".", 1)[-1], []).append(
                (entry.docname, entry.node_id, name)
            )
    return places
