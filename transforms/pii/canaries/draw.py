"""Choices by a keyed hash: for equal labels the same, whatever happens elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Item = TypeVar("Item")


@dataclass
class Draw:
    """Choices by a keyed hash of a counter: no state is shared between documents.

    Attributes:
        key: 32 bytes, from `Draw.of`.
        count: Choices made so far.
    """

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
