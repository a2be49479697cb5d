"""The books: every record, character and span is accounted for, shard by shard.

Every sum is declared once: what closes a run asks it of its counts, and `verify` of
what it finds in the tables. Counts have the names that the clean pass gives them.
`characters_kept` are those of kept documents as they were read, `characters_out`
those that are in `data/`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.pipelines.stage import Sum
from isinglass.schemas.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Driver, Stage
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.documents import Shard
    from isinglass.schemas.manifest import Manifest


def unequal(sums: Iterable[Sum]) -> list[str]:
    """The sums that do not hold, with both sides, for a message."""
    return [
        f"{what}: {left} is not {right}" for what, left, right in sums if left != right
    ]


def parts(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    """Counts whose name starts with `prefix.`, by the rest of the name."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value
        for name, value in counts.items()
        if name.startswith(start)
    }


def survey_sums(counts: Mapping[str, int], planned: int | None) -> list[Sum]:
    """Of the survey of a shard; `planned` records are None if a file does not tell."""
    records, read = counts["records_in"], counts["documents"] + counts["rejected"]
    sums = [Sum("records in = documents + rejected", records, read)]
    if planned is not None:
        sums.append(Sum("records planned = read", planned, records))
    return sums


def conserved(counts: Mapping[str, int]) -> list[Sum]:
    """Of every shard and of the whole run: nothing is lost, nothing comes in twice."""
    outcomes = ("dropped", "quarantined")
    lost = sum(sum(parts(counts, outcome).values()) for outcome in outcomes)
    records, kept = counts.get("records_in", 0), counts.get("kept", 0)

    def characters(name: str) -> int:
        return counts.get(f"characters_{name}", 0)

    whole, source, written = map(characters, ("in", "kept", "out"))
    told = source + characters("dropped") + characters("quarantined")
    made = source - characters("cut") - characters("redacted") + characters("inserted")
    return [
        Sum("records in = kept + dropped + quarantined", records, kept + lost),
        Sum("characters in = kept + dropped + quarantined", whole, told),
        Sum("characters out = kept - cut - redacted + inserted", written, made),
    ]


def clean_sums(counts: Mapping[str, int], survey: Mapping[str, int]) -> list[Sum]:
    """Of the clean pass of a shard, beside the counts of its survey."""
    have = Counter(counts)
    records, characters = survey["records_in"], survey.get("characters", 0)
    sums = [
        Sum("records in = records surveyed", have["records_in"], records),
        Sum("characters in = characters surveyed", have["characters_in"], characters),
        *conserved(counts),
    ]
    for entity, found in _found(counts).items():
        told = have[f"finding.{entity}.changed"] + have[f"finding.{entity}.kept"]
        sums.append(Sum(f"{entity} found = changed + kept", found, told))
    return sums


def clean_rows(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows of the tables that every clean pass writes, by its counts."""
    return {
        "ledger": counts.get("records_in", 0),
        "quarantine": sum(parts(counts, "quarantined").values()),
        "data": counts.get("kept", 0),
        "findings": sum(_found(counts).values()),
    }


def _found(counts: Mapping[str, int]) -> dict[str, int]:
    """Findings by entity, whose name may hold dots."""
    return {
        name.removesuffix(".found"): value
        for name, value in parts(counts, "finding").items()
        if name.endswith(".found")
    }


def told_counts(manifest: Manifest) -> dict[str, int]:
    """What a manifest tells of the whole run, under the names of the clean pass."""
    records, characters = manifest.records, manifest.characters
    counts = {"records_in": records.total_in, "kept": records.kept}
    for outcome in ("dropped", "quarantined"):
        reasons: dict[str, int] = getattr(records, outcome)
        counts |= {f"{outcome}.{reason}": n for reason, n in reasons.items()}
    for name in ("dropped", "quarantined", "cut", "redacted", "inserted"):
        counts[f"characters_{name}"] = getattr(characters, name)
    lost = characters.dropped + characters.quarantined
    counts["characters_in"] = characters.total_in
    counts["characters_kept"] = characters.total_in - lost
    counts["characters_out"] = characters.kept
    return counts


def reconcile(
    driver: Driver, stages: Sequence[Stage], cleans: Mapping[str, Commit]
) -> None:
    """Check the conservation of records, characters and spans in every shard.

    Rows are counted again in the files, so a writer that loses a row is found even
    if its own count does not know of it.

    Raises:
        ReconcileError: A sum is off; names pass, shard and both sides.
    """
    for shard in driver.plan.shards:
        clean = cleans[shard.shard_id]
        for commit, sums, rows in _accounts(driver, stages, shard, clean):
            everything = [*sums, *_file_sums(driver.workspace, commit, rows)]
            for fault in unequal(everything):
                raise ReconcileError(
                    f"Pass {commit.pass_name}, shard {shard.shard_id}: {fault}. The "
                    "run was stopped because a record would be unaccounted for."
                )


def _accounts(
    driver: Driver, stages: Sequence[Stage], shard: Shard, clean: Commit
) -> list[tuple[Commit, list[Sum], Mapping[str, int]]]:
    """Of all passes over a shard: what their counts and the rows of tables must be."""
    survey, name = driver.surveys[shard.shard_id], shard.shard_id
    sums = clean_sums(clean.counts, survey.counts)
    rows = clean_rows(clean.counts)
    planned = [piece.rows for piece in shard.pieces if piece.rows is not None]
    known = sum(planned) if len(planned) == len(shard.pieces) else None
    accounts: list[tuple[Commit, list[Sum], Mapping[str, int]]] = []
    accounts.append((survey, survey_sums(survey.counts, known), {}))
    for stage in stages:
        after = driver.after[stage.name]
        own = stage.sums(name, clean.counts, after)
        rows |= stage.rows(clean.counts)
        commit = after.commits.get(name)
        if commit is None:
            sums += own
        else:
            accounts.append((commit, own, stage.rows(commit.counts)))
    return [*accounts, (clean, sums, rows)]


def _file_sums(
    workspace: Workspace, commit: Commit, rows: Mapping[str, int]
) -> Iterator[Sum]:
    """What the tables of a unit hold, where it is known what they must hold."""
    for output in commit.outputs:
        table, path = output.path.partition("/")[0], output.path
        if table in rows and path.endswith(".parquet"):
            found = table_rows(workspace.path / path)
            told = f"rows of {path} = records accounted for"
            yield Sum(told, found, rows[table])
            yield Sum(f"rows of {path}", found, output.rows)
