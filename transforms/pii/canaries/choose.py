"""Which fake identifiers go into which document, and what is written around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from isinglass.transforms.pii.canaries.fakes import (
    CHUNK_BORDER,
    PERSON,
    POSITIONS,
    Draw,
    as_key,
    carrier_language,
    carriers,
    fake_value,
    labels,
    names,
    plantable,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.schemas.config import PiiConfig
    from isinglass.schemas.config.kinds import InventedValue

PER_DOCUMENT = 6
"""Values planted in one document, at different positions."""

LONG_SHARE = 1 / 40
"""Share of the sampled documents whose copy is made long enough to be cut."""

AT_BORDER = 2
"""Values in a long copy: one across the cut, one where the next chunk starts."""


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


def choose(
    doc_id: str, language: str | None, config: PiiConfig, seed: int
) -> list[Canary]:
    """The canaries of a document, which depend on nothing but the arguments.

    Kinds and positions are drawn evenly, so that over many documents every enabled
    kind is planted at every position that it has a carrier for. Some documents get
    values at `chunk_border` alone.
    """
    draw = Draw.of(f"canaries {seed} {doc_id}")
    entities = plantable(config, language)
    if not entities:
        return []
    own = carrier_language(language)
    regions = config.phone_regions
    if draw.share() < LONG_SHARE:
        drawn = [(e, CHUNK_BORDER) for e in draw.shuffled(entities)[:AT_BORDER]]
    else:
        drawn = _drawn(_pairs(tuple(entities), own, regions), draw)
    return [_canary(entity, position, own, regions, draw) for entity, position in drawn]


def _drawn(pairs: Sequence[tuple[str, str]], draw: Draw) -> list[tuple[str, str]]:
    """Kinds and positions of one document, no position twice, by position."""
    places = min(PER_DOCUMENT, len({position for _, position in pairs}))
    chosen: dict[str, str] = {}
    while len(chosen) < places:
        entity, position = draw.choice(pairs)
        chosen.setdefault(position, entity)
    return [(entity, position) for position, entity in sorted(chosen.items())]


@cache
def _pairs(
    entities: tuple[str, ...], language: str, regions: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Kinds and positions for which there is a carrier and a value that it can hold."""
    return tuple(
        (entity, position)
        for entity in entities
        for position in POSITIONS
        if position != CHUNK_BORDER
        and carriers(entity, language, position)
        and (entity == PERSON or _templates(entity, position, regions))
    )


def _canary(
    entity: str, position: str, language: str, regions: tuple[str, ...], draw: Draw
) -> Canary:
    carrier = draw.choice(carriers(entity, language, position))
    known = labels(entity, "zh" if position == "han" else language)
    if known:
        label = draw.choice(known)
        carrier = carrier.replace("{label}", label).replace("{key}", as_key(label))
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
