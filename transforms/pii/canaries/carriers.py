"""The sentences, markup and data that planted identifiers stand in, by language."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from isinglass.schemas.config.kinds import known_kinds
from isinglass.transforms.language import primary_language
from isinglass.transforms.pii.canaries.fakes import values
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.schemas.config import PiiConfig

CHUNK_BORDER = "chunk_border"
"""Position where a long text is cut; carried like `middle`."""

_SENTENCES = ("start", "middle", "end", CHUNK_BORDER)
_STRUCTURES = ("url", "html", "json", "table", "han")
POSITIONS = (*_SENTENCES, *_STRUCTURES)
"""In the words of the language of the document; in markup, data and Chinese text
without spaces."""

PERSON = "PERSON"
_FALLBACK = "en"
_NOT_KEY = re.compile(r"[^0-9a-z]+")


def carriers(entity: str, language: str, position: str) -> Sequence[str]:
    """Texts with `{value}`, and `{label}` or `{key}` for kinds that have a label.

    The most special list counts: of the kind in the language (`carrier_language`), of
    the kind in any, then of all kinds in the language, then in any.
    """
    place = "middle" if position == CHUNK_BORDER else position
    common = "labelled" if has_label(entity) else "any"
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


def has_label(entity: str) -> bool:
    """Whether values of a kind are written behind their name."""
    return bool(_labels(entity))


def _labels(entity: str) -> dict[str, tuple[str, ...]]:
    kind = known_kinds().get(entity)
    return {} if kind is None or kind.canary is None else kind.canary.labels


def as_key(label: str) -> str:
    """A label as the name of a field: lower case, `_` for all but letters and digits.

    Labels in other scripts stay as they are.
    """
    return _NOT_KEY.sub("_", label.lower()) if label.isascii() else label


def carrier_language(language: str | None) -> str:
    """The language of the sentences for a document: its own, or English."""
    primary = primary_language(language or "")
    return primary if primary in carrier_languages() else _FALLBACK


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
