"""From YAML text to a checked configuration, with errors that name path and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from isinglass.schemas.config.explain import explain
from isinglass.schemas.config.run import RunConfig
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence


# An impossible date or a number without digits is a ValueError of the parser.
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def load_config(text: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Parse YAML text and apply `a.b=value` overrides.

    Args:
        text: YAML with the keys of `RunConfig`.
        overrides: Each `path.to.key=value`; the value is parsed as YAML.

    Raises:
        ConfigError: Not YAML, an unknown key (with the nearest known one), a wrong
            value or a malformed override.
    """
    try:
        data = yaml.safe_load(text)
    except _NOT_YAML as error:
        where = getattr(error, "problem_mark", None)
        line = f" near line {where.line + 1}" if where is not None else ""
        raise ConfigError(f"The configuration is not valid YAML{line}.") from None
    if not isinstance(data, dict):
        msg = "The configuration must be a mapping with keys such as inputs and output."
        raise ConfigError(msg)
    for override in overrides:
        _apply(data, override)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(refusal(error)) from None


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


def refusal(error: ValidationError) -> str:
    """Say what was refused: path, fault and, for an unknown key, the nearest one."""
    return f"The configuration was refused:\n{explain(error, RunConfig)}"
