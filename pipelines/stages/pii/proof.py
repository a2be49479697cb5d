"""Personal data: what was found is counted, stands where it is said to, and is gone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from isinglass.pipelines.proof.source import rebuilt
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.pii.proof_counts import check_counts
from isinglass.pipelines.stages.pii.proof_spans import SPAN, check_findings
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.pii.operators.apply import operate

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.stage import Rebuilt


def written(run: FinishedRun) -> Written:
    """The findings of each shard."""
    if not run.config.finds:
        return Written()
    return Written({"findings/{shard}.parquet": FINDINGS})


def prove(run: FinishedRun) -> list[Check]:
    """Counts and offsets of the findings."""
    return [check_counts(run), check_findings(run)]


def rebuild(run: FinishedRun, shard_id: str) -> dict[str, list[Rebuilt]]:
    """The findings of a shard by doc_id, also those that were erased on request."""
    spans: dict[str, list[Rebuilt]] = {}
    findings = run.read("findings", shard_id, SPAN)
    if findings is None:
        return spans
    for row in findings.to_pylist():
        if run.is_foreign(row["entity"]):
            continue
        output = partial(_output, row["operator"], row["entity"], row["value_key"])
        spans.setdefault(row["doc_id"], []).append(rebuilt(row, output))
    return spans


def _output(operator: str, entity: str, mark: str, value: str) -> str:
    return operate(operator, entity, value, mark)
