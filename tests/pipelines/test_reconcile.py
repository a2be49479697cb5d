"""The books are balanced by checks that can fail: each is made to fail here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.plan import Plan
from isinglass.pipelines.seam import After, Driver, Sum
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.sums import reconcile
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.schemas.documents import Layout, Piece, Shard
from isinglass.schemas.errors import ReconcileError
from tests.books import CLEAN, SURVEY, found_of
from tests.drivers import by_hand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COUNTS = {
    **CLEAN,
    "paragraphs_found": 4,
    "paragraphs_cut": 4,
    **found_of("PERSON"),
}
ROWS = {"ledger": 10, "data": 6, "findings": 3, "paragraphs": 4, "quarantine": 1}


class Cuts(Stage):
    """Has a table and a sum in the books of the clean pass."""

    name: ClassVar[str] = "cuts"

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        del shard_id, after
        found, cut = counts["paragraphs_found"], counts["paragraphs_cut"]
        return [Sum("paragraphs found = cut", found, cut)]

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        return {"paragraphs": counts["paragraphs_found"]}


class Tokens(Stage):
    """Has a pass and a table of its own after the clean pass."""

    name: ClassVar[str] = "tokens"

    def sums(self, shard_id: str, counts: Mapping[str, int], after: After) -> list[Sum]:
        seen = after.commits[shard_id].counts["records_in"]
        return [Sum("records in = records kept", seen, counts["kept"])]

    def rows(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        return {"tokens": counts["rows"]} if "rows" in counts else {}


def commit(root: Path, name: str, counts: dict[str, int], **rows: int) -> Commit:
    """Of a unit that wrote so many rows into each table."""
    outputs = []
    for table, count in rows.items():
        path = root / table / "a-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": list(range(count))}), path)
        written = path.stat().st_size
        outputs.append(
            OutputFile(
                path=f"{table}/a-0.parquet", rows=count, bytes=written, sha256=""
            )
        )
    return Commit(
        pass_name=name,
        unit="a-0",
        fingerprint="",
        counts=counts,
        outputs=tuple(outputs),
    )


def driver_of(
    root: Path, *, planned: int | None = 10, survey: Mapping[str, int] | None = None
) -> Driver:
    """After the last pass over one shard of two pieces."""
    rest = None if planned is None else planned - 4
    pieces = tuple(
        Piece(f"{n}.parquet", f"{n}.parquet", "parquet", rows=rows)
        for n, rows in (("a", 4), ("b", rest))
    )
    plan = Plan((Shard("a-0", "a", 0, pieces),), Layout((), pa.schema([]), {}, 1), ())
    surveys = {"a-0": commit(root, "survey", dict(survey or SURVEY))}
    after = {"cuts": After()}
    return replace(by_hand(root, {}), plan=plan, surveys=surveys, after=after)


def balance(
    root: Path,
    counts: Mapping[str, int] = COUNTS,
    rows: Mapping[str, int] = ROWS,
    driver: Driver | None = None,
) -> None:
    clean = commit(root, "clean", dict(counts), **rows)
    reconcile(driver or driver_of(root), [Cuts()], {"a-0": clean})


def test_balanced_books_pass(tmp_path: Path) -> None:
    balance(tmp_path)
    balance(tmp_path, driver=driver_of(tmp_path, planned=None))


@pytest.mark.parametrize("name", sorted(COUNTS))
@pytest.mark.parametrize("step", [-1, 1])
def test_every_count_off_by_one_is_found(tmp_path: Path, name: str, step: int) -> None:
    counts = COUNTS | {name: COUNTS[name] + step}
    with pytest.raises(ReconcileError, match="Pass clean, shard a-0"):
        balance(tmp_path, counts)


@pytest.mark.parametrize("name", sorted(SURVEY))
def test_a_survey_off_by_one_is_found(tmp_path: Path, name: str) -> None:
    survey = SURVEY | {name: SURVEY[name] + 1}
    with pytest.raises(ReconcileError, match="shard a-0"):
        balance(tmp_path, driver=driver_of(tmp_path, survey=survey))


@pytest.mark.parametrize("table", sorted(ROWS))
@pytest.mark.parametrize("step", [-1, 1])
def test_a_row_lost_or_doubled_in_a_file_is_found(
    tmp_path: Path, table: str, step: int
) -> None:
    rows = ROWS | {table: ROWS[table] + step}
    with pytest.raises(ReconcileError, match=f"{table}/a-0.parquet"):
        balance(tmp_path, rows=rows)


def test_a_row_that_the_commit_does_not_know_of_is_found(tmp_path: Path) -> None:
    clean = commit(tmp_path, "clean", COUNTS, **ROWS)
    other = commit(tmp_path, "clean", COUNTS, **(ROWS | {"data": 5}))
    wrong = [o if o.path.startswith("data/") else c for o, c in _pairs(other, clean)]
    clean = clean.model_copy(update={"outputs": tuple(wrong)})
    commit(tmp_path, "clean", COUNTS, **ROWS)
    with pytest.raises(ReconcileError, match=r"rows of data/a-0.parquet: 6 is not 5"):
        reconcile(driver_of(tmp_path), [Cuts()], {"a-0": clean})


def _pairs(one: Commit, other: Commit) -> list[tuple[OutputFile, OutputFile]]:
    return list(zip(one.outputs, other.outputs, strict=True))


@pytest.mark.parametrize("planned", [9, 11])
def test_other_records_than_planned_are_found(tmp_path: Path, planned: int) -> None:
    message = f"Pass survey, shard a-0: records planned = read: {planned} is not 10"
    with pytest.raises(ReconcileError, match=message):
        balance(tmp_path, driver=driver_of(tmp_path, planned=planned))


@pytest.mark.parametrize(
    ("counts", "rows", "message"),
    [
        ({"records_in": 6, "rows": 8}, 8, ""),
        ({"records_in": 5, "rows": 8}, 8, "records in = records kept: 5 is not 6"),
        ({"records_in": 6, "rows": 8}, 7, "rows of tokens/a-0.parquet"),
    ],
)
def test_a_pass_of_a_stage_has_an_account_of_its_own(
    tmp_path: Path, counts: dict[str, int], rows: int, message: str
) -> None:
    clean = commit(tmp_path, "clean", COUNTS, **ROWS)
    own = After({"a-0": commit(tmp_path, "tokenize", counts, tokens=rows)})
    driver = replace(driver_of(tmp_path), after={"cuts": After(), "tokens": own})
    if not message:
        reconcile(driver, [Cuts(), Tokens()], {"a-0": clean})
        return
    with pytest.raises(ReconcileError, match=f"Pass tokenize, shard a-0: {message}"):
        reconcile(driver, [Cuts(), Tokens()], {"a-0": clean})
