"""What the papers of a release say of who is mentioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.text import percent
from isinglass.pipelines.stage import Paper
from isinglass.pipelines.stages.demographics.report import CAVEAT

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

_SLICES = ("axis", "group")
_OTHERS = ("source", "language", "entity", "reason", "position")


def paper(data: ReportData) -> Paper:
    """Shares of documents that mention a group, before and after; with the caveat."""
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for row in data.slices.named("group.document_share"):
        if row["group"] and not any(row[name] for name in _OTHERS):
            key = row["axis"], row["group"]
            shares.setdefault(key, {})[row["stage"]] = row["value"]
    said = [
        f"{axis}: {group} is mentioned in {_told(by.get('output'))} of the documents "
        f"whose language has a list of words for it, before cleaning in "
        f"{_told(by.get('input'))}."
        for (axis, group), by in sorted(shares.items())
    ]
    return Paper(biases=[*said, CAVEAT] if said else ())


def _told(share: float | None) -> str:
    return percent(share).replace("\u202f", " ")
