"""Findings by kind, for manifest and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.manifest import FindingCount
from isinglass.schemas.statistic import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORDS_UNIT = 1000.0
_PREFIX = "finding."


def _each(counts: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """Entity, what became of it (found, changed, kept), and how often."""
    for name, value in counts.items():
        if name.startswith(_PREFIX):
            entity, _, kind = name.removeprefix(_PREFIX).rpartition(".")
            yield entity, kind, value


def finding_counts(counts: Mapping[str, int]) -> dict[str, FindingCount]:
    """What became of the findings of each kind.

    Args:
        counts: Summed counts of the clean pass.
    """
    by_entity: dict[str, dict[str, int]] = {}
    for entity, kind, value in _each(counts):
        nothing = {"found": 0, "changed": 0, "kept": 0}
        by_entity.setdefault(entity, nothing)[kind] = value
    return {e: FindingCount(**values) for e, values in sorted(by_entity.items())}


def finding_statistics(counts: Mapping[str, int], words: float) -> list[Statistic]:
    """Findings by entity, and how many there are in 1,000 words.

    Args:
        counts: Summed counts of the clean pass.
        words: Words of the kept documents.
    """
    rows = []
    for entity, kind, value in _each(counts):
        rows.append(_row(f"pii.{kind}", value, "spans", entity))
        if kind == "found" and words:
            rate = WORDS_UNIT * value / words
            unit = "spans per 1,000 words"
            rows.append(_row("pii.rate", rate, unit, entity, (value, words)))
    return rows


def _row(
    metric: str,
    value: float,
    unit: str,
    entity: str,
    ratio: tuple[float | None, float | None] = (None, None),
) -> Statistic:
    numerator, denominator = ratio
    return Statistic(
        metric,
        value,
        unit,
        "run",
        "Identifiability",
        entity=entity,
        numerator=numerator,
        denominator=denominator,
    )
