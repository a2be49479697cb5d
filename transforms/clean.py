"""The accounts of a batch: decisions and edits in; data, findings, ledger, quarantine.

A document that a stage could not read goes to quarantine: nothing unread is ever kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.reasons import Outcome
from isinglass.schemas.tables import DATA, DOCUMENTS, FINDINGS, LEDGER, QUARANTINE
from isinglass.transforms.batches import one_batch
from isinglass.transforms.edits import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from isinglass.schemas.documents import DocumentBatch
    from isinglass.transforms.edits import Applied


@dataclass(frozen=True)
class CleanedBatch:
    """What becomes of one batch of records.

    Attributes:
        data: Kept documents (`tables.DATA`, carried columns, and those of stages).
        findings: `tables.FINDINGS` of the kept documents.
        ledger: `tables.LEDGER`, one row a record, in reading order.
        quarantine: `tables.QUARANTINE`.
        languages: Language of each kept document.
        counts: Integers to be reconciled; see `_count`.
    """

    data: pa.RecordBatch
    findings: pa.RecordBatch
    ledger: pa.RecordBatch
    quarantine: pa.RecordBatch
    languages: pa.StringArray
    counts: Counter[str]


def kept_view(
    batch: DocumentBatch, decisions: pa.Table, languages: pa.StringArray
) -> View:
    """The documents of a batch that are decided to be kept.

    Args:
        batch: Records as read.
        decisions: With the column `outcome`, one row a document.
        languages: Language of each document.
    """
    chosen = pa.array(_chosen(decisions))
    return View.of(batch.documents.take(chosen), languages.take(chosen))


def account(
    batch: DocumentBatch,
    decisions: pa.Table,
    applied: Applied,
    shard_id: str,
    columns: Mapping[str, pa.Array] | None = None,
    withhold: Callable[[pa.StringArray], np.ndarray] | None = None,
) -> CleanedBatch:
    """Write down what became of each record of a batch.

    Args:
        batch: Records as read.
        decisions: Columns outcome, reason, weight and `EVIDENCE`, one row a document.
        applied: What the edits made of `kept_view`.
        shard_id: Name of the shard, for ledger and quarantine.
        columns: Further columns of `data/`, one entry a document alive. One that has
            the name of a column of `tables.DATA` takes its place.
        withhold: Which of some doc_ids (n,) must not be kept in quarantine, bool (n,).
    """
    documents = batch.documents
    chosen = _chosen(decisions)
    failed = chosen[applied.failures.column("row").to_numpy()]
    kept = chosen[applied.alive]
    fates = _Fates.of(documents, decisions, failed, applied.failures)
    ledger = _ledger(batch, decisions, fates, kept, applied, shard_id)
    languages = applied.languages
    computed = {
        "text": applied.texts,
        "language": _languages(documents, kept, languages),
        "pii": applied.spans,
        "balance_weight": decisions["weight"].combine_chunks().take(pa.array(kept)),
        **(columns or {}),
    }
    return CleanedBatch(
        data=_data(documents, kept, computed),
        findings=_findings(applied),
        ledger=ledger,
        quarantine=_quarantine(batch, fates, shard_id, withhold),
        languages=languages,
        counts=_count(ledger, applied),
    )


def _chosen(decisions: pa.Table) -> np.ndarray:
    """Rows of the documents that are decided to be kept."""
    kept = pc.equal(decisions["outcome"], Outcome.KEPT)
    return np.flatnonzero(kept.to_numpy().astype(bool))


@dataclass(frozen=True)
class _Fates:
    """Outcome and reason of each document after the edits."""

    outcome: pa.Array
    reason: pa.Array
    detail: pa.Array

    @classmethod
    def of(
        cls,
        documents: pa.RecordBatch,
        decisions: pa.Table,
        failed: np.ndarray,
        failures: pa.RecordBatch,
    ) -> _Fates:
        rows = documents.num_rows
        mask = np.zeros(rows, dtype=bool)
        mask[failed] = True
        outcome = decisions["outcome"].combine_chunks()
        reason, detail = decisions["reason"].combine_chunks(), _constant("", rows)
        flags = pa.array(mask)
        return cls(
            pc.if_else(flags, Outcome.QUARANTINED.value, outcome),
            pc.replace_with_mask(reason, flags, failures.column("reason")),
            pc.replace_with_mask(detail, flags, failures.column("detail")),
        )


def _languages(
    documents: pa.RecordBatch, kept: np.ndarray, languages: pa.StringArray
) -> pa.StringArray:
    """What the input says of a document's language, otherwise what was found."""
    return pc.coalesce(documents.column("language").take(pa.array(kept)), languages)


def _data(
    documents: pa.RecordBatch, kept: np.ndarray, computed: dict[str, pa.Array]
) -> pa.RecordBatch:
    # The text is replaced anyway, and is most of what would be copied.
    rows = documents.drop_columns(["text"]).take(pa.array(kept))
    fields = [*DATA, *list(documents.schema)[len(DOCUMENTS) :]]
    known = {field.name for field in fields}
    added = [n for n in computed if n not in known]
    fields += [pa.field(name, computed[name].type) for name in added]
    columns = [
        computed[f.name] if f.name in computed else rows.column(f.name) for f in fields
    ]
    schema = pa.schema(fields, metadata=DATA.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _findings(applied: Applied) -> pa.RecordBatch:
    findings = applied.findings
    doc_ids = applied.doc_ids.take(findings.column("row"))
    columns = [findings.column(name) for name in FINDINGS.names[1:]]
    return pa.RecordBatch.from_arrays([doc_ids, *columns], schema=FINDINGS)


def _ledger(
    batch: DocumentBatch,
    decisions: pa.Table,
    fates: _Fates,
    kept: np.ndarray,
    applied: Applied,
    shard_id: str,
) -> pa.RecordBatch:
    documents, rejected = batch.documents, batch.rejected
    rows = documents.num_rows
    out = np.zeros(rows, dtype=np.int64)
    changed = np.zeros(rows, dtype=np.int32)
    out[kept] = pc.utf8_length(applied.texts).to_numpy()
    changed[kept] = applied.changed
    is_kept = pa.array(np.isin(np.arange(rows), kept))
    # A document that failed its scan keeps no dedup evidence: it was not a duplicate.
    accepted = _ledger_rows(
        {
            "doc_id": documents.column("doc_id"),
            "row": documents.column("row"),
            "outcome": fates.outcome,
            "reason": fates.reason,
            **{name: decisions[name].combine_chunks() for name in EVIDENCE},
            "chars_in": pc.cast(pc.utf8_length(documents.column("text")), pa.int64()),
            "chars_out": pc.if_else(is_kept, pa.array(out), pa.scalar(0, pa.int64())),
            "spans_changed": pa.array(changed),
        },
        batch.path,
        shard_id,
    )
    if rejected.num_rows == 0:
        return accepted  # in reading order already
    refused = _ledger_rows(
        {
            "doc_id": rejected.column("doc_id"),
            "row": rejected.column("row"),
            "outcome": _constant(Outcome.QUARANTINED.value, rejected.num_rows),
            "reason": rejected.column("reason"),
        },
        batch.path,
        shard_id,
    )
    table = pa.Table.from_batches([accepted, refused])
    return one_batch(table.sort_by([("row", "ascending"), ("doc_id", "ascending")]))


EVIDENCE = (
    "rule",
    "kept_doc_id",
    "kept_in",
    "similarity",
    "compared_by",
    "evaluation_item",
)
"""Columns that the ledger takes over from the decisions."""


def _ledger_rows(
    columns: dict[str, pa.Array], path: str, shard_id: str
) -> pa.RecordBatch:
    rows = len(columns["doc_id"])
    columns |= {"shard": _constant(shard_id, rows), "path": _constant(path, rows)}
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in LEDGER]
    return pa.RecordBatch.from_arrays(arrays, schema=LEDGER)


def _quarantine(
    batch: DocumentBatch,
    fates: _Fates,
    shard_id: str,
    withhold: Callable[[pa.StringArray], np.ndarray] | None,
) -> pa.RecordBatch:
    mask = pc.equal(fates.outcome, Outcome.QUARANTINED.value)
    documents, rejected = batch.documents.filter(mask), batch.rejected
    parts = [
        (
            documents.column("doc_id"),
            documents.column("row"),
            fates.reason.filter(mask),
            fates.detail.filter(mask),
            documents.column("text").cast(pa.large_binary()),
        ),
        tuple(rejected.column(n) for n in ("doc_id", "row", "reason", "detail", "raw")),
    ]
    batches = []
    for doc_id, row, reason, detail, seen in parts:
        raw = seen
        if withhold is not None:
            raw = pc.if_else(pa.array(withhold(doc_id)), None, seen)
        shard, path = (_constant(x, len(doc_id)) for x in (shard_id, batch.path))
        arrays = [doc_id, shard, path, row, reason, detail, raw]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=QUARANTINE))
    table = pa.Table.from_batches(batches)
    return one_batch(table.sort_by([("row", "ascending"), ("doc_id", "ascending")]))


def count_records(ledger: pa.RecordBatch) -> Counter[str]:
    """Records and characters of a ledger by what became of them.

    Returns:
        records_in, kept, dropped.<reason>, quarantined.<reason>; characters_in, and
        those of kept, dropped and quarantined documents as they came in.
    """
    counts: Counter[str] = Counter(records_in=ledger.num_rows)
    grouped = (
        pa.table(
            {
                "outcome": ledger.column("outcome"),
                "reason": pc.fill_null(ledger.column("reason"), ""),
                "chars": pc.fill_null(ledger.column("chars_in"), 0),
            }
        )
        .group_by(["outcome", "reason"])
        .aggregate([("chars", "sum"), ("chars", "count")])
    )
    for row in grouped.to_pylist():
        outcome, reason = row["outcome"], row["reason"]
        name = outcome if outcome == Outcome.KEPT else f"{outcome}.{reason}"
        counts[name] += row["chars_count"]
        counts[f"characters_{outcome}"] += row["chars_sum"]
        counts["characters_in"] += row["chars_sum"]
    return counts


def _count(ledger: pa.RecordBatch, applied: Applied) -> Counter[str]:
    """Counts of one batch.

    records_in, kept, dropped.<reason>, quarantined.<reason>; characters_in, _kept (of
    kept documents as they came in), _dropped, _quarantined, _redacted, _inserted,
    _out, and _cut if anything was; finding.<entity>.found, .changed, .kept; what
    stages count.
    """
    counts = count_records(ledger)
    counts["characters_redacted"] += int(np.sum(applied.redacted))
    counts["characters_inserted"] += int(np.sum(applied.inserted))
    counts["characters_out"] += pc.sum(ledger.column("chars_out")).as_py() or 0
    if applied.cut.any():
        counts["characters_cut"] += int(np.sum(applied.cut))
    _count_findings(counts, applied.findings)
    counts.update(applied.counts)
    return counts


def _count_findings(counts: Counter[str], findings: pa.RecordBatch) -> None:
    grouped = (
        pa.table({n: findings.column(n) for n in ("entity", "operator")})
        .group_by(["entity", "operator"])
        .aggregate([([], "count_all")])
    )
    for row in grouped.to_pylist():
        kind = "kept" if row["operator"] == "keep" else "changed"
        counts[f"finding.{row['entity']}.found"] += row["count_all"]
        counts[f"finding.{row['entity']}.{kind}"] += row["count_all"]


def _constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)
