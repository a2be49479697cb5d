"""The first records that were set aside, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.engine.workspace import Workspace

MOST_SHOWN = 20


class Quarantined(NamedTuple):
    """A record that was set aside: where it is and why."""

    path: str
    row: int
    doc_id: str
    reason: str


def first_quarantined(
    workspace: Workspace, shard_ids: Sequence[str]
) -> tuple[Quarantined, ...]:
    """At most `MOST_SHOWN` records, in the order of the shards; never their bytes.

    Args:
        workspace: The run folder, after the clean pass.
        shard_ids: This run's shards, in order.
    """
    found: list[Quarantined] = []
    for shard_id in shard_ids:
        if len(found) >= MOST_SHOWN:
            break
        path = workspace.table("quarantine", shard_id)
        table = pq.read_table(path, columns=list(Quarantined._fields))
        found += [Quarantined(**row) for row in table.slice(0, MOST_SHOWN).to_pylist()]
    return tuple(found[:MOST_SHOWN])
