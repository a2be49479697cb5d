"""Boilerplate: paragraphs that more than so many documents of a source hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

UNKNOWN = -1
ENTRY = np.dtype([("key", "<u8"), ("documents", "<u4")])
"""A paragraph key and how many documents of one shard hold it."""


@dataclass(frozen=True, eq=False)
class Boilerplate:
    """Paragraph keys (k,), distinct and ascending, and documents that hold each."""

    keys: NDArray[np.uint64] = field(repr=False)
    documents: NDArray[np.int64] = field(repr=False)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """int64 (k,), index of each paragraph: most documents first, then by key."""
        return np.lexsort((self.keys, -self.documents))

    @cached_property
    def numbers(self) -> NDArray[np.int32]:
        """int32 (k,), number of each key in the list of paragraphs."""
        numbers = np.empty(len(self.keys), np.int32)
        numbers[self.order] = np.arange(len(self.keys), dtype=np.int32)
        return numbers

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Paragraph numbers of keys (m,); `UNKNOWN` for what is no boilerplate."""
        if len(self.keys) == 0:
            return np.full(len(keys), UNKNOWN, np.int32)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found = self.numbers[place]
        return np.where(self.keys[place] == keys, found, np.int32(UNKNOWN))


def pack(keys: NDArray[np.uint64]) -> NDArray[np.void]:
    """Sum up the distinct keys of the documents of a shard: `ENTRY`, ascending."""
    distinct, counts = np.unique(keys, return_counts=True)
    entries = np.empty(len(distinct), ENTRY)
    entries["key"], entries["documents"] = distinct, counts
    return entries


def frequent(entries: NDArray[np.void], max_documents: int) -> NDArray[np.uint64]:
    """Add up entries of many shards; keep what more than so many documents hold.

    Returns:
        Keys, ascending, and documents; shape (2, k).
    """
    entries = entries[np.argsort(entries["key"], kind="stable")]
    keys, starts = np.unique(entries["key"], return_index=True)
    total = np.zeros(len(entries) + 1, np.uint64)
    np.cumsum(entries["documents"], out=total[1:])
    documents = np.diff(total[np.append(starts, len(entries))])
    return np.stack([keys, documents])[:, documents > max_documents]


def emptied(
    paragraphs: pa.ListArray, only_long: pa.BooleanArray, boilerplate: Boilerplate
) -> NDArray[np.bool_]:
    """Tell which documents have no other paragraphs than boilerplate.

    A document without paragraphs (list<uint64> of keys, or null) is not emptied: it
    was empty before. `only_long` is as of `ParagraphKeys`.
    """
    if len(paragraphs) == 0:
        return np.zeros(0, np.bool_)
    keys, offsets = list_parts(paragraphs)
    known = boilerplate.find(keys) != UNKNOWN
    total = np.concatenate([[0], np.cumsum(known)])
    counts = np.diff(offsets)
    whole = (counts > 0) & (np.diff(total[offsets]) == counts)
    return np.asarray(whole & only_long.to_numpy(zero_copy_only=False))


def list_parts(
    lists: pa.ListArray,
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Values (m,) of list<uint64> (n,) and n + 1 offsets into them; null is empty."""
    counts = lists.value_lengths().fill_null(0).to_numpy().astype(np.int64)
    values = lists.flatten().to_numpy()
    return values, np.concatenate([[0], np.cumsum(counts)])
