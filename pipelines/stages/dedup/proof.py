"""Duplicates compared once more: the similarity in the ledger is the true one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.sources import plan_again
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason
from isinglass.transforms.dedup.shingles import shingle_sets
from isinglass.transforms.dedup.verify import containment, jaccard
from isinglass.transforms.normalise import normalise
from isinglass.transforms.read import read_shard
from isinglass.transforms.text import content_hashes

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.config import DedupConfig

NAME = "similarity"
MOST_PAIRS = 20_000
"""Removals that are compared; of more, those with the smallest doc_ids, which are
hashes and so a sample at random."""

ROUNDING = 1e-12
"""Far less than one shingle can make, more than a division can lose."""

_COLUMNS = ["doc_id", "reason", "kept_doc_id", "kept_in", "similarity"]


def check_similarity(run: FinishedRun) -> Check:
    """Compare removed documents with the kept ones that the ledger names.

    Needs the inputs as they were; without them it is skipped, and says why. What was
    removed for a document of an earlier run is left to `explain`.
    """
    dedup = run.config.dedup
    pairs, total = _pairs(run)
    if dedup is None or pairs.num_rows == 0:
        return Check(NAME, "skipped", "no duplicate was removed for one of this run")
    made = plan_again(run.folder, run.manifest)
    if isinstance(made, str):
        return Check(NAME, "skipped", made)
    wanted = pc.unique(
        pa.chunked_array(
            [*pairs["doc_id"].chunks, *pairs["kept_doc_id"].chunks], pa.string()
        )
    )
    texts = _read(made, wanted, dedup)
    faults = _compare(pairs, texts)
    return conclude(NAME, faults, f"{pairs.num_rows:,} of {total:,} removals compared")


def _pairs(run: FinishedRun) -> tuple[pa.Table, int]:
    """The removals to compare, and how many there are."""
    parts = []
    for _, ledger in run.each("ledger", _COLUMNS):
        duplicate = pc.is_in(ledger["reason"], pa.array(DUPLICATE_REASONS))
        parts.append(ledger.filter(pc.and_(duplicate, pc.is_null(ledger["kept_in"]))))
    if not parts:
        return pa.table({name: [] for name in _COLUMNS}), 0
    table = pa.concat_tables(parts).sort_by("doc_id")
    return table.slice(0, MOST_PAIRS).combine_chunks(), table.num_rows


@dataclass
class _Texts:
    """What is needed of each wanted text: id, hash and shingle set."""

    ids: list[pa.Array] = field(default_factory=list)
    hashes: list[np.ndarray] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    lengths: list[np.ndarray] = field(default_factory=list)


def _read(made: Plan, wanted: pa.Array, dedup: DedupConfig) -> _Texts:
    found = _Texts()
    for shard in made.shards:
        for batch in read_shard(shard, made.layout):
            documents = batch.documents
            chosen = documents.filter(
                pc.is_in(documents.column("doc_id"), value_set=wanted)
            )
            if chosen.num_rows == 0:
                continue
            texts = normalise(chosen.column("text"), dedup.normalise)
            sets = shingle_sets(texts, dedup.ngram)
            found.ids.append(chosen.column("doc_id"))
            found.hashes.append(content_hashes(texts))
            found.values.append(sets.values)
            found.lengths.append(np.diff(sets.offsets))
    return found


def _compare(pairs: pa.Table, texts: _Texts) -> list[str]:
    ids = pa.chunked_array(texts.ids, pa.string())
    gone, kept = (
        pc.index_in(pairs[name], value_set=ids) for name in ("doc_id", "kept_doc_id")
    )
    if gone.null_count or kept.null_count:
        return ["a removed or kept document is not in the inputs"]
    left, right = (
        index.combine_chunks().to_numpy().astype(np.int64) for index in (gone, kept)
    )
    hashes = np.concatenate(texts.hashes)
    values = np.concatenate(texts.values)
    ends = np.cumsum(np.concatenate(texts.lengths))
    starts = ends - np.concatenate(texts.lengths)
    told = pc.fill_null(pairs["similarity"], -1.0).to_numpy()
    near = jaccard(values, starts, ends, left, right)
    inside = containment(values, starts, ends, left, right)
    by_reason = {
        DropReason.EXACT_DUPLICATE: (hashes[left] == hashes[right]).all(axis=1) * 1.0,
        DropReason.NEAR_DUPLICATE: near,
        DropReason.CONTAINED: inside,
    }
    faults = []
    for reason, true in by_reason.items():
        mine = pc.equal(pairs["reason"], reason.value).to_numpy(zero_copy_only=False)
        wrong = np.flatnonzero(mine & (np.abs(true - told) > ROUNDING))
        faults += [
            f"{pairs['doc_id'][row].as_py()}: similarity {told[row]:.6g} in the "
            f"ledger, {true[row]:.6g} by the texts"
            for row in wrong.tolist()
        ]
    return faults
