"""Buffers, hashes and word counts of texts, straight over Arrow buffers.

Nothing here makes a Python object per word. Tables over all code points are built
once per process from the interpreter's own Unicode database.
"""

from __future__ import annotations

from functools import cache
from itertools import chain, pairwise
from typing import Any
from unicodedata import category

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit

CODE_POINTS = 0x110000


def string_buffers(
    texts: pa.StringArray,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """View the bytes and offsets of a string array, or a slice of one.

    Returns:
        The data buffer, and n + 1 offsets into it; both read-only, so that numba
        compiles each kernel once.

    Raises:
        TypeError: If the array is not of type `string`.
        ValueError: If a text is null.
    """
    if texts.type != pa.string():
        raise TypeError(f"texts are {texts.type}; cast them to string first")
    if texts.null_count:
        raise ValueError(
            f"{texts.null_count} of {len(texts)} texts are null; "
            "reject or fill them when reading"
        )
    _, offset_buffer, data_buffer = texts.buffers()
    if len(texts) == 0 or offset_buffer is None:
        offsets = np.zeros(1, np.int32)
    else:
        stop = texts.offset + len(texts) + 1
        offsets = np.frombuffer(offset_buffer, np.int32, stop)[texts.offset :]
    data = np.frombuffer(b"" if data_buffer is None else data_buffer, np.uint8)
    data.flags.writeable = False
    offsets.flags.writeable = False
    return data, offsets


def assigned_code_points() -> chain[int]:
    """Yield the code points of all planes that hold assigned characters.

    Planes 4 to 13 are unassigned and 15 and 16 are private, so that nothing there is
    a letter, white space or a combining mark.
    """
    return chain(range(0x40000), range(0xE0000, 0xE1000))


@cache
def word_table() -> NDArray[np.uint8]:
    r"""Return 1 for each code point that `\w` of Python's `re` matches, else 0."""
    table = np.zeros(CODE_POINTS, np.uint8)
    table[[c for c in assigned_code_points() if chr(c).isalnum()]] = 1
    table[ord("_")] = 1
    table.flags.writeable = False
    return table


@cache
def white_table() -> NDArray[np.uint8]:
    """Return 1 for each code point that is white space (`str.isspace`), else 0."""
    table = np.zeros(CODE_POINTS, np.uint8)
    table[[code for code in assigned_code_points() if chr(code).isspace()]] = 1
    table.flags.writeable = False
    return table


# Invisible though neither white space nor of category Cc or Cf: fillers, selectors of
# variants, what Unicode sets aside for more of them (DerivedCoreProperties.txt,
# Default_Ignorable_Code_Point), and the braille cell without dots.
_INVISIBLE = (
    (0x34F, 0x34F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
# Of category Cf and seen all the same: signs that span the digits or letters after
# them (PropList.txt, Prepended_Concatenation_Mark).
_SEEN = (
    *range(0x600, 0x606),
    0x6DD,
    0x70F,
    0x890,
    0x891,
    0x8E2,
    0x110BD,
    0x110CD,
)


@cache
def blank_table() -> NDArray[np.uint8]:
    """Return 1 for each code point that leaves no mark on a page, else 0.

    They are white space, control and format characters, and ignorable ones. NUL is
    none of them, since no text holds it.
    """
    table = white_table().copy()
    hidden = [c for c in assigned_code_points() if category(chr(c)) in {"Cc", "Cf"}]
    table[hidden] = 1
    for first, last in _INVISIBLE:
        table[first : last + 1] = 1
    table[[0, *_SEEN]] = 0
    table.flags.writeable = False
    return table


@njit(nogil=True)
def decode(data: Any, position: Any) -> Any:
    """Decode one code point of valid UTF-8: returns (code point, bytes)."""
    byte = np.int64(data[position])
    if byte < 0x80:  # noqa: PLR2004
        return byte, 1
    second = np.int64(data[position + 1]) & 0x3F
    if byte < 0xE0:  # noqa: PLR2004
        return (byte & 0x1F) << 6 | second, 2
    third = np.int64(data[position + 2]) & 0x3F
    if byte < 0xF0:  # noqa: PLR2004
        return (byte & 0x0F) << 12 | second << 6 | third, 3
    fourth = np.int64(data[position + 3]) & 0x3F
    return (byte & 0x07) << 18 | second << 12 | third << 6 | fourth, 4


@njit(nogil=True)
def largest_byte(data: Any, start: Any, stop: Any) -> Any:
    """Return the largest byte of a stretch; below 128 it is all ASCII."""
    largest = np.uint8(0)
    for position in range(start, stop):
        largest = max(largest, data[position])
    return largest


def content_hashes(normalised: pa.StringArray) -> NDArray[np.uint64]:
    """Return the XXH3-128 of the UTF-8 bytes of each text, none null.

    They are high word, low word, (n, 2); `f"{high:016x}{low:016x}"` is the digest.
    """
    data, offsets = string_buffers(normalised)
    view, bounds = data.data, pairwise(offsets.tolist())
    hashes = [xxhash.xxh3_128_digest(view[start:stop]) for start, stop in bounds]
    digests = b"".join(hashes)
    return np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)


@njit(nogil=True)
def _count_words(data: Any, offsets: Any, table: Any, counts: Any) -> None:
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        count = np.int64(0)
        before = np.int64(0)
        while position < stop:
            byte = data[position]
            width = 1
            if byte < 0x80:  # noqa: PLR2004
                word = np.int64(table[byte])
            else:
                code, width = decode(data, position)
                word = np.int64(table[code])
            count += word & ~before
            before = word
            position += width
        counts[row] = count


def word_counts(texts: pa.StringArray) -> NDArray[np.int64]:
    r"""Count the words of each text: maximal runs of `\w` as Python's `re` has it."""
    data, offsets = string_buffers(texts)
    counts = np.zeros(len(texts), np.int64)
    _count_words(data, offsets, word_table(), counts)
    return counts
