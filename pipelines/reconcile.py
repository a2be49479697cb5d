"""The books: every record, character and span is accounted for, shard by shard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.schemas.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import After, Stage
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.documents import Shard


@dataclass(frozen=True)
class ShardAccount:
    """The commits of one shard.

    Attributes:
        shard: As it was planned.
        survey: Commit of the survey pass.
        clean: Commit of the clean pass.
        stages: Each stage with what its passes over finished tables left.
    """

    shard: Shard
    survey: Commit
    clean: Commit
    stages: Sequence[tuple[Stage, After]] = ()


def reconcile(workspace: Workspace, accounts: list[ShardAccount]) -> None:
    """Check the conservation of records, characters and spans.

    Rows are counted again in the files, so a writer that loses a row is found even
    if its own count does not know of it.

    Raises:
        ReconcileError: A sum is off; names pass, shard and both sides.
    """
    for account in accounts:
        _check_survey(account)
        _check_clean(account)
        _check_stages(account)
        _check_files(workspace, account)


def _equal(pass_name: str, shard: Shard, what: str, left: int, right: int) -> None:
    if left != right:
        msg = (
            f"Pass {pass_name}, shard {shard.shard_id}: {what}: {left} is not {right}. "
            "The run was stopped because a record would be unaccounted for."
        )
        raise ReconcileError(msg)


def _check_survey(account: ShardAccount) -> None:
    shard, counts = account.shard, account.survey.counts
    total = counts["documents"] + counts["rejected"]
    _equal(
        "survey",
        shard,
        "records in = documents + rejected",
        counts["records_in"],
        total,
    )
    planned = [piece.rows for piece in shard.pieces]
    if all(rows is not None for rows in planned):
        expected = sum(rows for rows in planned if rows is not None)
        _equal(
            "survey", shard, "records planned = read", expected, counts["records_in"]
        )


def parts(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    """Counts whose name starts with `prefix.`, by the rest of the name."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value
        for name, value in counts.items()
        if name.startswith(start)
    }


def _check_clean(account: ShardAccount) -> None:
    shard, counts = account.shard, account.clean.counts
    outcome_sum = (
        counts.get("kept", 0)
        + sum(parts(counts, "dropped").values())
        + sum(parts(counts, "quarantined").values())
    )
    records = counts.get("records_in", 0)
    surveyed = account.survey.counts["records_in"]
    _equal("clean", shard, "records in = records surveyed", records, surveyed)
    _equal(
        "clean",
        shard,
        "records in = kept + dropped + quarantined",
        records,
        outcome_sum,
    )
    characters = {
        name: counts.get(f"characters_{name}", 0)
        for name in (
            "in",
            "kept",
            "dropped",
            "quarantined",
            "cut",
            "redacted",
            "inserted",
            "out",
        )
    }
    _equal(
        "clean",
        shard,
        "characters in = kept + dropped + quarantined",
        characters["in"],
        characters["kept"] + characters["dropped"] + characters["quarantined"],
    )
    _equal(
        "clean",
        shard,
        "characters out = kept - cut - redacted + inserted",
        characters["out"],
        characters["kept"]
        - characters["cut"]
        - characters["redacted"]
        + characters["inserted"],
    )
    _equal(
        "clean",
        shard,
        "characters in = characters surveyed",
        characters["in"],
        account.survey.counts.get("characters", 0),
    )
    for name, found in parts(counts, "finding").items():
        entity, _, kind = name.rpartition(".")
        if kind == "found":
            changed = counts.get(f"finding.{entity}.changed", 0)
            kept = counts.get(f"finding.{entity}.kept", 0)
            what = f"{entity} found = changed + kept"
            _equal("clean", shard, what, found, changed + kept)


def _check_stages(account: ShardAccount) -> None:
    """Sums that stages declare."""
    shard = account.shard
    for stage, after in account.stages:
        for one in stage.sums(shard.shard_id, account.clean.counts, after):
            _equal(stage.name, shard, one.what, one.left, one.right)


def _check_files(workspace: Workspace, account: ShardAccount) -> None:
    shard, counts = account.shard, account.clean.counts
    found = sum(
        value
        for name, value in parts(counts, "finding").items()
        if name.endswith(".found")
    )
    expected = {
        "ledger": counts.get("records_in", 0),
        "quarantine": sum(parts(counts, "quarantined").values()),
        "data": counts.get("kept", 0),
        "findings": found,
    }
    commits = [account.clean]
    for stage, after in account.stages:
        expected |= stage.rows(counts)
        own = after.commits.get(shard.shard_id)
        if own is not None:
            commits.append(own)
            expected |= stage.rows(own.counts)
    for commit in commits:
        for output in commit.outputs:
            table = output.path.partition("/")[0]
            if table not in expected or not output.path.endswith(".parquet"):
                continue
            rows = table_rows(workspace.path / output.path)
            what = f"rows of {output.path} = records accounted for"
            _equal(commit.pass_name, shard, what, rows, expected[table])
            _equal(commit.pass_name, shard, f"rows of {output.path}", rows, output.rows)
