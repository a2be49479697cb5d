"""Vectors, hidden states and clusters against the documents they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace, read_table, table_schema
from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.proof.cluster_lists import list_faults
from isinglass.pipelines.proof.sampled import Sampled, encode_again
from isinglass.pipelines.semantic.vectors import shard_vectors
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.readers import (
    read_embeddings,
    read_hidden_states,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.proof.check import FinishedRun

UNIT_LENGTH_TOLERANCE = 1e-3
COSINE_TOLERANCE = 2e-6
MOST_PAIRS = 20_000
"""Near-duplicates in meaning whose cosine is computed again, evenly spread."""


def check_vectors(run: FinishedRun) -> list[Check]:
    """Vectors and hidden states, some of them made again from their texts."""
    if not run.paths("embeddings"):
        return [Check("embeddings", "skipped", "no embeddings were written")]
    again = encode_again(run)
    checks = [check_embeddings(run, again)]
    if run.paths("hidden_states"):
        checks.append(check_hidden_states(run, again))
    return checks


def check_embeddings(run: FinishedRun, again: Sampled) -> Check:
    """One finite vector a row, in order, of unit length where that was asked for."""
    config = run.config.encode
    assert config is not None
    faults, seen = list(again.faults["embeddings"]), 0
    for path in run.paths("embeddings"):
        name = f"embeddings/{path.stem}"
        if not _follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        _, matrix = read_embeddings(path)
        seen += len(matrix)
        wide = matrix.astype(np.float32)
        if not np.isfinite(wide).all():
            faults.append(f"{name} holds a value that is not finite")
        lengths = np.linalg.norm(wide, axis=1)
        off = np.abs(lengths - 1) > UNIT_LENGTH_TOLERANCE
        if not config.special_tokens:  # a document may have no token at all
            off &= lengths > 0
        if config.normalise and off.any():
            faults.append(f"{name} holds a vector not of unit length")
    said = again.why or f"{again.rows} of them made again from their texts"
    return conclude("embeddings", faults, f"{seen:,} vectors; {said}")


def check_hidden_states(run: FinishedRun, again: Sampled) -> Check:
    """A finite vector for each token that the encoder saw, row by row."""
    faults, seen = list(again.faults["hidden_states"]), 0
    for path in run.paths("hidden_states"):
        name = f"hidden_states/{path.stem}"
        if not _follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        told = read_table(path, ["n_tokens"])["n_tokens"].to_numpy()
        try:
            sizes = []
            for _, matrix in read_hidden_states(path):
                sizes.append(len(matrix))
                if not np.isfinite(matrix).all():
                    faults.append(f"{name} holds a value that is not finite")
                    break
        except InputError:
            faults.append(f"{name} cannot be read")
            continue
        seen += sum(sizes)
        if not np.array_equal(sizes, told) or not _as_seen(run, path.stem, told):
            faults.append(f"{name} has other numbers of tokens than tokens/")
    return conclude("hidden states", faults, f"{seen:,} vectors of tokens")


def check_clusters(run: FinishedRun) -> Check:
    """Rows follow `data/`, sums and cosines are those told."""
    summary = run.manifest.semantic
    tables = [read_table(path) for path in run.paths("clusters")]
    if summary is None or not tables:
        return conclude("clusters", ["the manifest tells of none"], "")
    faults = [
        f"clusters/{path.stem} does not follow data/{path.stem}"
        for path in run.paths("clusters")
        if not _follows(run, path)
    ]
    every = pa.concat_tables(tables)
    known = pc.and_(
        pc.greater_equal(every["cluster"], 0),
        pc.less(every["cluster"], summary.clusters),
    )
    if not pc.all(known, min_count=0).as_py():
        return conclude("clusters", ["a document is in no cluster there is"], "")
    marked = every.num_rows - every["near_duplicate_of"].null_count
    sizes = np.bincount(every["cluster"].to_numpy(), minlength=summary.clusters)
    listed = read_table(run.folder / "audit" / "clusters.parquet")
    shares = read_table(run.folder / "audit" / "cluster_shares.parquet")
    after = pc.sum(shares["documents_after"]).as_py() or 0
    before = pc.sum(shares["documents_before"]).as_py() or 0
    told = {
        "documents": (every.num_rows, summary.documents),
        "near-duplicates": (marked, summary.near_duplicates),
        "clusters": (len(sizes), summary.clusters),
        "documents after cleaning": (after, run.manifest.records.kept),
        "documents before cleaning": (before, run.manifest.records.total_in),
    }
    faults += [f"{what}: {a} is not {b}" for what, (a, b) in told.items() if a != b]
    if not np.array_equal(sizes, listed["documents"].to_numpy()):
        faults.append("audit/clusters and clusters/ count different documents")
    faults += list_faults(run, every)
    faults += _cosine_faults(run, every, summary.threshold)
    said = f"{every.num_rows:,} documents, {marked:,} near another in meaning"
    return conclude("clusters", faults, said)


def _cosine_faults(run: FinishedRun, every: pa.Table, threshold: float) -> list[str]:
    near = every.filter(pc.is_valid(every["near_duplicate_of"]))
    if near.num_rows == 0:
        return []
    rows = np.unique(np.linspace(0, near.num_rows - 1, MOST_PAIRS).astype(np.int64))
    near = near.take(pa.array(rows))
    wanted = pc.unique(
        pa.chunked_array(
            [*near["doc_id"].chunks, *near["near_duplicate_of"].chunks], pa.string()
        )
    )
    ids, matrix = _vectors_of(run, wanted)
    first = pc.index_in(near["doc_id"], ids).combine_chunks()
    second = pc.index_in(near["near_duplicate_of"], ids).combine_chunks()
    if first.null_count or second.null_count:
        return ["a near-duplicate names a document that was not kept"]
    left, right = (matrix[rows.to_numpy()] for rows in (first, second))
    cosines = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    told = near["near_duplicate_cosine"].to_numpy()
    faults = []
    if np.abs(cosines - told).max() > COSINE_TOLERANCE:
        faults.append("a cosine of near-duplicates is not that of their vectors")
    if told.min() < threshold:
        faults.append(f"a near-duplicate has a cosine of {told.min():.6f}")
    if pc.any(pc.equal(near["doc_id"], near["near_duplicate_of"])).as_py():
        faults.append("a document is called a near-duplicate of itself")
    return faults


def _vectors_of(
    run: FinishedRun, wanted: pa.StringArray
) -> tuple[pa.StringArray, NDArray[np.float32]]:
    workspace = Workspace(str(run.folder))
    ids, rows = [], []
    for path in run.paths("embeddings"):
        vectors = shard_vectors(workspace, path.stem)
        chosen = pc.is_in(vectors.doc_ids, wanted)
        ids.append(vectors.doc_ids.filter(chosen))
        rows.append(vectors.matrix[chosen.to_numpy(zero_copy_only=False)])
    return pa.concat_arrays(ids), np.concatenate(rows)


def _follows(run: FinishedRun, path: Path) -> bool:
    """Whether the rows are the documents of `data/`, in order, or their windows."""
    names = table_schema(path).names
    windowed = "window" in names
    table = read_table(path, ["doc_id", *(["window"] if windowed else [])])
    if windowed:
        table = table.filter(pc.equal(table["window"], 0))
    data = run.read("data", path.stem, ["doc_id"])
    return data is not None and bool(table["doc_id"].equals(data["doc_id"]))


def _as_seen(run: FinishedRun, shard: str, told: NDArray[np.int32]) -> bool:
    """Whether the counts are those of `tokens/`, cut to what the encoder sees."""
    tokens = run.read("tokens", shard, ["n_tokens"])
    config = run.config.encode
    if tokens is None or config is None:
        return True
    seen = np.minimum(tokens["n_tokens"].to_numpy(), config.max_tokens)
    return np.array_equal(seen, told)
