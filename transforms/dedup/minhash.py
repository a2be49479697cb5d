"""MinHash signatures, folded at once into one 64-bit key a band.

The family is x -> (a x + b) mod 2**32 with random odd a, over 32 mixed bits of each
shingle (affine permutations: Broder, Charikar, Frieze and Mitzenmacher, Min-wise
Independent Permutations, 2000, section 5). Everything follows from the seed.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.units import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.dedup import DedupConfig
    from isinglass.transforms.dedup.shingles import Shingles

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


@njit(cache=True, nogil=True)
def _lower_minima(values: Any, multipliers: Any, addends: Any, minima: Any) -> None:
    """Fold shingle hashes into the running minimum of each permutation."""
    for value in values:
        short = np.uint32(value >> np.uint64(32))
        for index in range(minima.size):
            permuted = multipliers[index] * short + addends[index]
            minima[index] = min(minima[index], np.uint32(permuted))


@njit(cache=True, nogil=True)
def _fill_minima(
    values: Any, offsets: Any, multipliers: Any, addends: Any, minima: Any
) -> None:
    for row in range(offsets.size - 1):
        own = values[offsets[row] : offsets[row + 1]]
        _lower_minima(own, multipliers, addends, minima[row])


@njit(cache=True, nogil=True)
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


def band_hashes(shingles: Shingles, config: DedupConfig) -> NDArray[np.uint64]:
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
