"""The personal data that was found in a record, and by what evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.pipelines.engine.workspace import exists
from isinglass.pipelines.stage import Story
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.stage import Line

_LATER = frozenset({"base_score", "context"})
"""Columns that the first version of the table did not have."""

MOST_SPANS = 20
"""Findings shown one by one, unless all are asked for."""


class Finding(NamedTuple):
    """One span of personal data, and why it was taken for one.

    Attributes:
        start: First code point in the source text.
        end: One past the last.
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
    """Each finding, and how often each entity was found; never what was found."""
    if not exists(run.folder / "findings" / f"{row['shard']}.parquet"):
        return Story({"record": {"findings": None, "spans": []}})
    names = Finding._fields
    rows = run.rows(row["shard"], "findings", row["doc_id"], ["doc_id", *names], _LATER)
    spans = [Finding(*(found[name] for name in names)) for found in rows]
    spans.sort(key=lambda span: (span.start, span.end, span.entity))
    told = {
        "findings": [
            {"entity": entity, "operator": operator, "count": count}
            for (entity, operator), count in count_spans(spans)
        ],
        "spans": [span._asdict() for span in spans],
    }
    kept = row["outcome"] == Outcome.KEPT
    lines = finding_lines(spans, kept=kept, full=full)
    return Story({"record": told}, tuple(lines))


def count_spans(spans: Sequence[Finding]) -> list[tuple[tuple[str, str], int]]:
    """How often each entity was found in a document, by what was done about it."""
    return sorted(Counter((span.entity, span.operator) for span in spans).items())


def finding_lines(
    spans: Sequence[Finding], *, kept: bool, full: bool
) -> Iterator[Line]:
    """Name and value of each line; a line that goes on has no name.

    Having no finding is worth a line if the record was kept.
    """
    if kept and not spans:
        yield "findings", "none"
    for index, ((entity, operator), count) in enumerate(count_spans(spans)):
        yield "" if index else "findings", f"{count:,} x {entity}, {operator}"
    shown = spans if full else spans[:MOST_SPANS]
    for index, span in enumerate(shown):
        yield "" if index else "evidence", evidence_of(span)
    more = len(spans) - len(shown)
    if more:
        yield "", f"and {more:,} more; --full shows all"


def evidence_of(span: Finding) -> str:
    """Where a finding is, what found it, and how its score came about."""
    said = f"{span.entity} at {span.start:,}-{span.end:,}: {span.detector}, {span.rule}"
    if span.validated is not None:
        said += ", checksum holds" if span.validated else ", checksum fails"
    if span.context is not None and span.base_score is not None:
        said += f", score {span.base_score:.2f} and {span.score:.2f} after the word "
        return said + f'"{span.context}"'
    return f"{said}, score {span.score:.2f}, no context word"
