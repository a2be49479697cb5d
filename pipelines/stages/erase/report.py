"""What was taken out because somebody asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import grouped

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

TITLE = "Erased on request"
REMOVED = {"documents": "whole documents", "spans": "the places alone"}


def section(data: ReportData) -> page.Section | None:
    """What was removed, and by which requests; None without any."""
    summary = data.manifest.erasure
    if summary is None:
        return None
    said = (
        f"{grouped(summary.documents)} documents were dropped and "
        f"{grouped(summary.spans)} places taken out of kept ones because they held a "
        "value that was asked to be forgotten. The values are written nowhere; "
        "audit/erasure.parquet lists documents and places."
    )
    rows = [
        [
            grouped(number),
            grouped(request.values),
            REMOVED[request.remove],
            grouped(request.documents),
            grouped(request.spans),
            grouped(request.found_by_key),
            grouped(request.found_by_text),
            grouped(request.found_elsewhere),
        ]
        for number, request in enumerate(summary.requests, 1)
    ]
    blocks = (
        page.Heading(TITLE),
        page.Paragraph(said),
        page.table(
            "Requests: what held a value",
            page.columns(
                *("Request", "Values", "<Removed", "Documents", "Places"),
                *("By key", "By text", "Outside the text"),
            ),
            rows,
            note=(
                "By key: findings of the run with the same keyed hash. By text: places "
                "in the inputs. Outside the text: documents with the value in another "
                "column. Places that overlap are taken out as one."
            ),
        ),
    )
    return page.Section("pii", TITLE, blocks)
