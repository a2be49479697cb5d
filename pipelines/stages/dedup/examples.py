"""A few near-duplicates for the report, taken from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.schemas.reasons import DropReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.engine.workspace import Workspace

MOST_SHOWN = 12
_COLUMNS = ["doc_id", "kept_doc_id", "similarity", "reason"]


class NearDuplicate(NamedTuple):
    """A removed near-duplicate and the kept document that is its evidence."""

    doc_id: str
    kept_doc_id: str
    similarity: float
    source: str


@dataclass(frozen=True)
class Shown:
    """What the report shows besides the manifest.

    Attributes:
        near_duplicates: A few removed documents with their kept ones.
    """

    near_duplicates: tuple[NearDuplicate, ...] = ()


def near_examples(workspace: Workspace, shards: Iterable[tuple[str, str]]) -> Shown:
    """The removals nearest to the threshold: they are the ones to doubt first.

    Args:
        workspace: The run folder, after the clean pass.
        shards: (shard_id, source) of every shard.
    """
    near: list[NearDuplicate] = []
    for shard_id, source in shards:
        near += _weakest(workspace, shard_id, source)
        near = sorted(near, key=lambda row: (row.similarity, row.doc_id))
        del near[MOST_SHOWN:]
    return Shown(tuple(near))


def _weakest(workspace: Workspace, shard_id: str, source: str) -> list[NearDuplicate]:
    ledger = pq.read_table(workspace.table("ledger", shard_id), columns=_COLUMNS)
    found = ledger.filter(pc.equal(ledger["reason"], DropReason.NEAR_DUPLICATE.value))
    weakest = found.sort_by([("similarity", "ascending"), ("doc_id", "ascending")])
    return [
        NearDuplicate(row["doc_id"], row["kept_doc_id"], row["similarity"], source)
        for row in weakest.slice(0, MOST_SHOWN).to_pylist()
    ]
