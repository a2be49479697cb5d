"""Evaluation items in documents: the longest verbatim match of each document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.decontaminate.automaton import longest_match
from isinglass.transforms.decontaminate.filter import may_hold_item
from isinglass.transforms.decontaminate.units import find_unit
from isinglass.transforms.text import string_buffers
from isinglass.transforms.units import BYTES, class_table, cut_units, find_spans

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.decontaminate.items import ItemIndex


@dataclass(frozen=True, eq=False)
class Matches:
    """The item found in each document; all arrays of shape (n,).

    Attributes:
        item: int32, number of the item; -1 for none.
        words: int32, units of the longest verbatim match: words, or characters in a
            document of a script without spaces; 0 for none.
        share: float64, that part of the item's units, 0..1; 0 for none.
    """

    item: NDArray[np.int32]
    words: NDArray[np.int32]
    share: NDArray[np.float64]


@njit(cache=True, nogil=True)
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
        count, characters = cut_units(data, start, stop, classes, hashes)
        if not may_hold_item(hashes[:count], known.filter):
            continue
        if spans.shape[0] == 0:
            spans = np.empty((hashes.size, 2), np.int64)
        find_spans(data, (start, stop), classes, characters, BYTES, spans)
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
    that is shorter. Of several items, that with the longest match is told; of matches
    equally long, that of the smallest number. Units are compared byte by byte.

    A document is compared by words or by characters as a whole, and so is an item: an
    item in a script without spaces that is quoted in a document mostly of words (or
    the other way round) is not found.

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
