"""The accounts of a batch: decisions and edits in; data, findings, ledger, quarantine.

A document that a stage could not read goes to quarantine: nothing unread is ever kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.tables import DATA, DOCUMENTS, FINDINGS, LEDGER, QUARANTINE
from isinglass.transforms.batches import one_batch
from isinglass.transforms.edits import Applied, View


@dataclass(frozen=True)
class CleanedBatch:
    """What becomes of one batch of records.

    They are of the schemas of `tables`: `data` with carried columns and those of
    stages, the findings those of kept documents, the ledger a row a record, in reading
    order. The counts are to be reconciled; see `_count`.
    """

    data: pa.RecordBatch
    findings: pa.RecordBatch
    ledger: pa.RecordBatch
    quarantine: pa.RecordBatch
    counts: Counter[str]


def kept_view(
    batch: DocumentBatch, decisions: pa.Table, languages: pa.StringArray
) -> View:
    """The documents of a batch that are decided to be kept."""
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

    `decisions` are the columns outcome, reason, weight and `EVIDENCE`, a row a
    document; `applied` is what the edits made of `kept_view`. `columns` are further
    ones of `data/`, an entry a document alive; one that has the name of a column of
    `tables.DATA` takes its place. `withhold` tells which of some doc_ids (n,) must not
    be kept in quarantine, bool (n,).
    """
    documents = batch.documents
    decided = _chosen(decisions)
    failed = decided[applied.failures.column("row").to_numpy()]
    kept = decided[applied.alive]
    fates = _fates(decisions, failed, applied.failures)
    ledger = _ledger(batch, decisions, fates, kept, applied, shard_id)
    chosen = pa.array(kept)
    # What the input says of a document's language, otherwise what was found.
    given = documents.column("language").take(chosen)
    computed = {
        "text": applied.texts,
        "language": pc.coalesce(given, applied.languages),
        "pii": applied.spans,
        "balance_weight": decisions["weight"].combine_chunks().take(chosen),
        **(columns or {}),
    }
    found = applied.findings
    doc_ids = applied.doc_ids.take(found.column("row"))
    columns_found = [doc_ids, *(found.column(name) for name in FINDINGS.names[1:])]
    findings = pa.RecordBatch.from_arrays(columns_found, schema=FINDINGS)
    return CleanedBatch(
        data=_data(documents, kept, computed),
        findings=findings,
        ledger=ledger,
        quarantine=_quarantine(batch, fates, shard_id, withhold),
        counts=_count(ledger, applied),
    )


def _chosen(decisions: pa.Table) -> np.ndarray:
    """Rows of the documents that are decided to be kept."""
    kept = pc.equal(decisions["outcome"], Outcome.KEPT)
    return np.flatnonzero(kept.to_numpy().astype(bool))


def _fates(
    decisions: pa.Table, failed: np.ndarray, failures: pa.RecordBatch
) -> dict[str, pa.Array]:
    """Outcome, reason and detail of each document after the edits."""
    mask = np.zeros(len(decisions), dtype=bool)
    mask[failed] = True
    flags, detail = pa.array(mask), _constant("", len(mask))
    outcome, reason = (decisions[n].combine_chunks() for n in ("outcome", "reason"))
    return {
        "outcome": pc.if_else(flags, Outcome.QUARANTINED.value, outcome),
        "reason": pc.replace_with_mask(reason, flags, failures.column("reason")),
        "detail": pc.replace_with_mask(detail, flags, failures.column("detail")),
    }


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


def _ledger(
    batch: DocumentBatch,
    decisions: pa.Table,
    fates: dict[str, pa.Array],
    kept: np.ndarray,
    applied: Applied,
    shard_id: str,
) -> pa.RecordBatch:
    documents, rejected = batch.documents, batch.rejected
    out = np.zeros(documents.num_rows, dtype=np.int64)
    changed = np.zeros(documents.num_rows, dtype=np.int32)
    out[kept] = pc.utf8_length(applied.texts).to_numpy()
    changed[kept] = applied.changed
    # A document that failed its scan keeps no dedup evidence: it was not a duplicate.
    accepted = _ledger_rows(
        {
            "doc_id": documents.column("doc_id"),
            "row": documents.column("row"),
            "outcome": fates["outcome"],
            "reason": fates["reason"],
            **{name: decisions[name].combine_chunks() for name in EVIDENCE},
            "chars_in": pc.cast(pc.utf8_length(documents.column("text")), pa.int64()),
            "chars_out": pa.array(out),
            "spans_changed": pa.array(changed),
        },
        batch.paths(batch.document_files),
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
        batch.paths(batch.rejected_files),
        shard_id,
    )
    table = pa.Table.from_batches([accepted, refused])
    files = pa.concat_arrays([batch.document_files, batch.rejected_files])
    return _in_order(table, files)


def _in_order(table: pa.Table, files: pa.Int32Array) -> pa.RecordBatch:
    """Rows in the order in which they were read, by the places of their files."""
    order = [("file", "ascending"), ("row", "ascending"), ("doc_id", "ascending")]
    keys = pa.table([files, table["row"], table["doc_id"]], [name for name, _ in order])
    return one_batch(table.take(pc.sort_indices(keys, order)))


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
    columns: dict[str, pa.Array], paths: pa.StringArray, shard_id: str
) -> pa.RecordBatch:
    rows = len(columns["doc_id"])
    columns |= {"shard": _constant(shard_id, rows), "path": paths}
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in LEDGER]
    return pa.RecordBatch.from_arrays(arrays, schema=LEDGER)


def _quarantine(
    batch: DocumentBatch,
    fates: dict[str, pa.Array],
    shard_id: str,
    withhold: Callable[[pa.StringArray], np.ndarray] | None,
) -> pa.RecordBatch:
    mask = pc.equal(fates["outcome"], Outcome.QUARANTINED.value)
    documents = batch.documents.filter(mask)
    own = {
        "doc_id": documents.column("doc_id"),
        "row": documents.column("row"),
        "reason": fates["reason"].filter(mask),
        "detail": fates["detail"].filter(mask),
        "raw": documents.column("text").cast(pa.large_binary()),
    }
    columns = {
        name: pa.concat_arrays([array, batch.rejected.column(name)])
        for name, array in own.items()
    }
    doc_ids = columns["doc_id"]
    if withhold is not None:
        withheld = pa.array(withhold(doc_ids))
        columns["raw"] = pc.if_else(withheld, None, columns["raw"])
    columns["shard"] = _constant(shard_id, len(doc_ids))
    kept_back = batch.document_files.filter(mask)
    files = pa.concat_arrays([kept_back, batch.rejected_files])
    columns["path"] = batch.paths(files)
    arrays = [columns[name] for name in QUARANTINE.names]
    return _in_order(pa.table(arrays, schema=QUARANTINE), files)


def count_records(ledger: pa.RecordBatch) -> Counter[str]:
    """Records and characters of a ledger by what became of them.

    Returns records_in, kept, dropped.<reason>, quarantined.<reason>; characters_in, and
    those of kept, dropped and quarantined documents as they came in.
    """
    counts: Counter[str] = Counter(records_in=ledger.num_rows)
    table = pa.Table.from_batches([ledger]).group_by(["outcome", "reason"])
    sums = table.aggregate([("chars_in", "sum"), ([], "count_all")])
    for row in sums.to_pylist():
        outcome, characters = row["outcome"], row["chars_in_sum"] or 0
        name = outcome if outcome == Outcome.KEPT else f"{outcome}.{row['reason']}"
        counts[name] += row["count_all"]
        counts[f"characters_{outcome}"] += characters
        counts["characters_in"] += characters
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
    findings = pa.Table.from_batches([applied.findings])
    kinds = findings.group_by(["entity", "operator"]).aggregate([([], "count_all")])
    for row in kinds.to_pylist():
        kind = "kept" if row["operator"] == "keep" else "changed"
        counts[f"finding.{row['entity']}.found"] += row["count_all"]
        counts[f"finding.{row['entity']}.{kind}"] += row["count_all"]
    counts.update(applied.counts)
    return counts


def _constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)
