"""A keyed order of documents by their ids, which chance and batches do not change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats, Integers, Words
from isinglass.transforms.mixing import splitmix64

ID_BYTES = 32
"""Characters of a doc_id: 128 bits in hexadecimal."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(values: Words) -> Words:
    """Numbers scattered over 64 bits, one to one.

    The output function of SplitMix64 (Steele, Lea and Flood, Fast Splittable
    Pseudorandom Number Generators, OOPSLA 2014, figure 14).
    """
    return splitmix64(values + _GOLDEN)


def uniform(count: int, seed: int) -> Floats:
    """Numbers of 0 to below 1 that only a seed of 0 to below 2**64 decides."""
    key = mix(mix(np.array([seed], np.uint64)))
    bits = mix(key + np.arange(count, dtype=np.uint64) * _GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def id_bytes(doc_ids: pa.StringArray) -> NDArray[np.bytes_]:
    """The ids as a numpy array of 32-byte strings, which compares as text does.

    Raises:
        ValueError: An id is null or has not 32 bytes.
    """
    if len(doc_ids) == 0:
        return np.empty(0, f"S{ID_BYTES}")
    lengths = pc.binary_length(doc_ids)
    if doc_ids.null_count or not pc.all(pc.equal(lengths, ID_BYTES)).as_py():
        raise ValueError(f"a doc_id is null or has not {ID_BYTES} characters")
    start = np.frombuffer(doc_ids.buffers()[1], np.int32)[doc_ids.offset]
    values = doc_ids.buffers()[2]
    return np.frombuffer(values, f"S{ID_BYTES}", len(doc_ids), int(start))


def hash_ids(ids: NDArray[np.bytes_], seed: int) -> Words:
    """A hash of each id; its order is a permutation of the documents by chance.

    Another seed, not negative and below 2**64, gives an unrelated order.
    """
    words = np.ascontiguousarray(ids).view("<u8").reshape(-1, ID_BYTES // 8)
    hashes = np.full(len(ids), seed, np.uint64)
    for column in range(words.shape[1]):
        hashes = mix(hashes ^ words[:, column])
    return hashes


def draw(ids: NDArray[np.bytes_], size: int, seed: int) -> Integers:
    """Rows of the at most `size` ids, all distinct, of the smallest hashes, in order.

    Which documents they are depends on the ids alone, and not on their order.
    """
    hashes = hash_ids(ids, seed)
    rows = np.arange(len(ids))
    if len(ids) > size:
        rows = np.flatnonzero(hashes <= np.partition(hashes, size - 1)[size - 1])
    return rows[np.lexsort((ids[rows], hashes[rows]))][:size]


def as_strings(ids: NDArray[np.bytes_]) -> pa.StringArray:
    """The ids as an Arrow array; null where an id is empty."""
    offsets = np.arange(len(ids) + 1, dtype=np.int32) * np.int32(ID_BYTES)
    data = pa.py_buffer(np.ascontiguousarray(ids).tobytes())
    strings = pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), data)
    return pc.if_else(pa.array(ids == b""), pa.scalar(None, pa.string()), strings)
