"""Fake identifiers: their values and the sentences that carry them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from isinglass.transforms.demographics.lexicon import primary_language
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from isinglass.schemas.config import PiiConfig

Item = TypeVar("Item")

POSITIONS = ("start", "middle", "end", "url", "html", "json", "table", "han")
PER_DOCUMENT = 4
"""Values planted in one document, at different positions."""

_SLOTS = {
    "#": "0123456789",
    "~": "123456789",
    "%": "0123456789abcdef",
}


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
    every enabled kind is planted at every position that it has a carrier for.

    Args:
        doc_id: Identity of the document.
        language: Its language tag, if known.
        config: Names the enabled entities and the languages that have a model.
        seed: Of the run.
    """
    label = f"canaries {seed} {doc_id}".encode()
    draw = _Draw(hashlib.blake2b(label, digest_size=32).digest())
    content = load_data("canaries", "en").content
    pairs = [
        (entity, position)
        for entity in plantable(config, language)
        for position in POSITIONS
        if _carriers(content, entity, position)
    ]
    chosen: dict[str, str] = {}
    for entity, position in draw.shuffled(pairs):
        if len(chosen) < PER_DOCUMENT:
            chosen.setdefault(position, entity)
    return [
        _canary(content, entity, position, config, draw)
        for position, entity in sorted(chosen.items())
    ]


@dataclass
class _Draw:
    """Choices by a keyed hash of a counter: no state is shared between documents."""

    key: bytes = field(repr=False)
    count: int = 0

    def share(self) -> float:
        """Next number, 0 <= x < 1."""
        self.count += 1
        message = self.count.to_bytes(8, "big")
        digest = hashlib.blake2b(message, digest_size=8, key=self.key).digest()
        return (int.from_bytes(digest, "big") >> 11) / 2.0**53

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[int(self.share() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All items in a drawn order."""
        keys = [self.share() for _ in items]
        return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__)]


def plantable(config: PiiConfig, language: str | None) -> list[str]:
    """Entities that are looked for in a language and have fake values."""
    content = load_data("canaries", "en").content
    names = [entity for entity in content["values"] if entity in config.entities]
    with_model = config.mode != "identifiers" and (
        primary_language(language or "") in config.languages
    )
    # The names and carriers are English: in other texts they would measure little.
    english = primary_language(language or "") == content["language"]
    if with_model and english and "PERSON" in config.entities:
        names.append("PERSON")
    return sorted(names)


def _carriers(content: dict[str, Any], entity: str, position: str) -> Sequence[str]:
    own = content["carriers"].get(entity, {})
    if entity == "PERSON":
        return tuple(own.get(position, ()))
    return tuple(own.get(position, content["carriers"]["any"][position]))


def _canary(
    content: dict[str, Any],
    entity: str,
    position: str,
    config: PiiConfig,
    draw: _Draw,
) -> Canary:
    carrier = draw.choice(_carriers(content, entity, position))
    value = _value(content, entity, position, config, draw)
    head, tail = carrier.replace("{{", "{").replace("}}", "}").split("{value}")
    return Canary(entity, position, head, value, tail, draw.share())


def _value(
    content: dict[str, Any],
    entity: str,
    position: str,
    config: PiiConfig,
    draw: _Draw,
) -> str:
    if entity == "PERSON":
        names = content["names"]
        return f"{draw.choice(names['given'])} {draw.choice(names['family'])}"
    templates = [
        entry["template"]
        for entry in content["values"][entity]
        if entry.get("region") in (None, *config.phone_regions)
        # A query string holds no spaces.
        and not (position == "url" and " " in entry["template"])
    ]
    template = draw.choice(templates)
    return "".join(draw.choice(_SLOTS[c]) if c in _SLOTS else c for c in template)
