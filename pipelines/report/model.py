"""What a report is made from, and the view that is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.quarantined import Quarantined
    from isinglass.pipelines.report.slices import Slices
    from isinglass.schemas.manifest import Manifest


@dataclass(frozen=True)
class ReportData:
    """Everything that the sections are made from; never text or personal data.

    Attributes:
        manifest: The finished manifest.
        slices: Statistics of the run.
        quarantined: The first records that were set aside.
        shown: Ids and numbers that a stage wants to show besides, by its name.
    """

    manifest: Manifest
    slices: Slices
    quarantined: tuple[Quarantined, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)

    def part(self, name: str) -> dict[str, Any] | None:
        """A section of the resolved configuration; None when it is off."""
        part = self.manifest.config.get(name)
        return part if isinstance(part, dict) else None


@dataclass(frozen=True)
class KeyFigure:
    """A number of the banner, its unit, and what it is a share of."""

    label: str
    number: str
    note: str


@dataclass(frozen=True)
class Report:
    """The whole page, ready for the template."""

    title: str
    subtitle: str
    verdict: Literal["passed", "warned", "failed"]
    headline: str
    reasons: tuple[str, ...]
    figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
