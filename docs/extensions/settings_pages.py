"""What the program says of itself, put into pages: settings of a training, verbs of ``amorph``."""

from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.config import Config
from typer.main import get_command

from amorphology.cli import app as amorph
from amorphology.training import TrainingConfig


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", substitute, priority=1)
    return {"parallel_read_safe": True}


def substitute(_: Sphinx, config: Config) -> None:
    """Let pages write ``{{ settings }}`` and ``{{ command_line }}``."""
    config.myst_substitutions = {
        "settings": "\n".join(settings()),
        "command_line": "\n".join(verbs(command(), "amorph")),
    }


def command() -> Any:
    """Return the command line as typer sees it."""
    return get_command(amorph)


def settings() -> Iterator[str]:
    """Describe all keys of a training, a heading and a table for each section."""
    fields = TrainingConfig.model_fields
    yield from keys({name: field for name, field in fields.items() if not sections_of(field)})
    for name, field in fields.items():
        kinds = sections_of(field)
        if kinds:
            yield from (f"## {name}", "", cell(field.description), "")
        for kind in kinds:
            if len(kinds) > 1:
                names = get_args(kind.model_fields["kind"].annotation)
                yield from (f"### {name}: {' or '.join(names)}", "")
            yield from keys(kind.model_fields)


def sections_of(field: FieldInfo) -> list[type[BaseModel]]:
    """Return the sections that a key can hold; none where it holds a value."""
    choices = [field.annotation, *get_args(field.annotation)]
    choices += [inner for choice in choices for inner in get_args(choice)]
    return [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]


def keys(fields: dict[str, FieldInfo]) -> Iterator[str]:
    """Write a table of keys."""
    yield from ("| key | default | |", "|---|---|---|")
    for name, field in fields.items():
        if field.default is PydanticUndefined:
            choices = get_args(field.annotation)
            usual = " or ".join(f"`{choice}`" for choice in choices) if name == "kind" else "needed"
        else:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            written = yaml.safe_dump(default, default_flow_style=True, width=1000)
            usual = f"`{written.removesuffix('...' + chr(10)).strip()}`"
        yield f"| `{name}` | {cell(usual)} | {cell(field.description)} |"
    yield ""


def cell(text: str | None) -> str:
    """Make text safe in a cell of a table."""
    return (text or "").replace("|", r"\|")


def verbs(command: Any, name: str) -> Iterator[str]:
    """Describe a verb, or all verbs of a group, in Markdown."""
    if hasattr(command, "commands"):
        for verb, below in command.commands.items():
            yield from verbs(below, f"{name} {verb}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join([name, *map(stand_in, arguments), "[OPTIONS]" if options else ""])
    yield from (f"## {name}", "", command.help or "", "", "```text", usage.rstrip(), "```", "")
    yield from ("| | what it is | default |", "|---|---|---|")
    for parameter in [*arguments, *options]:
        yield f"| {written(parameter)} | {said(parameter)} | {usual(parameter)} |"
    yield ""


def stand_in(parameter: Any) -> str:
    """Return the word that stands for a value, with brackets where none need be given."""
    word = parameter.metavar or parameter.name.upper()
    argument = parameter.param_type_name == "argument"
    return f"[{word}]" if argument and not parameter.required else word


def written(parameter: Any) -> str:
    """Write a parameter as it is typed."""
    if parameter.param_type_name == "argument":
        return f"`{stand_in(parameter)}`"
    value = "" if parameter.is_flag else " " + stand_in(parameter).replace("|", r"\|")
    forms = " / ".join(f"`{form}{value}`" for form in parameter.opts)
    return " / ".join([forms, *(f"`{form}`" for form in parameter.secondary_opts)])


def said(parameter: Any) -> str:
    """Return the help of a parameter, safe in a cell of a table."""
    return cell(parameter.help)


def usual(parameter: Any) -> str:
    """Return the default of a parameter, where it says something."""
    if parameter.required:
        return "needed"
    if parameter.param_type_name == "argument":
        return ""
    value = parameter.default
    if parameter.is_flag and parameter.secondary_opts:  # a pair such as --keep / --drop
        value = (parameter.opts if value else parameter.secondary_opts)[0]
    elif parameter.is_flag or callable(value):
        value = None
    return "" if value is None else f"`{value}`"
