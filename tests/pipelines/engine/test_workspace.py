"""How files of a run are read, mapped, written, listed and removed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from isinglass.pipelines.engine.workspace import (
    Workspace,
    free_bytes,
    list_files,
    list_folder,
    locked,
    map_array,
    map_arrow,
    read_array,
    read_table,
    remove,
    remove_leftovers,
    table_batches,
    table_bytes,
    table_rows,
    table_schema,
    write_array,
    write_array_in_parts,
    write_arrow,
    write_atomically,
    write_audit,
)
from isinglass.schemas.errors import OutputError

TABLE = pa.table({"name": ["a", "b", "c"], "number": [1, 2, 3]})


@pytest.mark.parametrize("shape", [(3, 2), (0, 2), (2, 0), (0,)])
def test_an_array_comes_back_in_memory_and_mapped(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "a.npy"
    array = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
    write_array(path, array)
    for found in (read_array(path), map_array(path)):
        assert type(found) is np.ndarray
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


@pytest.mark.parametrize("lengths", [[], [0], [3], [2, 0, 5], [10**5, 7]])
def test_parts_are_written_as_one_array(tmp_path: Path, lengths: list[int]) -> None:
    parts = [np.arange(length, dtype=np.uint64) * 3 for length in lengths]
    whole = np.concatenate([np.empty(0, np.uint64), *parts])
    write_array(tmp_path / "whole.npy", whole)
    path = tmp_path / "parts.npy"
    assert write_array_in_parts(path, iter(parts), np.uint64) == len(whole)
    assert path.read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_a_mapped_array_follows_its_file_and_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    write_array(path, np.zeros(4, np.uint8))
    mapped, held = map_array(path), read_array(path)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x07")
    assert mapped.tolist() == [0, 0, 0, 7]
    assert held.tolist() == [0, 0, 0, 0]
    assert not mapped.flags.writeable


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)
    for read in (read_array, map_array):
        with pytest.raises(ValueError, match=r"[Oo]bject"):
            read(path)


def test_an_arrow_file_has_the_batches_with_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    empty = pa.RecordBatch.from_pylist([], TABLE.schema)
    batches = [empty, *TABLE.to_batches(max_chunksize=2), empty]
    assert write_arrow(path, TABLE.schema, batches) == 3
    assert map_arrow(path).equals(TABLE)
    assert [len(batch) for batch in map_arrow(path).to_batches()] == [2, 1]


def test_parts_of_a_path_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "name=x" / "a.parquet"
    write_atomically(path, table_bytes(TABLE))
    assert read_table(path).equals(TABLE)
    assert read_table(path, ["number"], [("name", "=", "b")]).to_pylist() == [
        {"number": 2}
    ]
    assert table_rows(path) == 3
    assert table_schema(path) == TABLE.schema
    batches = list(table_batches(path, ["name"], 2))
    assert [batch.to_pydict() for batch in batches] == [
        {"name": ["a", "b"]},
        {"name": ["c"]},
    ]


def test_a_table_of_the_run_is_recorded_as_it_is(tmp_path: Path) -> None:
    written = write_audit(Workspace(str(tmp_path)), "statistics", TABLE)
    path = tmp_path / "audit" / "statistics.parquet"
    assert (written.path, written.rows) == ("audit/statistics.parquet", 3)
    assert written.bytes == path.stat().st_size
    assert path.read_bytes() == table_bytes(TABLE)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_not_there_is_an_empty_list_or_an_error(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert list_files(gone, "*") == []
    with pytest.raises(FileNotFoundError):
        list_folder(gone)
    remove(gone)


def test_files_are_listed_in_order(tmp_path: Path) -> None:
    names = ["b.parquet", "a.parquet", ".c.parquet.1.tmp", "d/e.parquet"]
    for name in names:
        write_atomically(tmp_path / name, "")
    assert [p.name for p in list_files(tmp_path, "[!.]*.parquet")] == [
        "a.parquet",
        "b.parquet",
    ]
    below = list_files(tmp_path, "**/*")
    assert [p.relative_to(tmp_path).as_posix() for p in below] == [
        ".c.parquet.1.tmp",
        "a.parquet",
        "b.parquet",
        "d",
        "d/e.parquet",
    ]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("")
    with pytest.raises(OutputError, match="a file is in the way"):
        write_audit(Workspace(str(tmp_path)), "statistics", TABLE)


def test_what_an_earlier_attempt_left_goes_and_nothing_else(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    goes = ["_SUCCESS", "manifest.json", "data/.a.parquet.1.tmp", "work/x/.b.1.tmp.bin"]
    stays = ["data/a.parquet", "data/a.tmp", "work/x/manifest.json"]
    for name in goes + stays:
        write_atomically(tmp_path / name, "")
    with locked(workspace):
        remove_leftovers(workspace)
    left = [p for p in list_files(tmp_path, "**/*") if p.is_file()]
    assert {p.relative_to(tmp_path).as_posix() for p in left} == {*stays, "work/lock"}


@pytest.mark.parametrize(("secret", "mode"), [(False, 0o644), (True, 0o600)])
def test_a_secret_is_for_its_owner(tmp_path: Path, *, secret: bool, mode: int) -> None:
    path = tmp_path / "key"
    before = os.umask(0o022)
    try:
        write_atomically(path, "x", secret=secret)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_free_space_is_looked_at_without_writing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert free_bytes(tmp_path / "new" / "run") > 0
    with pytest.raises(OutputError, match="a file is in the way"):
        free_bytes(tmp_path / "file" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
