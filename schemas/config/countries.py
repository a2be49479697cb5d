"""Countries whose numbers are looked for: what `pii.countries` adds to the section.

Numbers that isinglass finds itself stand in `transforms/resources/recognizers`, a file
a country. What Presidio's own recognizers find besides is in
`transforms/resources/presidio`, with what was measured of each.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import Field

from isinglass.schemas.config.base import Section
from isinglass.schemas.config.kinds import kind_files, known_kinds

ALL = "all"

_SAME = {"gb": "uk"}
"""Country codes of ISO 3166-1 and their names in files of kinds."""

_REGIONS = {"uk": "GB"}
"""The other way round, for telephone numbers."""


class PresidioKind(Section):
    """A number of a country that Presidio's own recognizer finds."""

    country: str = Field(pattern="^[a-z]{2}$")
    what: str = Field(description="For docs/countries.md.")
    scores: tuple[float, ...] = Field(description="Of its patterns.")
    check: bool = Field(description="Whether it looks at check digits or other rules.")
    anywhere: float | None = Field(
        None, description="Findings of 0.5 or more in a million words of plain text."
    )
    near_word: float | None = Field(
        None, description="The same of those next to a word that names the kind."
    )
    words: tuple[str, ...] = Field((), description="Count in place of Presidio's.")
    by_name: str = Field("", description="Why no country switches it on.")


class _File(Section):
    name: str
    language: str
    version: str
    source: str
    licence: str
    countries: dict[str, str]
    kinds: dict[str, PresidioKind]


@cache
def _presidio() -> _File:
    path = files("isinglass").joinpath("transforms", "resources", "presidio")
    content: Any = yaml.load((path / "kinds.yaml").read_bytes(), yaml.CSafeLoader)
    return _File.model_validate(content)


def presidio_kinds() -> dict[str, PresidioKind]:
    """Numbers of countries that Presidio's recognizers find, by entity."""
    return _presidio().kinds


def country_names() -> dict[str, str]:
    """Names of the countries of which some number is known, by code."""
    ours = {stem: file.country for stem, file in kind_files().items() if file.country}
    return dict(sorted((_presidio().countries | ours).items(), key=lambda of: of[1]))


@cache
def countries() -> tuple[str, ...]:
    """Codes of the countries of which some number is known."""
    return tuple(sorted(country_names()))


def as_codes(given: Any) -> Any:
    """What was written as the codes of files; a word alone is a list of one.

    YAML reads the code of Norway as false.
    """
    listed = [given] if isinstance(given, str | bool) else given
    if not isinstance(listed, list | tuple):
        return given
    return tuple(_code(code) for code in listed)


def _code(given: Any) -> Any:
    if not isinstance(given, str):
        return "no" if given is False else given
    code = given.strip().lower()
    return _SAME.get(code, code)


def known(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The codes, if each is of a country of which some number is known.

    Raises:
        ValueError: One is not.
    """
    for code in codes:
        if code not in (*countries(), ALL):
            msg = (
                f"no number of {code} is known; known are {', '.join(countries())}; "
                f"{ALL} is each of them"
            )
            raise ValueError(msg)
    return codes


def entities_of(codes: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Settings of the kinds of some countries.

    Those of the files have their threshold. Those of Presidio count next to a word that
    names them: what their check digits alone let through is mostly something else.
    """
    chosen = countries() if ALL in codes else codes
    found: dict[str, dict[str, Any]] = {
        entity: {"threshold": kind.threshold}
        for stem in chosen
        if stem in kind_files()
        for entity, kind in kind_files()[stem].kinds.items()
    }
    further = {
        entity: {"needs_word": True}
        for entity, kind in presidio_kinds().items()
        if kind.country in chosen and not kind.by_name and entity not in known_kinds()
    }
    return found | further


def regions_of(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Their regions of telephone numbers."""
    chosen = countries() if ALL in codes else codes
    return tuple(_REGIONS.get(code, code.upper()) for code in chosen)
