from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard

from isinglass.schemas.errors import InputError
from isinglass.transforms.read import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

TABLE = pa.table({"text": [f"text {i}" for i in range(100)], "n": range(100)})


def ipc(*, stream: bool, rows: int = 30) -> bytes:
    buffer = io.BytesIO()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(buffer, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=rows)
    return buffer.getvalue()


@pytest.mark.parametrize("stream", [True, False])
def test_pieces_of_record_batches(read: Read, stream: bool) -> None:  # noqa: FBT001
    data = ipc(stream=stream)
    carried = pa.schema([("n", pa.int64())])
    whole = read("a.arrow", data, carried=carried)
    assert [d["n"] for d in whole.documents] == list(range(100))
    parts = [
        read(
            "a.arrow",
            data,
            carried=carried,
            start=a,
            stop=b,
            first_row=30 * a,
            rows=rows,
        ).documents
        for a, b, rows in [(0, 2, 60), (2, 3, 30), (3, 4, 10)]
    ]
    assert [row for part in parts for row in part] == whole.documents


@pytest.mark.parametrize("stream", [True, False])
def test_changed_arrow_files(read: Read, stream: bool) -> None:  # noqa: FBT001
    data = ipc(stream=stream)
    for options, message in [
        ({"stop": 5}, "record batches are missing"),
        ({"rows": 99}, "holds 100 rows where 99 were planned"),
    ]:
        with pytest.raises(InputError, match=f"{message}.*changed"):
            read("a.arrow", data, **options)
    with pytest.raises(InputError, match="record batches are missing"):
        read("a.arrow", data[:600])
    with pytest.raises(InputError, match="No such file"):
        read("gone.arrow")


def test_text_file_is_one_document(read: Read) -> None:
    [document] = read("a.txt", b"\xef\xbb\xbfone\r\ntwo\n").documents
    assert (document["row"], document["text"]) == (0, "one\r\ntwo\n")
    assert document["source"] == "docs"
    assert read("b.md.gz", gzip.compress(b"x", mtime=0)).texts == {0: "x"}
    assert read("c.rst.zst", zstandard.compress(b"x")).texts == {0: "x"}


BAD_TEXTS = [
    ("a.txt", b"a\xff", "invalid_utf8", b"a\xff"),
    ("a.txt", "utf-16".encode("utf-16"), "invalid_utf8", "utf-16".encode("utf-16")),
    ("a.txt", b"a\0", "nul_character", b"a\0"),
    ("a.txt", b"12345678", "too_long", b"12345678"),
    ("a.txt.gz", gzip.compress(b"abc", mtime=0)[:-4], "truncated_file", b"abc"),
]


@pytest.mark.parametrize(("name", "data", "reason", "raw"), BAD_TEXTS)
def test_bad_text_files(
    read: Read, name: str, data: bytes, reason: str, raw: bytes
) -> None:
    result = read(name, data, max_chars=7)
    assert result.documents == []
    assert [(r["row"], r["reason"], r["raw"]) for r in result.rejected] == [
        (0, reason, raw)
    ]


def test_far_too_long_text_is_not_held_whole(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 100)
    [rejected] = read("a.txt", b"x" * 5000, max_chars=7).rejected
    assert (rejected["reason"], len(rejected["raw"])) == ("too_long", 100)
    assert rejected["detail"] == "5000 bytes, of which raw holds the first 100"


def test_empty_text_holds_no_document(read: Read) -> None:
    assert read("a.txt", b"").batches == []
    assert read("a.txt.gz", gzip.compress(b"", mtime=0)).batches == []
