"""The soak finds what leaks and what differs, and a small one passes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.soak import leaks, main, unlocked

VALUE = "person7@mailbox.io"


def put(folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        # Compressed, so that the value is not to be seen in the bytes.
        pq.write_table(pa.table({"a": [content * 9, None]}), path, compression="zstd")
    elif path.suffix == ".arrow":
        table = pa.table({"a": [content]})
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_file(str(path), table.schema, options=options) as sink:
            sink.write_table(table)
    else:
        path.write_text(content)


@pytest.mark.parametrize(
    "name",
    [
        "work/clean/a.commit.json",
        "ledger/.a.parquet.12.tmp",
        "findings/a.parquet",
        "work/survey/a.arrow",
        "report.html",
    ],
)
def test_a_leak_is_found_in_any_file_that_holds_no_texts(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path, "data/a.parquet", VALUE)
    put(tmp_path, "quarantine/.a.parquet.3.tmp", VALUE)
    put(tmp_path, name, "person8@mailbox.io")
    assert leaks(tmp_path, [VALUE]) == []
    put(tmp_path, name, f"so {VALUE} it is")
    assert leaks(tmp_path, [VALUE]) == [f"{name} holds a value"]


def test_a_folder_that_others_may_look_into_is_found(tmp_path: Path) -> None:
    assert unlocked(tmp_path / "nothing") == []
    for name, mode in (("work", 0o700), ("quarantine", 0o710), ("data", 0o777)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    assert unlocked(tmp_path) == ["quarantine has the mode 710"]


@pytest.mark.slow
def test_a_small_soak_passes() -> None:
    given = ["--jobs", "identifiers", "--moments", "3", "--documents", "150"]
    assert main([*given, "--seed", "3"]) == 0
