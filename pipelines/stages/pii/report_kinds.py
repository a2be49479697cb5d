"""What several parts of the section need: kinds in order, their counts, leftovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.text import MISSING, decimal

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import FindingCount, Manifest


def own_findings(manifest: Manifest) -> dict[str, FindingCount]:
    """Findings by kind, without those of stages from outside."""
    outside = manifest.stages
    return {
        entity: count
        for entity, count in manifest.findings.items()
        if entity.partition(".")[0] not in outside
    }


def entities(data: ReportData) -> list[str]:
    """All kinds that were looked for or found, most findings first."""
    configured = (data.part("pii") or {}).get("entities")
    names = set(own_findings(data.manifest)) | set(data.manifest.recall)
    if isinstance(configured, dict):
        names |= set(configured)
    findings = own_findings(data.manifest)
    return sorted(
        names, key=lambda name: (-findings[name].found if name in findings else 0, name)
    )


def counts(count: FindingCount | None) -> tuple[int, int, int]:
    """Found, changed and kept; zeros without a count."""
    return (count.found, count.changed, count.kept) if count else (0, 0, 0)


def expected_leftover(found: int, recall: float) -> str:
    """`found * (1 - r) / r`; without any recall there is no estimate."""
    if recall <= 0.0:
        return MISSING
    return decimal(found * (1.0 - recall) / recall, 1)
