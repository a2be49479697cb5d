"""The books: every record, character and span is accounted for, shard by shard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.pipelines.stage import Sum
from isinglass.pipelines.sums import clean_rows, clean_sums, survey_sums, unequal
from isinglass.schemas.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Driver, Stage
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.documents import Shard


@dataclass(frozen=True)
class Account:
    """What a pass did with a shard, and what must hold for it.

    `rows` are those that its files must have, by table; of others nothing is known.
    """

    commit: Commit
    sums: Sequence[Sum]
    rows: Mapping[str, int]


def reconcile(
    driver: Driver, stages: Sequence[Stage], cleans: Mapping[str, Commit]
) -> None:
    """Check the conservation of records, characters and spans in every shard.

    Raises:
        ReconcileError: A sum is off; names pass, shard and both sides.
    """
    for shard in driver.plan.shards:
        clean = cleans[shard.shard_id]
        accounts = accounts_of(driver, stages, shard, clean)
        balance_books(driver.workspace, shard.shard_id, accounts)


def accounts_of(
    driver: Driver, stages: Sequence[Stage], shard: Shard, clean: Commit
) -> list[Account]:
    """The accounts of all passes over a shard."""
    survey, name = driver.surveys[shard.shard_id], shard.shard_id
    sums = clean_sums(clean.counts, survey.counts)
    rows = clean_rows(clean.counts)
    planned = [piece.rows for piece in shard.pieces if piece.rows is not None]
    known = sum(planned) if len(planned) == len(shard.pieces) else None
    accounts = [Account(survey, survey_sums(survey.counts, known), {})]
    for stage in stages:
        after = driver.after[stage.name]
        own = stage.sums(name, clean.counts, after)
        rows |= stage.rows(clean.counts)
        commit = after.commits.get(name)
        if commit is None:
            sums += own
        else:
            accounts.append(Account(commit, own, stage.rows(commit.counts)))
    return [*accounts, Account(clean, sums, rows)]


def balance_books(
    workspace: Workspace, shard_id: str, accounts: Iterable[Account]
) -> None:
    """Check the conservation of records, characters and spans in a shard.

    Rows are counted again in the files, so a writer that loses a row is found even
    if its own count does not know of it.
    """
    for account in accounts:
        sums = [*account.sums]
        for output in account.commit.outputs:
            table = output.path.partition("/")[0]
            if table in account.rows and output.path.endswith(".parquet"):
                rows, what = table_rows(workspace.path / output.path), output.path
                told = f"rows of {what} = records accounted for"
                sums.append(Sum(told, rows, account.rows[table]))
                sums.append(Sum(f"rows of {what}", rows, output.rows))
        for fault in unequal(sums):
            raise ReconcileError(
                f"Pass {account.commit.pass_name}, shard {shard_id}: {fault}. The run "
                "was stopped because a record would be unaccounted for."
            )
