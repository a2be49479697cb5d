"""Invented values: templates whose check digits are computed."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

from isinglass.schemas.config.kinds import known_kinds, place
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.catalogue import checks_of

if TYPE_CHECKING:
    from isinglass.schemas.config.kinds import InventedValue
    from isinglass.transforms.pii.canaries.draw import Draw

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


@cache
def values() -> dict[str, tuple[InventedValue, ...]]:
    """How values are written, by entity."""
    canaries = ((entity, kind.canary) for entity, kind in known_kinds().items())
    return {entity: canary.values for entity, canary in canaries if canary is not None}


def fake_value(entity: str, invented: InventedValue, draw: Draw) -> str:
    """An invented value.

    Args:
        entity: Its kind, of which a check must hold if the template has `?` in it.
        invented: How it is written.
        draw: Chooses.

    Raises:
        ConfigError: No value of the template passes a check.
    """
    template = invented.template
    if CHECKED not in template:
        return _filled(template, draw)
    checks = checks_of(entity)
    for _ in range(_ATTEMPTS):
        open_value = _filled(template, draw)
        count = template.count(CHECKED)
        for computed in itertools.product(invented.alphabet, repeat=count):
            value = _computed(open_value, computed)
            if any(check(value) for check in checks):
                return value
    msg = (
        f"{place(entity)}.canary.values: no value of {template} passes a check of "
        "the kind. Correct the template or its alphabet"
    )
    raise ConfigError(msg)


def _filled(template: str, draw: Draw) -> str:
    return "".join(draw.choice(_SLOTS[c]) if c in _SLOTS else c for c in template)


def _computed(template: str, characters: tuple[str, ...]) -> str:
    left = iter(characters)
    return "".join(next(left) if c == CHECKED else c for c in template)
