"""What the second scan hit: no more than so much is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Paragraph,
    Row,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.text import MISSING, grouped
from isinglass.pipelines.stages.pii.report_kinds import (
    counts,
    entities,
    expected_leftover,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

UPPER_BOUND = (
    "Second scan: the finished data was searched once more by wide patterns that share "
    "nothing with the detector. They take every number or word of the right shape, so "
    "most of what they hit in ordinary text is not personal data. Read the hits as an "
    "upper bound: of these shapes, no more than so many are left. They are no measure "
    "of recall. What operators wrote does not count; what they were told to keep does."
)
NO_SECOND_SCAN = {
    "audit": (
        "The second scan did not run: an audit writes no data that could be scanned."
    ),
    "off": "The second scan did not run: pii.second_scan is off.",
}


def bound_blocks(data: ReportData) -> list[Block]:
    """What the second scan hit, beside what is expected to be left."""
    scan, manifest = data.manifest.second_scan, data.manifest
    if scan is None:
        why = "audit" if manifest.verb == "audit" else "off"
        return [Paragraph(NO_SECOND_SCAN[why], "muted")]
    rows: list[Row] = []
    for name in (n for n in entities(data) if n in scan.entities):
        measured, count = manifest.recall.get(name), manifest.findings.get(name)
        found, _, kept = counts(count)
        hit = scan.entities[name]
        rows.append(
            [
                code(name),
                expected_leftover(found, measured.recall) if measured else MISSING,
                grouped(kept),
                grouped(hit.hits),
                grouped(hit.documents),
            ]
        )
    return [
        Paragraph(UPPER_BOUND),
        table(
            "What is left: expected, kept on purpose, and at most",
            columns(
                "<Kind",
                "Expected left",
                "Kept on purpose",
                "At most (hits)",
                "Documents with hits",
            ),
            rows,
            note=f"Over {grouped(scan.documents)} documents of data/.",
        ),
    ]
