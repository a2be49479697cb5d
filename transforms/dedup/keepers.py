"""Which documents stay: an order of preference, and greedy removal along it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from numba import njit

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def _leading_key(
    keep: str,
    lengths: NDArray[np.int64],
    collected_at: pa.StringArray | None,
    order: NDArray[np.int64] | None,
) -> tuple[NDArray[Any], ...]:
    """Return the sort keys before doc_id, least important first."""
    if keep == "longest":
        return (-lengths,)
    if keep == "first":
        if order is None:
            raise ValueError("keep is first: give the input order of the documents")
        return (order,)
    if keep == "newest":
        if collected_at is None:
            raise ValueError("keep is newest: give collected_at of the documents")
        # Nulls come last, which is the default under every name the option has had.
        recency = pc.rank(
            collected_at,
            sort_keys="descending",
            tiebreaker="dense",
        )
        return (-lengths, recency.to_numpy(zero_copy_only=False))
    raise ValueError(f"keep is {keep!r}; it is one of longest, first, newest")


def keeper_ranks(
    lengths: NDArray[np.int64],
    doc_ids: NDArray[np.uint64],
    keep: str,
    collected_at: pa.StringArray | None,
    order: NDArray[np.int64] | None,
) -> NDArray[np.uint32]:
    """Rank documents by how much each should rather stay than those after it.

    Args:
        lengths: Shape (n,): length of each text, in any one unit.
        doc_ids: Shape (n, 2): high and low word of each doc_id.
        keep: `longest`: the longest first. `first`: by input order. `newest`: the
            greatest `collected_at` first, documents without one last, then the
            longest first. What is still equal goes by the smaller doc_id.
        collected_at: Shape (n,): dates in a form that sorts as text, such as ISO
            8601; read for `newest` only.
        order: Shape (n,): place of each document in the input; read for `first` only.

    Returns:
        Shape (n,): a permutation of 0 to n - 1; 0 is preferred most. It moves with
        the documents when they come in another order.

    Raises:
        ValueError: If `keep` is unknown, what it reads is missing, or there are more
            documents than 32 bits number.
    """
    count = len(lengths)
    if count >= 2**32:
        raise ValueError(f"{count} documents; 32-bit ranks number at most 2**32 - 1")
    leading = _leading_key(keep, lengths, collected_at, order)
    by_preference = np.lexsort((doc_ids[:, 1], doc_ids[:, 0], *leading))
    ranks = np.empty(count, np.uint32)
    ranks[by_preference] = np.arange(count, dtype=np.uint32)
    return ranks


@njit(cache=True, nogil=True)
def _remove(
    smaller: Any, larger: Any, similarity: Any, kept: Any, evidence: Any
) -> None:
    """Walk pairs by ascending larger rank, then ascending smaller rank.

    All of a document's fate depends on smaller ranks, so it is settled before the
    document is itself asked to be evidence.
    """
    for pair in range(smaller.size):
        stays, goes = smaller[pair], larger[pair]
        if kept[stays] >= 0:
            continue
        if kept[goes] < 0 or similarity[pair] > evidence[goes]:
            kept[goes] = stays
            evidence[goes] = similarity[pair]


def resolve_near(
    pairs: NDArray[np.uint32],
    similarity: NDArray[np.float64],
    threshold: float,
    documents: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Remove documents that are near-duplicates of one that stays.

    Greedy along the ranks: a document goes if, and only if, it has a verified pair of
    at least `threshold` with a document of smaller rank that stays. Nothing goes
    because of a document that itself went.

    Args:
        pairs: Shape (p, 2): smaller rank, larger rank; in any order.
        similarity: Shape (p,): exact similarity of each pair.
        threshold: Least similarity of a removal.
        documents: Number of documents that are ranked.

    Returns:
        Two arrays of shape (documents,), by rank. The rank of the most similar
        document that stays (of equally similar ones the preferred one), or -1 for a
        document that stays itself; and that similarity, or NaN.

    Raises:
        ValueError: If a pair is not (smaller, larger) or names an unknown rank.
    """
    if len(pairs) and (
        (pairs[:, 0] >= pairs[:, 1]).any() or int(pairs[:, 1].max()) >= documents
    ):
        raise ValueError(f"pairs must be (smaller rank, larger rank) below {documents}")
    enough = similarity >= threshold
    smaller = pairs[enough, 0].astype(np.int64)
    larger = pairs[enough, 1].astype(np.int64)
    order = np.lexsort((smaller, larger))
    kept = np.full(documents, -1, np.int64)
    evidence = np.full(documents, np.nan)
    _remove(smaller[order], larger[order], similarity[enough][order], kept, evidence)
    return kept, evidence
