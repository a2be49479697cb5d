"""How often each recognizer rule found something, for the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.engine.workspace import Workspace

_COLUMNS = ["entity", "rule", "operator"]


class RuleCount(NamedTuple):
    """Findings of one recognizer rule."""

    entity: str
    rule: str
    found: int
    changed: int


@dataclass(frozen=True)
class Shown:
    """What the report shows besides the manifest.

    Attributes:
        findings_by_rule: Counts of all findings, by entity and rule.
    """

    findings_by_rule: tuple[RuleCount, ...] = ()


def count_rules(workspace: Workspace, shard_ids: Iterable[str]) -> Shown:
    """Count the findings of all shards by rule.

    Args:
        workspace: The run folder, after the clean pass.
        shard_ids: This run's shards.
    """
    rules: Counter[tuple[str, str, bool]] = Counter()
    for shard_id in shard_ids:
        rules += _rules(workspace, shard_id)
    names = sorted({(entity, rule) for entity, rule, _ in rules})
    return Shown(
        tuple(
            RuleCount(
                entity,
                rule,
                rules[entity, rule, True] + rules[entity, rule, False],
                rules[entity, rule, True],
            )
            for entity, rule in names
        )
    )


def _rules(workspace: Workspace, shard_id: str) -> Counter[tuple[str, str, bool]]:
    path = workspace.table("findings", shard_id)
    counts: Counter[tuple[str, str, bool]] = Counter()
    if not path.exists():
        return counts
    grouped = (
        pq.read_table(path, columns=_COLUMNS)
        .group_by(_COLUMNS)
        .aggregate([([], "count_all")])
    )
    for row in grouped.to_pylist():
        changed = row["operator"] != "keep"
        counts[row["entity"], row["rule"], changed] += row["count_all"]
    return counts
