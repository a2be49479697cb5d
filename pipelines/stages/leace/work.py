"""Passes over the vectors: sums, the eraser, erased copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import (
    Workspace,
    read_array,
    read_table,
    table_schema,
)
from isinglass.pipelines.stages.demographics.kept import sure_mentions
from isinglass.pipelines.stages.leace.concept import Concept, usable
from isinglass.schemas.arrays import Flags, Floats, Singles
from isinglass.schemas.tables import embeddings_erased_schema
from isinglass.transforms.draws import sample_documents
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.encode.outputs.rows import FLOAT32_STORAGE
from isinglass.transforms.leace import moments
from isinglass.transforms.leace.batches import list_column
from isinglass.transforms.leace.eraser import Eraser, finish, read_eraser, to_bytes
from isinglass.transforms.leace.moments import BLOCK, Moments

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

SUMS, FIT, APPLY = "leace_sums", "leace_fit", "leace_apply"
TABLE, ERASER = "embeddings_erased", "embeddings_erased/_eraser.npz"
MOST_HELD_OUT = 10_000
"""Rows that are held out, about, for the probes; of few rows a quarter."""


def held_out_share(rows: int) -> float:
    """Share of the documents whose rows are held out."""
    return min(0.25, MOST_HELD_OUT / max(1, rows))


def sum_shard(
    shard: str, outputs: UnitOutputs, concept: Concept, draw: tuple[float, int]
) -> dict[str, int]:
    """Add up the rows of a shard, those that are held out apart, and write both.

    `draw` is the share that is held out, and the seed.
    """
    workspace = outputs.workspace
    doc_ids, matrix = read_embeddings(workspace.table("embeddings", shard))
    ids = doc_ids.combine_chunks()
    labels, covered = sure_mentions(workspace, shard, concept.columns, ids)
    share, seed = draw
    drawn = sample_documents(ids, share, f"leace/{seed}")
    sums = []
    with threadpool_limits(1):
        for rows in (covered & ~drawn, covered & drawn):
            empty = moments.create(matrix.shape[1], labels.shape[1])
            sums.append(moments.add(empty, matrix[rows], labels[rows]))
    told = np.stack([moments.to_array(one) for one in sums])
    outputs.write_array(_path(workspace, shard, "sums"), told)
    held = covered & drawn
    vectors = matrix[held].astype(np.float32)
    outputs.write_array(_path(workspace, shard, "vectors"), vectors)
    outputs.write_array(_path(workspace, shard, "labels"), labels[held])
    return {"records_in": len(ids)}


def _path(workspace: Workspace, shard: str, kind: str) -> Path:
    return workspace.mapped(SUMS, f"{shard}.{kind}.npy")


def held_out(workspace: Workspace, shards: Sequence[str]) -> tuple[Singles, Flags]:
    """Vectors and labels of the rows that are held out, in the order of `data/`."""
    vectors, labels = (
        [read_array(_path(workspace, shard, kind)) for shard in shards]
        for kind in ("vectors", "labels")
    )
    return np.concatenate(vectors), np.concatenate(labels)


def fit_eraser(
    outputs: UnitOutputs, shards: Sequence[str], concept: Concept, about: dict[str, Any]
) -> dict[str, int]:
    """Write the eraser of all rows, that of those not held out, and the sums.

    Sums are merged in the order of the shards, so that workers change no bit.
    """
    workspace = outputs.workspace
    rest, held = moments.create(), moments.create()
    for shard in shards:
        pair = read_array(_path(workspace, shard, "sums"))
        rest = moments.merge(rest, moments.from_array(pair[0]))
        held = moments.merge(held, moments.from_array(pair[1]))
    whole = moments.merge(rest, held)
    chosen = np.flatnonzero(usable(whole.labelled, whole.rows))
    about = about | {
        "method": "LEACE",
        "axis": concept.axis,
        "groups": [concept.groups[place] for place in chosen],
        "rows": whole.rows,
    }
    with threadpool_limits(1):
        every, some = finish(whole, chosen), finish(rest, chosen)
    eraser = Eraser(every.mean, every.left, every.right, about)
    outputs.write_bytes(eraser_path(workspace), to_bytes(eraser))
    outputs.write_bytes(workspace.mapped(FIT, "held_out.npz"), to_bytes(some))
    outputs.write_array(_whole(workspace), moments.to_array(whole))
    return {"rank": eraser.rank}


def eraser_path(workspace: Workspace) -> Path:
    """The eraser, under a name that readers of a folder of Parquet files pass by."""
    return workspace.path / ERASER


def held_out_eraser(workspace: Workspace) -> Eraser:
    """The eraser of the rows that are not held out."""
    return read_eraser(workspace.mapped(FIT, "held_out.npz"))


def _whole(workspace: Workspace) -> Path:
    return workspace.mapped(FIT, "moments.npy")


def read_whole(workspace: Workspace) -> Moments:
    """The sums of all rows."""
    return moments.from_array(read_array(_whole(workspace)))


def apply_shard(shard: str, outputs: UnitOutputs, concept: Concept) -> dict[str, int]:
    """Write the erased vectors of a shard, and what still covaries in them."""
    workspace = outputs.workspace
    path = workspace.table("embeddings", shard)
    doc_ids, matrix = read_embeddings(path)
    ids = doc_ids.combine_chunks()
    labels, covered = sure_mentions(workspace, shard, concept.columns, ids)
    eraser, whole = read_eraser(eraser_path(workspace)), read_whole(workspace)
    with threadpool_limits(1):
        erased = eraser.apply(matrix).astype(np.float32)
        rest = moments.across_about(
            erased[covered], labels[covered], eraser.mean, whole.label
        )
    outputs.write_array(_left(workspace, shard), rest)
    window = "window" in table_schema(path).names
    schema = embeddings_erased_schema(matrix.shape[1], window=window)
    firsts = [ids]
    if window:
        firsts.append(read_table(path, ["window"])["window"].combine_chunks())
    writer = outputs.open_table(
        workspace.table(TABLE, shard), schema, storage=FLOAT32_STORAGE
    )
    columns = [*firsts, list_column(erased), _named(labels, covered, concept)]
    for batch in pa.table(columns, schema=schema).to_batches(max_chunksize=BLOCK):
        writer.write(batch)
    return {"records_in": len(ids), "erased": writer.rows}


def _named(labels: Flags, covered: Flags, concept: Concept) -> pa.ListArray:
    """The groups of each row; null where they are not known."""
    known = labels & covered[:, None]
    names = pa.array(concept.groups).take(pa.array(np.nonzero(known)[1]))
    ends = np.append(0, np.cumsum(known.sum(axis=1))).astype(np.int32)
    unknown = pa.array(~covered)
    return pa.ListArray.from_arrays(pa.array(ends), names, mask=unknown)


def _left(workspace: Workspace, shard: str) -> Path:
    return workspace.mapped(APPLY, f"{shard}.across.npy")


def left_covariances(workspace: Workspace, shards: Sequence[str], rows: int) -> Floats:
    """Of each value with each label after erasing, (d, k)."""
    total: Floats = sum(_each_left(workspace, shards), start=np.zeros((1, 1)))
    return total / max(1, rows)


def _each_left(workspace: Workspace, shards: Sequence[str]) -> Iterator[Floats]:
    for shard in shards:
        yield read_array(_left(workspace, shard))
