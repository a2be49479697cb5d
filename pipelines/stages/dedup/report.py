"""Exact and near-duplicates, what was compared, and what may have been missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.distributions import Bin, histogram
from isinglass.pipelines.report.svg import capture_curve
from isinglass.pipelines.report.text import MISSING, grouped, percent, share_of, shorten
from isinglass.pipelines.stages.dedup.report_recall import recall_blocks
from isinglass.schemas.manifest import DedupSummary, Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stages.dedup.removals import NearDuplicate, NearRemovals

_MUCH = 0.5
"""Share from which a loss is shown in the colour of a warning."""


def section(data: ReportData) -> page.Section:
    """Counts, the capture curve and example pairs."""
    anchor, title = "duplicates", "Duplicates"
    summary = data.manifest.dedup
    if summary is None:
        return page.not_run(anchor, title, "the configuration has no dedup section.")
    config = data.part("dedup") or {}
    blocks: list[page.Block] = [_counts(data, summary)]
    # Who loses documents.
    losers = (
        _shares(data, "source", "Source"),
        _shares(data, "language", "Language"),
        _clusters(data),
        _earlier(summary) if summary.against else None,
    )
    blocks += [block for block in losers if block is not None]
    threshold = config.get("threshold")
    shown: NearRemovals | None = data.shown.get("dedup")
    if shown and shown.pairs:
        blocks += [_similarities(shown), _pairs(shown.pairs, summary)]
    if summary.capture_curve and isinstance(threshold, int | float):
        blocks += recall_blocks(data, float(threshold))
        blocks += _capture(summary.capture_curve, float(threshold), config)
    return page.Section(anchor, title, tuple(blocks))


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    summary = manifest.dedup
    if summary is None:
        return "Duplicates: not run"
    removed = (
        f"{grouped(summary.exact_removed)} exact and {grouped(summary.near_removed)} "
        "near"
    )
    if summary.contained_removed:
        removed = removed.replace(" and ", ", ")
        removed += f" and {grouped(summary.contained_removed)} contained"
    earlier = ""
    if summary.against:
        earlier = (
            f" ({grouped(summary.removed_for_earlier)} for documents of earlier runs)"
        )
    return (
        f"Duplicates: {removed} removed{earlier}; {grouped(summary.verified_pairs)} of "
        f"{grouped(summary.candidate_pairs)} candidate pairs verified"
    )


def _counts(data: ReportData, summary: DedupSummary) -> page.Table:
    records = data.manifest.records.total_in
    pairs, verified = summary.candidate_pairs, summary.verified_pairs

    def of_records(count: int) -> page.Row:
        return [grouped(count), f"{share_of(count, records)} of the records in"]

    def of_pairs(count: int) -> page.Row:
        return [grouped(count), f"{share_of(count, pairs)} of the candidate pairs"]

    contained: list[page.Row] = []
    if summary.contained_removed:
        shares = of_records(summary.contained_removed)
        contained = [["contained in a longer one, removed", *shares]]
    return page.table(
        "What deduplication compared and removed",
        page.columns("<Count", "Number", "<Share"),
        [
            ["exact duplicates removed", *of_records(summary.exact_removed)],
            ["near-duplicates removed", *of_records(summary.near_removed)],
            *contained,
            ["candidate pairs, compared exactly", grouped(pairs), ""],
            ["pairs at or above the threshold", *of_pairs(verified)],
            ["pairs below it, not used", *of_pairs(pairs - verified)],
        ],
        note=(
            "A near-duplicate is removed only where its exact Jaccard similarity to a "
            "kept document reaches the threshold; the ledger names the pair. Texts too "
            "short for a shingle are compared as a whole."
        ),
    )


def _capture(
    curve: list[tuple[float, float]], threshold: float, config: dict[str, Any]
) -> list[page.Block]:
    at_threshold = float(np.interp(threshold, *np.array(sorted(curve)).T))
    how = ""
    if {"bands", "rows", "ngram"} <= set(config):
        how = (
            f" ({config['bands']} bands of {config['rows']} MinHash values over "
            f"shingles of {config['ngram']} words)"
        )
    return [
        page.Figure(
            capture_curve(curve, threshold),
            "Probability that a pair of documents is compared, by its similarity",
        ),
        page.Paragraph(
            f"Pairs are found by banding{how}. A pair exactly at the threshold of "
            f"{threshold:g} is compared with probability {percent(at_threshold, 2)}; "
            "more similar pairs more surely. What is never compared is never removed."
        ),
    ]


def _similarities(near: NearRemovals) -> page.Figure:
    bins = [Bin(*one) for one in near.by_similarity]
    what = "Removed near-duplicates by their similarity to the kept document"
    return page.Figure(histogram(bins, what, "{:.2f}".format), what)


def advice(manifest: Manifest) -> list[str]:
    """What to look at next."""
    if manifest.dedup is None or not manifest.dedup.near_removed:
        return []
    said = (
        "Look at the removals nearest to the threshold, beside what stayed: "
        "`isinglass review RUN --duplicates`."
    )
    return [said]


def _pairs(near: list[NearDuplicate], summary: DedupSummary) -> page.Table:
    rows: list[page.Row] = [
        [page.code(removed), page.code(kept), f"{similarity:.3f}", source or MISSING]
        for removed, kept, similarity, source in near
    ]
    count = f"{grouped(len(rows))} of {grouped(summary.near_removed)}"
    return page.table(
        f"Near-duplicates with their evidence: {count} removed",
        page.columns("<Removed doc_id", "<Kept doc_id", "Jaccard", "<Source"),
        rows,
        note="The pairs nearest to the threshold: the ones to doubt first.",
    )


def _shares(data: ReportData, column: str, name: str) -> page.Table | None:
    """The groups that lose the largest share come first."""
    rows = [
        row
        for row in data.slices.named("dedup.removed")
        if row[column] is not None and row["numerator"]
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row["value"], row[column]))
    return page.table(
        f"Removed as duplicates, by {column}",
        page.columns(f"<{name}", "Documents", "Removed", "Share"),
        [_share_row(row, column) for row in rows],
    )


def _share_row(row: Mapping[str, Any], column: str) -> page.Row:
    share = float(row["value"])
    tone: page.Tone = "warn" if share >= _MUCH else ""
    return [
        shorten(row[column]) or "(none)",
        grouped(int(row["denominator"])),
        grouped(int(row["numerator"])),
        page.Cell(percent(share), tone=tone, bar=share),
    ]


def _clusters(data: ReportData) -> page.Table | None:
    named = data.slices.named("dedup.clusters")
    counts = {row["group"]: row for row in named if row["value"]}
    gone = {row["group"]: row for row in data.slices.named("dedup.cluster_removed")}
    if not counts:
        return None
    order = sorted(counts, key=lambda size: int(size.rstrip("+").partition("-")[0]))
    return page.table(
        "Clusters: a kept document and all that were removed for it",
        page.columns(
            "<Documents in the cluster", "Clusters", "Removed", "Share of removed"
        ),
        [
            [
                size,
                grouped(int(counts[size]["value"])),
                grouped(int(gone[size]["numerator"])),
                page.Cell(percent(gone[size]["value"]), bar=float(gone[size]["value"])),
            ]
            for size in order
        ],
        note="`isinglass explain` shows a removed document beside the kept one.",
    )


def _earlier(summary: DedupSummary) -> page.Table:
    return page.table(
        f"Earlier runs: {grouped(summary.removed_for_earlier)} documents were removed "
        "for one that is kept there",
        page.columns("<Run", "<run_id", "Documents kept there"),
        [
            [page.code(run.path), page.code(run.run_id), grouped(run.documents)]
            for run in summary.against
        ],
    )
