"""Duplicates: one document stays for each, and the ledger names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.proof.source import Reader
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Story, Written
    from isinglass.schemas.config import GateConfig, RunConfig
    from isinglass.schemas.statistic import Statistic


@dataclass(frozen=True)
class Dedup(Stage):
    """See the room."""

    name: ClassVar[str] = "dedup"
    place: ClassVar[int] = 30

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.dedup.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def asks(cls, config: RunConfig) -> Sequence[GateConfig]:
        """The gates that `dedup.max_removed` stands for."""
        from isinglass.transforms.statistics.removals import (  # noqa: PLC0415
            removal_gates,
        )

        return removal_gates(config.dedup)

    @classmethod
    def warns(
        cls,
        config: RunConfig,
        told: Mapping[str, Any],
        statistics: Sequence[Statistic],
    ) -> list[str]:
        """What looks like a template taken for a text, or a source given twice."""
        from isinglass.transforms.statistics.removals import (  # noqa: PLC0415
            removal_warnings,
        )

        del config, told
        return removal_warnings(statistics)

    @classmethod
    def written(cls, run: FinishedRun) -> Written:
        """Files that a finished run must hold because of it."""
        from isinglass.pipelines.stages.dedup.proof import written  # noqa: PLC0415

        return written(run)

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.dedup.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def reader(cls, run: FinishedRun) -> Reader | None:
        """What looks at the inputs too."""
        from isinglass.pipelines.stages.dedup.proof_similarity import reader  # noqa: PLC0415

        return reader(run)

    @classmethod
    def story(cls, run: RunFolder, row: Mapping[str, Any]) -> Story | None:
        """What it tells of one record."""
        from isinglass.pipelines.stages.dedup.story import story  # noqa: PLC0415

        return story(run, row)
