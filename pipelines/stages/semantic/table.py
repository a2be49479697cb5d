"""`clusters/`: what was seen of each document; and the words of chosen documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.side_tables import write_side
from isinglass.pipelines.engine.workspace import Workspace, table_batches
from isinglass.pipelines.stages.semantic.clusters import (
    CLUSTERS,
    SIMILARITY,
    load_array,
)
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.pipelines.stages.semantic.vectors import shard_ids
from isinglass.schemas import tables
from isinglass.transforms.semantic.hashing import as_strings
from isinglass.transforms.semantic.terms import WORDS, add_words, count_words, sum_words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs

TABLE = "semantic_table"
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
    write_side(outputs, words_path(workspace, shard), WORDS, words.to_batches())
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
    """Words of a shard by cluster, Arrow, with the schema `WORDS`."""
    return workspace.side(TABLE, f"{shard}.words.arrow")
