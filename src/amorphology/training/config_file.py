"""Settings of a training run as YAML."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from amorphology.errors import ConfigError
from amorphology.training.config import TrainingConfig

__all__ = ["example_config", "load_config"]


def load_config(path: str | Path) -> TrainingConfig:
    """
    Read the settings of a training run.

    Parameters
    ----------
    path
        YAML file; ``amorph train --example`` prints one.

    Returns
    -------
    TrainingConfig
        The settings, defaults filled in.

    Raises
    ------
    ConfigError
        If the file is missing, not YAML, has an unknown or missing key, or a value that is not
        allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such config file; `amorph train --example > {path}` writes one"
        )
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(settings, dict):
        raise ConfigError(
            f"{path}: holds no settings; `amorph train --example` prints a config to start from"
        )
    try:
        return TrainingConfig.model_validate(settings)
    except ValidationError as error:
        # A value that fits none of several types has an error for each of them: one is enough.
        sentences = {_key(fault["loc"]): _sentence(fault) for fault in reversed(error.errors())}
        raise ConfigError(f"{path}: {'; '.join(reversed(sentences.values()))}") from error


def example_config() -> str:
    """
    Write a config with every key, its default and what it means.

    Returns
    -------
    str
        YAML that `load_config` accepts.
    """
    return "\n".join(_documented(TrainingConfig, "")) + "\n"


def _documented(section: type[BaseModel], indent: str) -> Iterator[str]:
    fields = sorted(section.model_fields.items(), key=lambda field: field[0] != "kind")
    for name, field in fields:
        yield from _comment(field.description or "", indent)
        sections = _sections(field.annotation)
        if sections:
            if not field.is_required() and not isinstance(field.default, BaseModel):
                # Its keys are those of a section before it.
                yield f"{indent}{name}: {'null' if field.default is None else field.default}"
                continue
            yield f"{indent}{name}:"
            yield from _documented(sections[0], indent + "  ")
            for other in sections[1:]:  # as comments: a config has one of them
                yield f"{indent}  # Instead:"
                yield from (
                    line if line.lstrip().startswith("#") else f"{indent}  # {line.lstrip()}"
                    for line in _documented(other, indent + "  ")
                )
            continue
        value = field.examples[0] if field.examples else field.default
        if field.is_required() and not field.examples:
            value = get_args(field.annotation)[0]
        if isinstance(value, tuple):
            value = list(value)
        written = yaml.safe_dump(value, default_flow_style=True, width=1000)
        written = written.removesuffix("...\n").strip()  # YAML's end mark after a bare scalar
        yield f"{indent}{name}: {written}"


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """Sections that a key can hold; none where it holds a value."""
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [section for part in get_args(annotation) for section in _sections(part)]


def _comment(text: str, indent: str) -> Iterator[str]:
    line = f"{indent}#"
    for word in text.split():
        if len(line) + 1 + len(word) > 100:
            yield line
            line = f"{indent}#"
        line += f" {word}"
    yield line


def _key(location: Sequence[int | str]) -> str:
    """Write where an error is as a key; pydantic adds kinds and types to it."""
    return ".".join(_walk(location)[0])


def _walk(location: Sequence[int | str]) -> tuple[list[str], type[BaseModel]]:
    """Follow a location: its keys, and the section the last one is in."""
    keys: list[str] = []
    sections: list[type[BaseModel]] = [TrainingConfig]
    for part in map(str, location):
        if part.isdigit() and keys and not keys[-1].isdigit():  # place in a list of sections
            keys.append(part)
            continue
        if len(sections) > 1:  # of several kinds of a section, the location names one
            named = [
                kind for kind in sections if part in get_args(kind.model_fields["kind"].annotation)
            ]
            sections = named
            continue
        field = sections[0].model_fields.get(part)
        keys.append(part)
        below = _sections(field.annotation) if field else []
        if not below:
            break
        sections = below
    return keys, sections[0]


def _sentence(error: Any) -> str:
    """Put one pydantic error as key, fault and, for a mistyped key, the likely one."""
    keys, section = _walk(error["loc"])
    key = ".".join(keys)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], section.model_fields, n=1)
        known = ", ".join(section.model_fields)
        return f"unknown key {key}; " + (f"did you mean {near[0]}?" if near else f"known: {known}")
    if error["type"] == "missing":
        return f"key {key} is missing; `amorph train --example` shows it"
    if error["type"] == "union_tag_invalid":
        context = error["ctx"]
        kinds = context["expected_tags"].replace("'", "")
        return f"{key}.kind is {context['tag']}; choose one of {kinds}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{key}: {message}" if key else str(message)
