"""Paragraphs that many documents of a source share: listed, or cut out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Rebuilt


@dataclass(frozen=True)
class Boilerplate(Stage):
    """See the room."""

    name: ClassVar[str] = "boilerplate"
    needs: ClassVar[tuple[str, ...]] = ("dedup",)
    early: ClassVar[bool] = True
    edits: ClassVar[Literal["", "cut", "edit"]] = "cut"
    place: ClassVar[int] = 32

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.boilerplate.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.boilerplate.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans that it changed, to make texts again."""
        from isinglass.pipelines.stages.boilerplate.proof import rebuild  # noqa: PLC0415

        return rebuild(run, shard_id)
