"""Fingerprints of a document by which parts that it shares with others are found.

Bands find documents that are alike as a whole. A short document inside a long one is
not: their Jaccard similarity is low. Winnowing keeps the smallest shingle hash of each
window of consecutive shingles, so that two documents which share any run of `WINDOW`
shingles share a fingerprint, wherever the run lies in either (Schleimer, Wilkerson and
Aiken, Winnowing: Local Algorithms for Document Fingerprinting, 2003, section 3).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config import DedupConfig
    from isinglass.transforms.dedup.shingles import Shingles

WINDOW = 8
"""Shingles in a window; about 2 in 9 shingles are kept (same source, section 3.2)."""


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


def winnow(shingles: Shingles) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
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
