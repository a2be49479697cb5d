"""The explanation of one record, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isinglass.transforms.dedup.shared import Comparison

MOST_REMOVED = 20


@dataclass(frozen=True)
class FindingCount:
    """How often an entity was found in a document, by what was done about it."""

    entity: str
    operator: str
    count: int


@dataclass(frozen=True)
class Finding:
    """One span of personal data, and why it was taken for one.

    Attributes:
        start: First code point in the source text.
        end: One past the last.
        entity: Kind.
        operator: What was done about it.
        detector: What found it: patterns, a model.
        rule: Pattern, recognizer or model.
        validated: Outcome of the checksum; None without one.
        base_score: Score before context words, 0 to 1; None in older runs.
        score: Score after them.
        context: Context word that raised the score; None if none did.
    """

    start: int
    end: int
    entity: str
    operator: str
    detector: str
    rule: str
    validated: bool | None
    base_score: float | None
    score: float
    context: str | None


@dataclass(frozen=True)
class Record:
    """One record of the ledger and what other tables say about it.

    Attributes:
        doc_id: Its id.
        source: Source name; None if no input of the manifest makes this id.
        path: File, relative to the input's root.
        row: Number of the record in the file.
        shard: Shard that it was read in.
        outcome: kept, dropped or quarantined.
        reason: Why it is not kept; None if it is.
        sentence: The reason in words; empty if there is none.
        detail: What was seen of a quarantined record, without its bytes.
        rule: Rule that decided.
        compared_by: What its shingles are made of.
        chars_in: Code points read; None if it could not be decoded.
        chars_out: Code points written; 0 or None if it was not kept.
        findings: PII findings by entity and operator; None if the run has none.
        spans: Each of them, by position.
        balance_weight: Weight of a kept document; None if there is none.
    """

    doc_id: str
    source: str | None
    path: str
    row: int
    shard: str
    outcome: str
    reason: str | None
    sentence: str
    detail: str | None
    rule: str | None
    compared_by: str | None
    chars_in: int | None
    chars_out: int | None
    findings: tuple[FindingCount, ...] | None
    spans: tuple[Finding, ...]
    balance_weight: float | None


@dataclass(frozen=True)
class Evidence:
    """Why a record was dropped, or flagged.

    Attributes:
        kept_doc_id: Document that it is a duplicate of.
        kept_in: run_id of the earlier run that holds it; None for this run.
        kept_folder: Folder of that run, where it was found.
        similarity: As the ledger has it: Jaccard similarity, or the share of its
            shingles that the kept document has (reason `contained`), or the share of
            the evaluation text that its longest match covers.
        evaluation_item: Text of an evaluation set that it holds.
    """

    kept_doc_id: str | None
    kept_in: str | None
    kept_folder: str | None
    similarity: float | None
    evaluation_item: str | None


@dataclass(frozen=True)
class Removed:
    """A document that was dropped for a kept one."""

    doc_id: str
    reason: str
    similarity: float | None


@dataclass(frozen=True)
class Texts:
    """The text of a duplicate and that of the document kept instead.

    Attributes:
        removed: Source text of the duplicate; None if it cannot be read.
        kept: Text of the kept document; None if it cannot be read.
        kept_is_clean: Whether `kept` is from `data/`, so after cleaning.
        comparison: The two compared; None if one of them is missing.
        agrees: Whether the similarity is that of the ledger; None if one of the two
            numbers is missing.
    """

    removed: str | None
    kept: str | None
    kept_is_clean: bool
    comparison: Comparison | None
    agrees: bool | None


@dataclass(frozen=True)
class Explanation:
    """All that a run folder tells about one record.

    Attributes:
        run: run_id, name, verb, verdict and time of creation.
        record: The record.
        evidence: Why it was dropped or flagged; None if the ledger names nothing.
        removed: Documents dropped for this one; the first `MOST_REMOVED` by id.
        removed_total: How many there are.
        texts: Of a duplicate.
        notes: What could not be told, and why.
    """

    run: dict[str, str]
    record: Record
    evidence: Evidence | None
    removed: tuple[Removed, ...]
    removed_total: int
    texts: Texts | None
    notes: tuple[str, ...]
