"""The text of an evaluation set that a record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.explain.folder import whole_documents
from isinglass.pipelines.stage import Line, Story
from isinglass.pipelines.stages.decontaminate.sets import open_index
from isinglass.schemas.reasons import DropReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.schemas.marks import Kind

_COLUMNS = ["doc_id", "chars_in", "reason", "rule", "similarity", "evaluation_item"]


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story | None:
    """Which text, and how much of it the longest match covers; None without one."""
    del run, full
    if row["evaluation_item"] is None:
        return None
    lines: list[Line] = [("found in it", row["evaluation_item"])]
    # Of a duplicate, the number says how alike it is to the document kept instead.
    if row["similarity"] is not None and row["kept_doc_id"] is None:
        share = f"{row['similarity']:.6f} in the ledger"
        lines.append(("longest match", share))
    return Story(lines=lines)


def cases(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """Documents that were dropped, those with the shortest match for it first."""
    if kind != "filter" or run.manifest["config"].get("decontaminate") is None:
        return
    for path, ledger in run.each_ledger(_COLUMNS):
        mine = pc.equal(ledger["reason"], DropReason.CONTAMINATED.value)
        some = ledger.filter(mine)
        least = _least_shares(run, path.stem, some["doc_id"])
        yield pa.table(
            {
                **whole_documents(some),
                "near": pc.subtract(some["similarity"], least),
                "rule": some["rule"],
                "evaluation_item": some["evaluation_item"],
                "share": some["similarity"],
                "threshold": least,
            }
        )


def _least_shares(run: RunFolder, shard: str, doc_ids: pa.ChunkedArray) -> pa.Array:
    """Share of the item of each document that a match must cover; null if not known."""
    held = run.measured(shard, doc_ids, "evaluation_item")
    if not held.num_columns:
        return pa.nulls(len(doc_ids), pa.float64())
    try:
        needs = open_index(Workspace(str(run.folder))).needs
    except OSError:
        return pa.nulls(len(doc_ids), pa.float64())
    shares = pa.array(needs.needed / np.maximum(needs.sizes, 1))
    return shares.take(held["evaluation_item"].combine_chunks())
