r"""Paragraphs of texts, and a 64-bit key of each by which equal ones are counted.

A paragraph is a longest stretch of a text between borders, without the white space at
its ends. A border is a run of line ends (`\n`, `\r\n`, `\r`) with nothing but white
space between them: of two or more for `blank_line`, of one or more for `line`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import (
    content_hashes,
    decode,
    string_buffers,
    white_table,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.dedup import ParagraphsConfig
    from isinglass.schemas.config.normalise import NormaliseConfig

_LINE_FEED, _CARRIAGE_RETURN = 0x0A, 0x0D
_BORDER = {"blank_line": 2, "line": 1}
"""Line ends that make a border, by `dedup.paragraphs.split`."""

# The finaliser of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom
# Number Generators, OOPSLA 2014), over a hash moved on by an odd multiple of another.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class Paragraphs:
    """Where the paragraphs of a batch of texts are.

    Attributes:
        offsets: int64 (n + 1,); text i owns the paragraphs `offsets[i]:offsets[i + 1]`.
        starts: int32 (m,), first code point of each in its text.
        ends: int32 (m,), code point behind its last one.
        pieces: The m paragraphs as strings.
    """

    offsets: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    pieces: pa.StringArray


@dataclass(frozen=True, eq=False)
class ParagraphKeys:
    """The paragraphs that count, of a batch of texts, in order and with repeats.

    Attributes:
        keys: uint64 (k,), equal for equal normalised paragraphs of one source.
        offsets: int64 (n + 1,); text i owns `keys[offsets[i]:offsets[i + 1]]`.
        starts: int32 (k,), first code point of each in its text.
        ends: int32 (k,), code point behind its last one.
        only_long: bool (n,), whether all paragraphs of a text count; False for a
            blank text.
    """

    keys: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    only_long: NDArray[np.bool_]

    @property
    def rows(self) -> NDArray[np.int64]:
        """int64 (k,), the text of each paragraph."""
        return np.repeat(np.arange(len(self.only_long)), np.diff(self.offsets))

    def distinct(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
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

    Args:
        texts: Strings (n,) without nulls.
        sources: Source label of each (n,); null counts as "".
        normalise_config: What equal paragraphs may differ in.
        config: What a paragraph is, and the length from which it counts.

    Raises:
        ValueError: A text is null, or the paragraphs do not fit one string array.
    """
    found = split_paragraphs(texts, config)
    normalised = normalise(found.pieces, normalise_config)
    lengths = pc.utf8_length(normalised).to_numpy()
    counts = lengths >= config.min_characters
    before = np.concatenate([[0], np.cumsum(counts)])
    offsets = before[found.offsets]
    whole, own = np.diff(found.offsets), np.diff(offsets)
    hashes = content_hashes(normalised.filter(pa.array(counts)))[:, 0]
    labels = np.repeat(_source_hashes(sources), own)
    return ParagraphKeys(
        keys=_mix(hashes, labels),
        offsets=offsets,
        starts=found.starts[counts],
        ends=found.ends[counts],
        only_long=(whole > 0) & (whole == own),
    )


def split_paragraphs(texts: pa.StringArray, config: ParagraphsConfig) -> Paragraphs:
    """Find all paragraphs, short ones too.

    Args:
        texts: Strings (n,) without nulls.
        config: What ends a paragraph.

    Raises:
        ValueError: A text is null.
    """
    data, offsets = string_buffers(texts)
    border, table = _BORDER[config.split], white_table()
    counts = np.zeros(len(texts) + 1, np.int64)
    nowhere = np.zeros((0, 4), np.int32)
    _walk(data, offsets, table, border, counts, nowhere)
    bounds = np.cumsum(counts)
    places = np.empty((int(bounds[-1]), 4), np.int32)
    _walk(data, offsets, table, border, counts, places)
    pieces = _slices(data, places[:, 0], places[:, 1])
    starts, ends = (np.ascontiguousarray(places[:, i]) for i in (2, 3))
    return Paragraphs(bounds, starts, ends, pieces)


def _slices(
    data: NDArray[np.uint8], starts: NDArray[np.int32], ends: NDArray[np.int32]
) -> pa.StringArray:
    """Strings from byte ranges of a buffer that do not overlap."""
    bounds = np.zeros(len(starts) + 1, np.int32)
    np.cumsum(ends - starts, out=bounds[1:])
    out = np.empty(int(bounds[-1]), np.uint8)
    _copy(data, np.ascontiguousarray(starts), bounds, out)
    return pa.StringArray.from_buffers(
        len(starts), pa.py_buffer(bounds), pa.py_buffer(out)
    )


def _source_hashes(sources: pa.StringArray) -> NDArray[np.uint64]:
    encoded = pc.fill_null(sources, "").dictionary_encode()
    hashes = content_hashes(encoded.dictionary)[:, 0]
    return np.asarray(hashes[encoded.indices.to_numpy()])


def _mix(hashes: NDArray[np.uint64], labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One well spread hash of two; no mixing order leaves either of them out."""
    mixed = hashes + labels * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


@njit(cache=True, nogil=True)
def _walk(
    data: Any, offsets: Any, table: Any, border: Any, counts: Any, places: Any
) -> None:
    """Count the paragraphs of each text, or note where they are.

    Args:
        data: Bytes of all texts.
        offsets: Where each text starts.
        table: `white_table()`.
        border: Line ends that make a border.
        counts: Filled at row + 1 where `places` is empty.
        places: Start and end in bytes of `data`, start and end in code points of the
            text, by paragraph.
    """
    fill = places.shape[0] > 0
    number = 0
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        point = np.int64(0)
        first = number
        inside = returned = False
        line_ends = 0
        while position < stop:
            code, width = decode(data, position)
            if table[code]:
                if code == _CARRIAGE_RETURN or (code == _LINE_FEED and not returned):
                    line_ends += 1
            else:
                if not inside or line_ends >= border:
                    if fill:
                        places[number, 0], places[number, 2] = position, point
                    number += 1
                    inside = True
                if fill:
                    places[number - 1, 1] = position + width
                    places[number - 1, 3] = point + 1
                line_ends = 0
            returned = code == _CARRIAGE_RETURN
            position += width
            point += 1
        if not fill:
            counts[row + 1] = number - first


@njit(cache=True, nogil=True)
def _copy(data: Any, starts: Any, bounds: Any, out: Any) -> None:
    for number in range(starts.size):
        begin, length = bounds[number], bounds[number + 1] - bounds[number]
        out[begin : begin + length] = data[starts[number] : starts[number] + length]
