"""The `pii.recognizers` section: recognizers and lists of the user."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Local, Section


class PatternConfig(Section):
    """An ad-hoc pattern."""

    entity: str = Field(description="Kind that it finds; may be a new one.")
    name: str = Field(description="Shown as the rule of a finding.")
    regex: str = Field(description="Pattern in the syntax of the `regex` module.")
    score: float = Field(0.6, ge=0.0, le=1.0, description="Score of a match.")
    context: tuple[str, ...] = Field(
        (), description="Words that raise the score when they stand before a match."
    )


class DenyConfig(Section):
    """Values that are always findings."""

    entity: str = Field(description="Kind under which they are reported.")
    values: tuple[str, ...] = Field((), description="The values.")
    file: Local | None = Field(None, description="File with more, one a line.")
    ignore_case: bool = Field(
        default=True, description="Whether a value is found in any case."
    )


class AllowConfig(Section):
    """Values that are never findings."""

    entities: tuple[str, ...] = Field((), description="Kinds; none named means all.")
    values: tuple[str, ...] = Field((), description="The values, or patterns.")
    file: Local | None = Field(None, description="File with more, one a line.")
    match: Literal["exact", "regex"] = Field(
        "exact", description="exact: the whole value; regex: a pattern found in it."
    )


class RecognizersConfig(Section):
    """Recognizers beside those of isinglass."""

    predefined: tuple[str, ...] = Field(
        (), description="Presidio's recognizers by class, such as UkNinoRecognizer."
    )
    files: tuple[Local, ...] = Field(
        (), description="YAML files of recognizers in Presidio's format."
    )
    patterns: tuple[PatternConfig, ...] = ()
    deny: tuple[DenyConfig, ...] = ()
    allow: tuple[AllowConfig, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _countries_stand_above(cls, given: Any) -> Any:
        if isinstance(given, dict) and "countries" in given:
            raise ValueError("countries is a key of pii; write pii.countries instead")
        return given
