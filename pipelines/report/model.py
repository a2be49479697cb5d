"""What a report shows: examples to fill in, and the view made from the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.pipelines.report.blocks import Section
    from isinglass.pipelines.report.sections.paragraphs import BoilerplateList
    from isinglass.pipelines.report.slices import Slices
    from isinglass.schemas.manifest import Manifest


class NearDuplicate(NamedTuple):
    """A removed near-duplicate and the kept document that is its evidence."""

    doc_id: str
    kept_doc_id: str
    similarity: float
    source: str


class RuleCount(NamedTuple):
    """Findings of one recognizer rule."""

    entity: str
    rule: str
    found: int
    changed: int


class Quarantined(NamedTuple):
    """A record that was set aside: where it is and why."""

    path: str
    row: int
    doc_id: str
    reason: str


@dataclass(frozen=True)
class ReportExamples:
    """Ids and numbers from the ledger and the findings; never text or PII values.

    Attributes:
        near_duplicates: A few removed documents with their kept ones.
        findings_by_rule: Counts of all findings, by entity and rule.
        quarantined: The first records that were set aside.
        boilerplate: The most frequent boilerplate; None when it was not looked for.
        clusters: `audit/clusters` and `audit/cluster_shares`; None without clusters.
    """

    near_duplicates: tuple[NearDuplicate, ...] = ()
    findings_by_rule: tuple[RuleCount, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    boilerplate: BoilerplateList | None = None
    clusters: tuple[pa.Table, pa.Table] | None = None


@dataclass(frozen=True)
class ReportData:
    """Everything that the sections are made from."""

    manifest: Manifest
    slices: Slices
    examples: ReportExamples

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
