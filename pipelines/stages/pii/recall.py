"""What the detector misses: measured recall, and the leftovers that it implies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.manifest import (
    ExpectedLeftovers,
    FindingCount,
    Recall,
    RecallSlice,
)
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.pii.canaries.fakes import PERSON, values
from isinglass.transforms.pii.canaries.recall import CELL, SEPARATOR, add_cell
from isinglass.transforms.statistics.intervals import wilson

RECALL = "pii.recall"
LEFTOVERS, LEFTOVER_RATE = "pii.leftovers", "pii.leftovers.rate"
MILLION = 1e6
AXES: tuple[Literal["position", "language", "source"], ...]
AXES = ("position", "language", "source")

OFF = "no identifiers were planted (pii.canaries.documents is 0)"
NO_MODEL = (
    "no sampled document is in a language that has both a model in pii.languages and "
    "names to plant"
)
NO_NAMES = "names are not looked for (pii.mode is identifiers)"
NO_VALUES = "there are no invented values of this kind to plant"
NO_PLACE = "no sampled document was given one; sample more documents"

Counts = dict[str, list[int]]
"""`[planted, found, found as another kind]` by a key of the parts of `CELL`."""


def recall_by_entity(counts: Counts) -> dict[str, Recall]:
    """Recall of each entity over all languages, positions and sources."""
    return {key[0]: _recall(sums) for key, sums in _summed(counts, ()).items()}


def recall_slices(counts: Counts) -> list[RecallSlice]:
    """Recall of each entity by position, by language and by source."""
    return [
        RecallSlice(entity=entity, by=axis, name=name, **_recall(sums).model_dump())
        for axis in AXES
        for (entity, name), sums in _summed(counts, (axis,)).items()
    ]


def recall_statistics(counts: Counts) -> list[Statistic]:
    """Recall by entity; by entity and each axis; by entity, language and position."""
    rows = single_statistics(recall_by_entity(counts), recall_slices(counts))
    for (entity, *names), sums in _summed(counts, ("language", "position")).items():
        slices = dict(zip(("language", "position"), names, strict=True))
        rows.append(_statistic(entity, _recall(sums), slices))
    return rows


def single_statistics(
    recall: Mapping[str, Recall], slices: Iterable[RecallSlice]
) -> list[Statistic]:
    """What the manifest tells of recall, as statistics."""
    rows = [_statistic(entity, whole, {}) for entity, whole in recall.items()]
    rows += [_statistic(part.entity, part, {part.by: part.name}) for part in slices]
    return rows


def _summed(counts: Counts, axes: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
    """Counts by entity and some of the other parts of a cell, sorted."""
    total: dict[tuple[str, ...], list[int]] = {}
    for name, sums in counts.items():
        parts = name.split(SEPARATOR, len(CELL) - 1)
        cell = dict(zip(CELL, parts, strict=True))
        add_cell(total, tuple(cell[part] for part in ("entity", *axes)), sums)
    return {key: total[key] for key in sorted(total, key=json.dumps)}


def _recall(sums: list[int]) -> Recall:
    planted, found, other = sums
    low, high = wilson(found, planted)
    return Recall(
        planted=planted,
        found=found,
        found_as_other=other,
        recall=found / planted,
        low=low,
        high=high,
    )


def _statistic(entity: str, recall: Recall, slices: dict[str, str]) -> Statistic:
    return Statistic(
        metric=RECALL,
        value=recall.recall,
        unit="share of planted identifiers",
        when="run",
        characteristic="Identifiability",
        entity=entity,
        numerator=recall.found,
        denominator=recall.planted,
        low=recall.low,
        high=recall.high,
        **slices,
    )


def expected_leftovers(
    findings: Mapping[str, FindingCount], recall: Mapping[str, Recall]
) -> dict[str, ExpectedLeftovers]:
    """How many identifiers of each measured entity are probably still there.

    If a share r of them is found, `found` of them stand for `found / r`, of which
    `found * (1 - r) / r` were missed. The ends of the interval of r give those of the
    number. It holds if real identifiers are as easy to find as the planted ones and if
    every finding is right.
    """
    result = {}
    for entity, measured in sorted(recall.items()):
        found = findings[entity].found if entity in findings else 0
        result[entity] = ExpectedLeftovers(
            found=found,
            expected=_missed(found, measured.recall),
            low=_missed(found, measured.high),
            high=_missed(found, measured.low),
        )
    return result


def leftover_statistics(
    left: Mapping[str, ExpectedLeftovers], words: float
) -> list[Statistic]:
    """Expected leftovers by entity, and how many there are in a million words.

    `words` are those of the kept documents. There is no row where nothing planted was
    found: any number may be left then.
    """
    rows = []
    for entity, one in left.items():
        if one.expected is None:
            continue
        ends = (one.expected, one.low, one.high)
        rows.append(_leftovers(LEFTOVERS, "identifiers", entity, ends))
        if words:
            scaled = (end and MILLION * end / words for end in ends)
            unit = "identifiers per million words"
            rows.append(_leftovers(LEFTOVER_RATE, unit, entity, tuple(scaled)))
    return rows


def _leftovers(
    metric: str, unit: str, entity: str, ends: tuple[float | None, ...]
) -> Statistic:
    value, low, high = ends
    return Statistic(
        metric=metric,
        value=value or 0.0,
        unit=unit,
        when="output",
        characteristic="Identifiability",
        entity=entity,
        low=low,
        high=high,
    )


def _missed(found: int, recall: float) -> float | None:
    return found * (1.0 - recall) / recall if recall > 0.0 else None


def not_measured(
    pii: PiiConfig | None, entities: Iterable[str], recall: Mapping[str, Recall]
) -> dict[str, str]:
    """Entities that are looked for and have no measured recall, with the reason.

    `entities` are kinds that findings have, besides those of the configuration.
    """
    if pii is None:
        return {}
    reasons = {}
    for entity in sorted({*looked_for(pii), *entities} - set(recall)):
        if pii.canaries.documents == 0:
            reasons[entity] = OFF
        elif entity == PERSON:
            reasons[entity] = NO_NAMES if pii.mode == "identifiers" else NO_MODEL
        else:
            reasons[entity] = NO_PLACE if entity in values() else NO_VALUES
    return reasons


def looked_for(pii: PiiConfig) -> set[str]:
    """Kinds that the configuration, its recognizers and its lists name."""
    return _own(pii) | set(pii.entities)


def findable(pii: PiiConfig) -> set[str]:
    """The same without names, where nothing finds any."""
    blind = pii.mode == "identifiers" and PERSON not in _own(pii)
    return looked_for(pii) - ({PERSON} if blind else set())


def _own(pii: PiiConfig) -> set[str]:
    """Kinds of the recognizers and lists of the user."""
    patterns, deny = pii.recognizers.patterns, pii.recognizers.deny
    return {entry.entity for entry in patterns} | {entry.entity for entry in deny}
