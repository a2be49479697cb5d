"""Statistics that every run has: texts before and after, and records by outcome."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.clean import statistics_path
from isinglass.pipelines.engine.side_tables import survey_path
from isinglass.pipelines.engine.workspace import read_json
from isinglass.pipelines.sums import parts
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics import fold
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.fold import TextGatherer
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.sums import add_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Stage
    from isinglass.schemas.config import GateConfig

INPUT, OUTPUT, RUN = "input", "output", "run"
METRICS = (
    "quarantine.rate",
    "records.dropped",
    "records.in",
    "records.kept",
    "records.quarantined",
)
"""Of records; those of texts are in transforms."""


def check_gates(
    gates: tuple[GateConfig, ...], stages: Iterable[type[Stage] | Stage]
) -> None:
    """Refuse gates about what no run knows; of `stages` that are off as well.

    Raises:
        ConfigError: An unknown metric or slice column.
    """
    evaluate_gates(gates, [])
    own = [metric for stage in stages for metric in stage.metrics]
    known = sorted({*CHARACTERISTICS, *METRICS, *own})
    for gate in gates:
        if gate.metric not in known:
            near = difflib.get_close_matches(gate.metric, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
            raise ConfigError(f"gates: no statistic is called {gate.metric}; {hint}")


def text_statistics(workspace: Workspace, shard_ids: Sequence[str]) -> list[Statistic]:
    """Documents, characters, words and lengths before and after cleaning."""
    before, after = TextGatherer().finish(), TextGatherer().finish()
    for shard_id in shard_ids:
        add_into(before, _survey_sums(workspace, shard_id)["texts"])
        add_into(after, _clean_sums(workspace, shard_id)["texts"])
    return [*fold.text_statistics(before, INPUT), *fold.text_statistics(after, OUTPUT)]


def _survey_sums(workspace: Workspace, shard_id: str) -> Any:
    path = survey_path(workspace, shard_id).with_suffix(".stats.json")
    return read_json(path)


def _clean_sums(workspace: Workspace, shard_id: str) -> Any:
    return read_json(statistics_path(workspace, shard_id))


def words_kept(texts: Sequence[Statistic]) -> float:
    """Words of all kept documents, from `text_statistics`."""
    for row in texts:
        whole = row.source is None and row.language is None
        if row.metric == "words" and row.stage == OUTPUT and whole:
            return row.value
    return 0.0


def record_statistics(counts: Mapping[str, int]) -> list[Statistic]:
    """Records by outcome and reason, from the summed counts of the clean pass."""
    total = counts.get("records_in", 0)
    rows = [_records("in", total, total)]
    rows.append(_records("kept", counts.get("kept", 0), total))
    for outcome in ("dropped", "quarantined"):
        reasons = parts(counts, outcome)
        rows.append(_records(outcome, sum(reasons.values()), total))
        rows += [_records(outcome, n, total, reason) for reason, n in reasons.items()]
    quarantined = sum(parts(counts, "quarantined").values())
    rate = Statistic(
        "quarantine.rate",
        quarantined / total if total else 0.0,
        "share of records",
        RUN,
        "Completeness",
        numerator=quarantined,
        denominator=total,
    )
    return [*rows, rate]


def _records(name: str, value: int, total: int, reason: str | None = None) -> Statistic:
    return Statistic(
        f"records.{name}",
        value,
        "records",
        RUN,
        "Completeness",
        reason=reason,
        numerator=value,
        denominator=total,
    )
