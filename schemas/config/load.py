"""From YAML text to a checked configuration, with errors that name path and fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, ValidationError

from isinglass.schemas.config.base import Section
from isinglass.schemas.config.explain import explain, hint
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.config.run import RunConfig
from isinglass.schemas.errors import ConfigError

Checked = TypeVar("Checked", bound=Section)

# An impossible date or a number without digits is a ValueError of the parser.
_MERGE = "tag:yaml.org,2002:merge"
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def load_config(text: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Parse YAML text and apply `path.to.key=value` overrides, their values YAML too.

    Raises:
        ConfigError: Not YAML, an unknown key (with the nearest known one), a wrong
            value or a malformed override.
    """
    return checked(RunConfig, parsed(text), overrides)


def checked(
    kind: type[Checked], data: dict[str, Any], overrides: Sequence[str]
) -> Checked:
    """What `parsed` gave, with overrides, as a configuration of a kind.

    Raises as `load_config` does.
    """
    for override in overrides:
        _apply(data, override)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise ConfigError(refusal(error, kind)) from None


class _ReleaseFile(Section):
    """A configuration of which nothing but one section is asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    release: ReleaseConfig


def load_release(
    text: str | None, overrides: Sequence[str], standing: ReleaseConfig
) -> ReleaseConfig:
    """The `release` section of a configuration, or `standing`, with overrides.

    The file may be that of a run, or hold the section alone.

    Raises:
        ConfigError: As of `load_config`, or there is no such section.
    """
    held = standing.model_dump(mode="json", exclude_defaults=True)
    data = {"release": held} if text is None else parsed(text)
    for override in overrides:
        _apply(data, override)
    for key in data:
        if key not in RunConfig.model_fields:
            said = hint(str(key), RunConfig.model_fields)
            raise ConfigError(f"The configuration was refused: {key}: {said}")
    if data.get("release") is None:
        raise ConfigError(
            "The configuration has no `release` section; add `release:` with what is "
            "to be said, as `release: {licence: CC-BY-4.0}`."
        )
    try:
        return _ReleaseFile.model_validate(data).release
    except ValidationError as error:
        said = explain(error, _ReleaseFile)
        raise ConfigError(f"The configuration was refused:\n{said}") from None


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once: of two values one would be lost unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - of the parser
        """A mapping, as the parser makes it."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    raise _TwiceError(key.value, key.start_mark.line + 1)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class _TwiceError(Exception):
    """A key stands twice in a mapping."""


def key_twice(content: bytes) -> tuple[str, int] | None:
    """A key that stands twice in a mapping of YAML, and the line of the second one.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    try:
        yaml.load(content, _Loader)  # noqa: S506 - a safe one
    except _TwiceError as error:
        key, line = error.args
        return str(key), int(line)
    return None


def parsed(text: str) -> dict[str, Any]:
    """The keys of a configuration in YAML; a `ConfigError` if it is none."""
    try:
        data = yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except _TwiceError as error:
        key, line = error.args
        raise ConfigError(
            f"The configuration has the key {key} twice, again on line {line}. Remove "
            "one of them."
        ) from None
    except _NOT_YAML as error:
        raise ConfigError(_not_yaml(text, error)) from None
    if data is None:
        raise ConfigError(
            "The configuration is empty. `isinglass init` writes one to start from."
        )
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise ConfigError(
            f"The configuration is {kind}; it must be keys with values, such as "
            "`inputs: [{path: data}]` and `output: runs/first`."
        )
    return data


def _not_yaml(text: str, error: Exception) -> str:
    """Say where it is not YAML, and why where that can be seen."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        why = "it holds a character, a date or a number that cannot be read"
        return f"The configuration is not valid YAML: {why}. Put values in quotes."
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    before = line[: len(line) - len(line.lstrip())]
    why = "look for a missing bracket, quote or blank after a colon"
    if "\t" in before:
        why = "it is indented by a tab; use blanks"
    elif isinstance(error, yaml.composer.ComposerError):
        why = "it holds more than one document or an alias without an anchor"
    elif isinstance(error, yaml.constructor.ConstructorError):
        why = "it holds a tag or a key that a configuration has no use for"
    elif line.count(": ") > 1:
        why = "a value that holds a colon must stand in quotes"
    return f"The configuration is not valid YAML near line {mark.line + 1}: {why}."


def _apply(data: dict[str, Any], override: str) -> None:
    path, separator, value = override.partition("=")
    if not separator or not path:
        raise ConfigError(f"--set {override}: write it as path.to.key=value.")
    *parents, last = path.split(".")
    node: Any = data
    for part in parents:
        node = _child(node, part, path)
    try:
        parsed = yaml.safe_load(value)
    except _NOT_YAML:
        msg = f"--set {path}: the value is not valid YAML; quote it."
        raise ConfigError(msg) from None
    if isinstance(node, list):
        node[_index(node, last, path)] = parsed
    else:
        node[last] = parsed


def _child(node: Any, part: str, path: str) -> Any:
    """Return the section or list called `part`; an absent one becomes a section."""
    key: Any = _index(node, part, path) if isinstance(node, list) else part
    child = node[key] if isinstance(node, list) else node.get(key)
    if child is None:
        child = {}
        node[key] = child
    if not isinstance(child, dict | list):
        raise ConfigError(f"--set {path}: {part} holds a single value, not a section.")
    return child


def _index(node: list[Any], part: str, path: str) -> int:
    # Compared as text, since int() refuses numbers of thousands of digits.
    if part not in map(str, range(len(node))):
        msg = f"--set {path}: {part} is not an index into a list of {len(node)}."
        raise ConfigError(msg)
    return int(part)


def refusal(error: ValidationError, kind: type[Section] = RunConfig) -> str:
    """Say what was refused: path, fault and, for an unknown key, the nearest one."""
    return f"The configuration was refused:\n{explain(error, kind)}"
