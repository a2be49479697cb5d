"""What is wrong with a file that a model refuses: the key, and what to write there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """A line for each fault, as `  - path.to.key: what is wrong`.

    For an unknown key the nearest one of `model`, which was to be read, is named.
    """
    details = error.errors(include_url=False)
    if any(detail["type"] == "extra_forbidden" for detail in details):
        # An element that was refused also makes its list look too short.
        details = [detail for detail in details if detail["type"] != "too_short"]
    return "\n".join(f"  - {_explain_one(detail, model)}" for detail in details)


def _explain_one(detail: ErrorDetails, model: type[BaseModel]) -> str:
    path = ".".join(str(part) for part in detail["loc"]) or "(top level)"
    if detail["type"] != "extra_forbidden":
        return f"{path}: {detail['msg']}"
    known = _known_keys(detail["loc"][:-1], model)
    near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}."
    return f"{path}: unknown key; {hint}"


def _known_keys(
    location: tuple[int | str, ...], outermost: type[BaseModel]
) -> list[str]:
    """The keys of the section at `location`, found by walking the models."""
    model: Any = outermost
    for part in location:
        if isinstance(part, str) and isinstance(model, type):
            fields: dict[str, Any] = getattr(model, "model_fields", {})
            model = _inner_model(fields[part].annotation) if part in fields else model
    return sorted(model.model_fields)


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
