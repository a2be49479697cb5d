"""A few ids and counts for the report, taken from ledger, findings and quarantine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace, exists, read_table
from isinglass.pipelines.report import (
    NearDuplicate,
    Quarantined,
    ReportExamples,
    RuleCount,
)
from isinglass.schemas.reasons import DropReason

if TYPE_CHECKING:
    from collections.abc import Sequence


NEAR_EXAMPLES = 12
QUARANTINE_EXAMPLES = 20
_NEAR = ["doc_id", "kept_doc_id", "similarity", "reason"]
_QUARANTINE = ["path", "row", "doc_id", "reason"]
_RULE = ["entity", "rule", "operator"]


def collect_examples(
    workspace: Workspace, shards: Sequence[tuple[str, str]]
) -> ReportExamples:
    """The weakest near-duplicates, all rules with their counts, the first rejects.

    The removals nearest to the threshold are shown: they are the ones to doubt first.

    Args:
        workspace: The run folder.
        shards: (shard_id, source) of every shard.
    """
    near: list[NearDuplicate] = []
    quarantined: list[Quarantined] = []
    rules: Counter[tuple[str, str, bool]] = Counter()
    for shard_id, source in shards:
        near += _near(workspace, shard_id, source)
        near = sorted(near, key=lambda row: (row.similarity, row.doc_id))
        del near[NEAR_EXAMPLES:]
        if len(quarantined) < QUARANTINE_EXAMPLES:
            quarantined += _quarantined(workspace, shard_id)
        rules += _rules(workspace, shard_id)
    return ReportExamples(
        near_duplicates=tuple(near),
        findings_by_rule=_rule_rows(rules),
        quarantined=tuple(quarantined[:QUARANTINE_EXAMPLES]),
    )


def _near(workspace: Workspace, shard_id: str, source: str) -> list[NearDuplicate]:
    ledger = read_table(workspace.table("ledger", shard_id), _NEAR)
    found = ledger.filter(pc.equal(ledger["reason"], DropReason.NEAR_DUPLICATE.value))
    weakest = found.sort_by([("similarity", "ascending"), ("doc_id", "ascending")])
    return [
        NearDuplicate(row["doc_id"], row["kept_doc_id"], row["similarity"], source)
        for row in weakest.slice(0, NEAR_EXAMPLES).to_pylist()
    ]


def _quarantined(workspace: Workspace, shard_id: str) -> list[Quarantined]:
    path = workspace.table("quarantine", shard_id)
    table = read_table(path, _QUARANTINE).slice(0, QUARANTINE_EXAMPLES)
    return [Quarantined(**row) for row in table.to_pylist()]


def _rules(workspace: Workspace, shard_id: str) -> Counter[tuple[str, str, bool]]:
    path = workspace.table("findings", shard_id)
    counts: Counter[tuple[str, str, bool]] = Counter()
    if not exists(path):
        return counts
    grouped = read_table(path, _RULE).group_by(_RULE).aggregate([([], "count_all")])
    for row in grouped.to_pylist():
        changed = row["operator"] != "keep"
        counts[row["entity"], row["rule"], changed] += row["count_all"]
    return counts


def _rule_rows(rules: Counter[tuple[str, str, bool]]) -> tuple[RuleCount, ...]:
    names = sorted({(entity, rule) for entity, rule, _ in rules})
    return tuple(
        RuleCount(
            entity,
            rule,
            rules[entity, rule, True] + rules[entity, rule, False],
            rules[entity, rule, True],
        )
        for entity, rule in names
    )
