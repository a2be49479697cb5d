"""The index of evaluation items, and the search in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import DecontaminateConfig
from isinglass.transforms.characters import class_table
from isinglass.transforms.compiled import njit
from isinglass.transforms.decontaminate.automaton import (
    Automaton,
    build_automaton,
    longest_match,
)
from isinglass.transforms.decontaminate.filter import (
    SHORTEST,
    RunFilter,
    build_filter,
    may_hold_item,
)
from isinglass.transforms.decontaminate.units import (
    Units,
    Vocabulary,
    find_unit,
    number_units,
)
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import string_buffers
from isinglass.transforms.units import BYTES, cut_units, find_spans, unit_counts

CHARACTERS_PER_WORD = 3
"""Characters of scripts without spaces that say as much as a word.

For a word of English, message catalogues of Django and Sphinx have 1.6 characters of
Chinese, 2.9 of Japanese, 3.5 of Thai, 2.7 of Khmer and 2.3 of Burmese
(`benchmarks/scripts.py --only units`). Chinese gets more than its share: names of laws
and offices run to 25 characters there, and are no copy of an item.
"""


class ItemKind(IntEnum):
    """What becomes of an item."""

    SEARCHED = 0
    SEARCHED_WHOLE = 1
    TOO_SHORT = 2
    DUPLICATE = 3


class Needs(NamedTuple):
    """What makes a document contaminated, for each item.

    int32 (items,): units of the item, and the fewest in a row that suffice; an
    `ItemKind` each, uint8.
    """

    sizes: NDArray[np.int32]
    needed: NDArray[np.int32]
    kinds: NDArray[np.uint8]


class ItemIndex(NamedTuple):
    """Evaluation items made ready to be searched for; arrays are read-only."""

    filter: RunFilter
    vocabulary: Vocabulary
    automaton: Automaton
    needs: Needs


def build_index(texts: pa.StringArray, config: DecontaminateConfig) -> ItemIndex:
    """Index evaluation items; an item's number is its place in `texts`."""
    normalised = normalise(texts)
    units = number_units(normalised)
    needs = _needs(normalised, units, config)
    chosen = np.flatnonzero(needs.kinds <= ItemKind.SEARCHED_WHOLE)
    owner = np.repeat(np.arange(len(needs.sizes), dtype=np.int32), needs.sizes)
    mask = np.isin(owner, chosen)
    index = ItemIndex(
        build_filter(units.hashes, units.offsets, chosen, config.ngram),
        units.vocabulary,
        build_automaton(units.numbers[mask], owner[mask], needs.needed),
        needs,
    )
    for part in index:
        for array in part:
            array.flags.writeable = False
    return index


def item_kinds(texts: pa.StringArray, config: DecontaminateConfig) -> NDArray[np.uint8]:
    """Tell what becomes of each item, as the index of the same texts does."""
    normalised = normalise(texts)
    return _needs(normalised, number_units(normalised), config).kinds


def _needs(
    normalised: pa.StringArray, units: Units, config: DecontaminateConfig
) -> Needs:
    sizes = np.diff(units.offsets)
    unspaced = unit_counts(normalised)[:, 1]
    words = sizes - unspaced + unspaced / CHARACTERS_PER_WORD
    least = np.ceil(config.min_words * sizes / np.maximum(words, 1)).astype(np.int64)
    kinds = np.full(len(sizes), ItemKind.SEARCHED, np.uint8)
    kinds[words < config.ngram] = ItemKind.SEARCHED_WHOLE
    kinds[words < min(SHORTEST, config.ngram)] = ItemKind.TOO_SHORT
    kinds[_repeats(units) & (kinds != ItemKind.TOO_SHORT)] = ItemKind.DUPLICATE
    share = np.floor(sizes * config.min_share).astype(np.int64)
    # The least whole number whose quotient, as it is reported, reaches the share.
    share += share / np.maximum(sizes, 1) < config.min_share
    # An item that is shorter than what is asked for must match whole.
    needed = np.minimum(sizes, np.maximum(least, share))
    return Needs(sizes.astype(np.int32), needed.astype(np.int32), kinds)


def _repeats(units: Units) -> NDArray[np.bool_]:
    """Tell which items have the same units as an earlier one."""
    seen: set[bytes] = set()
    found = []
    for start, stop in pairwise(units.offsets.tolist()):
        key = units.numbers[start:stop].tobytes()
        found.append(key in seen)
        seen.add(key)
    return np.array(found, np.bool_)


def index_arrays(index: ItemIndex) -> dict[str, NDArray[Any]]:
    """The arrays of an index by the file name that `join_index` asks for each by."""
    return {
        f"{part}.{name}.npy": array
        for part, arrays in index._asdict().items()
        for name, array in arrays._asdict().items()
    }


def join_index(read: Callable[[str], NDArray[Any]]) -> ItemIndex:
    """Inverse of `index_arrays`, given a way to read the array of a name."""
    kinds: tuple[Any, ...] = (RunFilter, Vocabulary, Automaton, Needs)
    parts = [
        kind(*(read(f"{part}.{name}.npy") for name in kind._fields))
        for part, kind in zip(ItemIndex._fields, kinds, strict=True)
    ]
    return ItemIndex(*parts)


@dataclass(frozen=True, eq=False)
class Matches:
    """The item found in each document; all arrays of shape (n,).

    Attributes:
        item: int32, number of the item; -1 for none.
        words: int32, units of the longest verbatim match: words, or characters of
            scripts without spaces; 0 for none.
        share: float64, that part of the item's units, 0..1; 0 for none.
    """

    item: NDArray[np.int32]
    words: NDArray[np.int32]
    share: NDArray[np.float64]


@njit(nogil=True)
def _search_rows(texts: Any, classes: Any, known: Any, item: Any, words: Any) -> None:
    data, offsets = texts
    longest = np.int64(0)
    for row in range(offsets.size - 1):
        longest = max(longest, np.int64(offsets[row + 1] - offsets[row]))
    # For the longest text, by the need of `cut_units`.
    hashes = np.empty(longest // 2 + 2, np.uint64)
    spans = np.empty((0, 2), np.int64)
    for row in range(offsets.size - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        count, _ = cut_units(data, start, stop, classes, hashes)
        if not may_hold_item(hashes[:count], known.filter):
            continue
        if spans.shape[0] == 0:
            spans = np.empty((hashes.size, 2), np.int64)
        find_spans(data, (start, stop), classes, BYTES, spans)
        units = np.empty(count, np.int32)
        for index in range(count):
            begin, end = spans[index, 0], spans[index, 1]
            value = hashes[index]
            units[index] = find_unit(value, data, begin, end, known.vocabulary)
        needed = known.needs.needed
        item[row], words[row] = longest_match(known.automaton, units, needed)


def find_items(normalised: pa.StringArray, index: ItemIndex) -> Matches:
    """Find the evaluation item that each document holds.

    A document holds an item if as many of its units in a row as the item needs are
    units of the item in a row: `min_words` and `min_share` of it, or all of an item
    that is shorter. Where units are characters, `CHARACTERS_PER_WORD` of them count as
    a word. Of several items, that with the longest match is told; of matches
    equally long, that of the smallest number. Units are compared byte by byte.

    Texts are normalised with default settings, and none is null.
    """
    rows = len(normalised)
    item, words = np.full(rows, -1, np.int32), np.zeros(rows, np.int32)
    texts = string_buffers(normalised)
    _search_rows(texts, class_table(), index, item, words)
    share = np.zeros(rows)
    found = item >= 0
    share[found] = words[found] / index.needs.sizes[item[found]]
    return Matches(item, words, share)
