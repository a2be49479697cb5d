"""Recall and expected leftovers of the manifest, against the statistics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from isinglass.pipelines.stages.pii.recall import AXES, RECALL, expected_leftovers
from isinglass.pipelines.stages.pii.second_scan import (
    METRICS,
    scans_twice,
    second_scan_statistics,
)
from isinglass.schemas.statistic import statistics_table
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.manifest import Recall
    from isinglass.schemas.statistic import Statistic

_Key = tuple[str, str | None, str | None, str | None]


def check_recall(run: FinishedRun, statistics: list[Statistic]) -> list[str]:
    """Recall of entities and of their parts: shares, intervals, sums, leftovers."""
    manifest = run.manifest
    rows = [s for s in statistics if s.metric == RECALL]
    counted: dict[_Key, tuple[int, int]] = {}
    for row in rows:
        entity, planted = row.entity or "", int(row.denominator or 0)
        hits = int(row.numerator or 0)
        if not 0 <= hits <= planted or planted == 0 or row.value != hits / planted:
            return [f"the recall of {entity} is not a share"]
        if (row.low, row.high) != wilson(hits, planted):
            return [f"the interval of the recall of {entity} is wrong"]
        counted[entity, row.position, row.language, row.source] = (planted, hits)
    told: dict[_Key, Recall] = {
        (entity, None, None, None): recall for entity, recall in manifest.recall.items()
    }
    for part in manifest.recall_slices:
        position, language, source = (
            part.name if part.by == axis else None for axis in AXES
        )
        told[part.entity, position, language, source] = part
    faults = _unlike(told, counted)
    faults += _unequal_sums(counted)
    faults += _check_second_scan(run, statistics)
    if manifest.expected_leftovers != expected_leftovers(
        manifest.findings, manifest.recall
    ):
        faults.append("expected leftovers do not follow from findings and recall")
    return faults


def _check_second_scan(run: FinishedRun, statistics: list[Statistic]) -> list[str]:
    """The second scan is there where it must be, and as the statistics have it."""
    scan = run.manifest.second_scan
    if (scan is not None) != scans_twice(run.config.pii, run.manifest.verb):
        return ["the second scan is missing, or was not asked for"]
    if scan is not None and scan.documents != run.manifest.records.kept:
        return ["the second scan is not of all kept documents"]
    told = statistics_table(second_scan_statistics(scan))
    counted = statistics_table(s for s in statistics if s.metric in METRICS)
    if not told.equals(counted):
        return ["hits of the second scan differ between manifest and statistics"]
    return []


def _unlike(
    told: dict[_Key, Recall], counted: dict[_Key, tuple[int, int]]
) -> list[str]:
    """The manifest holds what the statistics say of entities and of each axis."""
    single = {k: v for k, v in counted.items() if k[1] is None or k[2] is None}
    own = {key: (recall.planted, recall.found) for key, recall in told.items()}
    right = all(
        recall.recall == recall.found / recall.planted
        and (recall.low, recall.high) == wilson(recall.found, recall.planted)
        and recall.found + recall.found_as_other <= recall.planted
        for recall in told.values()
        if recall.planted
    )
    if own != single or not right:
        return ["recall of the manifest is not that of the statistics"]
    return []


def _unequal_sums(counted: dict[_Key, tuple[int, int]]) -> list[str]:
    """What was planted and found adds up along every axis."""
    totals = {key[0]: value for key, value in counted.items() if not any(key[1:])}
    sums: dict[tuple[bool, ...], Counter[tuple[str, int]]] = {}
    for (entity, *names), values in counted.items():
        if any(names):
            part = sums.setdefault(tuple(map(bool, names)), Counter())
            for place, value in enumerate(values):
                part[entity, place] += value
    whole = {(e, n): v for e, pair in totals.items() for n, v in enumerate(pair)}
    wanted = {key: value for key, value in whole.items() if value}
    if any(+part != wanted for part in sums.values()):
        return ["recall by position, language or source does not add up"]
    return []
