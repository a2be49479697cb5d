"""Lines of `isinglass explain` about the personal data that was found in a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from isinglass.pipelines.stage import Line
    from isinglass.pipelines.stages.pii.story import Finding, FindingCount

MOST_SPANS = 20
"""Findings shown one by one, unless all are asked for."""


def finding_lines(
    counted: Sequence[FindingCount], spans: Sequence[Finding], *, kept: bool, full: bool
) -> Iterator[Line]:
    """Name and value of each line; a line that goes on has no name.

    Args:
        counted: How often each entity was found in a record.
        spans: Each finding.
        kept: Whether the record was kept, so that having none is worth a line.
        full: Whether to show every finding of a long record.
    """
    if not counted:
        if kept:
            yield "findings", "none"
        return
    for index, found in enumerate(counted):
        name = "" if index else "findings"
        yield name, f"{found.count:,} x {found.entity}, {found.operator}"
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
