from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config import Columns
from isinglass.schemas.documents import Dialect
from isinglass.schemas.errors import InputError
from isinglass.transforms.read import delimited
from isinglass.transforms.read.delimited import record_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

CARRIED = pa.schema([("n", pa.string())])


def test_plain_rows(read: Read) -> None:
    data = b'text,n,id,url\nalpha,1,7,u\n"be""ta",,,\n"multi\nline",3,"",x\n,4,,\n'
    result = read("a.csv", data, carried=CARRIED)
    assert result.rejected == []
    assert result.texts == {0: "alpha", 1: 'be"ta', 2: "multi\nline", 3: ""}
    columns = {
        key: [d[key] for d in result.documents] for key in ("n", "source_id", "url")
    }
    assert columns["n"] == ["1", "", "3", "4"]
    assert columns["source_id"] == ["7", None, None, None]
    assert columns["url"] == ["u", None, "x", None]


ESCAPED = "; if backslashes escape quotes, set `escape`"
MALFORMED = [
    (b"a", "the number of fields is not 2"),
    (b"a,b,c", "the number of fields is not 2"),
    (b'"a\nb"', "the number of fields is not 2"),
    (b'"a"b,c', "text stands behind a closing quote"),
    (b'"a" ,c', "text stands behind a closing quote"),
    (
        b'"say \\"hi\\"",c',
        f"text stands behind a closing quote{ESCAPED}",
    ),
]


@pytest.mark.parametrize(("record", "detail"), MALFORMED)
def test_malformed_row_among_good_ones(read: Read, record: bytes, detail: str) -> None:
    data = b"text,n\n" + b"good,1\n" * 5 + record + b"\n" + b"good,2\n" * 6
    result = read("a.csv", data, carried=CARRIED)
    [rejected] = result.rejected
    assert (rejected["row"], rejected["reason"]) == (5, "malformed_record")
    assert (rejected["detail"], rejected["raw"]) == (detail, record + b"\n")
    assert sorted(result.texts) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_every_row_malformed(read: Read) -> None:
    result = read("a.csv", b"text,n\n" + b"a\n" * 3)
    assert result.reasons == dict.fromkeys(range(3), "malformed_record")


def test_bad_texts(read: Read) -> None:
    data = b"text,n\n\xff,1\na\0b,2\ngood,\xff\nlonger than nine,3\nfine,4\n"
    result = read("a.csv", data, carried=CARRIED, max_chars=9)
    assert result.texts == {4: "fine"}
    assert result.reasons == {
        0: "invalid_utf8",
        1: "nul_character",
        2: "invalid_utf8",
        3: "too_long",
    }
    assert result.rejected[2]["detail"] == "column n"


def test_quotes_that_are_content(read: Read) -> None:
    data = b'text,n\n5" pipe,1\nsay "hi",2\n a",3\n'
    assert read("a.csv", data).texts == {0: '5" pipe', 1: 'say "hi"', 2: ' a"'}


def test_unclosed_quote_costs_one_line(read: Read) -> None:
    data = b'text,n\ngood,1\n"open,2\ngood,3\ngood,4\n'
    result = read("a.csv", data)
    assert result.texts == {0: "good", 2: "good", 3: "good"}
    [rejected] = result.rejected
    assert (rejected["row"], rejected["reason"]) == (1, "malformed_record")
    assert rejected["raw"] == b'"open,2\n'
    assert "never closed" in rejected["detail"]


def test_unclosed_quote_in_a_big_file_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delimited, "BATCH_BYTES", 1000)
    rows = [b"good,1\n"] * 3000
    rows[10] = b'"open,2\n'
    data = b"".join(rows)
    parts = [data[i : i + 700] for i in range(0, len(data), 700)]
    blocks = [b.records for b in record_blocks(parts, Dialect(","), most=5000)]
    records = [block.record(i) for block in blocks for i in range(len(block))]
    assert records == rows
    assert np.flatnonzero(np.concatenate([b.faults for b in blocks])) == [10]
    assert max(len(block.data) for block in blocks) < 20_000


def test_blank_lines_marks_and_returns(read: Read) -> None:
    data = b"\xef\xbb\xbftext,n\r\na,1\r\n\r\nb,2\r\n\n\nc,3"
    result = read("a.csv", data, carried=CARRIED)
    assert result.texts == {0: "a", 2: "b", 5: "c"}
    assert [d["n"] for d in result.documents] == ["1", "2", "3"]
    assert result.rejected == []


def test_header_after_empty_lines(read: Read) -> None:
    assert read("a.csv", b"\n\r\ntext,n\n\na,1\n").texts == {1: "a"}


def test_tabs_and_compression(read: Read) -> None:
    assert read("a.tsv", b"text\tn\na,b\t1\n").texts == {0: "a,b"}
    assert read("a.tsv.gz", gzip.compress(b"text\tn\na,b\t1\n")).texts == {0: "a,b"}


def test_truncated(read: Read) -> None:
    lines = b"text,n\n" + b"".join(b"%064x,1\n" % 7**i for i in range(90))
    packed = gzip.compress(lines)
    result = read("a.csv.gz", packed[: len(packed) // 2])
    [rejected] = result.rejected
    assert rejected["reason"] == "truncated_file"
    assert rejected["row"] == len(result.documents) > 10
    assert rejected["raw"] in lines


@pytest.mark.parametrize("data", [b"", b"text,n\n", b"text,n"])
def test_no_records(read: Read, data: bytes) -> None:
    assert read("a.csv", data).batches == []


def test_long_record_and_bounded_batches(read: Read) -> None:
    long = b'"' + b"x\n" * (8 * 2**20) + b'",1\n'
    result = read("a.csv", b"text,n\n" + b"a,1\n" * 5000 + long + b"a,1\n" * 5000)
    assert len(result.documents) == 10_000
    assert result.reasons == {5000: "too_long"}


def test_header_that_changed(read: Read) -> None:
    with pytest.raises(InputError, match=r"no column body any more.*changed"):
        read("a.csv", b"text\nx\n", columns=Columns(text="body"))
