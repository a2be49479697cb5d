"""Buffers and hashes of texts, over Arrow buffers: no Python object per word."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit


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
