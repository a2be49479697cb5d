"""Weights by which mentions of groups reach their targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Story
    from isinglass.schemas.config import RunConfig
    from isinglass.schemas.statistic import Statistic


@dataclass(frozen=True)
class Balance(Stage):
    """See the room."""

    name: ClassVar[str] = "balance"
    needs: ClassVar[tuple[str, ...]] = ("demographics",)
    place: ClassVar[int] = 61

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.balance.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def warns(
        cls,
        config: RunConfig,
        told: Mapping[str, Any],
        statistics: Sequence[Statistic],
    ) -> list[str]:
        """Targets that no weights within the bounds reach."""
        del config, statistics
        return [
            f"The target of axis {axis} cannot be reached within the bounds; the "
            "nearest weights were taken."
            for axis, summary in told["balance"].items()
            if not summary.feasible
        ]

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.balance.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def story(cls, run: RunFolder, row: Mapping[str, Any]) -> Story | None:
        """What it tells of one record."""
        from isinglass.pipelines.stages.balance.story import story  # noqa: PLC0415

        return story(run, row)
