"""Invented values: templates whose check digits are computed."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.checks.table import CHECKS
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from collections.abc import Mapping

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
def values() -> dict[str, list[dict[str, Any]]]:
    """Templates by entity, from `canaries/values.yaml`."""
    content: dict[str, list[dict[str, Any]]] = load_data("canaries", "values").content[
        "values"
    ]
    return content


def fake_value(entry: Mapping[str, Any], draw: Draw) -> str:
    """An invented value.

    Args:
        entry: `template`, and with `?` in it `check`, the name in `checks.table` of
            what must hold; `alphabet` says what `?` may be, digits if not given.
        draw: Chooses.

    Raises:
        ConfigError: No value of the template passes its check.
    """
    template = entry["template"]
    if CHECKED not in template:
        return _filled(template, draw)
    check = CHECKS[entry["check"]]
    alphabet = entry.get("alphabet", _DIGITS)
    for _ in range(_ATTEMPTS):
        open_value = _filled(template, draw)
        for computed in itertools.product(alphabet, repeat=template.count(CHECKED)):
            value = _computed(open_value, computed)
            if check(value):
                return value
    msg = f"canaries/values.yaml: no value of {template} passes {entry['check']}."
    raise ConfigError(msg)


def _filled(template: str, draw: Draw) -> str:
    return "".join(draw.choice(_SLOTS[c]) if c in _SLOTS else c for c in template)


def _computed(template: str, characters: tuple[str, ...]) -> str:
    left = iter(characters)
    return "".join(next(left) if c == CHECKED else c for c in template)
