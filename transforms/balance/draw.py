"""From weights to whole documents: how often to repeat one, or whether to keep it.

Each document draws u, 0 <= u < 1, from a hash of its own id: the first 8 bytes of
BLAKE2b with the seed as key, over 2^64. Nothing else in the corpus matters, nor does
the order. A document of weight w is repeated floor(w) times, and once more if u is
below the rest; or it is kept if u < w / (greatest weight). On average both give the
shares that the weights have, and `Spread` says how far from it chance may lead.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats
from isinglass.transforms.text import string_buffers

Emit = Literal["copies", "keep"]

LARGEST_Z = 4.0
"""Standard deviations from what is expected that chance does not explain."""


def uniforms(doc_ids: pa.StringArray, seed: int) -> Floats:
    """The number u of each document (n,)."""
    data, offsets = string_buffers(doc_ids)
    ids, ends = data.tobytes(), offsets.tolist()
    keyed = hashlib.blake2b(key=str(seed).encode())
    first = bytearray()
    for start, stop in itertools.pairwise(ends):
        hasher = keyed.copy()
        hasher.update(ids[start:stop])
        first += hasher.digest()[:8]
    # 53 bits, so that no number is rounded up to 1.
    return (np.frombuffer(first, ">u8") >> np.uint64(11)) / 2.0**53


def copies(weights: Floats, u: Floats) -> NDArray[np.int32]:
    """How often each document is to be repeated (n,)."""
    whole = np.floor(weights)
    return (whole + (u < weights - whole)).astype(np.int32)


def keep(weights: Floats, u: Floats, greatest: float) -> Flags:
    """Which documents are in the sample (n,); `greatest` is at least every weight."""
    return np.asarray(u < weights / greatest)


def moments(weights: Floats, emit: Emit, greatest: float) -> tuple[Floats, Floats]:
    """Mean and variance of what each document draws (n,)."""
    if emit == "keep":
        share = weights / greatest
        return share, share * (1.0 - share)
    rest = weights - np.floor(weights)
    return weights, rest * (1.0 - rest)


class Spread(NamedTuple):
    """What was drawn beside what was to be expected.

    Attributes:
        residual: What was drawn, less its mean.
        deviation: Standard deviation of that.
        most: What one document alone may bring.
    """

    residual: float
    deviation: float
    most: float

    @property
    def z(self) -> float:
        """The residual in standard deviations; 0 where nothing is left to chance."""
        return self.residual / self.deviation if self.deviation > 0.0 else 0.0

    @property
    def plausible(self) -> bool:
        """Whether chance explains it.

        By Bernstein's inequality: where no document stands out, up to `LARGEST_Z`
        standard deviations, and more the more one document may bring.
        """
        bulk = LARGEST_Z * LARGEST_Z * self.most / 6.0
        spread = LARGEST_Z * self.deviation
        most: float = bulk + (bulk * bulk + spread * spread) ** 0.5
        return abs(self.residual) <= most


class DrawSums(NamedTuple):
    """Sums over documents that add up over shards; one entry a group of an axis.

    For what is drawn I with mean q and variance v, and counts u of a group and t of
    its axis: sums of (I - q) u, (I - q) t, v u^2, v u t, v t^2; and the largest t.
    """

    sums: Floats
    most: float

    def add(self, more: DrawSums) -> DrawSums:
        """The sums over both."""
        return DrawSums(self.sums + more.sums, max(self.most, more.most))

    def spread(self, share: Floats) -> list[Spread]:
        """Of u - share t, whose weighted sum is 0 for the share under the weights."""
        found = []
        for (u, t, uu, ut, tt), s in zip(self.sums.T, share, strict=True):
            variance = max(0.0, float(uu - 2.0 * s * ut + s * s * tt))
            found.append(Spread(float(u - s * t), variance**0.5, self.most))
        return found


def draw_sums(
    counts: Floats, drawn: Floats, mean: Floats, variance: Floats
) -> DrawSums:
    """Sums of an axis with counts (groups, n), over n documents."""
    total, over = counts.sum(axis=0), drawn - mean
    sums = [
        (
            (over * group).sum(),
            (over * total).sum(),
            (variance * group * group).sum(),
            (variance * group * total).sum(),
            (variance * total * total).sum(),
        )
        for group in counts
    ]
    return DrawSums(np.array(sums).T, float(total.max(initial=0.0)))
