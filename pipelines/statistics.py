"""Statistics that every run has: texts before and after, and records by outcome."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.clean import statistics_path
from isinglass.pipelines.engine.mapped_tables import survey_path
from isinglass.pipelines.engine.workspace import Workspace, read_json, read_table
from isinglass.pipelines.sums import parts
from isinglass.schemas.config import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.statistic import Statistic, read_statistics
from isinglass.transforms.statistics import fold
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS, statistic
from isinglass.transforms.statistics.fold import TextGatherer
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.sums import add_into

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage

INPUT, OUTPUT, RUN = "input", "output", "run"


def check_gates(
    gates: tuple[GateConfig, ...], stages: Iterable[type[Stage] | Stage], base: Path
) -> tuple[GateConfig, ...]:
    """Refuse gates about what no run knows; `stages` may be off as well.

    Returns:
        The gates, with the folders of their baselines named for anybody.

    Raises:
        RefuseError: A statistic, a column or a baseline is not known.
    """
    evaluate_gates(gates, [])
    own = [metric for stage in stages for metric in stage.metrics]
    known = sorted({*CHARACTERISTICS, *own})
    for gate in gates:
        if gate.metric not in known:
            near = difflib.get_close_matches(gate.metric, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
            raise ConfigError(f"gates: no statistic is called {gate.metric}; {hint}")
        when = gate.slice.get("stage", INPUT)
        if when not in (INPUT, OUTPUT, RUN):
            raise ConfigError(
                f"gates: {gate.metric} has the stage {when}; there are {INPUT}, "
                f"{OUTPUT} and {RUN}."
            )
    found = tuple(
        gate.model_copy(update={"baseline": str((base / gate.baseline).resolve())})
        if gate.baseline
        else gate
        for gate in gates
    )
    baselines(found)
    return found


def baselines(gates: Iterable[GateConfig]) -> dict[str, list[Statistic]]:
    """The statistics of the runs that gates are compared with, by folder.

    Raises:
        ConfigError: A folder is not that of a finished run.
    """
    found = {}
    for folder in sorted({gate.baseline for gate in gates if gate.baseline}):
        path = Path(folder) / "audit" / "statistics.parquet"
        try:
            found[folder] = read_statistics(read_table(path))
        except (OSError, pa.ArrowException):
            raise ConfigError(
                f"gates: the baseline {folder} has no audit/statistics.parquet that "
                "can be read; name the folder of a finished run."
            ) from None
    return found


def text_statistics(workspace: Workspace, shard_ids: Sequence[str]) -> list[Statistic]:
    """Documents, characters, words and lengths before and after cleaning."""
    before, after = TextGatherer().finish(), TextGatherer().finish()
    for shard_id in shard_ids:
        surveyed = survey_path(workspace, shard_id).with_suffix(".stats.json")
        add_into(before, read_json(surveyed)["texts"])
        add_into(after, read_json(statistics_path(workspace, shard_id))["texts"])
    return [*fold.text_statistics(before, INPUT), *fold.text_statistics(after, OUTPUT)]


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
    rate = quarantined / total if total else 0.0
    told = {"numerator": quarantined, "denominator": total}
    return [*rows, statistic("quarantine.rate", rate, "share of records", RUN, **told)]


def _records(name: str, value: int, total: int, reason: str | None = None) -> Statistic:
    told = {"reason": reason, "numerator": value, "denominator": total}
    return statistic(f"records.{name}", value, "records", RUN, **told)
