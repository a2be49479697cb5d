"""Token ids and vectors of the kept documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from isinglass.pipelines.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Rebuilt
    from isinglass.schemas.manifest import Manifest


@dataclass(frozen=True)
class Encode(Stage):
    """See the room."""

    name: ClassVar[str] = "encode"
    place: ClassVar[int] = 70

    # What a finished run is asked for is imported late: workers need none of it.

    @classmethod
    def section(cls, data: ReportData) -> Section | None:
        """Its section of the report."""
        from isinglass.pipelines.stages.encode.report import section  # noqa: PLC0415

        return section(data)

    @classmethod
    def deed(cls, manifest: Manifest) -> str:
        """What a run did besides cleaning."""
        return "" if manifest.encode is None else "encoding"

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        """Its part of what a command prints when it is done."""
        from isinglass.pipelines.stages.encode.report import line  # noqa: PLC0415

        return line(manifest)

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        """Its checks of a finished run."""
        from isinglass.pipelines.stages.encode.proof import prove  # noqa: PLC0415

        return prove(run)

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> Mapping[str, list[Rebuilt]]:
        """Spans that it changed, to make texts again."""
        from isinglass.pipelines.stages.encode.proof import rebuild  # noqa: PLC0415

        return rebuild(run, shard_id)
