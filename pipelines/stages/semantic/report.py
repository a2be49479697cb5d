"""What the corpus is about: clusters before and after cleaning, and what stands out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import grouped, percent, share_of, words_of
from isinglass.pipelines.stages.semantic.report_map import (
    Circle,
    cluster_key,
    cluster_map,
)
from isinglass.schemas.encoding import SemanticSummary
from isinglass.transforms.semantic.layout import radii

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "clusters", "What the corpus is about"


@dataclass
class _Sizes:
    """Documents of a cluster before and after cleaning."""

    before: int = 0
    after: int = 0
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def main_source(self) -> str:
        """Where most of its documents came from; empty where unknown."""
        ranked = sorted(self.sources, key=lambda name: (-self.sources[name], name))
        return ranked[0] if ranked else ""


def section(data: ReportData) -> page.Section:
    """A map, a list of the largest clusters, and what was not compared."""
    summary = data.manifest.semantic
    tables: dict[str, pa.Table] | None = data.shown.get("semantic")
    if summary is None or tables is None:
        return page.not_run(ANCHOR, TITLE, "the configuration has no encode.semantic.")
    if not summary.clusters:
        return page.not_run(ANCHOR, TITLE, "no document was kept.")
    listed = tables["clusters"].to_pylist()
    sizes = _sizes(tables["cluster_shares"])
    circles = _circles(listed, sizes)
    introduction = (
        f"The vectors of {grouped(summary.documents)} kept documents fall into "
        f"{grouped(summary.clusters)} clusters of like meaning. A document that was "
        "removed as a duplicate counts before cleaning where the one kept for it is. "
        "Nothing was removed for what is said here."
    )
    caption = (
        "Ring: documents of a cluster before cleaning; disc: what was kept. Near "
        "circles are alike, as far as two of many dimensions can show; clusters were "
        f"fitted on {grouped(summary.fitted_on)} documents."
    )
    blocks: tuple[page.Block, ...] = (
        page.Paragraph(introduction),
        page.Figure(cluster_map(circles), caption),
        page.Figure(
            cluster_key(circles),
            "Words that tell the largest clusters from the others, and their documents "
            "before cleaning and after",
        ),
        _list(listed, sizes),
        page.table(
            "What was seen", page.columns("<Count", "Number", "<Note"), _facts(summary)
        ),
    )
    near = share_of(summary.near_duplicates, summary.documents)
    said = (
        f"{grouped(summary.clusters)} clusters of like meaning. {near} of the "
        "documents are near another one in meaning; nothing was removed for it."
    )
    return page.Section(ANCHOR, TITLE, blocks, said=said)


def _sizes(shares: pa.Table) -> dict[int, _Sizes]:
    sizes: dict[int, _Sizes] = defaultdict(_Sizes)
    for row in shares.to_pylist():
        if row["cluster"] is not None:
            one = sizes[row["cluster"]]
            one.before += row["documents_before"]
            one.after += row["documents_after"]
            one.sources[row["source"] or ""] += row["documents_before"]
    return sizes


def _circles(listed: list[dict[str, Any]], sizes: dict[int, _Sizes]) -> list[Circle]:
    rows = [row for row in listed if row["x"] is not None]
    wide = radii(np.array([sizes[row["cluster"]].before for row in rows], np.int64))
    return [
        Circle(
            x=row["x"],
            y=row["y"],
            radius=float(radius),
            before=sizes[row["cluster"]].before,
            after=sizes[row["cluster"]].after,
            terms=tuple(row["terms"]),
            source=sizes[row["cluster"]].main_source,
        )
        for row, radius in zip(rows, wide, strict=True)
    ]


def _list(listed: list[dict[str, Any]], sizes: dict[int, _Sizes]) -> page.Block:
    rows: list[page.Row] = []
    ranked = sorted(listed, key=lambda r: (-sizes[r["cluster"]].before, r["cluster"]))
    for row in ranked:
        one = sizes[row["cluster"]]
        main = one.sources[one.main_source]
        rows.append(
            [
                ", ".join(row["terms"][:6]) or "no telling words",
                grouped(one.before),
                grouped(one.after),
                share_of(one.before - one.after, one.before),
                grouped(row["near_duplicates"]),
                f"{one.main_source or 'unknown'} ({share_of(main, one.before)})",
                page.code((row["medoid_doc_id"] or "")[:12]),
            ]
        )
    heads = page.columns(
        "<Telling words",
        "Before",
        "After",
        "Removed",
        "Near in meaning",
        "<Main source",
        "<Most typical document",
    )
    note = (
        "Words that several documents of a cluster share; a name can be one of them "
        "(encode.semantic.terms: false leaves them out)."
    )
    return page.table("The largest clusters", heads, rows, note=note)


def _facts(summary: SemanticSummary) -> list[page.Row]:
    near = share_of(summary.near_duplicates, summary.documents)
    recall = summary.recall
    compared = f"{grouped(recall.documents)} documents were compared with all"
    if recall.with_pairs:
        compared += (
            f": {grouped(recall.with_pairs)} have a near-duplicate, "
            f"{grouped(recall.found)} have one in their own cluster (95 % interval "
            f"{percent(recall.low)} to {percent(recall.high)})"
        )
    else:
        compared += "; none has a near-duplicate"
    rows: list[page.Row] = [
        [
            "documents near another in meaning",
            grouped(summary.near_duplicates),
            f"{near}: a cosine of at least {summary.threshold:g} to an earlier one",
        ],
        ["found of those there are", percent(recall.recall), compared],
    ]
    for reason, documents in summary.without_cluster.items():
        note = "no vector, and no kept document stands for it"
        rows.append([f"in no cluster: {words_of(reason)}", grouped(documents), note])
    return rows
