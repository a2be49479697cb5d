r"""Paragraphs of texts, and a 64-bit key of each by which equal ones are counted.

A paragraph is a longest stretch of a text between borders, without the white space at
its ends. A border is a run of line ends (`\n`, `\r\n`, `\r`) with nothing but white
space between them: of two or more for `blank_line`, of one or more for `line`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers, Words
from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.compiled import njit
from isinglass.transforms.mixing import splitmix64
from isinglass.transforms.normalise import WHITE, fold_table, normalise
from isinglass.transforms.text import content_hashes, decode, string_buffers

_LINE_FEED, _CARRIAGE_RETURN = 0x0A, 0x0D
_BORDER = {"blank_line": 2, "line": 1}
"""Line ends that make a border, by `dedup.paragraphs.split`."""

_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Paragraphs:
    """Where the paragraphs of a batch of texts are.

    Attributes:
        offsets: int64 (n + 1,); text i owns the paragraphs `offsets[i]:offsets[i + 1]`.
        heads: int32 (m,), code point of its text where the first line of each begins.
        starts: int32 (m,), first code point of each.
        ends: int32 (m,), code point behind its last one.
        pieces: The m paragraphs as strings.
    """

    offsets: Integers
    heads: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    pieces: pa.StringArray

    @property
    def rows(self) -> Integers:
        """int64 (m,), the text of each paragraph."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@dataclass(frozen=True, eq=False)
class ParagraphKeys:
    """The paragraphs that count, of a batch of texts, in order and with repeats.

    Attributes:
        keys: uint64 (k,), equal for equal normalised paragraphs of one source.
        places: int64 (k,), index of each in `all`.
        all: Also those that do not count.
        only_long: bool (n,), whether all paragraphs of a text count; False for a
            blank text.
    """

    keys: Words
    places: Integers
    all: Paragraphs
    only_long: Flags

    @property
    def rows(self) -> Integers:
        """int64 (k,), the text of each paragraph."""
        return self.all.rows[self.places]

    @property
    def starts(self) -> NDArray[np.int32]:
        """int32 (k,), first code point of each in its text."""
        return self.all.starts[self.places]

    @property
    def ends(self) -> NDArray[np.int32]:
        """int32 (k,), code point behind its last one."""
        return self.all.ends[self.places]

    def distinct(self) -> tuple[Words, Integers]:
        """The keys of each text once, in ascending order, and n + 1 offsets."""
        rows = self.rows
        order = np.lexsort((self.keys, rows))
        keys, rows = self.keys[order], rows[order]
        first = np.ones(len(keys), np.bool_)
        first[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
        counts = np.bincount(rows[first], minlength=len(self.only_long))
        return keys[first], np.concatenate([[0], np.cumsum(counts)])


def paragraph_keys(
    texts: pa.StringArray,
    sources: pa.StringArray,
    normalise_config: NormaliseConfig,
    config: ParagraphsConfig,
) -> ParagraphKeys:
    """Find the paragraphs that count and give each its key.

    Equal ones of one source (a label each; null counts as "") may differ in what
    `normalise_config` takes away.

    Raises:
        ValueError: A text is null, or the paragraphs do not fit one string array.
    """
    found = split_paragraphs(texts, config)
    normalised = normalise(found.pieces, normalise_config)
    lengths = pc.utf8_length(normalised).to_numpy()
    places = np.flatnonzero(lengths >= config.min_characters)
    rows, whole = found.rows[places], np.diff(found.offsets)
    hashes = content_hashes(normalised.take(pa.array(places)))[:, 0]
    own = np.bincount(rows, minlength=len(texts))
    encoded = pc.fill_null(sources, "").dictionary_encode()
    labels = content_hashes(encoded.dictionary)[encoded.indices.to_numpy()[rows], 0]
    # One well spread hash of two.
    keys = splitmix64(hashes + labels * _STEP)
    return ParagraphKeys(keys, places, found, (whole > 0) & (whole == own))


def split_paragraphs(texts: pa.StringArray, config: ParagraphsConfig) -> Paragraphs:
    """Find all paragraphs of texts without nulls, short ones too."""
    data, offsets = string_buffers(texts)
    border, table = _BORDER[config.split], fold_table()
    counts = np.zeros(len(texts) + 1, np.int64)
    nowhere = np.zeros((0, 5), np.int32)
    _walk(data, offsets, table, border, counts, nowhere)
    bounds = np.cumsum(counts)
    places = np.empty((int(bounds[-1]), 5), np.int32)
    _walk(data, offsets, table, border, counts, places)
    edges = np.ascontiguousarray(places[:, :2])
    # Every other of these strings is what lies between two paragraphs.
    count = max(0, edges.size - 1)
    strings = pa.StringArray.from_buffers(
        count, pa.py_buffer(edges), pa.py_buffer(data)
    )
    pieces = strings.take(pa.array(np.arange(0, count, 2)))
    heads, starts, ends = np.ascontiguousarray(places[:, 2:].T)
    return Paragraphs(bounds, heads, starts, ends, pieces)


@njit(nogil=True)
def _walk(
    data: Any, offsets: Any, table: Any, border: Any, counts: Any, places: Any
) -> None:
    """Count the paragraphs of each text at row + 1, or note where they are.

    `places` of each: start and end in bytes of `data`; head, start and end in code
    points of the text. Where it is empty, `counts` is filled. `border` is the number
    of line ends that make one.
    """
    fill = places.shape[0] > 0
    number = 0
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        point = head = np.int64(0)
        first = number
        inside = returned = False
        line_ends = 0
        while position < stop:
            code, width = decode(data, position)
            if table[code] == WHITE:
                if code == _CARRIAGE_RETURN or (code == _LINE_FEED and not returned):
                    line_ends += 1
                if code in (_CARRIAGE_RETURN, _LINE_FEED):
                    head = point + 1
            else:
                if not inside or line_ends >= border:
                    if fill:
                        places[number, 0] = position
                        places[number, 2], places[number, 3] = head, point
                    number += 1
                    inside = True
                if fill:
                    places[number - 1, 1] = position + width
                    places[number - 1, 4] = point + 1
                line_ends = 0
            returned = code == _CARRIAGE_RETURN
            position += width
            point += 1
        if not fill:
            counts[row + 1] = number - first
