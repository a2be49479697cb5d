"""Which fake identifiers go into which document, and what is written around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isinglass.transforms.pii.carriers import (
    CHUNK_BORDER,
    PERSON,
    POSITIONS,
    as_key,
    carrier_language,
    carriers,
    labels,
    names,
    plantable,
)
from isinglass.transforms.pii.draw import Draw
from isinglass.transforms.pii.fakes import fake_value, values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from isinglass.schemas.config import PiiConfig

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
        entity: Its kind.
        position: Where it goes, one of `POSITIONS`.
        head: Text before it.
        value: The fake value.
        tail: Text after it.
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

    Kinds and positions are drawn without replacement, so that over many documents
    every enabled kind is planted at every position that it has a carrier for. Some
    documents get values at `chunk_border` alone.

    Args:
        doc_id: Identity of the document.
        language: Its language tag, if known.
        config: Names the enabled entities and the languages that have a model.
        seed: Of the run.
    """
    draw = Draw.of(f"canaries {seed} {doc_id}")
    entities = plantable(config, language)
    if not entities:
        return []
    own = carrier_language(language)
    if draw.share() < LONG_SHARE:
        drawn = [(e, CHUNK_BORDER) for e in draw.shuffled(entities)[:AT_BORDER]]
    else:
        drawn = _pairs(entities, own, config, draw)
    return [_canary(entity, position, own, config, draw) for entity, position in drawn]


def _pairs(
    entities: Sequence[str], language: str, config: PiiConfig, draw: Draw
) -> list[tuple[str, str]]:
    """Kinds and positions of one document, by position."""
    pairs = [
        (entity, position)
        for entity in entities
        for position in POSITIONS
        if position != CHUNK_BORDER and _fits(entity, language, position, config)
    ]
    chosen: dict[str, str] = {}
    for entity, position in draw.shuffled(pairs):
        if len(chosen) < PER_DOCUMENT:
            chosen.setdefault(position, entity)
    return [(entity, position) for position, entity in sorted(chosen.items())]


def _fits(entity: str, language: str, position: str, config: PiiConfig) -> bool:
    """Whether there is a carrier, and a value that it can hold."""
    if not carriers(entity, language, position):
        return False
    return entity == PERSON or bool(_templates(entity, position, config))


def _canary(
    entity: str, position: str, language: str, config: PiiConfig, draw: Draw
) -> Canary:
    carrier = draw.choice(carriers(entity, language, position))
    known = labels(entity, "zh" if position == "han" else language)
    if known:
        label = draw.choice(known)
        carrier = carrier.replace("{label}", label).replace("{key}", as_key(label))
    value = _value(entity, position, language, config, draw)
    head, tail = carrier.split("{value}")
    return Canary(entity, position, head, value, tail, draw.share())


def _value(
    entity: str, position: str, language: str, config: PiiConfig, draw: Draw
) -> str:
    if entity == PERSON:
        known = names(language)
        assert known is not None
        return f"{draw.choice(known['given'])} {draw.choice(known['family'])}"
    return fake_value(draw.choice(_templates(entity, position, config)), draw)


def _templates(entity: str, position: str, config: PiiConfig) -> list[dict[str, Any]]:
    return [
        entry
        for entry in values()[entity]
        if entry.get("region") in (None, *config.phone_regions)
        # A query string holds no spaces.
        and not (position == "url" and " " in entry["template"])
    ]
