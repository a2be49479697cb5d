"""The commit protocol: what counts as done, and what does not."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.engine.commits import UnitOutputs, add_counts, valid_commit
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.schemas.commit import Commit
from isinglass.schemas.errors import IsinglassError, RetryError
from isinglass.transforms.write import TableWriter

SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False)])


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64())], schema=SCHEMA)


def commit_one(workspace: Workspace, fingerprint: str = "f1") -> Commit:
    with UnitOutputs(workspace, "clean", "a-0") as outputs:
        writer = outputs.open_table(workspace.table("data", "a-0"), SCHEMA)
        writer.write(batch(1, 2, 3))
        outputs.write_array(workspace.mapped("clean", "a-0.npy"), np.arange(4))
        return outputs.commit(fingerprint, {"records_in": 3}, 0.5)


def test_a_commit_records_rows_bytes_and_hashes(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    commit = commit_one(workspace)
    assert [(o.path, o.rows) for o in commit.outputs] == [
        ("data/a-0.parquet", 3),
        ("work/clean/a-0.npy", 4),
    ]
    assert valid_commit(workspace, "clean", "a-0", "f1") == commit
    assert not list(tmp_path.rglob(".*.tmp"))


def test_another_fingerprint_is_not_reused(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    commit_one(workspace)
    assert valid_commit(workspace, "clean", "a-0", "f2") is None


@pytest.mark.parametrize("harm", ["remove", "shorten", "change"])
def test_a_harmed_output_voids_the_commit(tmp_path: Path, harm: str) -> None:
    workspace = Workspace(str(tmp_path))
    commit_one(workspace)
    path = workspace.table("data", "a-0")
    if harm == "remove":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + (b"?" if harm == "change" else b""))
    assert valid_commit(workspace, "clean", "a-0", "f1") is None


def test_a_torn_record_is_no_record(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    commit_one(workspace)
    path = workspace.commit_path("clean", "a-0")
    path.write_bytes(path.read_bytes()[:40])
    assert valid_commit(workspace, "clean", "a-0", "f1") is None


def test_starting_again_withdraws_the_old_record(tmp_path: Path) -> None:
    """A record must not vouch for files of which half are already new."""
    workspace = Workspace(str(tmp_path))
    commit_one(workspace)
    with UnitOutputs(workspace, "clean", "a-0"):
        assert valid_commit(workspace, "clean", "a-0", "f1") is None


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))

    def fail() -> None:
        with UnitOutputs(workspace, "clean", "a-0") as outputs:
            outputs.open_table(workspace.table("data", "a-0"), SCHEMA).write(batch(1))
            msg = "boom"
            raise KeyError(msg)

    with pytest.raises(KeyError):
        fail()
    left = {p.parent.name for p in tmp_path.rglob("*") if p.is_file()}
    # What a worker was at is for the driver to know, if it dies.
    assert left == {"status"}


def test_a_full_disk_asks_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(str(tmp_path))

    def full(self: TableWriter) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TableWriter, "finish", full)
    with pytest.raises(RetryError, match="No space left on the device"):
        commit_one(workspace)
    assert valid_commit(workspace, "clean", "a-0", "f1") is None


def test_equal_rows_are_equal_bytes(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        workspace = Workspace(str(tmp_path / name))
        hashes.add(tuple(o.sha256 for o in commit_one(workspace).outputs))
    assert len(hashes) == 1


def test_a_batch_of_another_schema_is_refused(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "x.parquet", SCHEMA)
    other = pa.RecordBatch.from_pydict({"m": [1]})
    with pytest.raises(IsinglassError, match="does not fit"):
        writer.write(other)
    writer.abort()


def test_many_small_batches_make_bounded_row_groups(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "x.parquet", SCHEMA)
    for start in range(0, 40_000, 100):
        writer.write(batch(*range(start, start + 100)))
    size, _ = writer.finish()
    found = pq.read_metadata(tmp_path / "x.parquet")
    assert size == (tmp_path / "x.parquet").stat().st_size
    groups = [found.row_group(i).num_rows for i in range(found.num_row_groups)]
    assert sum(groups) == 40_000
    assert max(groups) < 16_384 + 100


def test_counts_add_up_by_name() -> None:
    commits = [
        Commit(pass_name="p", unit=u, fingerprint="f", counts=c)
        for u, c in (("a", {"x": 1, "y": 2}), ("b", {"x": 3}))
    ]
    assert add_counts(commits) == {"x": 4, "y": 2}
