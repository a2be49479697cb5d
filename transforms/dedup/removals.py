"""Statistics of what deduplication removes: by source, by language, by cluster size.

| metric | numerator | denominator |
|---|---|---|
| dedup.removed | documents removed as duplicates | documents |
| dedup.most_removed | of the source (or language) that loses most | its documents |
| dedup.clusters | clusters of that size | |
| dedup.cluster_removed | removed in clusters of that size | removed documents |

A cluster is a kept document and all that were removed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.config import DedupConfig, GateConfig
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.statistics.characteristics import statistic
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    each_slice,
    sliced,
    sums_by_label,
)

RUN = "run"
AXIS = "cluster_size"
LARGEST = 1001
SIZES = ((2, 2), (3, 5), (6, 10), (11, 100), (101, 1000), (LARGEST, None))
"""Classes of cluster sizes, least and most."""

WARN_SHARE, WARN_DOCUMENTS = 0.5, 100
"""A source or language that loses more than this share is worth a look, if it has at
least so many documents."""

DIMENSIONS = ("source", "language")


def removal_sums(removed: Flags, sources: pa.Array, languages: pa.Array) -> Accumulator:
    """Documents and removed documents, overall, by source and by language."""
    return sliced(sources, languages, partial(_cells, removed.astype(np.int64)))


def _cells(removed: Integers, labels: Integers, count: int) -> list[Any]:
    documents = sums_by_label(labels, count, np.ones(len(labels), np.int64))
    gone = sums_by_label(labels, count, removed)
    return [
        {"documents": number, "removed": lost}
        for number, lost in zip(documents, gone, strict=True)
    ]


def removal_statistics(sums: Accumulator) -> list[Statistic]:
    """Removed shares; of no documents only the largest ones, which are 0."""
    found = [
        _share("dedup.removed", cell, columns)
        for columns, cell in each_slice(sums)
        if cell["documents"]
    ]
    for dimension in DIMENSIONS:
        cells = [cell for _, cell in sorted(sums[dimension].items())]
        # Where there are no documents none are lost: a limit on the loss is kept.
        nothing = {"removed": 0, "documents": 0}
        worst = max(cells, key=_loss, default=nothing)
        found.append(_share("dedup.most_removed", worst, {"position": dimension}))
    return found


def _loss(cell: Any) -> float:
    """Removed share of a slice; 0 of no documents."""
    return cell["removed"] / cell["documents"] if cell["documents"] else 0.0


def _share(metric: str, cell: Any, columns: Slices) -> Statistic:
    counts = {"numerator": cell["removed"], "denominator": cell["documents"]}
    unit = "share of documents"
    return statistic(metric, _loss(cell), unit, RUN, **counts, **columns)


def cluster_statistics(kept_doc_ids: pa.ChunkedArray) -> list[Statistic]:
    """Clusters and their removed documents, by size.

    `kept_doc_ids` has the kept document of each removed one; nulls are left out.
    """
    counts = pc.value_counts(kept_doc_ids.drop_null())
    sizes = counts.field("counts").to_numpy() + 1
    total = int(sizes.sum()) - len(sizes)
    found = []
    for low, high in SIZES:
        inside = sizes[(sizes >= low) & (sizes <= (high or np.inf))]
        gone = int((inside - 1).sum())
        columns: Slices = {"axis": AXIS, "group": size_name(low, high)}
        counts = {"numerator": gone, "denominator": total}
        share, unit = gone / max(1, total), "share of removed documents"
        found += [
            statistic("dedup.clusters", len(inside), "clusters", RUN, **columns),
            statistic("dedup.cluster_removed", share, unit, RUN, **counts, **columns),
        ]
    return found


def size_name(low: int, high: int | None) -> str:
    """How a class of cluster sizes is called."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def removal_warnings(statistics: Iterable[Statistic]) -> list[str]:
    """What looks like a template taken for a text, or a source given twice."""
    found = []
    for row in statistics:
        names = [row.source, row.language]
        label = next((name for name in names if name is not None), None)
        if row.metric == "dedup.removed" and label is not None:
            if (row.denominator or 0) >= WARN_DOCUMENTS and row.value > WARN_SHARE:
                column = "source" if row.source is not None else "language"
                found.append(
                    f"{row.value:.0%} of the documents of {column} {label or '(none)'} "
                    "were removed as duplicates; see the report."
                )
        elif (
            row.metric == "dedup.clusters" and row.group == f"{LARGEST}+" and row.value
        ):
            found.append(
                f"{row.value:.0f} documents stand for {LARGEST:,} or more that were "
                "removed for each; look at them with `isinglass explain`."
            )
    return found


def removal_gates(dedup: DedupConfig | None) -> tuple[GateConfig, ...]:
    """The gates that `dedup.max_removed` stands for."""
    if dedup is None:
        return ()
    limits = dedup.max_removed
    gates = [
        _gate("dedup.most_removed", {"position": dimension}, limit)
        for dimension in DIMENSIONS
        if (limit := getattr(limits, dimension)) is not None
    ]
    # As statistics spell the names of sources: without addresses.
    labels = safe_labels(pa.array(list(limits.sources), pa.string())).to_pylist()
    named = [
        _gate("dedup.removed", {"source": label}, limit)
        for label, limit in zip(labels, limits.sources.values(), strict=True)
    ]
    return (*gates, *named)


def _gate(metric: str, slices: dict[str, str], limit: float) -> GateConfig:
    return GateConfig(
        metric=metric, slice=slices, op="<=", value=limit, severity="error"
    )
