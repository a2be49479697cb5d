"""Whatever was dropped as a duplicate names a document that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import read_table
from isinglass.schemas.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun


def check_evidence(
    workspace: Workspace, shard_ids: list[str], earlier: Sequence[EarlierRun] = ()
) -> None:
    """Every document dropped as a duplicate names one that is kept, here or there.

    Args:
        workspace: The run folder.
        shard_ids: Shards of this run.
        earlier: Runs that it was held against.

    Raises:
        ReconcileError: A removal has no evidence.
    """
    columns = ["outcome", "kept_doc_id", "kept_in", "doc_id"]
    ledgers = [
        read_table(workspace.table("ledger", shard_id), columns)
        for shard_id in shard_ids
    ]
    if not ledgers:
        return
    ledger = pa.concat_tables(ledgers)
    named = ledger.filter(pc.is_valid(ledger["kept_doc_id"]))
    kept = ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"]
    here = named.filter(pc.is_null(named["kept_in"]))["kept_doc_id"]
    seen = pc.sum(pc.is_in(here, value_set=kept)).as_py() or 0
    for run in earlier:
        wanted = named.filter(pc.equal(named["kept_in"], run.run_id))["kept_doc_id"]
        seen += pc.sum(pc.is_in(wanted, value_set=kept_ids(run))).as_py() or 0
    lost = named.num_rows - seen
    if lost:
        msg = f"{lost} documents were dropped as duplicates of one that is not kept."
        raise ReconcileError(msg)


def kept_ids(run: EarlierRun) -> pa.ChunkedArray:
    """doc_ids that an earlier run kept, by its ledger."""
    chunks = []
    for shard_id, _ in run.shards:
        path = run.workspace.table("ledger", shard_id)
        ledger = read_table(path, ["doc_id", "outcome"])
        chunks += ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"].chunks
    return pa.chunked_array(chunks, pa.string())
