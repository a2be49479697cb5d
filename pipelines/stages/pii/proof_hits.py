"""Hits by source and frequent values, counted again in the tables of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, Check, FinishedRun, conclude
from isinglass.pipelines.stages.pii.hits import (
    COUNTED,
    frequent_values,
    source_statistics,
)
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.statistics.fold import words_by_source


def check_hits(run: FinishedRun) -> Check:
    """Findings by source add up, and are those of the documents; so are values.

    Where no text was written, nothing tells which source a finding is of. Signs of
    being a word were seen in texts, and cannot be more than there are findings.
    """
    return conclude(COUNTS, [*_check_sources(run), *_check_values(run)], "")


def _check_sources(run: FinishedRun) -> list[str]:
    metrics = {"pii.found", "pii.rate"}
    statistics = run.statistics()
    told = [s for s in statistics if s.metric in metrics and s.source is not None]
    sums = Counter[str]()
    for row in told:
        if row.metric == "pii.found" and row.entity is not None:
            sums[row.entity] += int(row.value)
    found = {name: count.found for name, count in run.manifest.findings.items()}
    if sums != Counter(found):
        return ["findings by source do not add up to the findings"]
    if not run.paths("data"):
        return []
    ours: list[Statistic] = source_statistics(
        _counted(run), words_by_source(statistics, "output")
    )
    if not statistics_table(told).equals(statistics_table(ours)):
        return ["findings by source are not those of the documents in data/"]
    return []


def _counted(run: FinishedRun) -> Counter[tuple[str, str]]:
    """Findings by entity and source of their documents."""
    counts = Counter[tuple[str, str]]()
    for shard, findings in run.each("findings", ["doc_id", "entity"]):
        data = run.read("data", shard, ["doc_id", "source"])
        if data is None or not findings.num_rows:
            continue
        rows = pc.index_in(findings["doc_id"], value_set=data["doc_id"])
        labels = safe_labels(data["source"].cast(pa.string()).combine_chunks())
        sources = pc.fill_null(labels.take(rows.combine_chunks()), "")
        pairs = pa.table([findings["entity"], sources], ["entity", "source"])
        groups = pairs.group_by(["entity", "source"]).aggregate([([], "count_all")])
        for row in groups.to_pylist():
            counts[row["entity"], row["source"]] += row["count_all"]
    return counts


def _check_values(run: FinishedRun) -> list[str]:
    told = run.manifest.frequent_values
    signs = {value.value_key: [*value.signs.values()] for value in told if value.signs}

    def tables() -> Iterator[pa.Table]:
        return (findings for _, findings in run.each("findings", COUNTED))

    faults = []
    if frequent_values(tables, signs) != told:
        faults.append("frequent values of the manifest are not those of the findings")
    if any(sum(value.signs.values()) > value.found for value in told):
        faults.append("a frequent value has more signs than findings")
    return faults
