"""How many alike pairs a deduplication met, and whether its removals are right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.deduplication.truthset import Truth

EDGES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
SAME_WORDS = "=1, only case, space, marks"


@dataclass(frozen=True)
class Share:
    """A share of some pairs or documents.

    Attributes:
        found: How many.
        total: Of how many.
    """

    found: int
    total: int

    @property
    def value(self) -> float:
        """The share; 1 of nothing."""
        return self.found / self.total if self.total else 1.0

    def __str__(self) -> str:
        """Rounded down, so that 1.0000 means all."""
        return f"{np.floor(self.value * 1e4) / 1e4:.4f} ({self.found}/{self.total})"


@dataclass(frozen=True)
class Removals:
    """What a deduplication removed.

    Attributes:
        kept_for: Of each removed document, the documents named as kept for it.
        documents: Documents that were looked at: the first so many.
    """

    kept_for: Mapping[int, Sequence[int]]
    documents: int


def read_removals(ledger: Path, documents: int) -> Removals:
    """Removals by the ledger of a run over files from `write_truth`.

    Raises:
        ValueError: A document was neither kept nor removed as a duplicate, or the
            ledger does not have one row a document.
    """
    columns = ["doc_id", "path", "row", "outcome", "reason", "kept_doc_id"]
    tables = [pq.read_table(f, columns=columns) for f in sorted(ledger.glob("*"))]
    table = pa.concat_tables(tables).sort_by(
        [("path", "ascending"), ("row", "ascending")]
    )
    if table.num_rows != documents:
        msg = f"The ledger has {table.num_rows} rows for {documents} documents."
        raise ValueError(msg)
    ids = table["doc_id"].to_pylist()
    number_of = {doc_id: number for number, doc_id in enumerate(ids)}
    kept_for: dict[int, Sequence[int]] = {}
    outcomes = zip(
        table["outcome"].to_pylist(), table["kept_doc_id"].to_pylist(), strict=True
    )
    for number, (outcome, kept) in enumerate(outcomes):
        if outcome == "dropped" and kept is not None:
            kept_for[number] = (number_of[kept],)
        elif outcome != "kept":
            msg = f"Record {number} is {outcome}; the truth set has no such records."
            raise ValueError(msg)
    return Removals(kept_for, documents)


def _inside(truth: Truth, removals: Removals) -> NDArray[np.bool_]:
    """Pairs whose documents were both looked at."""
    return np.asarray((truth.pairs < removals.documents).all(axis=1))


def met_pairs(truth: Truth, removals: Removals) -> NDArray[np.bool_]:
    """Pairs of which at least one document was removed."""
    gone = np.zeros(len(truth.texts), np.bool_)
    gone[list(removals.kept_for)] = True
    return np.asarray(gone[truth.pairs].any(axis=1))


def recall_by_similarity(truth: Truth, removals: Removals) -> dict[str, Share]:
    """Share of pairs met, by exact similarity; upper edges are exclusive."""
    inside, met = _inside(truth, removals), met_pairs(truth, removals)
    value = truth.similarity
    found = {}
    for low, high in pairwise(EDGES):
        chosen = inside & (value >= low) & (value < high)
        found[f"{low:.2f}-{high:.2f}"] = _share(chosen, met)
    found["=1"] = _share(inside & (value == 1), met)
    found[SAME_WORDS] = _share(inside & truth.same_words, met)
    return found


def recall_between(truth: Truth, removals: Removals, low: float, high: float) -> Share:
    """Share of pairs met of those of similarity in [low, high)."""
    value = truth.similarity
    chosen = _inside(truth, removals) & (value >= low) & (value < high)
    return _share(chosen, met_pairs(truth, removals))


def recall_by_kind(
    truth: Truth, removals: Removals, threshold: float
) -> dict[str, Share]:
    """Share of planted pairs (an edited text and its origin) met at the threshold."""
    numbers = np.array([n for n, kind in enumerate(truth.kinds) if kind], np.int64)
    pairs = np.stack([truth.origins[numbers], numbers], axis=1)
    alike = truth.similarity_of(pairs) >= threshold
    alike &= (pairs < removals.documents).all(axis=1)
    gone = np.zeros(len(truth.texts), np.bool_)
    gone[list(removals.kept_for)] = True
    met = np.asarray(gone[pairs].any(axis=1))
    kinds = np.array(
        ["edited twice" if "+" in truth.kinds[n] else truth.kinds[n] for n in numbers]
    )
    return {
        kind: _share(alike & (kinds == kind), met) for kind in np.unique(kinds).tolist()
    }


def precision(truth: Truth, removals: Removals, threshold: float) -> Share:
    """Share of removals that are right.

    A removal is right if a document that it names as kept is kept, and its exact
    similarity to that one is at least the threshold.
    """
    claims = [
        (gone, kept)
        for gone, named in removals.kept_for.items()
        for kept in named
        if kept not in removals.kept_for
    ]
    pairs = np.array(claims, np.int64).reshape(-1, 2)
    right = truth.similarity_of(pairs) >= threshold
    return Share(len(set(pairs[right, 0].tolist())), len(removals.kept_for))


def _share(chosen: Any, met: NDArray[np.bool_]) -> Share:
    return Share(int((chosen & met).sum()), int(chosen.sum()))
