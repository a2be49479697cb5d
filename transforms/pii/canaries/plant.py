"""Copies of sampled documents with known fake identifiers in them.

The detector of the run scans them, and what it finds of them is counted (`recall.py`):
so every run measures what its detector misses. Planted texts are never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.kinds import InventedValue
from isinglass.transforms.draws import Draw
from isinglass.transforms.language import primary_language
from isinglass.transforms.pii.canaries.fakes import (
    CHUNK_BORDER,
    PERSON,
    POSITIONS,
    carrier_languages,
    carriers,
    fake_value,
    labels,
    names,
    plantable,
    values,
)
from isinglass.transforms.pii.windows import CHUNK_CHARS, OVERLAP_CHARS

if TYPE_CHECKING:
    _Copy = tuple[str, list[tuple[int, "Canary"]]]
    """A text with values in it, and where each begins, in code points."""

PER_DOCUMENT = 6
"""Values planted in one document, at different positions."""

LONG_SHARE = 1 / 40
"""Share of the sampled documents whose copy is made long enough to be cut."""

EXCERPT_CHARS = 4_000
"""Of a longer document a stretch of this length is copied: detectors look no further
than some hundred characters."""

LEAST_RECALL = 0.9
"""The wanted interval is reached where recall is at least this (or at most .1)."""

AT_BORDER = 2
"""Values in a long copy: one across the cut, one where the next chunk starts."""

EXPECTED = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("position", pa.string(), nullable=False),
    ]
)

_AFTER = 1_000
"""Code points behind the cut: the next chunk has text on both sides of its values."""

_CALM = "\t"
_FALLBACK = "en"
_NOT_KEY = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True)
class Canary:
    """One value with what is written around it.

    Attributes:
        place: 0 to 1, where in the text, for positions that leave it open.
    """

    entity: str
    position: str
    head: str
    value: str = field(repr=False)
    tail: str
    place: float


@dataclass(frozen=True)
class Planted:
    """Copies of documents with fake identifiers in them.

    Attributes:
        texts: The copies. Never to be written.
        expected: `EXPECTED`, where each value lies in its copy (code points).
    """

    texts: pa.StringArray = field(repr=False)
    languages: pa.StringArray
    sources: pa.StringArray
    expected: pa.RecordBatch


class Sampled(NamedTuple):
    """Documents that were drawn for planting: columns of equal length."""

    texts: pa.StringArray
    doc_ids: pa.StringArray
    languages: pa.StringArray
    sources: pa.StringArray


def copies_wanted(config: PiiConfig) -> int:
    """Documents to sample, so that recall of each kind has the interval asked for.

    The half-width of a 95 % interval of a share p of n is about 1.96 sqrt(p (1 - p) /
    n) (Wald). A tenth more is planted, since kinds are drawn.
    """
    if config.canaries.documents is not None:
        return config.canaries.documents
    kinds = max(len(plantable(config, language)) for language in carrier_languages())
    spread = LEAST_RECALL * (1 - LEAST_RECALL)
    values_of_kind = 1.1 * spread * (1.96 / config.canaries.half_width) ** 2
    return ceil(kinds * values_of_kind / PER_DOCUMENT)


def plant(sampled: Sampled, config: PiiConfig, seed: int) -> Planted:
    """Write several fake identifiers into a copy of each document.

    What is planted where depends on the seed and the document alone, so that order,
    batches and workers do not matter.
    """
    copies: list[str] = []
    expected = []
    columns = (sampled.texts, sampled.doc_ids, sampled.languages)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    for row, (text, doc_id, language) in enumerate(rows):
        canaries = choose(doc_id, language, config, seed)
        long = any(canary.position == CHUNK_BORDER for canary in canaries)
        if long:
            copy, placed = _long_copy(text, canaries)
        else:
            copy, placed = _copy(_excerpt(text, doc_id, seed), canaries)
        copies.append(copy)
        expected += [
            {
                "row": row,
                "start": start,
                "end": start + len(canary.value),
                "entity": canary.entity,
                "position": canary.position,
            }
            for start, canary in placed
        ]
    batch = pa.RecordBatch.from_pylist(expected, schema=EXPECTED)
    texts = pa.array(copies, pa.string())
    return Planted(texts, sampled.languages, sampled.sources, batch)


def choose(
    doc_id: str, language: str | None, config: PiiConfig, seed: int
) -> list[Canary]:
    """The canaries of a document, which depend on nothing but the arguments.

    Kinds and then positions are drawn evenly, so that over many documents every enabled
    kind is planted as often, at every position that it has a carrier for. Some
    documents get values at `chunk_border` alone.
    """
    draw = Draw.of(f"canaries {seed} {doc_id}")
    entities = plantable(config, language)
    if not entities:
        return []
    primary = primary_language(language or "")
    own = primary if primary in carrier_languages() else _FALLBACK
    regions = config.phone_regions
    if draw.share() < LONG_SHARE:
        drawn = [(e, CHUNK_BORDER) for e in draw.shuffled(entities)[:AT_BORDER]]
    else:
        drawn = _drawn(_positions(tuple(entities), own, regions), draw)
    return [_canary(entity, position, own, regions, draw) for entity, position in drawn]


def _drawn(positions: Mapping[str, Sequence[str]], draw: Draw) -> list[tuple[str, str]]:
    """Kinds and positions of one document, no position twice, by position."""
    kinds = sorted(positions)
    known = {position for places in positions.values() for position in places}
    wanted = min(PER_DOCUMENT, len(known))
    chosen: dict[str, str] = {}
    while len(chosen) < wanted:
        entity = draw.choice(kinds)
        chosen.setdefault(draw.choice(positions[entity]), entity)
    return [(entity, position) for position, entity in sorted(chosen.items())]


@cache
def _positions(
    entities: tuple[str, ...], language: str, regions: tuple[str, ...]
) -> Mapping[str, Sequence[str]]:
    """Positions of each kind that have a carrier and a value that it can hold."""
    found = {
        entity: [
            position
            for position in POSITIONS
            if position != CHUNK_BORDER
            and carriers(entity, language, position)
            and (entity == PERSON or _templates(entity, position, regions))
        ]
        for entity in entities
    }
    return {entity: places for entity, places in found.items() if places}


def _excerpt(text: str, doc_id: str, seed: int) -> str:
    """A drawn stretch of a long text, from the beginning of a word."""
    if len(text) <= EXCERPT_CHARS:
        return text
    share = Draw.of(f"excerpt {seed} {doc_id}").share()
    start = int(share * (len(text) - EXCERPT_CHARS))
    start = max(start, text.find(" ", start, start + EXCERPT_CHARS // 2) + 1)
    return text[start : start + EXCERPT_CHARS]


def _canary(
    entity: str, position: str, language: str, regions: tuple[str, ...], draw: Draw
) -> Canary:
    carrier = draw.choice(carriers(entity, language, position))
    known = labels(entity, "zh" if position == "han" else language)
    if known:
        label = draw.choice(known)
        # As the name of a field; labels in other scripts stay as they are.
        key = _NOT_KEY.sub("_", label.lower()) if label.isascii() else label
        carrier = carrier.replace("{label}", label).replace("{key}", key)
    head, tail = carrier.split("{value}")
    if entity == PERSON:
        known_names = names(language) or {}
        value = " ".join(draw.choice(known_names[part]) for part in ("given", "family"))
    else:
        entry = draw.choice(_templates(entity, position, regions))
        value = fake_value(entity, entry, draw)
        head, tail = head + entry.before, entry.after + tail
    return Canary(entity, position, head, value, tail, draw.share())


@cache
def _templates(
    entity: str, position: str, regions: tuple[str, ...]
) -> tuple[InventedValue, ...]:
    return tuple(
        entry
        for entry in values()[entity]
        if entry.region in (None, *regions)
        # A query string holds no spaces.
        and not (position == "url" and " " in entry.template)
    )


def _copy(text: str, canaries: list[Canary]) -> _Copy:
    # At equal places the value of `end` must still come last, and `start` first.
    rank = {"start": -1, "end": 1}
    ordered = sorted(
        ((rank.get(c.position, 0), _place(text, c), c.position, c) for c in canaries),
        key=itemgetter(0, 1, 2),
    )
    pieces: list[str] = []
    placed = []
    position, length = 0, 0
    for _, place, _, canary in ordered:
        before = "" if canary.position == "start" else " "
        after = "" if canary.position == "end" else " "
        head = text[position:place] + before + canary.head
        placed.append((length + len(head), canary))
        pieces += [head, canary.value, canary.tail, after]
        length += sum(map(len, pieces[-4:]))
        position = place
    pieces.append(text[position:])
    return "".join(pieces), placed


def _place(text: str, canary: Canary) -> int:
    """Where to insert: both ends, or the white space next to the drawn place."""
    if canary.position == "start":
        return 0
    if canary.position == "end":
        return len(text)
    share = 0.5 if canary.position == "middle" else canary.place
    wanted = int(share * len(text))
    found = text.find(" ", wanted)
    return wanted if found < 0 else found


def _long_copy(text: str, canaries: list[Canary]) -> _Copy:
    """Repeat a text until it must be cut, and write values where that happens.

    `chunks.chunk_spans` cuts at `CHUNK_CHARS` where it finds no border before, and
    else behind the last one. So the second half of the copy has none: paragraphs,
    lines and sentences run on, and before a value without spaces there are tabs for
    spaces. One value then stands across the cut (or ends at it, or starts at it); the
    other one begins exactly where the next chunk does. Neither may be taken
    from a chunk that holds only a part of it, and both must be found once.
    """
    # A value without spaces cannot be cut where spaces of another one come before.
    ordered = sorted(canaries, key=lambda canary: " " not in canary.value)
    starts = (CHUNK_CHARS - _cut_inside(ordered[0]), CHUNK_CHARS - OVERLAP_CHARS)
    whole = (text.strip() or "-") + "\n\n"
    length = CHUNK_CHARS + _AFTER
    body = (whole * (length // len(whole) + 1))[:length]
    placed = []
    for canary, start in zip(ordered, starts, strict=False):
        piece = canary.head + _CALM + canary.value + canary.tail
        first = start - len(canary.head + _CALM)
        body = body[:first] + piece + body[first + len(piece) :]
        placed.append((start, canary))
    half = CHUNK_CHARS // 2
    # A stretch in which the cut is not drawn to a border before it.
    rest = body[half:].replace("\n", _CALM).replace(". ", "; ")
    if " " not in ordered[0].value:
        rest = rest.replace(" ", _CALM)
    return body[:half] + rest, sorted(placed, key=itemgetter(0))


def _cut_inside(canary: Canary) -> int:
    """Code points of the value before the cut.

    A value with spaces is cut behind its last one. Any other one is cut anywhere,
    the place drawn with the canary, from right before it to right behind it.
    """
    space = canary.value.rfind(" ")
    if space >= 0:
        return space + 1
    return round(canary.place * len(canary.value))
