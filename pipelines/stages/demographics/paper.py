"""What the papers of a release say of who is mentioned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.text import number_of, percent
from isinglass.pipelines.stage import Paper
from isinglass.pipelines.stages.demographics.report import CAVEAT
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

    Row = Mapping[str, Any]

_OTHERS = ("source", "language", "entity", "reason", "position")


def paper(data: ReportData) -> Paper:
    """Shares of documents that mention a group, before and after; with the caveat."""
    axes: dict[str, dict[str, dict[str, Row]]] = {}
    for row in data.slices.named("group.document_share"):
        if row["group"] and not any(row[name] for name in _OTHERS):
            groups = axes.setdefault(row["axis"], {})
            groups.setdefault(row["group"], {})[row["stage"]] = row
    said = [_axis(axis, groups) for axis, groups in sorted(axes.items())]
    return Paper(biases=[*said, CAVEAT] if said else ())


def _axis(axis: str, groups: Mapping[str, Mapping[str, Row]]) -> str:
    """One sentence: its groups, the most mentioned first, and how many have few."""
    told = {
        group: by["output"]
        for group, by in groups.items()
        if "output" in by and by["output"]["numerator"] >= FEW
    }
    largest = sorted(told, key=lambda group: (-told[group]["numerator"], group))
    shares = [
        f"{group} {_percent(told[group])} (before cleaning "
        f"{_percent(groups[group].get('input'))})"
        for group in largest
    ]
    few = len(groups) - len(told)
    if few:
        least = (
            f"{number_of(few, 'group')} in fewer than {FEW} documents: too few to say"
        )
        shares.append(least)
    return (
        f"{axis}, of the documents whose language has a list of words for it, those "
        f"that mention a group: {'; '.join(shares)}."
    )


def _percent(row: Row | None) -> str:
    return percent(row["value"] if row else None).replace("\u202f", " ")
