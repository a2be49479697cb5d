"""Invented values, and the sentences, markup and data that they are planted in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.kinds import InventedValue, known_kinds, place
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.language import primary_language
from isinglass.transforms.pii.catalogue import checks_of
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from isinglass.transforms.draws import Draw

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_SLOTS = {
    "#": _DIGITS,
    "~": _DIGITS[1:],
    "%": "0123456789abcdef",
    "^": _LETTERS,
    "&": _DIGITS + _LETTERS + _LETTERS.lower(),
    "|": _LETTERS + "234567",
}
"""What a character of a template stands for; any other one stands for itself."""

CHECKED = "?"
"""A character of a template that is computed."""

_ATTEMPTS = 40
"""Draws of the free characters: with some checks one in 11 has no check digit."""

CHUNK_BORDER = "chunk_border"
"""Position where a long text is cut; carried like `middle`."""

_SENTENCES = ("start", "middle", "end", CHUNK_BORDER)
_STRUCTURES = (
    *("url", "html", "json", "table", "csv", "tsv"),
    *("markdown", "escape", "beside_number", "han"),
)
POSITIONS = (*_SENTENCES, *_STRUCTURES)
"""In the words of the language of the document; in markup, data, behind the escapes of
a string, beside other numbers, and in Chinese text without spaces."""

PERSON = "PERSON"


@cache
def values() -> dict[str, tuple[InventedValue, ...]]:
    """How values are written, by entity."""
    canaries = ((entity, kind.canary) for entity, kind in known_kinds().items())
    return {entity: canary.values for entity, canary in canaries if canary is not None}


def fake_value(entity: str, invented: InventedValue, draw: Draw) -> str:
    """An invented value; a check of its kind must hold if the template has `?` in it.

    Raises:
        ConfigError: No value of the template passes a check.
    """
    template = invented.template
    if CHECKED not in template:
        return _filled(template, draw)
    checks = checks_of(entity)
    count = template.count(CHECKED)
    for _ in range(_ATTEMPTS):
        open_value = _filled(template, draw)
        for computed in itertools.product(invented.alphabet, repeat=count):
            left = iter(computed)
            value = "".join(next(left) if c == CHECKED else c for c in open_value)
            if any(check(value) for check in checks):
                return value
    msg = (
        f"{place(entity)}.canary.values: no value of {template} passes a check of "
        "the kind. Correct the template or its alphabet"
    )
    raise ConfigError(msg)


def _filled(template: str, draw: Draw) -> str:
    return "".join(draw.choice(_SLOTS[c]) if c in _SLOTS else c for c in template)


def carriers(entity: str, language: str, position: str) -> Sequence[str]:
    """Texts with `{value}`, and `{label}` or `{key}` for kinds that have a label.

    The most special list counts: of the kind in the language, of the kind in any,
    then of all kinds in the language, then in any.
    """
    place = "middle" if position == CHUNK_BORDER else position
    common = "labelled" if _labels(entity) else "any"
    for name in (entity, common):
        for stem in (language, "any"):
            found = _content(stem)["carriers"].get(name, {}).get(place)
            if found is not None:
                return tuple(found)
    return ()


def labels(entity: str, language: str) -> Sequence[str]:
    """What a kind is called in a language, or where that is not known, at home."""
    named = _labels(entity)
    return named.get(language) or named.get("any", ())


def _labels(entity: str) -> dict[str, tuple[str, ...]]:
    kind = known_kinds().get(entity)
    return {} if kind is None or kind.canary is None else kind.canary.labels


@cache
def carrier_languages() -> frozenset[str]:
    """Languages that have sentences."""
    folder = files("isinglass.transforms") / "resources" / "canaries"
    stems = {entry.name.removesuffix(".yaml") for entry in folder.iterdir()}
    return frozenset(stems - {"any"})


def names(language: str) -> dict[str, list[str]] | None:
    """Given and family names of a language, if there are some."""
    known = language in carrier_languages()
    return _content(language).get("names") if known else None


def plantable(config: PiiConfig, language: str | None) -> list[str]:
    """Entities that are looked for in a language and have invented values, sorted.

    Names are planted only where a model looks for them and names of the language are
    at hand: others would measure little.
    """
    found = [entity for entity in values() if entity in config.entities]
    primary = primary_language(language or "")
    with_model = config.mode != "identifiers" and primary in config.languages
    if with_model and PERSON in config.entities and names(primary):
        found.append(PERSON)
    return sorted(found)


def _content(stem: str) -> dict[str, Any]:
    return load_data("canaries", stem).content
