"""From manifest and statistics to one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from isinglass.pipelines.report.blocks import joined
from isinglass.pipelines.report.model import KeyFigure, ReportData, read_slices
from isinglass.pipelines.report.sections.accounting import accounting_section
from isinglass.pipelines.report.sections.content import content_section
from isinglass.pipelines.report.sections.provenance import (
    outputs_section,
    provenance_section,
)
from isinglass.pipelines.report.sections.review import review_section
from isinglass.pipelines.report.text import grouped, share_of, shorten, visible
from isinglass.pipelines.report.verdict import (
    HEADLINES,
    gates_section,
    in_order,
    verdict_reasons,
)
from isinglass.schemas.manifest import Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import Quarantined
    from isinglass.pipelines.report.verdict import Asked

_VERBS = {
    "run": "cleaning",
    "clean": "cleaning",
    "audit": "audit, no text written",
    "encode": "encoding",
}


def render_report(
    manifest: Manifest,
    statistics: pa.Table,
    quarantined: tuple[Quarantined, ...],
    shown: Mapping[str, Any],
    stages: Sequence[Asked] = (),
) -> str:
    """The report of a run as HTML without scripts or references to anything outside.

    `shown` is what stages show besides, by their names, never document text; further
    `stages` are asked for a section. Equal arguments give equal text.
    """
    data = ReportData(manifest, read_slices(statistics), quarantined, shown)
    every = in_order(stages)
    sections = (stage.section(data) for stage in every)
    figures = (stage.figure(manifest) for stage in every)
    view = {
        "title": shorten(manifest.name),
        "subtitle": (
            f"{_done(manifest, every)} · run {shorten(manifest.run_id)} · "
            f"{shorten(manifest.created)} · isinglass {manifest.isinglass_version}"
        ),
        "verdict": manifest.verdict,
        "headline": HEADLINES[manifest.verdict],
        "reasons": [
            *verdict_reasons(manifest),
            *(remark for stage in every for remark in stage.remarks(manifest)),
        ],
        "figures": [*_figures(manifest), *(one for one in figures if one is not None)],
        # Those of the stages stand between what was kept and what it depends on.
        "sections": [
            accounting_section(data),
            content_section(data),
            *joined(section for section in sections if section is not None),
            *([review_section(manifest.review)] if manifest.review else []),
            gates_section(data),
            provenance_section(data),
            outputs_section(data),
        ],
    }
    page: str = _environment().get_template("report.html.j2").render(report=view)
    return page


def _done(manifest: Manifest, stages: Sequence[Asked]) -> str:
    """What the run did; a `run` may do more than cleaning."""
    done = _VERBS[manifest.verb]
    if manifest.verb != "run":
        return done
    deeds = (stage.deed(manifest) for stage in stages)
    return " and ".join([done, *(deed for deed in deeds if deed)])


def _figures(manifest: Manifest) -> list[KeyFigure]:
    """Records and characters at a glance."""
    records, characters = manifest.records, manifest.characters
    count = len(manifest.inputs)
    files = f"from {grouped(count)} input file{'' if count == 1 else 's'}"
    share = f"{share_of(records.kept, records.total_in)} of the records in"
    came = f"from {grouped(characters.total_in)} characters in"
    return [
        KeyFigure("records in", grouped(records.total_in), files),
        KeyFigure("records kept", grouped(records.kept), share),
        KeyFigure("characters kept", grouped(characters.kept), came),
    ]


def render_page(page: Mapping[str, Any]) -> str:
    """A page beside the report: title, subtitle, sections and footer, none of it HTML.

    Equal arguments give equal text.
    """
    made: str = _environment().get_template("page.html.j2").render(page=page)
    return made


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("isinglass.pipelines.report"),
        autoescape=True,
        undefined=StrictUndefined,
        # Every string that reaches the page passes here; markup is made of such.
        finalize=lambda value: visible(value) if _is_plain(value) else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and not hasattr(value, "__html__")
