"""Documents that hold a text of an evaluation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Rebuilt, Story


@dataclass(frozen=True)
class Decontaminate(Stage):
    """See the room."""

    name: ClassVar[str] = "decontaminate"
    place: ClassVar[int] = 40

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.decontaminate.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.decontaminate.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans that it changed, to make texts again."""
        from isinglass.pipelines.stages.decontaminate.proof import rebuild  # noqa: PLC0415

        return rebuild(run, shard_id)

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """What it tells of one record."""
        del run, full
        from isinglass.pipelines.stages.decontaminate.story import story  # noqa: PLC0415

        return story(row)
