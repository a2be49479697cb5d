"""Cleaning one batch: decisions in; data, findings, ledger and quarantine out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.reasons import Outcome
from isinglass.schemas.tables import DATA, DOCUMENTS, FINDINGS, LEDGER, QUARANTINE
from isinglass.transforms.batches import one_batch
from isinglass.transforms.dedup.trim import Trimmed, Trimmer, untrimmed
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.pii.operators.apply import Redaction, apply_operators
from isinglass.transforms.pii.seams import in_source, split_at_seams
from isinglass.transforms.pii.tables import FOUND

if TYPE_CHECKING:
    from isinglass.schemas.documents import DocumentBatch
    from isinglass.transforms.pii.erasure.spans import Eraser
    from isinglass.transforms.scan import CleanSettings, Scanner


@dataclass(frozen=True)
class CleanedBatch:
    """What becomes of one batch of records.

    Attributes:
        data: Kept documents (`tables.DATA` and carried columns).
        findings: `tables.FINDINGS` of the kept documents.
        ledger: `tables.LEDGER`, one row a record, in reading order.
        quarantine: `tables.QUARANTINE`.
        languages: Language of each kept document.
        counts: Integers to be reconciled; see `_count`.
        scanned: Texts that were scanned, of all documents decided to be kept.
        paragraphs: `tables.PARAGRAPHS` of the kept documents.
    """

    data: pa.RecordBatch
    findings: pa.RecordBatch
    ledger: pa.RecordBatch
    quarantine: pa.RecordBatch
    languages: pa.StringArray
    counts: Counter[str]
    scanned: pa.StringArray
    paragraphs: pa.RecordBatch


def clean_batch(
    batch: DocumentBatch,
    decisions: pa.Table,
    languages: pa.StringArray,
    scanner: Scanner,
    shard_id: str,
    trimmer: Trimmer | None = None,
    eraser: Eraser | None = None,
) -> CleanedBatch:
    """Apply the decisions to a batch and scan what is kept.

    A document that could not be scanned goes to quarantine: nothing unscanned is
    ever kept. Boilerplate is cut out before the scan; findings keep the offsets that
    they have in the source.

    Args:
        batch: Records as read.
        decisions: Columns outcome, reason, weight and `EVIDENCE`, one row a document.
        languages: Language of each document.
        scanner: Detector and operators.
        shard_id: Name of the shard, for ledger and quarantine.
        trimmer: Finds boilerplate paragraphs; None looks for none.
        eraser: Takes out what was asked for; it and `scanner.settings.erases` go
            together. What it lists is not kept in quarantine either.
    """
    documents = batch.documents
    chosen = np.flatnonzero(
        pc.equal(decisions["outcome"], Outcome.KEPT).to_numpy().astype(bool)
    )
    trimmed = _trim(documents.take(pa.array(chosen)), trimmer)
    texts = trimmed.cut.texts
    scanned = scanner.scan(texts, languages.take(pa.array(chosen)))
    found, failures = scanned.findings, scanned.failures
    failed = failures.column("row").to_numpy()
    alive = np.setdiff1d(np.arange(len(chosen)), failed)
    doc_ids = documents.column("doc_id").take(pa.array(chosen))
    if eraser is not None:
        found = eraser.apply(found, doc_ids, trimmed.cut)
    found = split_at_seams(found, trimmed.cut)
    redaction = _redact(texts, found, alive, scanner.settings)
    rows = alive[redaction.findings.column("row").to_numpy()]
    placed = in_source(redaction.findings, rows, trimmed.cut)
    redaction = replace(redaction, findings=placed)
    kept = chosen[alive]
    fates = _Fates.of(documents, decisions, chosen[failed], failures)
    ledger = _ledger(batch, decisions, fates, kept, redaction, shard_id)
    kept_languages = languages.take(pa.array(kept))
    paragraphs = trimmed.table(doc_ids, alive)
    counts = _count(ledger, redaction)
    counts.update({f"allowed.{e}": n for e, n in scanned.allowed.items()})
    if trimmer is not None:
        counts["characters_cut"] = int(trimmed.cut.characters[alive].sum())
        counts["paragraphs_found"] = paragraphs.num_rows
    return CleanedBatch(
        data=_data(documents, decisions, kept, kept_languages, redaction),
        findings=_findings(documents, kept, redaction.findings),
        ledger=ledger,
        quarantine=_quarantine(batch, fates, shard_id, eraser),
        languages=kept_languages,
        counts=counts,
        scanned=texts,
        paragraphs=paragraphs,
    )


def _trim(documents: pa.RecordBatch, trimmer: Trimmer | None) -> Trimmed:
    texts = documents.column("text")
    if trimmer is None:
        return untrimmed(texts)
    return trimmer.trim(texts, safe_labels(documents.column("source")))


@dataclass(frozen=True)
class _Fates:
    """Outcome and reason of each document after the scan."""

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
        order = np.argsort(failed, kind="stable")
        reasons = failures.column("reason").take(pa.array(order))
        details = failures.column("detail").take(pa.array(order))
        outcome = decisions["outcome"].combine_chunks()
        reason = decisions["reason"].combine_chunks()
        flags = pa.array(mask)
        return cls(
            pc.if_else(flags, Outcome.QUARANTINED.value, outcome),
            pc.replace_with_mask(reason, flags, reasons),
            pc.replace_with_mask(pa.array([""] * rows, pa.string()), flags, details),
        )


def _redact(
    texts: pa.StringArray,
    found: pa.RecordBatch,
    alive: np.ndarray,
    settings: CleanSettings,
) -> Redaction:
    """Apply the operators to the documents that were scanned without failure."""
    renumber = np.full(len(texts) + 1, -1, dtype=np.int32)
    renumber[alive] = np.arange(len(alive), dtype=np.int32)
    rows = renumber[found.column("row").to_numpy()]
    found = found.set_column(0, "row", pa.array(rows)).filter(pa.array(rows >= 0))
    if len(alive) < len(texts):
        texts = texts.take(pa.array(alive))
    if settings.operators is None:
        zeros = np.zeros(len(texts), dtype=np.int64)
        return Redaction(texts, _without_operators(), zeros, zeros, zeros)
    return apply_operators(texts, found, settings.operators, settings.key)


def _without_operators() -> pa.RecordBatch:
    fields = [
        *FOUND,
        *(FINDINGS.field(name) for name in _OPERATOR_COLUMNS),
    ]
    return pa.RecordBatch.from_pylist([], schema=pa.schema(fields))


_OPERATOR_COLUMNS = ("clean_start", "clean_end", "operator", "value_key")


def _data(
    documents: pa.RecordBatch,
    decisions: pa.Table,
    kept: np.ndarray,
    languages: pa.StringArray,
    redaction: Redaction,
) -> pa.RecordBatch:
    # The text is replaced anyway, and is most of what would be copied.
    rows = documents.drop_columns(["text"]).take(pa.array(kept))
    weight = decisions["weight"].combine_chunks().take(pa.array(kept))
    computed = {
        "text": redaction.texts,
        "language": pc.coalesce(rows.column("language"), languages),
        "pii": _spans(redaction.findings, len(kept)),
        "balance_weight": weight,
    }
    names = [*DATA.names, *documents.schema.names[len(DOCUMENTS) :]]
    columns = [computed[n] if n in computed else rows.column(n) for n in names]
    carried = list(documents.schema)[len(DOCUMENTS) :]
    schema = pa.schema([*DATA, *carried], metadata=DATA.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _spans(findings: pa.RecordBatch, documents: int) -> pa.Array:
    """The `pii` column: spans in the clean text, grouped by document."""
    per_row = np.bincount(findings.column("row").to_numpy(), minlength=documents)
    offsets = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int32)
    kind = DATA.field("pii").type
    values = pa.StructArray.from_arrays(
        [
            findings.column("clean_start"),
            findings.column("clean_end"),
            findings.column("entity"),
            findings.column("operator"),
        ],
        fields=list(kind.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=kind)


def _findings(
    documents: pa.RecordBatch, kept: np.ndarray, findings: pa.RecordBatch
) -> pa.RecordBatch:
    rows = kept[findings.column("row").to_numpy()]
    doc_ids = documents.column("doc_id").take(pa.array(rows))
    columns = [findings.column(name) for name in FINDINGS.names[1:]]
    return pa.RecordBatch.from_arrays([doc_ids, *columns], schema=FINDINGS)


def _ledger(
    batch: DocumentBatch,
    decisions: pa.Table,
    fates: _Fates,
    kept: np.ndarray,
    redaction: Redaction,
    shard_id: str,
) -> pa.RecordBatch:
    documents, rejected = batch.documents, batch.rejected
    rows = documents.num_rows
    out = np.zeros(rows, dtype=np.int64)
    changed = np.zeros(rows, dtype=np.int32)
    out[kept] = pc.utf8_length(redaction.texts).to_numpy()
    changed[kept] = redaction.changed
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
    batch: DocumentBatch, fates: _Fates, shard_id: str, eraser: Eraser | None
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
        if eraser is not None:
            raw = pc.if_else(pa.array(eraser.listed(doc_id)), None, seen)
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


def _count(ledger: pa.RecordBatch, redaction: Redaction) -> Counter[str]:
    """Counts of one batch.

    records_in, kept, dropped.<reason>, quarantined.<reason>; characters_in, _kept (of
    kept documents as they came in), _dropped, _quarantined, _redacted, _inserted,
    _out; finding.<entity>.found, .changed, .kept. Where boilerplate is looked for
    also characters_cut and paragraphs_found; where values are allowed also
    allowed.<entity>.
    """
    counts = count_records(ledger)
    counts["characters_redacted"] += int(np.sum(redaction.redacted))
    counts["characters_inserted"] += int(np.sum(redaction.inserted))
    counts["characters_out"] += pc.sum(ledger.column("chars_out")).as_py() or 0
    _count_findings(counts, redaction.findings)
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
