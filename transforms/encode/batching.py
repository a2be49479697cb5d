"""Which documents go through the model together.

Documents are taken in the order of their length, so that a batch holds nearly equal
ones: without padding that makes long runs of equal length, with padding it makes
little of it. A plan depends on the lengths alone, so the same shard is always cut
into the same batches.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from isinglass.schemas.arrays import Integers


def plan_batches(
    lengths: Integers, budget: int, *, padded: bool = False
) -> list[Integers]:
    """Cut documents into batches of at most `budget` tokens, longest first.

    Documents of no tokens are in no batch; a longer one than `budget` is a batch of its
    own. With `padded`, every document of a batch counts as long as the longest. Returns
    row numbers of each batch; equal lengths keep their order.
    """
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    ordered = lengths[order]
    edges = [0] if padded else bounds(ordered, budget)
    while edges[-1] < len(order):
        stop = edges[-1] + max(1, budget // int(ordered[edges[-1]]))
        edges.append(min(stop, len(order)))
    return [order[start:stop] for start, stop in pairwise(edges)]


def bounds(sizes: Integers, most: int) -> list[int]:
    """Bounds of consecutive stretches that sum to `most`; a larger size is alone.

    Returns 0, where each next one starts, and n; [0] where there are no items.
    """
    ends = np.cumsum(sizes)
    found = [0]
    while found[-1] < len(sizes):
        start = found[-1]
        used = ends[start] - sizes[start]
        stop = int(np.searchsorted(ends, used + most, side="right"))
        found.append(max(stop, start + 1))
    return found


def equal_runs(lengths: Integers) -> list[tuple[int, int]]:
    """Start and stop rows of the stretches of equal length."""
    if len(lengths) == 0:
        return []
    edges = np.flatnonzero(np.diff(lengths)) + 1
    return list(pairwise([0, *edges.tolist(), len(lengths)]))


def token_index(starts: Integers, lengths: Integers) -> Integers:
    """Positions of all tokens of the stretches `starts[i] .. starts[i] + lengths[i]`.

    Returns shape (sum of lengths,): one stretch after the other.
    """
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def batch_cost(lengths: Integers, *, padded: bool = False) -> int:
    """What a batch takes of a budget: its tokens, or its area where it is padded."""
    return int(lengths.max()) * len(lengths) if padded else int(lengths.sum())
