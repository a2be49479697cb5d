"""Choices at random that are the same in every run: by keyed hashes, not by a state."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags
from isinglass.transforms.mixing import splitmix64
from isinglass.transforms.read.identity import doc_id_words

Item = TypeVar("Item")
Words = NDArray[np.uint64]


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


def sample_documents(doc_ids: pa.StringArray, share: float, label: str) -> Flags:
    """Which documents are sampled: by a keyed hash, so in any order the same.

    `share` is the expected one; 1 or more chooses all. Samples of different labels have
    nothing to do with each other.
    """
    salt = np.frombuffer(
        hashlib.blake2b(label.encode(), digest_size=16).digest(), "<u8"
    )
    words = doc_id_words(doc_ids)
    mixed = (words[:, 0] ^ salt[0]) * (salt[1] | np.uint64(1))
    # A finaliser of splitmix64, as in `mixing`, after each of the two words.
    mixed = (mixed ^ (mixed >> np.uint64(30)) ^ words[:, 1]) * np.uint64(
        0xBF58476D1CE4E5B9
    )
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    draw = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return np.asarray(draw < share)


def salt(kind: str, label: str, seed: int) -> int:
    """The key of one draw: another kind, label or seed gives another order."""
    name = f"{seed}\0{kind}\0{label}".encode()
    digest = hashlib.blake2b(name, digest_size=8, person=b"isinglass review").digest()
    return int.from_bytes(digest, "little")


def place_draws(
    doc_ids: pa.StringArray, starts: NDArray[np.int64], salts: Words
) -> NDArray[np.uint64]:
    """A number for each place, by a keyed hash of its document and where it begins.

    The first so many places in ascending order are a simple random sample without
    replacement, of which a larger one takes in a smaller. What else is in a corpus
    does not matter.

    Args:
        doc_ids: Documents of the places, (n,).
        starts: First code points of the places, (n,).
        salts: Key of each place, (n,); see `salt`.
    """
    words = doc_id_words(doc_ids)
    mixed = splitmix64(words[:, 0] ^ salts)
    mixed = splitmix64(mixed ^ words[:, 1])
    return splitmix64(mixed ^ starts.astype(np.uint64))
