"""What the catalogue finds in a text, without the engine around it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import hyperscan
import regex  # type: ignore[import-untyped]

from isinglass.schemas.config.kinds import known_kinds
from isinglass.transforms.pii.catalogue import Entry, load_catalogue
from isinglass.transforms.pii.recognizers import (
    Match,
    catalogue_recognizer,
    without_contained,
)
from isinglass.transforms.pii.reserved import is_reserved
from isinglass.transforms.pii.rules import Context, raised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.pii.pattern_recognizer import PatternRecognizer

Case = tuple[str, list[str]]


def found(text: str, entity: str) -> list[str]:
    """Values of one entity that reach its threshold, in order, each once.

    Fails if a pattern matches where the gate of its entry does not open.
    """
    threshold = known_kinds()[entity].threshold
    spans = {
        (match.start, match.end)
        for entry, recognizer, context in parts(entity)
        for match in without_contained(list(_matches(text, entry, recognizer)))
        if raised(match.score, context.find(text, match.start)) >= threshold
    }
    return [text[start:end] for start, end in sorted(spans)]


def _matches(text: str, entry: Entry, recognizer: PatternRecognizer) -> Iterator[Match]:
    for pattern in entry.recognizer.patterns:
        for match in regex.finditer(pattern.regex, text):
            assert opens(entry, text), (entry.recognizer.rule, pattern.name)
            value = match.group()
            valid = recognizer.validate_result(value)
            if valid is False or is_reserved(entry.entity, value) or not value:
                continue
            score = 1.0 if valid else pattern.score
            start, end = match.span()
            yield Match(start, end, score, pattern.name, valid)


@cache
def parts(entity: str) -> list[tuple[Entry, PatternRecognizer, Context]]:
    """Entries of an entity with their recognizers and context words."""
    entries = [
        e for e in load_catalogue() if e.entity == entity and e.recognizer.patterns
    ]
    return [
        (e, catalogue_recognizer(e), Context.of(e.recognizer.context)) for e in entries
    ]


def opens(entry: Entry, text: str) -> bool:
    """Whether the gate of an entry opens for a text."""
    return hits(entry, text) > 0


def hits(entry: Entry, text: str) -> int:
    """How often the gate of an entry opens in a text."""
    ends: list[int] = []
    _database(entry.recognizer.gate).scan(
        text.encode(), match_event_handler=lambda _i, _s, end, _f, _c: ends.append(end)
    )
    return len(ends)


@cache
def _database(gate: str) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[gate.encode("ascii")], ids=[0], flags=[0])
    return database
