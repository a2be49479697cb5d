from __future__ import annotations

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    Planned = Callable[..., Any]
    ReadAll = Callable[..., Any]

TABLE = pa.table({"text": [f"document {i}" for i in range(50)], "n": range(50)})


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def stream(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


LINES = b"".join(json.dumps(row).encode() + b"\n" for row in TABLE.to_pylist())
CSV = b"text,n\n" + b"".join(b"document %d,%d\n" % (i, i) for i in range(50))

FORMATS = [
    ("a.parquet", parquet(TABLE), 50),
    ("a.jsonl", LINES, 50),
    ("a.json", LINES, 50),
    ("a.NDJSON", LINES, 50),
    ("a.jsonl.gz", gzip.compress(LINES, mtime=0), None),
    ("a.ndjson.zst", zstandard.compress(LINES), None),
    ("a.csv", CSV, 50),
    ("a.csv.gz", gzip.compress(CSV, mtime=0), 50),
    ("a.tsv.zst", zstandard.compress(CSV.replace(b",", b"\t")), 50),
    ("a.arrow", stream(TABLE), 50),
]


@pytest.mark.parametrize(("name", "data", "rows"), FORMATS)
def test_every_format_end_to_end(
    tmp_path: Path, read_all: ReadAll, name: str, data: bytes, rows: int | None
) -> None:
    (tmp_path / name).write_bytes(data)
    found = read_all({"path": name, "source": "web"})
    assert found.texts == sorted(TABLE["text"].to_pylist())
    assert found.rejected == []
    numbers = found.documents["n"].cast(pa.int64()).to_pylist()
    assert numbers == list(range(50))
    [file] = found.plan.inputs
    assert (file.path, file.source, file.rows) == (name, "web", rows)
    assert (file.bytes, file.problem) == (len(data), "")
    assert file.sha256 == hashlib.sha256(data).hexdigest()


def test_ids_do_not_depend_on_shards(tmp_path: Path, read_all: ReadAll) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "b.parquet").write_bytes(parquet(TABLE))
    whole = read_all({"path": "."})
    cut = read_all({"path": "."}, shard_bytes=100)
    assert len(cut.plan.shards) > 10
    order = [("doc_id", "ascending")]
    assert cut.documents.sort_by(order).equals(whole.documents.sort_by(order))


EMPTY = ["a.jsonl", "a.txt", "a.csv", "a.jsonl.gz", "a.txt.zst", "a.csv.gz"]


@pytest.mark.parametrize("name", EMPTY)
def test_empty_files_hold_no_records(
    tmp_path: Path, read_all: ReadAll, name: str
) -> None:
    (tmp_path / name).write_bytes(b"")
    found = read_all({"path": "."})
    assert (found.documents.num_rows, found.rejected) == (0, [])
    [file] = found.plan.inputs
    assert (file.path, file.rows, file.problem) == (name, 0, "")


UNREADABLE = [
    ("half.parquet", parquet(TABLE)[:400], "no valid Parquet footer"),
    ("empty.parquet", b"", "the file is empty"),
    ("noise.parquet", b"PAR1 noise PAR1", "no valid Parquet footer"),
    ("noise.jsonl.gz", b"random bytes here", "corrupt compressed data near byte 0"),
    ("noise.csv.gz", b"random bytes here", "corrupt compressed data near byte 0"),
    ("noise.txt.zst", b"random bytes here", "corrupt compressed data near byte 0"),
    ("half.arrow", stream(TABLE)[:-40], "no complete Arrow IPC"),
    ("noise.arrow", b"random bytes here", "no complete Arrow IPC"),
    ("empty.feather", b"", "the file is empty"),
    ("half.feather", b"ARROW1\0\0" + stream(TABLE), "no complete Arrow IPC"),
    ("info.json", b'{\n "text":\n "a"\n}', "one JSON object over several lines"),
    ("odd.csv", b"\xfa\n1\n", "the header is not valid UTF-8"),
]


@pytest.mark.parametrize(("name", "data", "problem"), UNREADABLE)
def test_unreadable_files(
    tmp_path: Path, read_all: ReadAll, name: str, data: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "good.jsonl").write_bytes(LINES)
    found = read_all({"path": "."})
    assert len(found.texts) == 50
    [rejected] = found.rejected
    assert (rejected["reason"], rejected["row"]) == ("unreadable_file", 0)
    assert problem in rejected["detail"]
    files = {file.path: file for file in found.plan.inputs}
    assert problem in files[name].problem
    assert files[name].sha256 == hashlib.sha256(data).hexdigest()
    with pytest.raises(InputError, match=f"{name} cannot be read: .*{problem}.*Repair"):
        read_all({"path": "."}, unreadable_files="refuse")


def test_truncated_gzip_is_read_up_to_the_cut(
    tmp_path: Path, read_all: ReadAll
) -> None:
    many = b"".join(b'{"text":"%x"}\n' % 7**i for i in range(300))
    packed = gzip.compress(many)
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    found = read_all({"path": "."})
    assert found.reasons == {"truncated_file": 1}
    assert 50 < len(found.texts) < 300


def test_mixed_bad_lines_add_up(tmp_path: Path, read_all: ReadAll) -> None:
    bad = b'[]\n{"text":null}\n\n{"text":"\\udfff"}\n{"text":"\\u0000"}\n'
    bad += b'\xff\n{"text":1}\n{'
    (tmp_path / "a.jsonl").write_bytes(LINES + bad)
    found = read_all({"path": "."}, shard_bytes=300)
    assert len(found.texts) == 50
    assert found.reasons == {
        "not_an_object": 1,
        "missing_text": 1,
        "lone_surrogate": 1,
        "nul_character": 1,
        "invalid_utf8": 1,
        "wrong_type": 1,
        "malformed_record": 1,
    }
    assert found.plan.inputs[0].rows == 57


def test_only_broken_lines_are_quarantined_not_refused(
    tmp_path: Path, read_all: ReadAll
) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"[]\nbroken\n")
    assert read_all({"path": "."}).reasons == {
        "not_an_object": 1,
        "malformed_record": 1,
    }


@pytest.mark.parametrize("data", [b'[{"text":"a"}]', b'\n  [\n {"text": "a"}\n]'])
def test_json_array_is_refused_with_a_fix(
    tmp_path: Path, planned: Planned, data: bytes
) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(InputError, match=r"one JSON array.*jq -c"):
        planned({"path": "."})


def test_same_file_in_two_inputs(tmp_path: Path, planned: Planned) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    message = r"a\.jsonl belongs to inputs\[0\] and inputs\[1\]"
    with pytest.raises(InputError, match=message):
        planned({"path": "*.jsonl"}, {"path": "a.jsonl", "source": "other"})


def test_same_file_by_way_of_a_link(tmp_path: Path, planned: Planned) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jsonl").write_bytes(LINES)
    (tmp_path / "y").symlink_to(tmp_path / "x")
    message = r"y/a\.jsonl belongs to inputs\[0\] and inputs\[1\]"
    with pytest.raises(InputError, match=message):
        planned({"path": "x"}, {"path": "y", "source": "other"})


def test_same_file_by_way_of_a_link_to_it(tmp_path: Path, planned: Planned) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
    (tmp_path / "x" / "a.jsonl").write_bytes(LINES)
    (tmp_path / "y" / "b.jsonl").symlink_to(tmp_path / "x" / "a.jsonl")
    message = r"y/b\.jsonl belongs to inputs\[0\] and inputs\[1\]"
    with pytest.raises(InputError, match=message):
        planned({"path": "x"}, {"path": "y", "source": "other"})


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt", "a.jsonl.gz"])
def test_a_small_file_is_opened_once(
    tmp_path: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data = CSV if name == "a.csv" else LINES
    (tmp_path / name).write_bytes(gzip.compress(data) if ".gz" in name else data)
    opened: list[str] = []

    class Noted(io.FileIO):
        def __init__(self, path: str) -> None:
            opened.append(path)
            super().__init__(path)

    monkeypatch.setattr(io, "FileIO", Noted)
    planned({"path": name})
    assert opened == [str(tmp_path / name)]


def test_two_files_that_would_share_ids(tmp_path: Path, read_all: ReadAll) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jsonl").write_bytes(LINES)
    message = (
        r"x/a\.jsonl and .*y/a\.jsonl are both a\.jsonl of source default, .*the same "
        r"ids\. Give inputs\[1\] a `source` of its own, different from default\."
    )
    with pytest.raises(InputError, match=message):
        read_all({"path": "x"}, {"path": "y"})
    with pytest.raises(InputError, match=message):
        read_all({"path": "x/a.jsonl"}, {"path": "y/*.jsonl"})
    found = read_all({"path": "x"}, {"path": "y", "source": "other"})
    assert found.documents.num_rows == 100
    assert sorted(set(found.documents["source"].to_pylist())) == ["default", "other"]


def test_file_without_permission(
    tmp_path: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the system's answer is played."""
    (tmp_path / "a.jsonl").write_bytes(LINES)

    def denied(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(io, "FileIO", denied)
    with pytest.raises(InputError, match=r"No permission to read .*a\.jsonl"):
        planned({"path": "."})


def test_link_to_nothing(tmp_path: Path, planned: Planned) -> None:
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"a\.jsonl does not exist, or is a link"):
        planned({"path": "."})


def test_text_files(tmp_path: Path, read_all: ReadAll) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.md").write_text("two")
    (tmp_path / "c.rst.gz").write_bytes(gzip.compress(b"three"))
    (tmp_path / "d.txt").write_bytes(b"\xff")
    found = read_all({"path": "."})
    assert found.texts == ["one", "three", "two"]
    assert found.reasons == {"invalid_utf8": 1}
    assert [file.rows for file in found.plan.inputs] == [1, 1, None, 1]


@pytest.mark.slow
def test_real_corpus(shared_data: Path, read_all: ReadAll) -> None:
    path = shared_data / "corpus"
    if not path.is_dir():
        pytest.skip(f"no shared corpus at {path}")
    found = read_all({"path": str(path)}, shard_bytes=6 * 2**20)
    assert found.documents.num_rows == 32_028
    assert found.rejected == []
    assert sum(file.rows for file in found.plan.inputs) == 32_028
    assert len(found.plan.shards) == 16
    files = [pq.read_table(file) for file in sorted(path.glob("*.parquet"))]
    ours = found.documents.sort_by("source_id")
    theirs = pa.concat_tables(files)
    ids = theirs["id"].cast(pa.string())
    theirs = theirs.set_column(0, "id", ids).sort_by("id")
    assert ours["source_id"].equals(theirs["id"])
    for name in ("text", "source", "url"):
        assert ours[name].equals(theirs[name])
