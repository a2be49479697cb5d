"""What the clusters are, for manifest, `audit/` and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.side_tables import read_side, survey_path
from isinglass.pipelines.engine.workspace import Workspace, read_array, read_table
from isinglass.pipelines.stages.semantic.assign import (
    CLUSTERS,
    IDS,
    SIMILARITY,
    load_array,
)
from isinglass.pipelines.stages.semantic.fit import load_centroids
from isinglass.pipelines.stages.semantic.missed import load_recall
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.pipelines.stages.semantic.table import sizes_path, words_path
from isinglass.schemas import tables
from isinglass.schemas.encoding import SemanticRecall, SemanticSummary
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.semantic.hashing import as_strings
from isinglass.transforms.semantic.layout import lay_out
from isinglass.transforms.semantic.medoids import (
    Medoids,
    add_medoids,
    no_medoids,
)
from isinglass.transforms.semantic.shares import cluster_shares, merge_shares
from isinglass.transforms.semantic.terms import Counted, TermFold
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.pipelines.stages.semantic.drive import Semantic
    from isinglass.schemas.config.encode import SemanticConfig
    from isinglass.schemas.documents import Shard

TERMS = 10
DRAWN = 150
"""Clusters with a place on the map; smaller ones would be dots of no meaning."""
_LEDGER = ["doc_id", "outcome", "reason", "kept_doc_id", "chars_in", "chars_out"]


@dataclass(frozen=True)
class ClusterTables:
    """The tables of `audit/`, and the part of the manifest.

    Attributes:
        clusters: One row a cluster, `tables.CLUSTER_LIST`.
        shares: Before and after cleaning, `tables.CLUSTER_SHARES`.
        summary: For the manifest.
    """

    clusters: pa.Table
    shares: pa.Table
    summary: SemanticSummary


def summarise_clusters(
    workspace: Workspace,
    shards: list[Shard],
    semantic: Semantic,
    config: SemanticConfig,
) -> ClusterTables:
    """Sizes, medoids, terms, places and shares of all clusters.

    Args:
        workspace: The run folder.
        shards: All shards, in order.
        semantic: What the semantic steps left.
        config: The `encode.semantic` section.
    """
    counts = semantic.fitted.counts
    known = [_Assigned.of(workspace, s.shard_id, counts["buckets"]) for s in shards]
    shares = _shares(workspace, shards, known)
    near = sum(commit.counts["near_duplicates"] for commit in semantic.tables.values())
    lost = shares.filter(pc.is_null(shares["cluster"]))
    without = lost.group_by("reason").aggregate([("documents_before", "sum")])
    summary = SemanticSummary(
        documents=counts["documents"],
        clusters=counts["clusters"],
        fitted_on=counts["fitted_on"],
        threshold=config.duplicates,
        near_duplicates=near,
        recall=_recall(workspace),
        without_cluster={
            row["reason"]: row["documents_before_sum"]
            for row in sorted(without.to_pylist(), key=lambda row: row["reason"])
        },
    )
    listed = _cluster_list(workspace, shards, known, shares, counts["clusters"])
    return ClusterTables(listed, shares, summary)


@dataclass(frozen=True, eq=False)
class _Assigned:
    """Documents of a shard, their clusters, and which have a near-duplicate."""

    ids: NDArray[np.bytes_]
    clusters: NDArray[np.int32]
    similarity: NDArray[np.float32]
    near: NDArray[np.bool_]

    @classmethod
    def of(cls, workspace: Workspace, shard_id: str, buckets: int) -> _Assigned:
        clusters = load_array(workspace, shard_id, CLUSTERS)
        rows = load_rows(workspace, shard_id, clusters, buckets)
        return cls(
            load_array(workspace, shard_id, IDS),
            clusters,
            load_array(workspace, shard_id, SIMILARITY),
            rows["leader"] != b"",
        )


def _cluster_list(
    workspace: Workspace,
    shards: list[Shard],
    known: list[_Assigned],
    shares: pa.Table,
    clusters: int,
) -> pa.Table:
    medoids, near = no_medoids(clusters), np.zeros(clusters, np.int64)
    for part in known:
        if len(part.ids):
            ids = as_strings(part.ids)
            medoids = add_medoids(medoids, ids, part.clusters, part.similarity)
        near += np.bincount(part.clusters[part.near], minlength=clusters)
    places = _places(workspace, _documents_before(shares, clusters))
    drawn = np.isfinite(places[:, 0])
    terms = _terms(workspace, shards, clusters)
    return pa.table(
        [
            pa.array(np.arange(clusters, dtype=np.int32)),
            pa.array(medoids.documents),
            pa.array(near),
            _medoid_ids(medoids),
            pa.array(medoids.similarity, mask=~np.isfinite(medoids.similarity)),
            pa.array(terms, pa.list_(pa.string())),
            *(pa.array(places[:, axis].copy(), mask=~drawn) for axis in (0, 1)),
        ],
        schema=tables.CLUSTER_LIST,
    )


def _places(workspace: Workspace, before: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where the largest clusters are on the map; others have no place."""
    largest = np.sort(np.argsort(-before, kind="stable")[:DRAWN])
    places = np.full((len(before), 2), np.nan)
    places[largest], _ = lay_out(load_centroids(workspace)[largest], before[largest])
    return places


def _medoid_ids(medoids: Medoids) -> pa.StringArray:
    empty = medoids.ids == b""
    ids = as_strings(np.where(empty, b"0" * 32, medoids.ids).astype("S32"))
    return pc.if_else(pa.array(empty), pa.scalar(None, pa.string()), ids)


def _documents_before(shares: pa.Table, clusters: int) -> NDArray[np.int64]:
    inside = shares.filter(pc.is_valid(shares["cluster"]))
    documents = np.zeros(clusters, np.int64)
    np.add.at(
        documents, inside["cluster"].to_numpy(), inside["documents_before"].to_numpy()
    )
    return documents


def _terms(workspace: Workspace, shards: list[Shard], clusters: int) -> list[list[str]]:
    fold = TermFold(clusters)
    total = fold.create()
    for shard in shards:
        words = read_side(words_path(workspace, shard.shard_id))
        sizes = read_array(sizes_path(workspace, shard.shard_id))
        total = fold.merge(total, Counted(sizes, [words], len(words)))
    return [[term.word for term in found] for found in fold.finish(total, TERMS)]


def _shares(
    workspace: Workspace, shards: list[Shard], known: list[_Assigned]
) -> pa.Table:
    ids = np.concatenate([np.zeros(0, "S32"), *(part.ids for part in known)])
    labels = np.concatenate([np.zeros(0, np.int32), *(p.clusters for p in known)])
    order = np.argsort(ids, kind="stable")
    ids, labels = ids[order], labels[order]
    parts = []
    for shard in shards:
        path = workspace.table("ledger", shard.shard_id)
        ledger = read_table(path, _LEDGER)
        sources, languages = _labels_of(workspace, shard, ledger)
        parts.append(cluster_shares(ledger, ids, labels, sources, languages))
    if not parts:
        return tables.CLUSTER_SHARES.empty_table()
    return merge_shares(parts).cast(tables.CLUSTER_SHARES)


def _labels_of(
    workspace: Workspace, shard: Shard, ledger: pa.Table
) -> tuple[pa.StringArray, pa.StringArray]:
    """Source and language of every row; a record that was not read has no language."""
    names = ["doc_high", "doc_low", "source", "language"]
    survey = read_side(survey_path(workspace, shard.shard_id), names)
    words = np.stack([survey[n].to_numpy() for n in names[:2]], axis=1)
    rows = pc.index_in(ledger["doc_id"].combine_chunks(), format_doc_ids(words))
    found = [
        pc.take(survey[name].combine_chunks().cast(pa.string()), rows)
        for name in names[2:]
    ]
    sources = pc.fill_null(found[0], shard.source)
    return safe_labels(sources), safe_labels(found[1])


def _recall(workspace: Workspace) -> SemanticRecall:
    measured = load_recall(workspace)
    found, of = measured.with_pairs_together, measured.with_pairs
    low, high = wilson(found, of) if of else (None, None)
    return SemanticRecall(
        documents=measured.documents,
        with_pairs=of,
        found=found,
        pairs=measured.pairs,
        pairs_found=measured.pairs_together,
        recall=found / of if of else None,
        low=low,
        high=high,
    )
