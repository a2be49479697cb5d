"""Segregated witness addresses: Bech32 (BIP 173) and Bech32m (BIP 350)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {char: value for value, char in enumerate(_CHARSET)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32, _BECH32M = 1, 0x2BC830A3
_PREFIXES = ("bc", "ltc")
_CHECKSUM = 6
_LAST_VERSION = 16


def is_bech32(value: str) -> bool:
    """Whether a value is a witness address of Bitcoin or Litecoin, checksum included.

    Version 0 takes the checksum of BIP 173, later versions the one of BIP 350; a
    program is of 2 to 40 bytes, of 20 or 32 in version 0. Upper and lower case may
    not be mixed.
    """
    if value not in (value.lower(), value.upper()):
        return False
    prefix, _, rest = value.lower().rpartition("1")
    if prefix not in _PREFIXES or not all(char in _VALUES for char in rest):
        return False
    data = [_VALUES[char] for char in rest]
    if len(data) <= _CHECKSUM + 1 or data[0] > _LAST_VERSION:
        return False
    wanted = _BECH32 if data[0] == 0 else _BECH32M
    return _polymod([*_expand(prefix), *data]) == wanted and _holds_program(data)


def _holds_program(data: list[int]) -> bool:
    """Whether the groups of five bits make whole bytes, in an allowed number."""
    bits = 5 * (len(data) - 1 - _CHECKSUM)
    size, left = divmod(bits, 8)
    padding = data[-_CHECKSUM - 1] & ((1 << left) - 1)
    allowed = (20, 32) if data[0] == 0 else range(2, 41)
    return left < 5 and padding == 0 and size in allowed  # noqa: PLR2004 - bits


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: Iterable[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            state ^= generator if top >> bit & 1 else 0
    return state
