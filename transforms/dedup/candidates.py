"""Candidate pairs, documents that share the key of a band, and how alike they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats, Integers, Words
from isinglass.transforms.compiled import njit
from isinglass.transforms.dedup.keepers import Similarity

_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
MERGE_PAIRS = 2**24
"""Packed pairs, 8 bytes each, that wait before they are merged with the rest."""

LEADERS = 16
"""Preferred documents that each document of a group is held against."""

LEAST_SHARE = 0.2
"""Least share of a document's fingerprints that it shares with one that may contain it.

Nine tenths of its shingles leave more than half of its windows whole, wherever the
other tenth lies, but fingerprints that many documents have may not make a pair."""


def _shared(keys: Words, ranks: NDArray[np.uint32]) -> tuple[Words, NDArray[np.uint32]]:
    """Keep the entries of keys that several documents share, by key and rank.

    Most keys belong to one document. Sorting the keys alone finds those cheaply, and
    only the few entries left are sorted by rank as well.
    """
    order = np.argsort(keys)
    ordered = keys[order]
    equal = ordered[1:] == ordered[:-1]
    several = np.zeros(len(ordered), np.bool_)
    several[1:] = equal
    several[:-1] |= equal
    order = order[several]
    keys, ranks = keys[order], ranks[order]
    order = np.lexsort((ranks, keys))
    keys, ranks = keys[order], ranks[order]
    distinct = np.ones(len(keys), np.bool_)
    distinct[1:] = (keys[1:] != keys[:-1]) | (ranks[1:] != ranks[:-1])
    return keys[distinct], ranks[distinct]


@njit(nogil=True)
def _fill_group(
    ranks: Any, leaders: Any, references: Any, pairs: Any, size: Any
) -> Any:
    """Append the packed pairs of one key's documents; returns the new size."""
    first = np.searchsorted(ranks, references)
    for index in range(max(first, 1), ranks.size):
        larger = np.uint64(ranks[index])
        for leader in range(min(index, leaders)):
            pairs[size] = np.uint64(ranks[leader]) << _SHIFT | larger
            size += 1
        # Where references lead the group, the preferred of the others lead as well.
        begin = max(first, leaders)
        end = min(index, first + leaders)
        for leader in range(begin, end):
            pairs[size] = np.uint64(ranks[leader]) << _SHIFT | larger
            size += 1
        before = index - 1
        if before >= leaders and not begin <= before < end:
            pairs[size] = np.uint64(ranks[before]) << _SHIFT | larger
            size += 1
    return size


@njit(nogil=True)
def _fill_pairs(
    ranks: Any, bounds: Any, leaders: Any, references: Any, pairs: Any
) -> Any:
    size = np.int64(0)
    for group in range(bounds.size - 1):
        own = ranks[bounds[group] : bounds[group + 1]]
        size = _fill_group(own, leaders, references, pairs, size)
    return size


def _capacity(
    ranks: NDArray[np.uint32], bounds: Integers, leaders: int, references: int
) -> int:
    """The most pairs that the groups can make."""
    sizes = np.diff(bounds)
    new = np.append(0, np.cumsum(ranks >= references))
    fresh = np.diff(new[bounds])
    most = np.where(fresh < sizes, 2 * leaders, leaders) + 1
    return int((fresh * np.minimum(sizes - 1, most)).sum())


def _union(parts: list[Words]) -> Words:
    """Distinct packed pairs of all parts, ascending."""
    packed = np.concatenate(parts)
    packed.sort()
    distinct = np.ones(len(packed), np.bool_)
    distinct[1:] = packed[1:] != packed[:-1]
    return packed[distinct]


def _unpack(packed: Words) -> NDArray[np.uint32]:
    pairs = np.empty((len(packed), 2), np.uint32)
    pairs[:, 0] = packed >> _SHIFT
    pairs[:, 1] = packed & _LOW
    return pairs


def candidate_pairs(
    keys: Words, ranks: NDArray[np.uint32], leaders: int = LEADERS, references: int = 0
) -> NDArray[np.uint32]:
    """Pair the documents that share a key, at a cost linear in the entries.

    In a group of up to `leaders` documents every pair is made. In a larger one each
    document meets the `leaders` preferred documents of the group and the one just
    before it in rank, so that a million copies of one text cost 17 million pairs and
    not half a trillion.

    `keys` (m,) are those of bands, `ranks` (m,) the keeper rank of the document behind
    each. Documents of smaller rank than `references` belong to earlier runs: they are
    not held against each other, and do not count among the leaders of the others.
    Returns (smaller rank, larger rank), shape (p, 2), ascending, each pair once,
    whatever the order of the entries.
    """
    return _unpack(_union([_all_pairs(keys, ranks, leaders, references)]))


def _all_pairs(
    keys: Words, ranks: NDArray[np.uint32], leaders: int, references: int
) -> Words:
    """Packed pairs of all groups, with repeats."""
    if len(keys) == 0:
        return np.empty(0, np.uint64)
    keys, ranks = _shared(keys, ranks)
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    bounds = np.append(starts, len(keys))
    pairs = np.empty(_capacity(ranks, bounds, leaders, references), np.uint64)
    return pairs[: _fill_pairs(ranks, bounds, leaders, references, pairs)]


@dataclass(frozen=True, eq=False)
class CountedPairs:
    """Pairs, and how many keys each shares.

    Attributes:
        pairs: uint32 (p, 2): smaller rank, larger rank; ascending, each pair once.
        keys: uint32 (p,): shared keys, as far as their groups made the pair.
    """

    pairs: NDArray[np.uint32]
    keys: NDArray[np.uint32]

    def at_least(self, share: float, totals: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Pairs whose larger rank shares at least `share` of its keys (by rank)."""
        return self.pairs[self.keys >= share * totals[self.pairs[:, 1]]]


def counted_pairs(
    keys: Words, ranks: NDArray[np.uint32], references: int = 0
) -> CountedPairs:
    """Pair documents as `candidate_pairs` does, and count the keys of each pair.

    One shared key is little evidence where a document has many of them; a document
    has each key once.
    """
    packed = _all_pairs(keys, ranks, LEADERS, references)
    return _sum_counts(packed, np.ones(len(packed), np.uint32))


def _sum_counts(packed: Words, counts: NDArray[np.uint32]) -> CountedPairs:
    order = np.argsort(packed)
    packed, counts = packed[order], counts[order]
    first = np.ones(len(packed), np.bool_)
    first[1:] = packed[1:] != packed[:-1]
    starts = np.flatnonzero(first)
    sums = np.add.reduceat(counts, starts) if len(starts) else counts
    return CountedPairs(_unpack(packed[first]), sums.astype(np.uint32))


def merge_counted(parts: Iterable[CountedPairs]) -> CountedPairs:
    """Add up the counts of several buckets, a part at a time."""
    merged = CountedPairs(np.empty((0, 2), np.uint32), np.empty(0, np.uint32))
    waiting: list[CountedPairs] = []
    for part in parts:
        waiting.append(part)
        if sum(len(p.keys) for p in waiting) > max(len(merged.keys), MERGE_PAIRS):
            merged, waiting = _add([merged, *waiting]), []
    return _add([merged, *waiting])


def _add(parts: list[CountedPairs]) -> CountedPairs:
    packed = np.concatenate([_pack(part.pairs) for part in parts])
    return _sum_counts(packed, np.concatenate([part.keys for part in parts]))


def _pack(pairs: NDArray[np.uint32]) -> Words:
    return pairs[:, 0].astype(np.uint64) << _SHIFT | pairs[:, 1]


def merge_pairs(parts: Iterable[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """Merge pairs from several buckets: ascending, each pair once.

    Parts are taken in one after the other, so that memory is bounded by the distinct
    pairs and not by how many bands they share.
    """
    merged = np.empty(0, np.uint64)
    waiting: list[Words] = []
    for part in parts:
        waiting.append(_pack(part))
        if sum(map(len, waiting)) > max(len(merged), MERGE_PAIRS):
            merged = _union([merged, *waiting])
            waiting = []
    return _unpack(_union([merged, *waiting]))


@njit(nogil=True)
def _count_common(values: Any, offsets: Any, pairs: Any, common: Any) -> None:
    """Count the values that the ascending stretches of each pair share."""
    for pair in range(common.size):
        one, other = pairs[pair, 0], pairs[pair, 1]
        first, first_end = offsets[one], offsets[one + 1]
        second, second_end = offsets[other], offsets[other + 1]
        count = np.int64(0)
        while first < first_end and second < second_end:
            left, right = values[first], values[second]
            # Sums of comparisons, not branches, which no processor could predict.
            count += np.int64(left == right)
            first += np.int64(left <= right)
            second += np.int64(right <= left)
        common[pair] = count


def _share(part: Integers, whole: Integers) -> Floats:
    """Divide, with 0 where the whole is empty."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def compare(
    values: Words, offsets: Integers, pairs: Integers, *, contained: bool
) -> Similarity:
    """Exact similarity of pairs of shingle sets; 0 of two empty ones.

    `values` are the sets, flat, strictly ascending within each
    (`shingles.shingle_sets`), `offsets` (d + 1,) where each begins and ends; `pairs`
    (p, 2) the document that would stay and the other one.
    """
    common = np.empty(len(pairs), np.int64)
    _count_common(values, offsets, pairs, common)
    stays, goes = np.diff(offsets)[pairs].T
    jaccard = _share(common, stays + goes - common)
    if not contained:
        return Similarity(jaccard)
    return Similarity(jaccard, np.where(stays >= goes, _share(common, goes), 0.0))
