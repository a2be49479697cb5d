"""Statistics that every run has: texts before and after, and records by outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isinglass.pipelines.clean import statistics_path
from isinglass.pipelines.engine.mapped_tables import survey_path
from isinglass.pipelines.engine.workspace import Workspace, read_json
from isinglass.pipelines.sums import parts
from isinglass.schemas.reasons import DropReason, QuarantineReason
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics import fold
from isinglass.transforms.statistics.characteristics import statistic
from isinglass.transforms.statistics.fold import TextGatherer
from isinglass.transforms.statistics.sums import add_into

INPUT, OUTPUT, RUN = "input", "output", "run"


def text_statistics(workspace: Workspace, shard_ids: Sequence[str]) -> list[Statistic]:
    """Documents, characters, words and lengths before and after, and who stays."""
    before, after = TextGatherer().finish(), TextGatherer().finish()
    for shard_id in shard_ids:
        surveyed = survey_path(workspace, shard_id).with_suffix(".stats.json")
        add_into(before, read_json(surveyed)["texts"])
        add_into(after, read_json(statistics_path(workspace, shard_id))["texts"])
    return [
        *fold.text_statistics(before, INPUT),
        *fold.text_statistics(after, OUTPUT),
        *fold.retention_statistics(before, after),
    ]


def record_statistics(counts: Mapping[str, int]) -> list[Statistic]:
    """Records by outcome and reason, from the summed counts of the clean pass.

    Reasons for which nothing went are told as well: gates may be about them.
    """
    total = counts.get("records_in", 0)
    rows = [_records("in", total, total)]
    rows.append(_records("kept", counts.get("kept", 0), total))
    for outcome, known in (("dropped", DropReason), ("quarantined", QuarantineReason)):
        reasons = {str(reason): 0 for reason in known} | parts(counts, outcome)
        rows.append(_records(outcome, sum(reasons.values()), total))
        rows += [_records(outcome, n, total, reason) for reason, n in reasons.items()]
    quarantined = sum(parts(counts, "quarantined").values())
    rate = quarantined / total if total else 0.0
    told = {"numerator": quarantined, "denominator": total}
    return [*rows, statistic("quarantine.rate", rate, "share of records", RUN, **told)]


def _records(name: str, value: int, total: int, reason: str | None = None) -> Statistic:
    told = {"reason": reason, "numerator": value, "denominator": total}
    return statistic(f"records.{name}", value, "records", RUN, **told)
