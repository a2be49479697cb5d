"""Invented values: drawn from templates, with check digits that are computed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from isinglass.schemas.config.kinds import known_kinds, place
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.catalogue import checks_of

if TYPE_CHECKING:
    from isinglass.schemas.config.kinds import InventedValue

Item = TypeVar("Item")

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


@dataclass
class Draw:
    """Choices by a keyed hash of a counter: no state is shared between documents."""

    key: bytes = field(repr=False)
    count: int = 0

    @classmethod
    def of(cls, label: str) -> Draw:
        """Start the choices that belong to a label."""
        return cls(hashlib.blake2b(label.encode(), digest_size=32).digest())

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
