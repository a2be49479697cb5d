"""The passes of each shard, and the sums that close asks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.reconcile import Account, balance_books
from isinglass.pipelines.stages.encode import sums as encode
from isinglass.pipelines.sums import clean_rows, clean_sums, survey_sums

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.documents import Shard


@dataclass(frozen=True)
class ShardAccount:
    """The commits of one shard.

    Attributes:
        shard: As it was planned.
        survey: Commit of the survey pass.
        clean: Commit of the clean pass.
        encode: Commit of the encode pass; None when it did not run.
    """

    shard: Shard
    survey: Commit
    clean: Commit
    encode: Commit | None


def reconcile(workspace: Workspace, accounts: list[ShardAccount]) -> None:
    """Check the conservation of records, characters and spans.

    Raises:
        ReconcileError: A sum is off; names pass, shard and both sides.
    """
    for account in accounts:
        balance_books(workspace, account.shard.shard_id, _accounts(account))


def _accounts(account: ShardAccount) -> list[Account]:
    survey, clean = account.survey.counts, account.clean.counts
    cut = {"paragraphs": clean.get("paragraphs_found", 0)}
    made = [
        Account(account.survey, survey_sums(survey, _planned(account.shard)), {}),
        Account(account.clean, clean_sums(clean, survey), clean_rows(clean) | cut),
    ]
    if account.encode is not None:
        counts = account.encode.counts
        sums, rows = encode.sums(clean, counts), encode.rows(counts)
        made.append(Account(account.encode, sums, rows))
    return made


def _planned(shard: Shard) -> int | None:
    """Records of all pieces, if the plan knows them."""
    rows = [piece.rows for piece in shard.pieces if piece.rows is not None]
    return sum(rows) if len(rows) == len(shard.pieces) else None
