r"""How delimited files and other encodings are planned and read: bytes -> texts.

Every kind of file is read right, or refused or set aside by name; never changed.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from isinglass.pipelines.plan import plan
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.read import read_shard
from tests.pipelines.plan.conftest import Everything
from tests.properties import examples

ReadAll = Callable[..., Everything]

TWO = b"id,text\n1,one\n2,two\n"
TEXTS = ["one", "two"]


def split(data: bytes, at: int) -> bytes:
    """Two gzip members, the border of which is in the middle of a record."""
    return gzip.compress(data[:at], mtime=0) + gzip.compress(data[at:], mtime=0)


# Name, content, settings of the input, and texts in order of rows.
READ: dict[str, tuple[str, bytes, dict[str, Any], list[str]]] = {
    "returns": ("a.csv", TWO.replace(b"\n", b"\r"), {}, TEXTS),
    "returns and line feeds": ("a.csv", TWO.replace(b"\n", b"\r\n"), {}, TEXTS),
    "a return too many": ("a.csv", TWO.replace(b"\n", b"\r\r\n"), {}, TEXTS),
    "no last line end": ("a.csv", TWO[:-1], {}, TEXTS),
    "no last return": ("a.csv", TWO[:-1].replace(b"\n", b"\r"), {}, TEXTS),
    "a header with a return": ("a.csv", TWO.replace(b"\n", b"\r", 1), {}, TEXTS),
    "that in one column": ("a.csv", b"text\rone\ntwo\n", {}, TEXTS),
    "rows with returns": ("a.csv", b"id,text\n1,one\r2,two\r", {}, TEXTS),
    "mixed line ends": ("a.csv", b"id,text\r\n1,one\r2,two\n3,x", {}, [*TEXTS, "x"]),
    "returns, compressed": (
        "a.csv.gz",
        gzip.compress(TWO.replace(b"\n", b"\r"), mtime=0),
        {},
        TEXTS,
    ),
    "members that end in a record": ("a.csv.gz", split(TWO, 12), {}, TEXTS),
    "members that end in quotes": (
        "a.csv.gz",
        split(b'id,text\n1,"o\nne"\n2,two\n', 12),
        {},
        ["o\nne", "two"],
    ),
    "members between return and line feed": (
        "a.csv.gz",
        split(TWO.replace(b"\n", b"\r\n"), 8),
        {},
        TEXTS,
    ),
    "frames that end in a record": (
        "a.csv.zst",
        zstandard.compress(TWO[:12]) + zstandard.compress(TWO[12:]),
        {},
        TEXTS,
    ),
    "line feeds in quotes, returns outside": (
        "a.csv",
        b'id,text\r1,"a\nb"\r2,two\r',
        {},
        ["a\nb", "two"],
    ),
    "a return in quotes, line feeds outside": (
        "a.csv",
        b'text\n"a\rb"\ntwo\n',
        {},
        ["a\rb", "two"],
    ),
    "no line end of Unicode": (
        "a.csv",
        "text\na\u2028b\nc\u0085d\n".encode(),
        {},
        ["a\u2028b", "c\u0085d"],
    ),
    "a byte order mark before a quote": (
        "a.csv",
        b'\xef\xbb\xbf"text",n\n"a,b",1\n',
        {},
        ["a,b"],
    ),
    "one column": ("a.csv", b"text\none\n\ntwo", {}, TEXTS),
    "header only": ("a.csv", b"text,n\n", {}, []),
    "header only, with a return": ("a.csv", b"text,n\r", {}, []),
    "nothing": ("a.csv", b"", {}, []),
    "blank lines only": ("a.csv", b"\r\n\n\r", {}, []),
    "semicolons, said": (
        "a.csv",
        b'id;text\n0;"a; b"\n1;c,d\n',
        {"delimiter": ";"},
        ["a; b", "c,d"],
    ),
    "bars, said": (
        "a.txt",
        b"id|text\n0|a\n",
        {"format": "csv", "delimiter": "|"},
        ["a"],
    ),
    "tabs in .csv, said": ("a.csv", b"id\ttext\n0\ta\n", {"delimiter": "\t"}, ["a"]),
    "what Excel is told": ("a.csv", b"sep=;\r\nid;text\r\n0;a,b\r\n", {}, ["a,b"]),
    "that and a mark": ("a.csv", b"\xef\xbb\xbfsep=\t\nid\ttext\n0\ta\n", {}, ["a"]),
    "backslashes, said": (
        "a.csv",
        b'id,text\n0,"She wrote \\"hello\\" to us"\n1,a\\,b\n',
        {"escape": "\\"},
        ['She wrote "hello" to us', "a,b"],
    ),
    "no quotes, said": ("a.csv", b'id,text\n0,"a"\n', {"quote": ""}, ['"a"']),
    "apostrophes, said": ("a.csv", b"id,text\n0,'a,b'\n", {"quote": "'"}, ["a,b"]),
    "what databases dump, as it stands": ("a.csv", b"id,text\n1,\\N\n", {}, ["\\N"]),
    "quotes that begin texts of .tsv": (
        "a.tsv",
        b'id\ttext\n1\t"Hello, she\n2\tplain\n3\t"Bye, she\n4\t"Quoted" word\n',
        {},
        ['"Hello, she', "plain", '"Bye, she', '"Quoted" word'],
    ),
    "one such quote": (
        "a.tsv",
        b'id\ttext\n1\t"Hello\n2\ttwo\n',
        {},
        ['"Hello', "two"],
    ),
    "quotes that enclose fields of .tsv": (
        "a.tsv",
        b'id\ttext\n1\t"a\tb"\n2\t"c ""d"""\n3\t"e\nf"\n',
        {},
        ["a\tb", 'c "d"', "e\nf"],
    ),
    "quotes around every field of .tsv": (
        "a.tsv",
        b'"id"\t"text"\n"1"\t"a"\n"2"\t"b\nc"\n',
        {},
        ["a", "b\nc"],
    ),
    "quotes in .tsv, said to enclose": (
        "a.tsv",
        b'text\n"a\nb"\n',
        {"quote": '"'},
        ["a\nb"],
    ),
    "quotes in .tsv, said to be content": (
        "a.tsv",
        b'text\n"a\nb"\n',
        {"quote": ""},
        ['"a', 'b"'],
    ),
    "UTF-16, said": (
        "a.csv",
        "id,text\r\n1,naïve — 漢\r\n".encode("utf-16"),
        {"encoding": "utf-16"},
        ["naïve — 漢"],
    ),
    "UTF-16 without a mark, said": (
        "a.csv",
        "id,text\n1,é\n".encode("utf-16-be"),
        {"encoding": "UTF-16BE"},
        ["é"],
    ),
    "UTF-16, compressed": (
        "a.csv.gz",
        split("id,text\n1,é\n".encode("utf-16"), 15),
        {"encoding": "utf-16"},
        ["é"],
    ),
    "Latin-1": ("a.csv", b"text\nna\xefve\n", {"encoding": "latin-1"}, ["naïve"]),
    "code page 1252": ("a.csv", b"text\n\x93a\x94\n", {"encoding": "cp1252"}, ["“a”"]),
    "a quote within a character": (
        "a.csv",
        'text,n\n"表,|",1\n'.encode("shift-jis"),
        {"encoding": "shift-jis", "escape": "\\"},
        ["表,|"],
    ),
    "UTF-8, said": ("a.csv", "text\né\n".encode(), {"encoding": "UTF8"}, ["é"]),
    "JSON lines in UTF-16": (
        "a.jsonl",
        '\n{"text": "é\u2028"}\n{"text": "b"}'.encode("utf-16"),
        {"encoding": "utf-16"},
        ["é\u2028", "b"],
    ),
    "JSON lines in Latin-1, compressed": (
        "a.jsonl.gz",
        gzip.compress('{"text": "é"}\n'.encode("latin-1"), mtime=0),
        {"encoding": "latin-1"},
        ["é"],
    ),
    "text in UTF-16": (
        "a.txt",
        "é\r\nb".encode("utf-16"),
        {"encoding": "utf-16"},
        ["é\r\nb"],
    ),
    "nothing in UTF-16": ("a.txt", "".encode("utf-16"), {"encoding": "utf-16"}, []),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_right(tmp_path: Path, read_all: ReadAll, name: str) -> None:
    file, data, settings, texts = READ[name]
    (tmp_path / file).write_bytes(data)
    found = read_all({"path": file, **settings})
    assert found.rejected == []
    kept = found.documents["text"].to_pylist() if texts else []
    assert (kept, found.documents.num_rows) == (texts, len(texts))
    (planned,) = found.plan.inputs
    assert planned.rows in (len(texts), None)


# Texts that are kept, and what is said of the records that are not.
SET_ASIDE: dict[str, tuple[str, bytes, dict[str, Any], list[str], list[str]]] = {
    "a return in a text": (
        "a.csv",
        b"id,text\n1,done 10%\r20%\n2,two\n",
        {},
        ["two"],
        ["a carriage return may end a record here", "number of fields"],
    ),
    "a return in a text before others": (
        "a.csv",
        b"text,id\n10%\r20%,1\ntwo,2\n",
        {},
        ["two"],
        ["number of fields", "a carriage return may end a record here"],
    ),
    "a return in a file of one column": (
        "a.csv",
        b"text\n10%\r20%\ntwo\n",
        {},
        ["two"],
        ["a carriage return may end a record here"] * 2,
    ),
    "too few and too many fields": (
        "a.csv",
        b"id,text\n1\n1,2,3\n2,two\n",
        {},
        ["two"],
        ["number of fields is not 2"] * 2,
    ),
    "backslashes before quotes": (
        "a.csv",
        b'id,text\n0,"She wrote \\"hello\\" to us"\n1,"abc"def\n2,"a" b "c"\n3,x\n',
        {},
        ["x"],
        ["set `escape`", "text stands behind a closing quote", "behind a closing"],
    ),
    "a quote never closed": (
        "a.csv",
        b'id,text\n1,"one\n2,two\n',
        {},
        ["two"],
        ["is never closed"],
    ),
    "no value where a text must be": (
        "a.csv",
        b"id,text\n1,\\N\n2,two\n",
        {"escape": "\\"},
        ["two"],
        ["the text is null"],
    ),
    "another encoding than UTF-8": (
        "a.csv",
        b"id,text\n1,na\xefve\n2,two\n",
        {},
        ["two"],
        ["byte 2 of the text"],
    ),
    "what an encoding has no character for": (
        "a.csv",
        b"id,text\n1,a\x81\n2,two\n",
        {"encoding": "cp1252"},
        ["two"],
        ["byte 1 of the text"],
    ),
    "half of a pair in UTF-16": (
        "a.csv",
        "id,text\n1,a".encode("utf-16-le")
        + b"\x00\xd8"
        + "\n2,two\n".encode("utf-16-le"),
        {"encoding": "utf-16-le"},
        ["two"],
        ["byte 1 of the text"],
    ),
    "half of a character at the end": (
        "a.txt",
        "ab".encode("utf-16-le")[:-1],
        {"encoding": "utf-16-le"},
        [],
        ["byte 1 of the text"],
    ),
    "NUL": ("a.csv", b"id,text\n1,a\0b\n2,two\n", {}, ["two"], ["character 1"]),
    "a truncated file": (
        "a.csv.gz",
        gzip.compress(TWO, mtime=0)[:-8],
        {},
        TEXTS,
        ["the compressed file ends early"],
    ),
}


@pytest.mark.parametrize("name", SET_ASIDE)
def test_what_is_set_aside(tmp_path: Path, read_all: ReadAll, name: str) -> None:
    file, data, settings, texts, details = SET_ASIDE[name]
    (tmp_path / file).write_bytes(data)
    found = read_all({"path": file, **settings})
    assert found.texts == sorted(texts)
    assert len(found.rejected) == len(details)
    for rejected, detail in zip(found.rejected, details, strict=True):
        assert detail in rejected["detail"]
    (planned,) = found.plan.inputs
    assert planned.rows in (len(texts) + len(details), None)


REFUSED: dict[str, tuple[str, bytes, dict[str, Any], str]] = {
    "semicolons": (
        "a.csv",
        b'id;text\n0;"a text, with a comma"\n1;plain\n',
        {},
        'the delimiter seems to be a semicolon, not a comma: .* Set `delimiter: ";"`',
    ),
    "quoted names and semicolons": (
        "a.csv",
        b'"id";"text"\n0;a\n',
        {},
        'seems to be a semicolon, not a comma.*`delimiter: ";"`',
    ),
    "bars": ("a.csv", b"id|text|x\n", {}, "seems to be a vertical bar, not a comma"),
    "tabs": ("a.csv", b"id\ttext\n", {}, r'tab, not a comma.*`delimiter: "\\t"`'),
    "commas": ("a.tsv", b"id,text\n", {}, 'comma, not a tab.*`delimiter: ","`'),
    "another than was said": (
        "a.csv",
        b"id,text\n",
        {"delimiter": ";"},
        "a comma, not a semicolon",
    ),
    "another column than text": ("a.csv", b"id;body\n", {}, "seems to be a semicolon"),
    "the usual delimiter, no text": ("a.csv", b"id,body\n", {}, "no column text"),
    "one column, no text": ("a.csv", b"body\n", {}, "no column text"),
    "quotes in .tsv that may be either": (
        "a.tsv",
        b'id\ttext\n1\t"a\n2\tb"\n',
        {},
        r"quotes may enclose fields here \(1 records\), or be content \(2 records\)",
    ),
    "quotes in .tsv that fit neither": (
        "a.tsv",
        b'id\ttext\n1\t"a\tb"c\n2\ttwo\n',
        {},
        "quotes may enclose fields here",
    ),
    "a faulty quote among sound ones in .tsv": (
        "a.tsv",
        b'id\ttext\n1\t"a"\n2\t"b"\n3\t"c"\n4\t"d"d\n',
        {},
        r"quotes may enclose fields here \(4 records\), or be content \(4 records\)",
    ),
    "a name twice": ("a.csv", b"text,n,text\n", {}, "more than one column text"),
    "UTF-16": (
        "a.csv",
        TWO.decode().encode("utf-16"),
        {},
        "a.csv is not UTF-8 but UTF-16, .* Set `encoding: utf-16`",
    ),
    "UTF-16, the other way round": (
        "a.jsonl",
        b"\xfe\xff" + '{"text": "a"}\n'.encode("utf-16-be"),
        {},
        "a.jsonl is not UTF-8 but UTF-16",
    ),
    "UTF-16 without a mark": (
        "a.csv",
        TWO.decode().encode("utf-16-le"),
        {},
        "not UTF-8 but UTF-16-LE, .* Set `encoding: utf-16-le`",
    ),
    "UTF-32": ("a.txt", "a".encode("utf-32"), {}, "not UTF-8 but UTF-32"),
    "text in UTF-16, compressed": (
        "a.txt.gz",
        gzip.compress("a".encode("utf-16"), mtime=0),
        {},
        "not UTF-8 but UTF-16",
    ),
    "a compression that is not read": (
        "a.csv.bz2",
        bz2.compress(TWO),
        {},
        "the suffix does not tell the format",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(tmp_path: Path, read_all: ReadAll, name: str) -> None:
    file, data, settings, message = REFUSED[name]
    (tmp_path / file).write_bytes(data)
    with pytest.raises(InputError, match=message) as raised:
        read_all({"path": file, **settings})
    assert file in str(raised.value)
    # Nothing of a text, only the names of columns.
    assert not re.search("plain|naïve", str(raised.value))


UNREADABLE = [
    (b"na\xefve,text\n", "the header is not valid UTF-8"),
    (b'"text"s,n\n1,2\n', "the header cannot be parsed: text stands behind"),
    (b'text,"n\n1,2\n', "the header cannot be parsed: a quote opens"),
]


@pytest.mark.parametrize(("data", "problem"), UNREADABLE)
def test_headers_that_cannot_be_read(
    tmp_path: Path, read_all: ReadAll, data: bytes, problem: str
) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    found = read_all({"path": "a.csv"})
    assert problem in found.plan.inputs[0].problem
    assert found.reasons == {"unreadable_file": 1}


ROWS = st.lists(
    st.tuples(
        st.text(st.sampled_from('ab,"\t\n\ré\\'), max_size=6),
        st.text(st.sampled_from('ab,"\t\n\ré\\'), max_size=6),
    ),
    max_size=8,
)
WRITERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a.csv", {"lineterminator": "\n"}, {}),
    ("a.csv", {"lineterminator": "\r"}, {}),
    ("a.csv", {}, {}),
    ("a.tsv", {"delimiter": "\t"}, {"quote": '"'}),
    ("a.csv", {"escapechar": "\\", "doublequote": False}, {"escape": "\\"}),
]


@pytest.mark.parametrize(("name", "options", "settings"), WRITERS)
@examples(50)
@given(rows=ROWS)
def test_no_text_is_changed(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    options: dict[str, Any],
    settings: dict[str, Any],
    rows: list[tuple[str, str]],
) -> None:
    """Python leaves line ends without quotes that are not its own (before 3.13).

    No reader can tell them from the ends of records then, but none may keep a piece of
    such a text for the text. A last return before a line feed is gone with it.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, **options)
    writer.writerows([("id", "text"), *rows])
    base = tmp_path_factory.mktemp("csv")
    (base / name).write_bytes(buffer.getvalue().encode())
    values = {"inputs": [{"path": name, **settings}], "output": "-"}
    made = plan(RunConfig.model_validate(values), base)
    batches = [b for s in made.shards for b in read_shard(s, made.layout)]
    kept = [text for b in batches for text in b.documents["text"].to_pylist()]
    written = [text for _, text in rows]
    foreign = {"\n": "\r", "\r": "\n"}.get(options.get("lineterminator", ""), "")
    if not foreign or not any(foreign in text for row in rows for text in row):
        assert kept == written
        assert not any(b.rejected.num_rows for b in batches)
    else:
        assert set(kept) <= {text.rstrip("\r\n") for text in written} | set(written)
