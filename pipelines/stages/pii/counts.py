"""Findings by kind and by rule, and what was done about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from isinglass.pipelines.engine.workspace import Workspace, exists, read_table
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.pii import PRIVACY_CLASSES, Operator
from isinglass.schemas.manifest import FindingCount, OperatorUse
from isinglass.schemas.statistic import Statistic

WORDS_UNIT = 1000.0
_PREFIX = "finding."
_RULE = ["entity", "rule", "operator"]


class RuleCount(NamedTuple):
    """Findings of one recognizer rule."""

    entity: str
    rule: str
    found: int
    changed: int


def _each(counts: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """Entity, what became of it (found, changed, kept), and how often."""
    for name, value in counts.items():
        if name.startswith(_PREFIX):
            entity, _, kind = name.removeprefix(_PREFIX).rpartition(".")
            yield entity, kind, value


def finding_counts(counts: Mapping[str, int]) -> dict[str, FindingCount]:
    """What became of the findings of each kind, by the counts of the clean pass."""
    by_entity: dict[str, dict[str, int]] = {}
    for entity, kind, value in _each(counts):
        nothing = {"found": 0, "changed": 0, "kept": 0}
        by_entity.setdefault(entity, nothing)[kind] = value
    return {e: FindingCount(**values) for e, values in sorted(by_entity.items())}


def finding_statistics(
    findings: Mapping[str, FindingCount], words: float, kinds: Iterable[str]
) -> list[Statistic]:
    """Findings by entity, and how many there are in 1,000 words of kept documents.

    `kinds` are those that were looked for: of which there is nothing, 0 is told.
    """
    rows = []
    nothing = FindingCount(found=0, changed=0, kept=0)
    for entity in sorted({*findings, *kinds}):
        count = findings.get(entity, nothing)
        row = partial(
            Statistic,
            when="run",
            characteristic="Identifiability",
            entity=entity,
        )
        rows += [row(f"pii.{name}", value, "spans") for name, value in count]
        if words:
            rate, unit = WORDS_UNIT * count.found / words, "spans per 1,000 words"
            found = count.found
            rows.append(row("pii.rate", rate, unit, numerator=found, denominator=words))
    return rows


def count_rules(
    workspace: Workspace, shard_ids: Iterable[str]
) -> tuple[RuleCount, ...]:
    """How often each recognizer rule found something, over all shards."""
    found, changed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for findings in read_findings(workspace, shard_ids, _RULE):
        grouped = findings.group_by(_RULE).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            rule = row["entity"], row["rule"]
            found[rule] += row["count_all"]
            changed[rule] += row["count_all"] if row["operator"] != "keep" else 0
    return tuple(
        RuleCount(*rule, n, changed[rule]) for rule, n in sorted(found.items())
    )


def read_findings(
    workspace: Workspace, shard_ids: Iterable[str], columns: list[str]
) -> Iterator[pa.Table]:
    """Some columns of the findings of each shard that has such a table."""
    for path in (workspace.table("findings", shard_id) for shard_id in shard_ids):
        if exists(path):
            yield read_table(path, columns)


def operators_used(config: RunConfig, found: Iterable[str]) -> dict[str, OperatorUse]:
    """Operator and privacy class of each kind that was looked for or found.

    Recognizers of the user may have added kinds that were `found`; those of stages
    from outside are not among them.
    """
    named = () if config.pii is None else config.pii.entities
    used = {}
    for entity in sorted({*named, *fixed_operators(config), *found}):
        operator = operator_of(config, entity)
        if operator is not None:
            privacy = PRIVACY_CLASSES[operator]
            used[entity] = OperatorUse(operator=operator, privacy_class=privacy)
    return used


def operator_of(config: RunConfig, entity: str) -> Operator | None:
    """What is done about a kind; None for one that nobody looks for."""
    operator = fixed_operators(config).get(entity)
    if operator is None and config.pii is not None:
        return config.pii.settings_of(entity).operator
    return operator


def fixed_operators(config: RunConfig) -> dict[str, Operator]:
    """Kinds of other stages, which leave no choice of the operator."""
    # The list of stages imports this room.
    from isinglass.pipelines.stages import in_order  # noqa: PLC0415

    return {e: o for stage in in_order(config) for e, o in stage.entities.items()}
