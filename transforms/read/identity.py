"""Document ids: 128 bits of source name, path and row, as 32 hex digits.

The file seeds two 64-bit lanes by XXH3-128; each lane adds a multiple of the row by an
odd constant and mixes with splitmix64's finaliser. Both steps are bijections of 64
bits, so two rows of one file never share an id, and the ids of two files meet with the
probability of random 128-bit numbers.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from isinglass.transforms.mixing import splitmix64
from isinglass.transforms.text import string_buffers

HEX_DIGITS = 32

# Odd increments: 2^64 divided by the golden ratio (Steele, Lea and Flood, Fast
# Splittable Pseudorandom Number Generators, OOPSLA 2014), and by the silver ratio.
_INCREMENTS = np.array([0x9E3779B97F4A7C15, 0x6A09E667F3BCC909], np.uint64)


def file_seed(source: str, relative: str) -> tuple[int, int]:
    """Return the XXH3-128 of source name, NUL and path, as high and low word."""
    name = f"{source}\0{relative}".encode("utf-8", "surrogatepass")
    digest = xxhash.xxh3_128_intdigest(name)
    return digest >> 64, digest & (2**64 - 1)


def doc_ids(source: str, relative: str, rows: NDArray[np.int64]) -> pa.StringArray:
    """Return the document ids of rows (n,) of one file, by source name and path."""
    seed = np.array(file_seed(source, relative), np.uint64)
    return seeded_doc_ids(seed, rows)


def seeded_doc_ids(
    seeds: NDArray[np.uint64], rows: NDArray[np.int64]
) -> pa.StringArray:
    """Return the document ids of rows (n,); a seed for each (n, 2), or one for all."""
    steps = rows.astype(np.uint64)[:, None] * _INCREMENTS
    return format_doc_ids(splitmix64(seeds + steps))


def format_doc_ids(words: NDArray[np.uint64]) -> pa.StringArray:
    """Return words of shape (n, 2), high then low, as n strings of 32 hex digits."""
    count = len(words)
    if count == 0:
        return pa.array([], pa.string())
    digits = words.astype(">u8").tobytes().hex().encode()
    offsets = np.arange(0, HEX_DIGITS * (count + 1), HEX_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(
        count, pa.py_buffer(offsets), pa.py_buffer(digits)
    )


def doc_id_words(ids: pa.StringArray) -> NDArray[np.uint64]:
    """Document ids as words (n, 2), high and low; undoes `format_doc_ids`.

    An entry that is null or not 32 lower-case hex digits is a `ValueError`.
    """
    count = len(ids)
    if ids.null_count:
        raise ValueError(f"{ids.null_count} of {count} document ids are null")
    if count == 0:
        return np.zeros((0, 2), np.uint64)
    data, offsets = string_buffers(ids)
    if (np.diff(offsets) != HEX_DIGITS).any():
        raise ValueError(f"a document id does not have {HEX_DIGITS} characters")
    digits = data[offsets[0] : offsets[-1]].tobytes()
    try:
        octets = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        octets = b""
    # `fromhex` reads capital letters and passes over blanks.
    if octets.hex().encode() != digits:
        raise ValueError(
            "a document id holds something else than lower-case hex digits"
        )
    return np.frombuffer(octets, ">u8").reshape(count, 2).astype(np.uint64)
