"""From manifest and statistics to one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from isinglass.pipelines.report.blocks import Section, joined
from isinglass.pipelines.report.labels import class_of, label_rules
from isinglass.pipelines.report.model import KeyFigure, ReportData, read_slices
from isinglass.pipelines.report.next_steps import next_steps
from isinglass.pipelines.report.rows import bounded, part
from isinglass.pipelines.report.sections.accounting import (
    accounting_section,
    flow_figure,
)
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
    from isinglass.pipelines.report.distributions import Bin
    from isinglass.pipelines.report.model import Quarantined
    from isinglass.pipelines.report.verdict import Asked

MOST_BYTES = 1_000_000
"""The page is smaller than this; what would not fit is in the statistics."""

_BOUNDS = ((40, 300), (20, 100), (10, 40), (5, 15), (2, 6))
"""Most rows of a table and most blocks of a section, until the page is small enough."""

_OPEN_REASONS, _MOST_REASONS = 4, 100
_FOOT = (
    "Made from manifest.json, audit/statistics.parquet and the ledger, from which "
    "every number here can be recomputed. Characters are Unicode code points. Sizes "
    "are decimal (1 MB = 1 000 000 bytes)."
)
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
    lengths: tuple[Bin, ...] = (),
) -> str:
    """The report of a run as HTML without scripts or references to anything outside.

    `shown` is what stages show besides, by their names, never document text; further
    `stages` are asked for a section. Equal arguments give equal text. However much
    there is to tell, the page stays below `MOST_BYTES`: tables get shorter.
    """
    data = ReportData(manifest, read_slices(statistics), quarantined, shown, lengths)
    every = in_order(stages)
    return render_page(_head(data, every), _sections(data, every))


def render_page(head: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """A page of some sections, below `MOST_BYTES`.

    `head` is what stands above them and at the foot: all of `_head`, of which `flow`
    may be None and `steps` empty.
    """
    for rows, blocks in _BOUNDS:
        view = {**head, **_body(head["unsought"], bounded(sections, rows, blocks))}
        page = _environment().get_template("report.html.j2").render(report=view)
        if len(page.encode()) < MOST_BYTES:
            break
    return page


def _sections(data: ReportData, every: Sequence[Asked]) -> list[Section]:
    """All sections; those of the stages stand between what was kept and what it needs.

    Below the title of each stands the line that its stage prints on a terminal.
    """
    made = []
    for stage in every:
        section = stage.section(data)
        if section is not None:
            line = stage.line(data.manifest) if section.ran else ""
            made.append(replace(section, said=section.said or _sentence(line)))
    manifest = data.manifest
    return [
        accounting_section(data),
        content_section(data),
        *joined(made),
        *([review_section(manifest.review)] if manifest.review else []),
        gates_section(data.manifest.gates),
        provenance_section(data),
        outputs_section(data),
    ]


def _sentence(line: str) -> str:
    """The line of a stage without its own name; the title says it."""
    _, _, told = line.partition(": ")
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _head(data: ReportData, every: Sequence[Asked]) -> dict[str, Any]:
    """What stands above the sections of a run."""
    manifest = data.manifest
    figures = (stage.figure(manifest) for stage in every)
    advice = (step for stage in every for step in stage.advice(manifest))
    return {
        "title": shorten(manifest.name),
        "subtitle": (
            f"{_done(manifest, every)} · run {shorten(manifest.run_id)} · "
            f"{shorten(manifest.created)} · isinglass {manifest.isinglass_version}"
        ),
        **told_verdict(manifest.verdict, verdict_reasons(manifest)),
        "flow": flow_figure(manifest.records),
        "figures": [*_figures(manifest), *(one for one in figures if one is not None)],
        "unsought": [one for stage in every for one in stage.unsought(manifest)],
        "left": [one for stage in every for one in stage.remarks(manifest)],
        "steps": next_steps(manifest, advice),
        "foot": _FOOT,
    }


def told_verdict(verdict: str, reasons: Sequence[str]) -> dict[str, Any]:
    """What the head says of a verdict: some reasons, and more on a click."""
    return {
        "verdict": verdict,
        "headline": HEADLINES[verdict],
        "reasons": reasons[:_OPEN_REASONS],
        "more_reasons": reasons[_OPEN_REASONS:_MOST_REASONS],
        "reasons_left_out": max(0, len(reasons) - _MOST_REASONS),
    }


def _body(unsought: Sequence[str], sections: Sequence[Section]) -> dict[str, Any]:
    """The sections; what did not run is told among what was not looked for."""
    off = [section for section in sections if not section.ran]
    named = ", ".join(section.title for section in off)
    told = [*unsought, *([f"Not run: {named}."] if off else [])]
    return {
        "unsought": told or ["All parts of the program ran."],
        "parts": [part(section) for section in sections if section.ran],
        "off": off,
        "labels": label_rules(sections),
    }


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


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("isinglass.pipelines.report"),
        autoescape=True,
        undefined=StrictUndefined,
        # Every string that reaches the page passes here; markup is made of such.
        finalize=lambda value: visible(value) if _is_plain(value) else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"grouped": grouped, "column_class": class_of}
    return made


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and not hasattr(value, "__html__")
