"""The personal data that was found in a record, and by what evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import exists
from isinglass.pipelines.explain.model import Finding, FindingCount

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder


def find_spans(run: RunFolder, shard: str, doc_id: str) -> tuple[Finding, ...] | None:
    """The findings of a record by position; None if the run has no such table."""
    if not exists(run.folder / "findings" / f"{shard}.parquet"):
        return None
    names = [field.name for field in fields(Finding)]
    rows = run.rows(shard, "findings", doc_id, ["doc_id", *names])
    found = [Finding(**{name: row[name] for name in names}) for row in rows]
    return tuple(sorted(found, key=lambda span: (span.start, span.end, span.entity)))


def count_spans(spans: tuple[Finding, ...]) -> tuple[FindingCount, ...]:
    """How often each entity was found, by what was done about it."""
    counts = Counter((span.entity, span.operator) for span in spans)
    return tuple(FindingCount(*pair, count) for pair, count in sorted(counts.items()))
