"""What near-duplicates are found by: keys of bands, and fingerprints.

Bands find documents that are alike as a whole. MinHash signatures are folded at once
into one 64-bit key a band. The family is x -> (a x + b) mod 2**32 with random odd a,
over 32 mixed bits of each shingle (affine permutations: Broder, Charikar, Frieze and
Mitzenmacher, Min-wise Independent Permutations, 2000, section 5). Everything follows
from the seed.

A short document inside a long one is not found so: their Jaccard similarity is low.
Winnowing keeps the smallest shingle hash of each window of consecutive shingles, so
that two documents which share any run of `WINDOW` shingles share a fingerprint,
wherever the run lies in either (Schleimer, Wilkerson and Aiken, Winnowing: Local
Algorithms for Document Fingerprinting, 2003, section 3).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Words
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.compiled import njit
from isinglass.transforms.dedup.shingles import Shingles, shingle
from isinglass.transforms.units import mix

# Permutations are padded to whole vector registers: a scalar tail would cost more.
_LANES = 64
_BAND_STEP = np.uint64(0x9E3779B97F4A7C15)


@cache
def _coefficients(seed: int, size: int) -> tuple[NDArray[np.uint32], ...]:
    """Derive `size` permutations, as multipliers and addends, from the seed.

    A keyed stream rather than numpy's generators, whose output may change between
    releases and is part of what a run's fingerprint promises.
    """
    stream = hashlib.shake_256(f"isinglass minhash {seed}".encode())
    words = np.frombuffer(stream.digest(8 * size), "<u4").astype(np.uint32)
    multipliers, addends = words[0::2] | np.uint32(1), words[1::2].copy()
    multipliers.flags.writeable = False
    addends.flags.writeable = False
    return multipliers, addends


@njit(nogil=True)
def _lower_minima(values: Any, multipliers: Any, addends: Any, minima: Any) -> None:
    """Fold shingle hashes into the running minimum of each permutation."""
    for value in values:
        short = np.uint32(value >> np.uint64(32))
        for index in range(minima.size):
            permuted = multipliers[index] * short + addends[index]
            minima[index] = min(minima[index], np.uint32(permuted))


@njit(nogil=True)
def _fill_minima(
    values: Any, offsets: Any, multipliers: Any, addends: Any, minima: Any
) -> None:
    for row in range(offsets.size - 1):
        own = values[offsets[row] : offsets[row + 1]]
        _lower_minima(own, multipliers, addends, minima[row])


@njit(nogil=True)
def _fold_bands(minima: Any, rows: Any, hashes: Any) -> None:
    """Mix the rows of each band with the number of the band."""
    for row in range(hashes.shape[0]):
        for band in range(hashes.shape[1]):
            key = mix(np.uint64(band + 1) * _BAND_STEP)
            for index in range(band * rows, (band + 1) * rows):
                key = mix(key ^ np.uint64(minima[row, index])) + _BAND_STEP
            hashes[row, band] = key


def signatures(shingles: Shingles, count: int, seed: int) -> NDArray[np.uint32]:
    """Return the MinHash signature of each document, shape (n, count).

    The share of equal positions of two rows estimates the Jaccard similarity of the
    documents' shingle sets, with variance J (1 - J) / count. Signatures of different
    seeds do not compare. A document without shingles has the largest value throughout.
    """
    padded = -(-count // _LANES) * _LANES
    multipliers, addends = _coefficients(seed, padded)
    minima = np.full((shingles.offsets.size - 1, padded), 2**32 - 1, np.uint32)
    _fill_minima(shingles.values, shingles.offsets, multipliers, addends, minima)
    return minima[:, :count]


def band_hashes(shingles: Shingles, config: DedupConfig) -> Words:
    """Hash each band of each document's MinHash signature, shape (n, bands).

    Equal in a column where two documents agree on all rows of that band, else different
    but for a chance of 2**-64; 0 without shingles, of which repeats do no harm.
    """
    minima = signatures(shingles, config.bands * config.rows, config.seed)
    hashes = np.zeros((len(minima), config.bands), np.uint64)
    _fold_bands(minima, config.rows, hashes)
    hashes[np.diff(shingles.offsets) == 0] = 0
    return hashes


def capture_probability(similarity: float, bands: int, rows: int) -> float:
    """Return the chance that a pair of this similarity shares at least one band.

    1 - (1 - J^rows)^bands with the Jaccard similarity J: Leskovec, Rajaraman and
    Ullman, Mining of Massive Datasets, section 3.4.2.
    """
    return float(1.0 - (1.0 - similarity**rows) ** bands)


WINDOW = 8
"""Shingles in a window; about 2 in 9 shingles are kept (same source, section 3.2)."""


@njit(nogil=True)
def _winnow_row(values: Any, start: Any, stop: Any, out: Any, size: Any) -> Any:
    """Append the minima of all windows of one document; returns the new size."""
    if stop - start <= WINDOW:
        if stop > start:
            out[size] = values[start:stop].min()
            size += 1
        return size
    place = start - 1
    for first in range(start, stop - WINDOW + 1):
        last = first + WINDOW - 1
        if place < first:
            place = first
            for index in range(first + 1, last + 1):
                if values[index] <= values[place]:
                    place = index
        elif values[last] <= values[place]:
            place = last
        else:
            continue
        out[size] = values[place]
        size += 1
    return size


@njit(nogil=True)
def _winnow_rows(values: Any, offsets: Any, out: Any, ends: Any) -> None:
    size = np.int64(0)
    for row in range(offsets.size - 1):
        begin = size
        size = _winnow_row(values, offsets[row], offsets[row + 1], out, size)
        own = out[begin:size]
        own.sort()
        size = begin
        for index in range(own.size):
            if index == 0 or own[index] != out[size - 1]:
                out[size] = own[index]
                size += 1
        ends[row + 1] = size


def winnow(shingles: Shingles) -> tuple[Words, Integers]:
    """Choose the fingerprints of each document, and n + 1 offsets.

    They are the smallest hash of every window of `WINDOW` shingles in the order of the
    text (of fewer, the smallest of all), ascending and distinct within a document.
    """
    ends = np.zeros(len(shingles.offsets), np.int64)
    out = np.empty(len(shingles.values), np.uint64)
    _winnow_rows(shingles.values, shingles.offsets, out, ends)
    return out[: ends[-1]].copy(), ends


HASHES_VERSION = 1
"""Grows whenever a content hash, shingle hash, band hash or fingerprint of the same
text changes, so that hashes of earlier runs are not compared with other ones."""


def families(dedup: DedupConfig) -> dict[str, str]:
    """Name the families of hashes that a run makes; only equal ones compare.

    `exact`: of content hashes. `near`: of band hashes, `containment`: of fingerprints,
    if they are made.
    """
    text = [HASHES_VERSION, unicodedata.unidata_version, dedup.normalise.model_dump()]
    found = {"exact": _family(text)}
    if dedup.fuzzy:
        near = [*text, dedup.ngram, dedup.bands, dedup.rows, dedup.seed]
        found["near"] = _family(near)
    if dedup.containment is not None:
        found["containment"] = _family([*text, dedup.ngram, WINDOW])
    return found


def _family(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


FINGERPRINTS = "fingerprints"


def band_name(band: int) -> str:
    """Name of the survey column that holds one band's hashes."""
    return f"band_{band:03d}"


def near_fields(dedup: DedupConfig) -> tuple[pa.Field, ...]:
    """Columns by which near-duplicates are found.

    `unit` says what a shingle is made of (`shingles.NO_UNIT` where there is none), each
    band has a column of 64-bit hashes (0 without shingles), so that matching can read
    one band after the other, and `fingerprints` serve containment.
    """
    if not dedup.fuzzy:
        return ()
    fields = [pa.field("unit", pa.uint8(), nullable=False)]
    if dedup.containment is not None:
        fields.append(pa.field(FINGERPRINTS, pa.large_list(pa.uint64())))
    names = map(band_name, range(dedup.bands))
    return (*fields, *(pa.field(name, pa.uint64(), nullable=False) for name in names))


def near_columns(normalised: pa.StringArray, dedup: DedupConfig) -> dict[str, pa.Array]:
    """The columns of `near_fields` for a batch of texts, normalised as it says."""
    if not dedup.fuzzy:
        return {}
    shingles = shingle(normalised, dedup.ngram)
    bands = np.ascontiguousarray(band_hashes(shingles, dedup).T)
    columns = {band_name(band): pa.array(keys) for band, keys in enumerate(bands)}
    columns["unit"] = pa.array(shingles.unit)
    if dedup.containment is not None:
        values, offsets = map(pa.array, winnow(shingles))
        columns[FINGERPRINTS] = pa.LargeListArray.from_arrays(offsets, values)
    return columns
