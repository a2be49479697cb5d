"""Personal data: found, changed, measured by planted values, searched for again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import KeyFigure, ReportData
    from isinglass.pipelines.stage import Rebuilt, Story
    from isinglass.schemas.manifest import Manifest


@dataclass(frozen=True)
class Pii(Stage):
    """See the room."""

    name: ClassVar[str] = "pii"
    edits: ClassVar[Literal["", "cut", "edit"]] = "edit"
    place: ClassVar[int] = 50

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.pii.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def figure(cls, manifest: Manifest) -> KeyFigure | None:
        """Its number at the head of the report."""
        from isinglass.pipelines.stages.pii.report import figure  # noqa: PLC0415

        return figure(manifest)

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        """Its part of what a command prints when it is done."""
        from isinglass.pipelines.stages.pii.report import line  # noqa: PLC0415

        return line(manifest)

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.pii.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans that it changed, to make texts again."""
        from isinglass.pipelines.stages.pii.proof import rebuild  # noqa: PLC0415

        return rebuild(run, shard_id)

    @classmethod
    def story(
        cls, run: RunFolder, row: Mapping[str, Any], *, full: bool
    ) -> Story | None:
        """What it tells of one record."""
        from isinglass.pipelines.stages.pii.story import story  # noqa: PLC0415

        return story(run, row, full=full)
