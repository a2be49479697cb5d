"""Verbatim repeats: how much of the characters, how sure, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, grouped, percent
from isinglass.transforms.repeats.estimate import SAMPLED, SHARE
from isinglass.transforms.repeats.windows import KINDS

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Manifest

TITLE = "Verbatim repeats"
_STAGES = ("input", "output")
_WORDING = {
    "any": "anywhere",
    "within": "within the document",
    "across": "in another document",
}


def section(data: ReportData) -> page.Section | None:
    """Method, sampling error and shares; None where repeats were not measured."""
    config = (data.part("dedup") or {}).get("repeats")
    sampled = data.slices.find(SAMPLED, "input")
    if not isinstance(config, dict) or sampled is None:
        return None
    heading = page.Heading(TITLE)
    if not sampled["numerator"]:
        empty = (
            "No document fell into the sample, so nothing is known of repeats. Raise "
            "dedup.repeats.documents."
        )
        blocks: tuple[page.Block, ...] = (heading, page.Paragraph(empty, "muted"))
    else:
        words = config["words"]
        blocks = (heading, *_method(words, sampled), _shares(data, words))
    return page.Section("duplicates", TITLE, blocks)


def unsought(manifest: Manifest) -> list[str]:
    """That nobody looked for repeats."""
    dedup = manifest.config.get("dedup") or {}
    if dedup.get("repeats"):
        return []
    return ["Passages that stand in several documents: dedup.repeats is off."]


def _method(words: int, sampled: Mapping[str, Any]) -> tuple[page.Paragraph, ...]:
    chosen, total = sampled["numerator"], sampled["denominator"]
    if chosen == total:
        who = f"All {grouped(total)} documents were"
        error = "All documents were measured, so there is no sampling error."
    else:
        who = (
            f"A sample of {grouped(chosen)} of {grouped(total)} documents, chosen by "
            "a hash of their ids, was"
        )
        error = (
            "Intervals are the sampling error: 95 % intervals of a ratio estimated "
            "from a random sample, by its linearised variance (Cochran, Sampling "
            "Techniques, 1977, section 6.3) and at the effective size of the sample. "
            "The upper end says what may have been missed where little was found."
        )
    method = (
        f"{who} cut into every stretch of {words} consecutive words, and all documents "
        "were searched for each. Texts are normalised first; white space and "
        "punctuation between words do not count, and in documents written mostly "
        "without spaces a stretch is as many characters. A character is repeated if "
        "it lies in a stretch that occurs again; shares are of the characters from "
        "the first word of a document to its last."
    )
    return page.Paragraph(method), page.Paragraph(error)


def _shares(data: ReportData, words: int) -> page.Table:
    sources = {row["source"] for row in data.slices.named(SHARE)} - {None}
    rows: list[page.Row] = []
    for source in [None, *sorted(sources)]:
        slices = {} if source is None else {"source": source}
        for kind in KINDS:
            name = "all documents" if source is None else source or MISSING
            cells = [_cells(data, stage, kind, slices) for stage in _STAGES]
            label = name if kind == KINDS[0] else page.Cell(name, tone="muted")
            rows.append([label, _WORDING[kind], *cells[0], *cells[1]])
    return page.table(
        f"Share of characters in verbatim repeats of at least {words} words",
        page.columns(
            "<Source",
            "<Occurs again",
            "Input",
            "95 % interval",
            "Documents sampled",
            "Output",
            "95 % interval",
            "Documents sampled",
        ),
        rows,
        note=(
            "The output is the documents decided to keep, as they were read, held "
            "against each other: before anything is cut or redacted in them."
        ),
    )


def _cells(
    data: ReportData, stage: str, kind: str, slices: dict[str, str]
) -> tuple[str, str, str]:
    """Share, interval and sample of one stage."""
    sampled = data.slices.find(SAMPLED, stage, **slices)
    count = MISSING
    if sampled is not None:
        chosen, total = sampled["numerator"], sampled["denominator"]
        count = f"{grouped(chosen)} of {grouped(total)}"
    found = data.slices.find(SHARE, stage, position=kind, **slices)
    if found is None:
        return MISSING, MISSING, count
    interval = f"{percent(found['low'], 2)} to {percent(found['high'], 2)}"
    return percent(found["value"], 2), interval, count
