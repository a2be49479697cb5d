"""The personal data that was found in a record, and by what evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.workspace import exists
from isinglass.pipelines.stage import Story
from isinglass.pipelines.stages.pii.finding_lines import finding_lines
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.explain.folder import RunFolder

_LATER = frozenset({"base_score", "context"})
"""Columns that the first version of the table did not have."""


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


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """Each finding, and how often each entity was found; never what was found.

    Args:
        run: The run.
        row: Row of the ledger.
        full: Whether to show every finding of a long record.
    """
    spans = find_spans(run, row["shard"], row["doc_id"])
    if spans is None:
        return Story({"record": {"findings": None, "spans": []}})
    counted = count_spans(spans)
    told = {
        "findings": [asdict(count) for count in counted],
        "spans": [asdict(span) for span in spans],
    }
    kept = row["outcome"] == Outcome.KEPT
    lines = finding_lines(counted, spans, kept=kept, full=full)
    return Story({"record": told}, tuple(lines))


def find_spans(run: RunFolder, shard: str, doc_id: str) -> tuple[Finding, ...] | None:
    """The findings of a record by position; None if the run has no such table."""
    if not exists(run.folder / "findings" / f"{shard}.parquet"):
        return None
    names = [field.name for field in fields(Finding)]
    rows = run.rows(shard, "findings", doc_id, ["doc_id", *names], _LATER)
    found = [Finding(**{name: row[name] for name in names}) for row in rows]
    return tuple(sorted(found, key=lambda span: (span.start, span.end, span.entity)))


def count_spans(spans: tuple[Finding, ...]) -> tuple[FindingCount, ...]:
    """How often each entity was found, by what was done about it."""
    counts = Counter((span.entity, span.operator) for span in spans)
    return tuple(FindingCount(*pair, count) for pair, count in sorted(counts.items()))
