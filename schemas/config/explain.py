"""What is wrong with a file that a model refuses: the key, and what to write there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


_WANTED = {
    "string": "text, in quotes if it looks like a number",
    "tuple": "a list, as in [one, two]",
    "list": "a list, as in [one, two]",
    "set": "a list, as in [one, two]",
    "dict": "keys with values, as in {key: value}",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "model": "a section with keys of these: KEYS",
}
"""What to write, by the first word of the kind of a fault."""

_SAID = {
    "value_error": "{error}",
    "missing": "is missing; add it",
    "invalid_key": "a key must be text; put it in quotes",
    "literal_error": "{given} is none of {expected}",
    "string_pattern_mismatch": "{given} is refused. {description}",
}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_SIZES = {
    "too_short": ("min_length", "at least"),
    "too_long": ("max_length", "at most"),
    "string_too_short": ("min_length", "at least"),
    "string_too_long": ("max_length", "at most"),
}
_SHOWN = 60
_NOT_ASKED = "default_factory_not_called"
"""Follows from another fault."""

_CHOICE = re.compile(r"literal\[.*\]|dict\[.*\]|\[key\]", re.DOTALL)
"""What stands in a location for one of several forms of a value, or for a key."""

_WITHHELD = frozenset({"values", "deny_list"})
"""Below such a key there may be names of persons."""

_OURS = "isinglass."
"""Modules of models whose own checks speak as we do."""


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """A line for each fault, as `  - path.to.key: what is wrong`.

    For an unknown key the nearest one of `model`, which was to be read, is named.
    """
    details = [
        one for one in error.errors(include_url=False) if one["type"] != _NOT_ASKED
    ]
    for detail in details:
        parts = detail["loc"]
        detail["loc"] = tuple(
            part for part in parts if not _CHOICE.fullmatch(str(part))
        )
    # An element that was refused also makes its list look too short, and a value that
    # may have several forms look like none of them.
    details = [
        detail
        for detail in details
        if detail["type"] not in {"too_short", "literal_error"}
        or not any(_is_inside(other["loc"], detail["loc"]) for other in details)
    ]
    said: dict[str, str] = {}
    for detail in details:
        path, fault = _explain_one(detail, model)
        # Another form that the value might have had.
        said[path] = f"{said[path]}; or {fault}" if path in said else fault
    return "\n".join(f"  - {path}: {fault}" for path, fault in said.items())


def hint(name: str, known: Iterable[str], told: str = "known") -> str:
    """What was probably meant by a name that is not known, or else all that are."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"{told}: {', '.join(names)}."


def _is_inside(inner: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _explain_one(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Path and fault."""
    path = ".".join(str(part) for part in detail["loc"]) or "(top level)"
    if detail["type"] != "extra_forbidden":
        return path, _fault(detail, model)
    known = _known_keys(detail["loc"][:-1], model)
    name = str(detail["loc"][-1])
    return path, f"unknown key; {hint(name, known, 'known keys')}"


def _fault(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong, and what to write."""
    kind, context = detail["type"], detail.get("ctx", {})
    given = _told(detail["input"], detail["loc"])
    if kind == "value_error" and not model.__module__.startswith(_OURS):
        return f"{given} is refused"
    if kind in _SAID:
        expected = str(context.get("expected", "")).replace("'", "")
        description = _description(detail["loc"], model)
        told = {"expected": expected, "given": given, "description": description}
        return _SAID[kind].format_map({**context, **told})
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        return f"{given} is refused; it must be {word} {context[name]}"
    if kind in _SIZES:
        name, word = _SIZES[kind]
        entries = "characters" if kind.startswith("string") else "entries"
        return f"has too few or too many {entries}; give {word} {context[name]}"
    wanted = _WANTED.get(kind.partition("_")[0], "another value")
    if kind.startswith("model"):
        wanted = wanted.replace("KEYS", ", ".join(_known_keys(detail["loc"], model)))
    return f"{given} is refused; write {wanted}"


def _told(value: Any, location: tuple[int | str, ...]) -> str:
    """A value as it was written; what is long, or may be secret, by its kind."""
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    withheld = (
        bool(_WITHHELD.intersection(location))
        or len(text) > _SHOWN
        or not text.isprintable()
    )
    return "this value" if withheld else (text or "an empty text")


def _known_keys(
    location: tuple[int | str, ...], outermost: type[BaseModel]
) -> list[str]:
    """The keys of the section at `location`."""
    return sorted(_section(location, outermost).model_fields)


def _description(
    location: tuple[int | str, ...], outermost: type[BaseModel]
) -> str | None:
    """What a key is for; None of what is no key of a section."""
    *above, name = location or ("",)
    fields = getattr(_section(tuple(above), outermost), "model_fields", {})
    field = fields.get(name)
    return field and field.description


def _section(location: tuple[int | str, ...], outermost: type[BaseModel]) -> Any:
    """The section at `location`, found by walking the models."""
    model: Any = outermost
    for part in location:
        if isinstance(part, str) and isinstance(model, type):
            fields: dict[str, Any] = getattr(model, "model_fields", {})
            model = _inner_model(fields[part].annotation) if part in fields else model
    return model


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
