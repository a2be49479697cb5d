"""Choices that depend on nothing but a value key."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_DRAWS = 32
_BYTES = 4


class Stream:
    """Numbers drawn from the value key of one value, the same on every machine.

    The value key is HMAC-SHA256(key, entity, normalised value), so the numbers tell
    nothing of the value to who does not have the key. SHAKE-256 (FIPS 202) stretches
    it: a longer output begins with the shorter one.

    Args:
        mark: The value key.
    """

    __slots__ = ("_at", "_draws", "_seed")

    def __init__(self, mark: str) -> None:
        self._seed = b"surrogate\0" + mark.encode()
        self._draws = self._stretched(_FIRST_DRAWS)
        self._at = 0

    def _stretched(self, count: int) -> tuple[int, ...]:
        digest = hashlib.shake_256(self._seed).digest(_BYTES * count)
        return struct.unpack(f">{count}I", digest)

    def below(self, count: int) -> int:
        """Next number from 0 to `count` - 1.

        32 bits are reduced modulo `count`, so small numbers are favoured by less
        than count / 2**32.
        """
        if self._at == len(self._draws):
            self._draws = self._stretched(2 * self._at)
        number = self._draws[self._at] % count
        self._at += 1
        return number

    def digits(self, count: int) -> str:
        """Next `count` decimal digits."""
        return "".join([str(self.below(10)) for _ in range(count)])

    def choice(self, items: Sequence[str]) -> str:
        """One of the items."""
        return items[self.below(len(items))]
