from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import Columns
from isinglass.schemas.errors import InputError
from isinglass.transforms.read import checks
from isinglass.transforms.read.batches import EXTRA_ROLE
from isinglass.transforms.read.columns import MAX_DEPTH
from isinglass.transforms.read.jsonl import parse_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

EXTRA = pa.field("extra", pa.string(), metadata=EXTRA_ROLE)
GOOD = b'{"text":"good"}\n'

BAD_LINES = [
    (b"[1]", "not_an_object", "a JSON array"),
    (b'"text"', "not_an_object", "a JSON string"),
    (b"5", "not_an_object", "a JSON number or literal"),
    (b"null", "not_an_object", "a JSON number or literal"),
    (b'{"text":"a"', "malformed_record", "no JSON from character 11 on"),
    (
        b'{"text":"a"} {"text":"b"}',
        "malformed_record",
        "no JSON from character 13 on",
    ),
    (b"{'text':'a'}", "malformed_record", "no JSON from character 1 on"),
    (b'{"text":"cut of', "malformed_record", "no JSON from character 8 on"),
    (b'{"text":"a\\ud800"}', "lone_surrogate", None),
    (b'{"text":"a","x":"\\udc00"}', "lone_surrogate", None),
    (b'{"text":"a\xff"}', "invalid_utf8", "byte 10 of the line"),
    (b'{"text":5}', "wrong_type", "the text is a JSON number or literal"),
    (b'{"text":["a"]}', "wrong_type", "the text is a JSON array"),
    (b'{"text":{"a":1}}', "wrong_type", "the text is a JSON object"),
    (b'{"text":true}', "wrong_type", "the text is a JSON number or literal"),
    (b'{"text":null}', "missing_text", "the text is null"),
    (b'{"body":"a"}', "missing_text", "the text is null"),
    (b"{}", "missing_text", "the text is null"),
    (b'{"text":"a","x":' + b"[" * 2000 + b"]" * 2000 + b"}", "malformed_record", None),
    (b'{"text":"a","x":' + b"[" * 300 + b"]" * 300 + b"}", "malformed_record", None),
]


@pytest.mark.parametrize(("line", "reason", "detail"), BAD_LINES)
def test_bad_line_among_good_ones(
    read: Read, line: bytes, reason: str, detail: str | None
) -> None:
    data = GOOD + line + b"\n" + GOOD
    result = read("a.jsonl", data, carried=pa.schema([EXTRA]))
    assert result.texts == {0: "good", 2: "good"}
    [rejected] = result.rejected
    assert (rejected["row"], rejected["reason"]) == (1, reason)
    assert rejected["raw"] == line
    if detail is not None:
        assert rejected["detail"] == detail


def test_text_reasons_keep_the_text(read: Read) -> None:
    data = GOOD + b'{"text":"a\\u0000b"}\n{"text":"too long"}\n'
    result = read("a.jsonl", data, max_chars=7)
    assert result.texts == {0: "good"}
    assert result.reasons == {1: "nul_character", 2: "too_long"}
    assert [r["raw"] for r in result.rejected] == [b"a\0b", b"too long"]


NEAR_MISSES = [
    (b'{"text":"\\ud83d\\ude00"}', "😀"),
    (b'{"text":"a","x":NaN}', "a"),
    (b'{"text":"a","x":-Infinity}', "a"),
    (b'  {"text":"a"}\t\r', "a"),
    (b'{"text":""}', ""),
    (b'{"text":"a","text":"b"}', "b"),
    (b'{"text":"a","x":' + b"[" * 200 + b"]" * 200 + b"}", "a"),
    (b'{"text":"a","x":123456789012345678901234567890}', "a"),
    ('{"text":"a\u2028b"}'.encode(), "a\u2028b"),
]


@pytest.mark.parametrize(("line", "text"), NEAR_MISSES)
def test_unusual_lines_that_are_sound(read: Read, line: bytes, text: str) -> None:
    result = read("a.jsonl", line + b"\n" + GOOD, carried=pa.schema([EXTRA]))
    assert result.texts == {0: text, 1: "good"}
    assert result.rejected == []


def test_blank_lines_count_but_are_no_records(read: Read) -> None:
    data = b"\xef\xbb\xbf\n" + GOOD + b"\n \t\r\n" + GOOD + b"\n" + b'{"text":"end"}'
    result = read("a.jsonl", data)
    assert result.texts == {1: "good", 4: "good", 6: "end"}
    assert result.rejected == []
    marked = read("b.jsonl", b"\xef\xbb\xbf" + GOOD)
    assert marked.texts == {0: "good"}


def test_metadata_and_source(read: Read) -> None:
    lines = [
        {"text": "a", "id": 5, "source": "web", "url": "u", "language": "en"},
        {"text": "b", "id": "x", "source": None, "license": True},
        {"text": "c", "id": 1.5, "url": {"deep": [1]}},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    result = read("a.jsonl", data, carried=pa.schema([EXTRA]))
    columns = {key: [d[key] for d in result.documents] for key in result.documents[0]}
    assert columns["source_id"] == ["5", "x", "1.5"]
    assert columns["source"] == ["web", "docs", "docs"]
    assert columns["url"] == ["u", None, None]
    assert columns["language"] == ["en", None, None]
    assert columns["license"] == [None, "true", None]
    assert columns["extra"] == [None, None, '{"url":{"deep":[1]}}']


def test_values_that_do_not_fit_go_to_extra(read: Read) -> None:
    fields = [("n", pa.int64()), ("x", pa.float64()), ("b", pa.bool_())]
    carried = pa.schema([*fields, ("s", pa.string()), ("d", pa.date32()), EXTRA])
    lines = [
        {"text": "a", "n": 1, "x": 1.5, "b": True, "s": "s", "d": None},
        {"text": "a", "n": True, "x": "1", "b": 0, "s": 5, "d": "2020-01-01"},
        {"text": "a", "n": 2**63, "x": 2**53 + 1, "b": None, "s": [1], "new": {"k": 1}},
        {"text": "a", "n": 1.0, "x": 7},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    documents = read("a.jsonl", data, carried=carried).documents
    names = ("n", "x", "b", "s", "d")
    assert [[d[name] for name in names] for d in documents] == [
        [1, 1.5, True, "s", None],
        [None, None, None, "5", None],
        [None, None, None, "[1]", None],
        [None, 7.0, None, None, None],
    ]
    extras = [d["extra"] and json.loads(d["extra"]) for d in documents]
    assert extras == [
        None,
        {"n": True, "x": "1", "b": 0, "d": "2020-01-01"},
        {"n": 2**63, "x": 2**53 + 1, "new": {"k": 1}},
        {"n": 1.0},
    ]


def test_mapped_columns(read: Read) -> None:
    columns = Columns(text="body", id=None, url="link")
    carried = pa.schema([("id", pa.int64()), EXTRA])
    data = b'{"body":"b","id":3,"link":"l","url":"kept"}'
    [document] = read("a.jsonl", data, columns=columns, carried=carried).documents
    assert (document["text"], document["url"], document["id"]) == ("b", "l", 3)
    assert document["source_id"] is None
    assert document["extra"] == '{"url":"kept"}'


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.compress,
}


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_in_several_members(read: Read, suffix: str) -> None:
    pack = PACKERS[suffix]
    data = pack(GOOD * 3 + b'{"te') + pack(b'xt":"over"}\n') + pack(b"")
    result = read(f"a.jsonl.{suffix}", data)
    assert list(result.texts.values()) == ["good"] * 3 + ["over"]
    assert result.rejected == []


def test_padding_after_gzip(read: Read) -> None:
    result = read("a.jsonl.gz", gzip.compress(GOOD) + b"\0" * 700)
    assert result.texts == {0: "good"}
    assert result.rejected == []


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_truncated_keeps_the_lines_before_the_cut(read: Read, suffix: str) -> None:
    lines = b"".join(b'{"text":"%064x"}\n' % (7**i % 2**256) for i in range(4000))
    packed = PACKERS[suffix](lines)
    result = read(f"a.jsonl.{suffix}", packed[: len(packed) * 2 // 3])
    [rejected] = result.rejected
    assert rejected["reason"] == "truncated_file"
    assert "ends early" in rejected["detail"]
    kept = len(result.documents)
    assert kept > 1000
    assert rejected["row"] == kept
    found = b"".join(b'{"text":"%s"}\n' % d["text"].encode() for d in result.documents)
    # Nothing in between is lost.
    assert lines.startswith(found + rejected["raw"])
    assert b"\n" not in rejected["raw"]


def test_cut_at_a_line_end_is_one_empty_record(read: Read) -> None:
    packed = zstandard.ZstdCompressor().compressobj()
    whole = packed.compress(GOOD) + packed.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    result = read("a.jsonl.zst", whole)
    assert result.texts == {0: "good"}
    assert [(r["row"], r["reason"], r["raw"]) for r in result.rejected] == [
        (1, "truncated_file", b"")
    ]


def test_corrupt_in_the_middle(read: Read) -> None:
    packed = bytearray(gzip.compress(GOOD * 10))
    packed[-8:] = b"wrongsum"
    result = read("a.jsonl.gz", gzip.compress(GOOD * 2) + bytes(packed))
    assert [r["reason"] for r in result.rejected] == ["truncated_file"]
    assert "corrupt" in result.rejected[0]["detail"]
    assert len(result.documents) >= 2


def test_huge_line_is_alone_and_rejected(read: Read) -> None:
    text = b"x" * (50 * 2**20)
    data = GOOD * 3 + b'{"text":"' + text + b'"}\n' + GOOD * 3
    result = read("a.jsonl", data)
    assert sorted(result.texts) == [0, 1, 2, 4, 5, 6]
    [rejected] = result.rejected
    assert (rejected["row"], rejected["reason"]) == (3, "too_long")
    assert rejected["raw"] == text[: checks.HEAD_BYTES]
    assert rejected["detail"] == (
        "52428800 characters, 2000000 allowed; raw holds the first 1048576 bytes"
    )
    [batch] = [b for b in result.batches if b.rejected.num_rows]
    assert batch.documents.num_rows == 0


def test_batches_are_bounded(read: Read) -> None:
    line = json.dumps({"text": "y" * 10_000}).encode() + b"\n"
    result = read("a.jsonl", line * 3000 + GOOD * 3000)
    assert len(result.documents) == 6000
    for batch in result.batches:
        assert batch.documents.column("text").nbytes <= 4.2 * 2**20
    assert len(result.batches) < 20


def test_shorter_or_missing_file_has_changed(read: Read) -> None:
    with pytest.raises(InputError, match=r"a\.jsonl: it is 1 bytes shorter"):
        read("a.jsonl", GOOD, start=0, stop=len(GOOD) + 1)
    with pytest.raises(InputError, match=r"gone\.jsonl: No such file.* changed"):
        read("gone.jsonl")


def test_problem_is_one_record(read: Read) -> None:
    result = read("a.jsonl", b"whatever", problem="it is broken")
    assert result.documents == []
    assert [(r["row"], r["reason"], r["detail"]) for r in result.rejected] == [
        (0, "unreadable_file", "it is broken")
    ]


def test_empty(read: Read) -> None:
    assert read("a.jsonl", b"").batches == []
    assert read("b.jsonl", b"\n \n").batches == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    st.lists,
    max_leaves=3,
)
LINES = st.lists(
    st.one_of(
        st.builds(lambda v: json.dumps(v).encode(), JSON_VALUES),
        st.builds(lambda t: json.dumps({"text": t}).encode(), st.text(max_size=5)),
        st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"")),
    ),
    max_size=12,
)


@given(LINES, st.integers(0, 12))
def test_neighbours_do_not_change_how_a_line_is_parsed(
    lines: list[bytes], cut: int
) -> None:
    """The compiled path over a block agrees with the path line by line."""
    parsed, rejections = parse_lines(lines, 0)
    parts = [
        parse_lines(lines[:cut], 0),
        parse_lines(lines[cut:], min(cut, len(lines))),
    ]
    assert parsed == [record for part in parts for record in part[0]]
    assert rejections == [r for part in parts for r in part[1]]
    blank = sum(not line.strip(b" \t\r") for line in lines)
    assert len(parsed) + len(rejections) + blank == len(lines)


def test_depth_limit_is_sharp(read: Read) -> None:
    def line(depth: int) -> bytes:
        return b'{"text":"a","x":' + b"[" * depth + b"]" * depth + b"}\n"

    carried = pa.schema([EXTRA])
    assert read("a.jsonl", line(MAX_DEPTH), carried=carried).reasons == {}
    deep = read("b.jsonl", GOOD + line(MAX_DEPTH + 10), carried=carried)
    assert deep.reasons == {1: "malformed_record"}
    assert deep.texts == {0: "good"}
