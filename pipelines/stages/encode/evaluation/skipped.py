"""What tests by likelihood have in common: the head they need, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import grouped
from isinglass.pipelines.statistics import RUN
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.encode.likelihood.heads import head_of
from isinglass.transforms.encode.models.find import model_folder

if TYPE_CHECKING:
    from isinglass.pipelines.stages.encode.evaluation.kind import Asked


def check_head(asked: Asked) -> None:
    """Refuse a model that gives words no probability; nothing is loaded."""
    assert asked.config.encode is not None
    head_of(model_folder(asked.config.encode))


def reason_counts(skipped: Mapping[int, str]) -> dict[str, int]:
    """How many were skipped for each reason."""
    return dict(sorted(Counter(skipped.values()).items()))


def left_out(name: str, skipped: Mapping[str, int], of: int) -> tuple[str, ...]:
    """A warning that some were left out, if some were."""
    if not skipped:
        return ()
    told = ", ".join(f"{why} {grouped(count)}" for why, count in skipped.items())
    count = sum(skipped.values())
    return (f"{name} leaves out {grouped(count)} of {grouped(of)}: {told}.",)


def skipped_statistics(
    kind: str, skipped: Mapping[str, int], unit: str
) -> list[Statistic]:
    """How many were left out, as a whole and by reason."""
    rows = [Statistic(f"{kind}.skipped", sum(skipped.values()), unit, RUN)]
    return rows + [
        Statistic(f"{kind}.skipped", count, unit, RUN, reason=why)
        for why, count in skipped.items()
    ]


def left_out_table(skipped: Mapping[str, int], what: str) -> list[page.Block]:
    """A table of what was left out, if something was."""
    if not skipped:
        return []
    rows: list[page.Row] = [
        [why, page.Cell(grouped(count))] for why, count in skipped.items()
    ]
    return [page.table("Left out", page.columns("<Reason", what), rows)]
