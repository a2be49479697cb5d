"""What is far too large is told by its size alone, and small files share batches."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.schemas.config import Columns
from isinglass.schemas.documents import Dialect, Layout, Piece, Shard
from isinglass.transforms.read import checks, columnar, delimited, read_shard
from isinglass.transforms.read.counts import tally
from isinglass.transforms.read.delimited import record_blocks
from isinglass.transforms.read.pages import pages, span
from isinglass.transforms.read.sizes import decoded_bytes, head
from isinglass.transforms.read.streams import Damage, TooLong, blocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., Any]

LAYOUT = Layout((Columns(),), pa.schema([]), {}, 1000)

LINES: list[tuple[list[bytes], list[tuple[bytes, int | None]]]] = [
    ([b"12345\n6\n"], [(b"12345\n6\n", None)]),
    ([b"123456\n7\n"], [(b"", 6), (b"7\n", None)]),
    (
        [b"a\n123", b"456", b"78", b"9\nb\n"],
        [(b"a\n", None), (b"123456", 9), (b"b\n", None)],
    ),
    ([b"12345", b"\nb"], [(b"12345\nb", None)]),
    ([b"12345", b"6\nb"], [(b"12345", 6), (b"b", None)]),
    ([b"a\n1234567"], [(b"a\n", None), (b"1234567", 7)]),
    ([b"123456", b"789\n", b"123456\n"], [(b"123456", 9), (b"", 6)]),
]


@pytest.mark.parametrize(("parts", "wanted"), LINES)
def test_of_a_longer_line_comes_the_beginning_and_its_length(
    parts: list[bytes], wanted: list[tuple[bytes, int | None]]
) -> None:
    found = [
        (data, what.bytes if isinstance(what, TooLong) else what)
        for data, what in blocks(parts, 5)
    ]
    assert found == wanted


def test_damage_ends_a_line_that_is_too_long() -> None:
    damage = Damage("broken")
    parts: list[bytes | Damage] = [b"a\n123456", b"789", damage]
    assert list(blocks(parts, 5)) == [(b"a\n", None), (b"123456", damage)]


def test_a_line_that_is_too_large_is_one_record(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 3 * 2**20)
    monkeypatch.setattr(checks, "HEAD_BYTES", 20)
    line = b'{"text":"' + b"x" * (5 * 2**20) + b'"}\n'
    good = b'{"text":"good"}\n'
    result = read("a.jsonl.gz", gzip.compress(good + line + good + line), max_chars=100)
    assert result.texts == {0: "good", 2: "good"}
    assert result.reasons == {1: "too_long", 3: "too_long"}
    for one in result.rejected:
        assert one["detail"] == "5242891 bytes, of which raw holds the first 20"
        assert one["raw"] == line[:20]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_delimited_record_that_is_too_large_is_one_record(
    read: Read, monkeypatch: pytest.MonkeyPatch, quote: bytes
) -> None:
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 3 * 2**20)
    monkeypatch.setattr(checks, "HEAD_BYTES", 20)
    line = quote + b"x" * (5 * 2**20) + quote + b",1\n"
    good = b"good,1\n"
    data = b"text,n\n" + good + line + good + line
    result = read("a.csv.gz", gzip.compress(data), max_chars=100)
    assert result.texts == {0: "good", 2: "good"}
    assert result.reasons == {1: "too_long", 3: "too_long"}
    for one in result.rejected:
        assert one["detail"] == f"{len(line)} bytes, of which raw holds the first 20"
        assert one["raw"] == line[:20]


LONG_ROWS = [
    (b"a\n123456789\nb\n", [(b"a\n", 0), (b"123456", 10), (b"b\n", 0)]),
    (b"a\r\n1234567,89\r\nb", [(b"a\r\n", 0), (b"123456", 12), (b"b", 0)]),
    (b'"1\n2",3456,"7\n8"\n', [(b'"1\n2",', 14), (b'8"\n', 0)]),
    (b"a\r1234567,89\rb\r", [(b"a\r", 0), (b"123456", 11), (b"b\r", 0)]),
    (b'"1\r2",3456,"7\r8"\r', [(b'"1\r2",', 14), (b'8"\r', 0)]),
    (b"123456789", [(b"123456", 9)]),
    (b"1234\n", [(b"1234\n", 0)]),
]


@pytest.mark.parametrize(("data", "wanted"), LONG_ROWS)
def test_the_middle_of_a_long_row_is_not_held(
    monkeypatch: pytest.MonkeyPatch, data: bytes, wanted: list[tuple[bytes, int]]
) -> None:
    monkeypatch.setattr(delimited, "BATCH_BYTES", 1)
    parts = [data[i : i + 1] for i in range(len(data))]
    found = []
    for block in record_blocks(parts, Dialect(","), 4):
        for index in range(len(block.records)):
            record = block.records.record(index)
            if block.long and not index:
                size = len(record) + block.long.bytes
                found.append((block.long.head, size))
            else:
                found.append((record, 0))
    assert found == wanted


def test_damage_ends_a_row_that_is_too_long() -> None:
    parts: list[bytes | Damage] = [b"a\n", b"1234567", b"89", Damage("broken")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BATCH_BYTES", 1)
        *_, last = record_blocks(parts, Dialect(","), 4)
    assert (last.damage, last.rest) == (parts[-1], b"1234567")
    # The first of the two is the header.
    assert tally(parts, Dialect(","), 4).records == 1


BROKEN_OFF = [
    (b"h\na\r", 1),
    (b"h\na\r\r", 1),
    (b"h\na\r\n", 2),
    (b'h\n"a\nb\nc', 1),
    (b'h\n"a\nb\n123456', 3),
]


@pytest.mark.parametrize(("data", "wanted"), BROKEN_OFF)
def test_what_damage_breaks_off_is_one_record(data: bytes, wanted: int) -> None:
    parts: list[bytes | Damage] = [data, Damage("broken")]
    *blocks_before, last = record_blocks(parts, Dialect(","), 9)
    assert last.damage
    rows = sum(int((~block.records.blank).sum()) for block in blocks_before)
    assert tally(parts, Dialect(","), 9).records == rows - 1 + 1 == wanted


def test_a_blank_line_that_is_too_long_is_no_record(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 3 * 2**20)
    blank, good = b" \t\r " * (5 * 2**18) + b"\n", b'{"text":"good"}\n'
    data = good + blank + blank[:-2] + b"!\n" + good + blank[:-1]
    result = read("a.jsonl.gz", gzip.compress(data), max_chars=100)
    assert result.texts == {0: "good", 3: "good"}
    assert result.reasons == {2: "too_long"}


def test_files_whose_folders_give_other_values_share_no_batch(tmp_path: Path) -> None:
    names = [
        "language=de/a.txt",
        "language=de/b.txt",
        "language=fr/c.txt",
        "d.txt",
        "other/e.txt",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
    found = pieces(tmp_path, dict.fromkeys(names, b"text"))
    batches = list(read_shard(Shard("s", "docs", 0, found), LAYOUT))
    assert [
        (b.paths(b.document_files).to_pylist(), b.documents["language"].to_pylist())
        for b in batches
    ] == [(names[:2], ["de"] * 2), (names[2:3], ["fr"]), (names[3:], [None] * 2)]


COLUMNS = [
    pa.array(["a", None, "éé", ""]),
    pa.array(["a", None, "éé", ""], pa.large_string()),
    pa.array([b"a", None, b"\xff\xff\xff\xff", b""]),
    pa.array(["a", None, "éé", ""], pa.string_view()),
    pa.array(["a", None, "éé", ""]).dictionary_encode(),
    pa.array(["x", "a", None, "éé", ""]).dictionary_encode().slice(1),
    pa.array(["x", "a", None, "éé", ""], pa.string_view()).slice(1),
    pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4], pa.array(["a", None, "éé", ""])),
    pa.RunEndEncodedArray.from_arrays(
        [3, 4, 5, 6], pa.array(["a", None, "éé", ""])
    ).slice(2),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
def test_decoded_bytes(column: pa.Array) -> None:
    assert decoded_bytes(column).tolist() == [1, 0, 4, 0]
    assert head(column, 0, 10) == b"a"
    assert head(column, 2, 3) in {"éé".encode()[:3], b"\xff\xff\xff"}
    assert head(column, 1, 3) is None
    assert head(column, 3, 3) == b""


def test_other_types_have_no_strings() -> None:
    for column in (pa.array([1, 2]), pa.array([["a"], None]), pa.nulls(2)):
        assert decoded_bytes(column).tolist() == [0, 0]


def test_pages_are_told_by_their_headers() -> None:
    texts = ["a" * 1000, "b"] * 1500
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), buffer, row_group_size=2000)
    group = pq.ParquetFile(buffer).metadata.row_group(0)
    dictionary, *others = pages(buffer, group.column(0))
    assert (dictionary.values, dictionary.bytes) == (2, 1009)
    assert (dictionary.is_dictionary, dictionary.plain, dictionary.coded) == (1, 1, 0)
    ends = [dictionary.stop, *(page.stop for page in others)]
    assert [page.start for page in others] == ends[:-1]
    assert ends[-1] == span(group.column(0))[1]
    assert sum(page.values for page in others) == 2000
    assert all(page.coded for page in others)
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), buffer, use_dictionary=False)
    found = list(pages(buffer, pq.ParquetFile(buffer).metadata.row_group(0).column(0)))
    assert sum(page.values for page in found) == 3000
    assert sum(page.bytes for page in found) >= 1500 * 1009
    assert not any(page.coded or page.is_dictionary for page in found)
    assert all(page.plain for page in found)
    damaged = io.BytesIO(b"PAR1" + b"\xff" * (len(buffer.getvalue()) - 4))
    metadata = pq.ParquetFile(buffer).metadata
    assert list(pages(damaged, metadata.row_group(0).column(0))) == []


def repeated(name: str, texts: list[str], *, tail: int = 0) -> bytes:
    table = pa.table({"text": pa.array(texts + [f"tail {i}" for i in range(tail)])})
    buffer = io.BytesIO()
    if name.endswith("parquet"):
        pq.write_table(table, buffer, dictionary_pagesize_limit=2**25)
    else:
        column = table["text"].combine_chunks().dictionary_encode()
        with pa.ipc.new_file(buffer, pa.schema([("text", column.type)])) as writer:
            writer.write_table(pa.table({"text": column}))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_dictionary_repeats_one_text(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(columnar, "MOST_DECODED", 2**20)
    text = "é" * 1_000_000
    result = read(name, repeated(name, [text] * 20, tail=30))
    assert [d["text"] == text for d in result.documents] == [True] * 20 + [False] * 30
    assert result.documents[-1]["text"] == "tail 29"
    # Each of 2 MB; what follows comes with the last of them.
    assert max(b.documents.column("text").nbytes for b in result.batches) < 4.1 * 2**20


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_dictionary_repeats_a_text_that_is_too_long(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(columnar, "MOST_DECODED", 2**20)
    texts = ["good", "x" * 3_000_000, "fine"] * 40
    result = read(name, repeated(name, texts))
    assert result.texts == {i: t for i, t in enumerate(texts) if i % 3 != 1}
    assert set(result.reasons) == {i for i in range(120) if i % 3 == 1}
    assert {(r["detail"], len(r["raw"])) for r in result.rejected} == {
        (
            "3000000 characters, 2000000 allowed; raw holds the first 1048576 bytes",
            2**20,
        )
    }


def pieces(folder: Path, files: dict[str, bytes]) -> tuple[Piece, ...]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    kinds = {"jsonl": "jsonl", "txt": "text", "csv": "csv"}
    return tuple(
        Piece(str(folder / name), name, kinds[name.rpartition(".")[2]])  # type: ignore[arg-type]
        for name in files
    )


def test_small_files_share_a_batch(tmp_path: Path) -> None:
    files = {
        "b.jsonl": b'{"text":"one","url":"u"}\n5\n{"text":"two"}\n',
        "a.txt": b"three",
        "empty.txt": b"",
        "bad.txt": b"\xff",
        "c.csv": b"text,id\nfour,7\n",
        "d.jsonl": b'{"text":null}\n{"text":"five","id":"8"}\n',
    }
    found = pieces(tmp_path, files)
    [batch] = read_shard(Shard("s", "docs", 0, found), LAYOUT)
    alone = [
        batch
        for one in found
        for batch in read_shard(Shard("s", "docs", 0, (one,)), LAYOUT)
    ]
    for name in ("documents", "rejected"):
        parts = [getattr(one, name) for one in alone]
        assert (
            getattr(batch, name).to_pylist() == pa.Table.from_batches(parts).to_pylist()
        )
    assert batch.documents["text"].to_pylist() == [
        "one",
        "two",
        "three",
        "four",
        "five",
    ]
    paths = ["b.jsonl", "b.jsonl", "a.txt", "c.csv", "d.jsonl"]
    assert batch.paths(batch.document_files).to_pylist() == paths
    lost = ["b.jsonl", "bad.txt", "d.jsonl"]
    assert batch.paths(batch.rejected_files).to_pylist() == lost


def test_shared_batches_are_bounded(tmp_path: Path) -> None:
    texts = {f"{i:04}.txt": b"x" * (700_000 if i < 10 else 5) for i in range(1500)}
    shard = Shard("s", "docs", 0, pieces(tmp_path, texts))
    batches = list(read_shard(shard, Layout((Columns(),), pa.schema([]), {}, 10**6)))
    assert [batch.documents.num_rows for batch in batches] == [5, 1019 + 5, 476 - 5]
    paths = [p for b in batches for p in b.paths(b.document_files).to_pylist()]
    assert paths == list(texts)
    assert np.concatenate([b.documents["row"] for b in batches]).tolist() == [0] * 1500
