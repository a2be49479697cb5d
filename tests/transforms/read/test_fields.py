r"""What a record is, by tables of bytes; two opinions about it never differ."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.documents import Dialect
from isinglass.transforms.read import delimited
from isinglass.transforms.read.counts import Tally, tally
from isinglass.transforms.read.delimited import record_blocks
from isinglass.transforms.read.fields import BEHIND_QUOTE, UNCLOSED, parse
from tests.properties import examples

COMMA = Dialect(",")
SLASH = Dialect(",", '"', "\\")
LITERAL = Dialect("\t", "")


def fields(data: bytes, dialect: Dialect) -> list[list[bytes | None] | int]:
    """The fields of each record that is no blank line, or what is wrong with it."""
    found = parse(data, dialect, final=True)
    values, upto = found.fields.to_pylist(), found.upto.tolist()
    return [
        int(found.faults[i]) or values[upto[i] : upto[i + 1]]
        for i in range(len(found))
        if upto[i] < upto[i + 1]
    ]


TABLE = {
    "line feeds": (COMMA, b"a,b\nc,d\n", [[b"a", b"b"], [b"c", b"d"]]),
    "returns and line feeds": (COMMA, b"a,b\r\nc,d\r\n", [[b"a", b"b"], [b"c", b"d"]]),
    "returns": (COMMA, b"a,b\rc,d\r", [[b"a", b"b"], [b"c", b"d"]]),
    "all of them": (COMMA, b"a\rb\nc\r\nd", [[b"a"], [b"b"], [b"c"], [b"d"]]),
    "no last line end": (COMMA, b"a,b\nc,d", [[b"a", b"b"], [b"c", b"d"]]),
    "an empty field last": (COMMA, b"a,\nb,", [[b"a", b""], [b"b", b""]]),
    "blank lines": (COMMA, b"\n\ra\r\r\n\r\nb\n\n", [[b"a"], [b"b"]]),
    "a blank is no blank line": (COMMA, b" \n\t\n", [[b" "], [b"\t"]]),
    "an empty quoted field": (COMMA, b'""\n', [[b""]]),
    "line ends in quotes": (COMMA, b'"a\nb\rc\r\nd"\re\r', [[b"a\nb\rc\r\nd"], [b"e"]]),
    "delimiters in quotes": (COMMA, b'"a,b",c\n', [[b"a,b", b"c"]]),
    "doubled quotes": (COMMA, b'"a""b""",""""\n', [[b'a"b"', b'"']]),
    "quotes that are content": (COMMA, b'a"b",c "d"\n', [[b'a"b"', b'c "d"']]),
    "a blank before a quote": (COMMA, b'a, "b"\n', [[b"a", b' "b"']]),
    "other separators are content": (
        COMMA,
        "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n".encode(),
        [["a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode()]],
    ),
    "NUL is content": (COMMA, b"a\0,b\n", [[b"a\0", b"b"]]),
    "bad encoding is content": (COMMA, b"\xff,\xe9\n", [[b"\xff", b"\xe9"]]),
    "text behind a quote": (COMMA, b'"a"b,c\nd\n', [BEHIND_QUOTE, [b"d"]]),
    "a blank behind a quote": (COMMA, b'"a" ,c\nd\n', [BEHIND_QUOTE, [b"d"]]),
    "a quote behind that": (COMMA, b'"a"b"\nc"\n', [BEHIND_QUOTE, [b'c"']]),
    "a backslash before a quote": (COMMA, rb'"a \"b\" c",d', [BEHIND_QUOTE]),
    "a backslash at the end": (COMMA, rb'"a\",b', [[b"a\\", b"b"]]),
    "a quote never closed": (COMMA, b'"a,b\nc,"",d\n', [UNCLOSED, [b"c", b"", b"d"]]),
    "a quote at the end": (COMMA, b'a\n"', [[b"a"], UNCLOSED]),
    "another delimiter": (Dialect(";"), b'a,b;"c;d"\n', [[b"a,b", b"c;d"]]),
    "another quote": (Dialect(",", "'"), b"'a,''b',\"c\n", [[b"a,'b", b'"c']]),
    "no quotes": (LITERAL, b'"a\tb"\n"c\td', [[b'"a', b'b"'], [b'"c', b"d"]]),
    "escaped quotes": (SLASH, rb'"a \"b\" c",\"d', [[b'a "b" c', b'"d']]),
    "an escaped delimiter": (SLASH, b"a\\,b,c\n", [[b"a,b", b"c"]]),
    "an escaped line end": (SLASH, b'"a\\\nb",c\\\nd\n', [[b"a\nb", b"c\nd"]]),
    "an escaped escape": (SLASH, rb'"a\\",b\\,c', [[b"a\\", b"b\\", b"c"]]),
    "escapes of nothing": (SLASH, rb"C:\new\table", [[rb"C:\new\table"]]),
    "doubled beside escaped": (SLASH, rb'"a""b\"c"', [[b'a"b"c']]),
    "no value": (
        SLASH,
        rb'\N,"\N",\\N,a\N,\n',
        [[None, rb"\N", rb"\N", rb"a\N", rb"\n"]],
    ),
    "no value without an escape": (COMMA, rb"\N,b", [[rb"\N", b"b"]]),
    "an escape at the end": (SLASH, b"a\\", [[b"a\\"]]),
}


@pytest.mark.parametrize("name", TABLE)
def test_records_and_fields(name: str) -> None:
    dialect, data, wanted = TABLE[name]
    assert fields(data, dialect) == wanted
    # The first record is the header of the file that is counted.
    assert tally([data], dialect).records == len(wanted) - 1


TALLIES = [
    (b"", Tally(0, 0, 0, 0, mixed=False)),
    (b"\xef\xbb\xbfa,b\n", Tally(0, 0, 0, 0, mixed=False)),
    (b"\xef\xbb\xbfsep=,\na,b\n1,2\n", Tally(1, 0, 0, 0, mixed=False)),
    (b"a,b\n1\n1,2,3\n1,2", Tally(3, 2, 0, 0, mixed=False)),
    (b'a,b\n"1"x,2\n"1,2\n1,2\n', Tally(3, 3, 3, 2, mixed=False)),
    (b"a,b\r1,2\r\r", Tally(1, 0, 0, 0, mixed=False)),
    (b"a,b\r\n1,2\r\r\n3,4\n", Tally(2, 0, 0, 0, mixed=False)),
    (b"a,b\r1,2\n", Tally(1, 0, 0, 0, mixed=True)),
    (b'a,b\n"1\r",2\n', Tally(1, 0, 0, 1, mixed=False)),
]


@pytest.mark.parametrize(("data", "wanted"), TALLIES)
def test_tallies(data: bytes, wanted: Tally) -> None:
    for size in (1, 3, 100):
        parts = [data[i : i + size] for i in range(0, len(data), size)]
        assert tally(parts, COMMA) == wanted


def test_a_quote_is_closed_within_bounds_or_never() -> None:
    """The bound is exact, whatever the chunks, and both opinions have the same."""
    data = b'h,h\n"12345",2\n"123456",2\n"a\n7",2\n'
    for most, wanted in ((6, 4), (7, 3)):
        found = parse(data, COMMA, final=True, most=most)
        assert len(found) - 1 == wanted == tally([data], COMMA, most).records


SPECIAL = st.text(st.sampled_from('ab,"\t;|\\N\n\r é\u2028'), max_size=8)
ROWS = st.lists(st.lists(SPECIAL, min_size=2, max_size=2), max_size=20)
WRITERS = {
    "excel": (COMMA, {"dialect": "excel"}),
    "excel-tab": (Dialect("\t"), {"dialect": "excel-tab"}),
    "unix": (COMMA, {"dialect": "unix"}),
    # Of other line ends than its own, it would put no quotes around them.
    "returns": (COMMA, {"lineterminator": "\r", "quoting": csv.QUOTE_ALL}),
    "semicolons": (Dialect(";"), {"delimiter": ";"}),
    "bars and apostrophes": (Dialect("|", "'"), {"delimiter": "|", "quotechar": "'"}),
    "backslashes": (SLASH, {"escapechar": "\\", "doublequote": False}),
    "backslashes too": (SLASH, {"escapechar": "\\"}),
    "no quotes": (
        Dialect(",", "", "\\"),
        {"escapechar": "\\", "quoting": csv.QUOTE_NONE, "quotechar": None},
    ),
}


@pytest.mark.parametrize("name", WRITERS)
@examples(60)
@given(rows=ROWS, size=st.integers(1, 40))
def test_what_python_writes_is_read_back(
    name: str, rows: list[list[str]], size: int
) -> None:
    dialect, options = WRITERS[name]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, **options)  # type: ignore[arg-type]
    rows = [["header", "n"], *rows]
    writer.writerows(rows)
    data = buffer.getvalue().encode()
    wanted = [[value.encode() for value in row] for row in rows]
    assert fields(data, dialect) == wanted
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    assert tally(parts, dialect)[:3] == (len(rows) - 1, 0, 0)


DIALECTS = st.sampled_from([COMMA, SLASH, LITERAL, Dialect(",", "", "\\")])
NOISE = st.one_of(
    [
        st.text(st.sampled_from(letters), max_size=60)
        for letters in ('a,"\n\r', 'a"\n', '"\r\n,', "\r\na", 'a,"\n\r\\N\t')
    ]
)


@examples(300)
@given(NOISE, DIALECTS, st.integers(1, 9), st.sampled_from([2, 5, 10, 1000]))
def test_both_opinions_agree_whatever_the_bytes_and_chunks(
    text: str, dialect: Dialect, size: int, most: int
) -> None:
    data = text.encode()
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    whole = parse(data, dialect, final=True, most=most)
    counted = tally(parts, dialect, most)
    assert counted.records == max(0, int((~whole.blank).sum()) - 1)
    dialect = replace(dialect, mixed=counted.mixed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BATCH_BYTES", 7)
        blocks = list(record_blocks(parts, dialect, most))
    number = 0
    for block in blocks:
        for index in range(len(block.records) - block.ahead):
            record, wanted = block.records.record(index), whole.record(number)
            if block.long and not index:
                # Its middle was not held; the beginning and the line end were.
                assert len(record) + block.long.bytes == len(wanted) > most
                assert wanted.startswith(block.long.head)
                assert wanted.endswith(record[1:])
            else:
                assert record == wanted
                assert block.records.faults[index] == whole.faults[number]
            number += 1
    assert number == len(whole)
