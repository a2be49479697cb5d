"""From the view to one HTML file that needs nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isinglass.pipelines.report.model import Report, ReportData, ReportExamples
from isinglass.pipelines.report.sections.accounting import accounting_section
from isinglass.pipelines.report.sections.content import content_section
from isinglass.pipelines.report.sections.decontamination import (
    decontamination_section,
)
from isinglass.pipelines.report.sections.demographics import demographics_section
from isinglass.pipelines.report.sections.encoding import encoding_section
from isinglass.pipelines.report.sections.gates import gates_section
from isinglass.pipelines.report.sections.provenance import (
    outputs_section,
    provenance_section,
)
from isinglass.pipelines.report.sections.semantic import semantic_section
from isinglass.pipelines.report.slices import read_slices
from isinglass.pipelines.report.text import shorten, visible
from isinglass.pipelines.report.verdict import HEADLINES, key_figures, verdict_reasons
from isinglass.pipelines.stages.dedup.report import duplicates_section
from isinglass.pipelines.stages.pii.report import privacy_section

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.manifest import Manifest

_VERBS = {
    "run": "cleaning and encoding",
    "clean": "cleaning",
    "audit": "audit, no text written",
    "encode": "encoding",
}
_SECTIONS = (
    accounting_section,
    content_section,
    duplicates_section,
    decontamination_section,
    privacy_section,
    demographics_section,
    encoding_section,
    semantic_section,
    gates_section,
    provenance_section,
    outputs_section,
)


def _verb(manifest: Manifest) -> str:
    """A run without an `encode` section only cleaned."""
    return (
        "clean" if manifest.encode is None and manifest.verb == "run" else manifest.verb
    )


def render_report(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> str:
    """The report of a run as one self-contained HTML file.

    Args:
        manifest: The finished manifest.
        statistics: Table with the schema `STATISTICS`.
        examples: Ids and numbers to show; never document text.

    Returns:
        HTML without scripts and without references to anything outside of it. Equal
        arguments give equal text.
    """
    data = ReportData(manifest, read_slices(statistics), examples)
    page: str = _environment().get_template("report.html.j2").render(report=_view(data))
    return page


def _view(data: ReportData) -> Report:
    manifest = data.manifest
    return Report(
        title=shorten(manifest.name),
        subtitle=(
            f"{_VERBS[_verb(manifest)]} · run {shorten(manifest.run_id)} · "
            f"{shorten(manifest.created)} · isinglass {manifest.isinglass_version}"
        ),
        verdict=manifest.verdict,
        headline=HEADLINES[manifest.verdict],
        reasons=verdict_reasons(manifest),
        figures=key_figures(manifest),
        sections=tuple(make(data) for make in _SECTIONS),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("isinglass.pipelines.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_show_hidden_characters,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _show_hidden_characters(value: Any) -> Any:
    """Every string that reaches the page passes here; markup is made of such."""
    is_plain = isinstance(value, str) and not hasattr(value, "__html__")
    return visible(value) if is_plain else value
