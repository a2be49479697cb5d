"""What the clusters are: a row a document; for manifest, `audit/` and report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.engine.mapped_tables import (
    id_words,
    read_mapped,
    survey_path,
    write_mapped,
)
from isinglass.pipelines.engine.workspace import Workspace, read_table, table_batches
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.pipelines.stages.semantic.vectors import (
    CLUSTERS,
    SIMILARITY,
    load_array,
    load_centroids,
    shard_ids,
)
from isinglass.schemas import tables
from isinglass.schemas.config.encode import SemanticConfig
from isinglass.schemas.documents import Shard
from isinglass.schemas.encoding import SemanticRecall, SemanticSummary
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.semantic.assigned import (
    LEDGER_COLUMNS,
    Assigned,
    cluster_shares,
    list_clusters,
    merge_shares,
)
from isinglass.transforms.semantic.hashing import as_strings
from isinglass.transforms.semantic.layout import lay_out
from isinglass.transforms.semantic.terms import (
    WORDS,
    add_words,
    count_words,
    documents_each,
    sum_words,
    telling_words,
)
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

TERMS = 10
DRAWN = 150
"""Clusters with a place on the map; smaller ones would be dots of no meaning."""


def summarise_clusters(
    workspace: Workspace,
    shards: list[Shard],
    counts: Mapping[str, int],
    config: SemanticConfig,
) -> tuple[SemanticSummary, dict[str, pa.Table]]:
    """Sizes, medoids, terms, places and shares of all clusters.

    `counts` are those of the fit and of the recall. Returns the part of the manifest,
    and the tables of `audit/` by name.
    """
    documents = Assigned.of(
        read_table(workspace.table("clusters", shard.shard_id)) for shard in shards
    )
    shares = merge_shares([_shares(workspace, shard, documents) for shard in shards])
    lost = shares.filter(pc.is_null(shares["cluster"]))
    without = lost.group_by("reason").aggregate([("documents_before", "sum")])
    summary = SemanticSummary(
        documents=counts["documents"],
        clusters=counts["clusters"],
        fitted_on=counts["fitted_on"],
        threshold=config.duplicates,
        near_duplicates=int(np.count_nonzero(documents.near)),
        recall=_recall(counts),
        without_cluster={
            row["reason"]: row["documents_before_sum"]
            for row in sorted(without.to_pylist(), key=lambda row: row["reason"])
        },
    )
    listed = list_clusters(documents, counts["clusters"])
    places = _places(workspace, shares, counts["clusters"])
    columns = [
        *listed.columns,
        pa.array(_terms(workspace, shards, listed), pa.list_(pa.string())),
        *(pa.array(axis.copy(), from_pandas=True) for axis in places.T),
    ]
    listed = pa.table(columns, schema=tables.CLUSTER_LIST)
    return summary, {"clusters": listed, "cluster_shares": shares}


def _places(
    workspace: Workspace, shares: pa.Table, clusters: int
) -> NDArray[np.float64]:
    """Where the largest clusters are on the map; NaN for the others."""
    inside = shares.filter(pc.is_valid(shares["cluster"]))
    labels, documents = (inside[n].to_numpy() for n in ("cluster", "documents_before"))
    before = np.bincount(labels, documents, clusters).astype(np.int64)
    largest = np.sort(np.argsort(-before, kind="stable")[:DRAWN])
    places = np.full((clusters, 2), np.nan)
    places[largest] = lay_out(load_centroids(workspace)[largest], before[largest])
    return places


def _terms(
    workspace: Workspace, shards: list[Shard], listed: pa.Table
) -> list[list[str]]:
    counted = [WORDS.empty_table()]
    for shard in shards:
        counted = add_words(counted, read_mapped(words_path(workspace, shard.shard_id)))
    sizes = listed["documents"].to_numpy()
    read = np.minimum(sizes, documents_each(len(sizes)))
    terms: list[list[str]] = [[] for _ in sizes]
    for row in telling_words(sum_words(counted), read, TERMS).to_pylist():
        terms[row["cluster"]].append(row["word"])
    return terms


def _shares(workspace: Workspace, shard: Shard, documents: Assigned) -> pa.Table:
    ledger = read_table(workspace.table("ledger", shard.shard_id), LEDGER_COLUMNS)
    survey = read_mapped(survey_path(workspace, shard.shard_id))
    ids = format_doc_ids(id_words(survey))
    rows = pc.index_in(ledger["doc_id"].combine_chunks(), ids)
    # A record that was not read has no language.
    sources, languages = (
        pc.take(survey[name].combine_chunks().cast(pa.string()), rows)
        for name in ("source", "language")
    )
    sources = safe_labels(pc.fill_null(sources, shard.source))
    return cluster_shares(ledger, documents, sources, safe_labels(languages))


def _recall(counts: Mapping[str, int]) -> SemanticRecall:
    found, of = counts["found"], counts["with_pairs"]
    low, high = wilson(found, of) if of else (None, None)
    return SemanticRecall(
        documents=counts["records_in"],
        with_pairs=of,
        found=found,
        pairs=counts["pairs"],
        pairs_found=counts["pairs_found"],
        recall=found / of if of else None,
        low=low,
        high=high,
    )


TABLE = "semantic_table"
WORDS_SUFFIX = ".words.arrow"
BATCH_ROWS = 4096


def write_shard(
    shard: str, outputs: UnitOutputs, buckets: int, *, terms: bool
) -> dict[str, int]:
    """Write the rows of one shard, and count its words if `terms` are wanted."""
    workspace = outputs.workspace
    clusters = load_array(workspace, shard, CLUSTERS)
    rows = load_rows(workspace, shard, clusters, buckets)
    alone = rows["leader"] == b""
    batch = pa.RecordBatch.from_arrays(
        [
            as_strings(shard_ids(workspace, shard)),
            pa.array(clusters),
            pa.array(load_array(workspace, shard, SIMILARITY)),
            pa.array(np.ascontiguousarray(rows["outlier"])),
            as_strings(rows["leader"]),
            pa.array(np.ascontiguousarray(rows["cosine"]), mask=alone),
        ],
        schema=tables.CLUSTERS,
    )
    path = workspace.table("clusters", shard)
    outputs.open_table(path, tables.CLUSTERS).write(batch)
    chosen = rows["chosen"] & terms
    words = _count_words(workspace, shard, clusters, chosen)
    write_mapped(outputs, words_path(workspace, shard), WORDS, words.to_batches())
    return {"records_in": len(rows)}


def _count_words(
    workspace: Workspace,
    shard: str,
    clusters: NDArray[np.int32],
    chosen: NDArray[np.bool_],
) -> pa.Table:
    counted, start = [WORDS.empty_table()], 0
    path = workspace.table("data", shard)
    for batch in table_batches(path, ["text"], BATCH_ROWS) if chosen.any() else []:
        mine = np.flatnonzero(chosen[start : start + batch.num_rows])
        if len(mine):
            texts = batch.column("text").take(pa.array(mine))
            counted = add_words(counted, count_words(texts, clusters[start + mine]))
        start += batch.num_rows
    return sum_words(counted)


def words_path(workspace: Workspace, shard: str) -> Path:
    """Words of a shard by cluster, Arrow, with the schema `WORDS`; gone at the end."""
    return workspace.mapped(TABLE, f"{shard}{WORDS_SUFFIX}")
