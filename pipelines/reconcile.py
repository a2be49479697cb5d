"""The books: every record, character and span is accounted for, shard by shard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from isinglass.pipelines.stage import Sum
from isinglass.pipelines.sums import unequal
from isinglass.schemas.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.commit import Commit


@dataclass(frozen=True)
class Account:
    """What a pass did with a shard, and what must hold for it.

    Attributes:
        commit: Of the unit.
        sums: That its counts must give.
        rows: That its files must have, by table; of others nothing is known.
    """

    commit: Commit
    sums: Sequence[Sum]
    rows: Mapping[str, int]


def balance_books(
    workspace: Workspace, shard_id: str, accounts: Iterable[Account]
) -> None:
    """Check the conservation of records, characters and spans in a shard.

    Rows are counted again in the files, so a writer that loses a row is found even
    if its own count does not know of it.

    Raises:
        ReconcileError: A sum is off; names pass, shard and both sides.
    """
    for account in accounts:
        for fault in unequal([*account.sums, *_file_sums(workspace, account)]):
            msg = (
                f"Pass {account.commit.pass_name}, shard {shard_id}: {fault}. The run "
                "was stopped because a record would be unaccounted for."
            )
            raise ReconcileError(msg)


def _file_sums(workspace: Workspace, account: Account) -> Iterator[Sum]:
    for output in account.commit.outputs:
        table = output.path.partition("/")[0]
        if table not in account.rows or not output.path.endswith(".parquet"):
            continue
        rows = pq.read_metadata(workspace.path / output.path).num_rows
        what = f"rows of {output.path} = records accounted for"
        yield Sum(what, rows, account.rows[table])
        yield Sum(f"rows of {output.path}", rows, output.rows)
