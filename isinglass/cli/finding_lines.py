"""Lines of `isinglass explain` about the personal data that was found in a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.pipelines.explain.model import Finding, Record

MOST_SPANS = 20
"""Findings shown one by one, unless all are asked for."""


def finding_lines(record: Record, *, full: bool) -> Iterator[tuple[str, str]]:
    """Name and value of each line; a line that goes on has no name.

    Args:
        record: The record.
        full: Whether to show every finding of a long record.
    """
    if record.findings is None:
        return
    if not record.findings:
        if record.outcome == Outcome.KEPT:
            yield "findings", "none"
        return
    for index, found in enumerate(record.findings):
        name = "" if index else "findings"
        yield name, f"{found.count:,} x {found.entity}, {found.operator}"
    shown = record.spans if full else record.spans[:MOST_SPANS]
    for index, span in enumerate(shown):
        yield "" if index else "evidence", evidence_of(span)
    more = len(record.spans) - len(shown)
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
