"""Decisions as a table: what is done with every document, and by what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.reasons import DropReason, Outcome, QuarantineReason
from isinglass.transforms.dedup.decide import Decided, Fate
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.schemas.config import DedupConfig

DECISIONS = pa.schema(
    [
        pa.field("doc_high", pa.uint64(), nullable=False),
        pa.field("doc_low", pa.uint64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("kept_doc_id", pa.string()),
        pa.field("kept_in", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("compared_by", pa.string()),
        pa.field("evaluation_item", pa.string()),
        pa.field("weight", pa.float64()),
    ]
)
"""One row a document of the shard, in reading order."""

_OUTCOMES = {
    Fate.KEEP: (Outcome.KEPT, None),
    Fate.EMPTY: (Outcome.DROPPED, DropReason.EMPTY),
    Fate.DUPLICATE_ID: (Outcome.QUARANTINED, QuarantineReason.DUPLICATE_ID),
    Fate.EXACT_DUPLICATE: (Outcome.DROPPED, DropReason.EXACT_DUPLICATE),
    Fate.NEAR_DUPLICATE: (Outcome.DROPPED, DropReason.NEAR_DUPLICATE),
    Fate.CONTAINED: (Outcome.DROPPED, DropReason.CONTAINED),
    Fate.ONLY_BOILERPLATE: (Outcome.DROPPED, DropReason.ONLY_BOILERPLATE),
    Fate.CONTAMINATED: (Outcome.DROPPED, DropReason.CONTAMINATED),
    Fate.ERASED: (Outcome.DROPPED, DropReason.ERASED),
}


COMPARED_BY = ("whole_text", "words", "characters")
"""By `unit` of the survey: what a document is compared by."""


@dataclass(frozen=True)
class Labels:
    """What the decisions say besides fates and numbers; one entry a document.

    Attributes:
        compared_by: See `COMPARED_BY`; null when deduplication is off.
        run: int32, index into `run_ids` of the earlier run that a document belongs
            to, -1 for this run; documents of earlier runs included.
        run_ids: run_id of each earlier run.
        items: Evaluation item found in the document; null for none.
        item_share: Share of the item that its longest match covers.
        item_rule: What makes a document contaminated.
        dedup: The `dedup` section, for the rules.
    """

    compared_by: pa.Array
    run: np.ndarray
    run_ids: tuple[str, ...]
    items: pa.Array
    item_share: np.ndarray
    item_rule: str
    dedup: DedupConfig | None


def decision_table(
    decided: Decided, weights: np.ndarray | None, words: np.ndarray, labels: Labels
) -> pa.Table:
    """Decisions on the documents of this run, in survey order.

    Args:
        decided: What was decided, earlier runs included.
        weights: Balance weight of each document; None when balancing is off.
        words: uint64 (documents, 2), the doc_ids, earlier runs included.
        labels: Names.
    """
    rows = len(labels.compared_by)
    fate = decided.fate[:rows]
    evidence = decided.kept[:rows] >= 0
    kept = np.where(evidence, decided.kept[:rows], 0)
    nothing = pa.array(np.full(rows, np.nan), from_pandas=True)
    found = labels.items.is_valid().to_numpy(zero_copy_only=False)
    found &= np.isin(fate, (Fate.KEEP, Fate.CONTAMINATED))
    similarity = np.where(found, labels.item_share, decided.similarity[:rows])
    columns = [
        pa.array(words[:rows, 0]),
        pa.array(words[:rows, 1]),
        _by_fate(fate, {f: o[0].value for f, o in _OUTCOMES.items()}),
        _by_fate(fate, {f: o[1] for f, o in _OUTCOMES.items()}),
        pc.if_else(pa.array(found), labels.item_rule, _rules(fate, labels)),
        pc.if_else(pa.array(evidence), format_doc_ids(words[kept]), None),
        _kept_in(labels, kept, evidence),
        pa.array(similarity, from_pandas=True),
        labels.compared_by,
        labels.items,
        nothing if weights is None else pa.array(weights, from_pandas=True),
    ]
    return pa.Table.from_arrays(columns, schema=DECISIONS)


def _kept_in(labels: Labels, kept: np.ndarray, evidence: np.ndarray) -> pa.Array:
    run = labels.run[kept]
    index = pa.array(run, mask=~evidence | (run < 0))
    return pa.array(labels.run_ids, pa.string()).take(index)


def _rules(fate: np.ndarray, labels: Labels) -> pa.Array:
    """Rule by which each document goes; what a shingle is depends on the document."""
    dedup = labels.dedup
    if dedup is None:
        return pa.nulls(len(fate), pa.string())
    fixed = {Fate.EXACT_DUPLICATE: "content_hash"}
    if dedup.paragraphs is not None:
        most = dedup.paragraphs.max_documents
        fixed[Fate.ONLY_BOILERPLATE] = f"paragraphs in over {most} documents"
    unit = pc.if_else(pc.equal(labels.compared_by, "characters"), "character", "word")
    tail = f" {dedup.ngram}-grams"
    near = pc.binary_join_element_wise(
        f"jaccard>={dedup.threshold:g} on ", unit, tail, ""
    )
    inside = pc.binary_join_element_wise(
        f"containment>={dedup.containment or 0:g} on ", unit, tail, ""
    )
    is_near = pa.array(fate == Fate.NEAR_DUPLICATE)
    is_inside = pa.array(fate == Fate.CONTAINED)
    rest = _by_fate(fate, dict(fixed))
    return pc.if_else(is_near, near, pc.if_else(is_inside, inside, rest))


def _by_fate(fate: np.ndarray, names: dict[Fate, Any]) -> pa.Array:
    labels = pa.array(
        [None if (n := names.get(f)) is None else str(n) for f in Fate], pa.string()
    )
    return labels.take(pa.array(fate))
