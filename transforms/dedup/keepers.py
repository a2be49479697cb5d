"""Which documents stay: an order of preference, and greedy removal along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Integers, Words
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.compiled import njit


def keeper_ranks(
    lengths: Integers,
    doc_ids: Words,
    keep: str,
    collected_at: pa.StringArray,
    order: Integers,
) -> NDArray[np.uint32]:
    """Rank documents by how much each should rather stay than those after it.

    Lengths (n,) are in any one unit, `doc_ids` (n, 2) high and low words. `keep` is
    `longest`: the longest first; `first`: by input order; or `newest`: the greatest
    `collected_at` first, documents without one last, then the longest first. What is
    still equal goes by the smaller doc_id. `collected_at` (n,) are dates in a form that
    sorts as text, such as ISO 8601, read for `newest` only; `order` (n,) is the place
    of each document in the input, read for `first` only.

    Returns shape (n,): a permutation of 0 to n - 1; 0 is preferred most. It moves with
    the documents when they come in another order.

    Raises:
        ValueError: There are more documents than 32 bits number.
    """
    count = len(lengths)
    if count >= 2**32:
        raise ValueError(f"{count} documents; 32-bit ranks number at most 2**32 - 1")
    leading = [order if keep == "first" else -lengths]
    if keep == "newest":
        # Nulls come last, which is the default under every name the option has had.
        recency = pc.rank(collected_at, sort_keys="descending", tiebreaker="dense")
        leading.append(recency.to_numpy(zero_copy_only=False))
    by_preference = np.lexsort((doc_ids[:, 1], doc_ids[:, 0], *leading))
    ranks = np.empty(count, np.uint32)
    ranks[by_preference] = np.arange(count, dtype=np.uint32)
    return ranks


@dataclass(frozen=True, eq=False)
class Similarity:
    """Exact similarity of candidate pairs (smaller rank, larger rank).

    Attributes:
        jaccard: float64 (p,), of the two shingle sets.
        contained: float64 (p,), share of the shingles of the larger rank that the
            smaller rank has too; 0 where the smaller rank has fewer shingles. None
            when containment is off.
    """

    jaccard: Floats
    contained: Floats | None = None


@dataclass(frozen=True, eq=False)
class Removals:
    """One entry a ranked document.

    Attributes:
        kept: int64, rank of the document that stays for this one; -1 if it stays.
        similarity: float64, exact similarity with it; NaN if it stays.
        contained: bool, the similarity is a containment, not a Jaccard similarity.
    """

    kept: Integers
    similarity: Floats
    contained: Flags


@njit(nogil=True)
def _remove(
    smaller: Any, larger: Any, order: Any, strength: Any, evidence: Any
) -> None:
    """Walk pairs by ascending larger rank, then ascending smaller rank.

    All of a document's fate depends on smaller ranks, so it is settled before the
    document is itself asked to be evidence.
    """
    for pair in order:
        goes = larger[pair]
        if evidence[smaller[pair]] >= 0:
            continue
        best = evidence[goes]
        if best < 0 or strength[pair] > strength[best]:
            evidence[goes] = pair


def resolve_near(
    pairs: NDArray[np.uint32],
    similarity: Similarity,
    dedup: DedupConfig,
    documents: int,
) -> Removals:
    """Remove documents that are near-duplicates of one that stays.

    Greedy along the ranks: a document goes if, and only if, it has a verified pair
    with a document of smaller rank that stays: one of at least `dedup.threshold`, or
    one in which it is contained to at least `dedup.containment`. Nothing goes because
    of a document that itself went. Evidence is the most similar document that stays,
    by Jaccard before containment; of equally similar ones the preferred one.

    The pairs, shape (p, 2), come in any order; so many documents are ranked.

    Raises:
        ValueError: If a pair is not (smaller, larger) or names an unknown rank.
    """
    if len(pairs) and (
        (pairs[:, 0] >= pairs[:, 1]).any() or int(pairs[:, 1].max()) >= documents
    ):
        raise ValueError(f"pairs must be (smaller rank, larger rank) below {documents}")
    near = similarity.jaccard >= dedup.threshold
    inside = np.zeros(len(pairs), np.bool_)
    value = similarity.jaccard
    if dedup.containment is not None and similarity.contained is not None:
        inside = (similarity.contained >= dedup.containment) & ~near
        value = np.where(inside, similarity.contained, value)
    chosen = np.flatnonzero(near | inside)
    smaller, larger = pairs[chosen, 0], pairs[chosen, 1]
    # Jaccard evidence is worth more than any containment, which is at most 1.
    strength = value[chosen] + near[chosen]
    evidence = np.full(documents, -1, np.int64)
    _remove(smaller, larger, np.lexsort((smaller, larger)), strength, evidence)
    gone = np.flatnonzero(evidence >= 0)
    by = chosen[evidence[gone]]
    removals = Removals(
        kept=np.full(documents, -1, np.int64),
        similarity=np.full(documents, np.nan),
        contained=np.zeros(documents, np.bool_),
    )
    removals.kept[gone] = pairs[by, 0]
    removals.similarity[gone] = value[by]
    removals.contained[gone] = inside[by]
    return removals
