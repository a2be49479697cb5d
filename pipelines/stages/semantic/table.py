"""`clusters/`: what was seen of each document; and the words of chosen documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.side_tables import write_side
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, table_batches
from isinglass.pipelines.stages.semantic.assign import (
    CLUSTERS,
    IDS,
    SIMILARITY,
    load_array,
)
from isinglass.pipelines.stages.semantic.choice import choice_fold, load_cutoffs
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.schemas import tables
from isinglass.transforms.semantic.hashing import as_strings
from isinglass.transforms.semantic.terms import Counted, TermFold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.commit import Commit

TABLE = "semantic_table"
BATCH_ROWS = 4096
WORDS = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("word", pa.string()),
        pa.field("documents", pa.int64()),
    ]
)


@dataclass(frozen=True)
class TableWork:
    """Work of the table pass.

    Attributes:
        workspace: The run folder.
        clusters: How many there are.
        buckets: Parts that they are spread over.
        seed: Of the run.
        terms: Whether words are counted.
    """

    workspace: Workspace
    clusters: int
    buckets: int
    seed: int
    terms: bool = True
    name: str = TABLE

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the rows of one shard, and count its words."""
        del state
        workspace = outputs.workspace
        batch = cluster_rows(workspace, payload, self.buckets)
        writer = outputs.open_table(
            workspace.table("clusters", payload), tables.CLUSTERS
        )
        writer.write(batch)
        counted = self._count_words(payload)
        path = words_path(workspace, payload)
        found = [batch for table in counted.tables for batch in table.to_batches()]
        write_side(outputs, path, WORDS, found)
        outputs.write_array(sizes_path(workspace, payload), counted.documents)
        return {
            "records_in": batch.num_rows,
            "near_duplicates": batch.num_rows
            - batch.column("near_duplicate_of").null_count,
        }

    def _count_words(self, shard_id: str) -> Counted:
        labels = load_array(self.workspace, shard_id, CLUSTERS)
        doc_ids = as_strings(load_array(self.workspace, shard_id, IDS))
        choice = choice_fold(self.clusters, self.seed)
        chosen = choice.chosen(load_cutoffs(self.workspace), doc_ids, labels)
        fold = TermFold(self.clusters)
        counted, start = fold.create(), 0
        if not self.terms:
            return counted
        path = self.workspace.table("data", shard_id)
        for batch in table_batches(path, ["text"], BATCH_ROWS):
            rows = slice(start, start + batch.num_rows)
            texts = batch.column("text").filter(pa.array(chosen[rows]))
            if len(texts):
                counted = fold.add(counted, texts, labels[rows][chosen[rows]])
            start += batch.num_rows
        return counted


def cluster_rows(workspace: Workspace, shard_id: str, buckets: int) -> pa.RecordBatch:
    """The rows of `clusters/` of a shard."""
    clusters = load_array(workspace, shard_id, CLUSTERS)
    rows = load_rows(workspace, shard_id, clusters, buckets)
    alone = rows["leader"] == b""
    leaders = as_strings(np.where(alone, b"0" * 32, rows["leader"]).astype("S32"))
    nothing = pa.scalar(None, pa.string())
    return pa.RecordBatch.from_arrays(
        [
            as_strings(load_array(workspace, shard_id, IDS)),
            pa.array(clusters),
            pa.array(load_array(workspace, shard_id, SIMILARITY)),
            pa.array(np.ascontiguousarray(rows["outlier"])),
            pa.compute.if_else(pa.array(alone), nothing, leaders),
            pa.array(np.ascontiguousarray(rows["cosine"]), mask=alone),
        ],
        schema=tables.CLUSTERS,
    )


def table_units(
    shard_ids: Sequence[str],
    depends: dict[str, list[Commit]],
    shared: list[Commit],
    code: str,
) -> list[Unit]:
    """One unit a shard.

    Args:
        shard_ids: All shards, in order.
        depends: Commits of each shard that its rows depend on.
        shared: Commits that all rows depend on.
        code: Fingerprint of the code.
    """
    common = [o.sha256 for commit in shared for o in commit.outputs]
    units = []
    for shard_id in shard_ids:
        own = [o.sha256 for commit in depends[shard_id] for o in commit.outputs]
        units.append(Unit(shard_id, shard_id, digest([own, common, code])))
    return units


def words_path(workspace: Workspace, shard_id: str) -> Path:
    """Words of a shard by cluster, Arrow, with the schema `WORDS`."""
    return workspace.side(TABLE, f"{shard_id}.words.arrow")


def sizes_path(workspace: Workspace, shard_id: str) -> Path:
    """Documents of a shard, by cluster, that its words were taken from."""
    return workspace.side(TABLE, f"{shard_id}.sizes.npy")
