"""The books are balanced by checks that can fail: each is made to fail here."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.accounts import ShardAccount, reconcile
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.schemas.documents import Piece, Shard
from isinglass.schemas.errors import ReconcileError

COUNTS = {
    "records_in": 10,
    "kept": 6,
    "dropped.exact_duplicate": 2,
    "dropped.near_duplicate": 1,
    "quarantined.nul_character": 1,
    "characters_in": 100,
    "characters_kept": 60,
    "characters_dropped": 40,
    "characters_cut": 7,
    "characters_redacted": 10,
    "characters_inserted": 5,
    "characters_out": 48,
    "paragraphs_found": 4,
    "finding.PERSON.found": 3,
    "finding.PERSON.changed": 2,
    "finding.PERSON.kept": 1,
}
ROWS = {"ledger": 10, "data": 6, "findings": 3, "paragraphs": 4, "quarantine": 1}


def account(
    root: Path, counts: dict[str, int], rows: dict[str, int], planned: int | None = 10
) -> ShardAccount:
    outputs = []
    for table, count in rows.items():
        path = root / table / "a-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": list(range(count))}), path)
        outputs.append(
            OutputFile(
                path=f"{table}/a-0.parquet",
                rows=count,
                bytes=path.stat().st_size,
                sha256="",
            )
        )
    survey = {"records_in": 10, "documents": 9, "rejected": 1, "characters": 100}
    piece = Piece("a.parquet", "a.parquet", "parquet", rows=planned)
    return ShardAccount(
        Shard("a-0", "a", 0, (piece,)),
        Commit(pass_name="survey", unit="a-0", fingerprint="", counts=survey),
        Commit(
            pass_name="clean",
            unit="a-0",
            fingerprint="",
            counts=counts,
            outputs=tuple(outputs),
        ),
        None,
    )


def test_balanced_books_pass(tmp_path: Path) -> None:
    reconcile(Workspace(str(tmp_path)), [account(tmp_path, COUNTS, ROWS)])


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_every_count_off_by_one_is_found(tmp_path: Path, name: str) -> None:
    counts = COUNTS | {name: COUNTS[name] - 1}
    with pytest.raises(ReconcileError, match="shard a-0"):
        reconcile(Workspace(str(tmp_path)), [account(tmp_path, counts, ROWS)])


@pytest.mark.parametrize("table", sorted(ROWS))
@pytest.mark.parametrize("step", [-1, 1])
def test_a_row_lost_or_doubled_in_a_file_is_found(
    tmp_path: Path, table: str, step: int
) -> None:
    rows = ROWS | {table: ROWS[table] + step}
    with pytest.raises(ReconcileError, match=f"{table}/a-0.parquet"):
        reconcile(Workspace(str(tmp_path)), [account(tmp_path, COUNTS, rows)])


def test_fewer_records_than_planned_are_found(tmp_path: Path) -> None:
    with pytest.raises(ReconcileError, match="records planned = read: 11 is not 10"):
        reconcile(
            Workspace(str(tmp_path)), [account(tmp_path, COUNTS, ROWS, planned=11)]
        )
