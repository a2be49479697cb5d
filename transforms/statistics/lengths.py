"""A histogram of lengths in fixed logarithmic bins, and quantiles from it.

Bins are exact up to 63; above that each doubling is cut into 32 bins, so that a bin is
at most 1/32 of its lower end wide, and its middle at most 1/64 (1.6 %) off any value
in it. Bins never depend on the data: histograms of any parts add up.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_BITS = 5
_PARTS = 1 << _BITS


def length_bins(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bin of each length (0 or more, below 2^53)."""
    octave = np.frexp(np.maximum(lengths, 1).astype(np.float64))[1] - 1
    shift = np.maximum(octave - _BITS, 0).astype(np.int64)
    return np.asarray(shift * _PARTS + (lengths >> shift))


def bin_middle(number: int) -> float:
    """Return the middle of the lengths that fall into a bin."""
    shift = max(number // _PARTS - 1, 0)
    low = (number - shift * _PARTS) << shift
    return low + ((1 << shift) - 1) / 2


def quantile(histogram: Mapping[str, int], share: float) -> float:
    """Return the length that `share` of the documents do not exceed.

    Args:
        histogram: Documents by bin number, the number as text.
        share: Above 0, at most 1.

    Returns:
        The middle of the bin that holds the ceil(share * n)-th smallest length; off by
        at most 1/64 of it, and exact below 64.

    Raises:
        ValueError: The histogram is empty.
    """
    total = sum(histogram.values())
    if total == 0:
        raise ValueError("an empty histogram has no quantiles")
    rank = max(1, ceil(share * total - 1e-9))
    seen = 0
    for number in sorted(map(int, histogram)):
        seen += histogram[str(number)]
        if seen >= rank:
            return bin_middle(number)
    raise ValueError("the histogram holds a negative count")
