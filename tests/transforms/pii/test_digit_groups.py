"""Patterns that need digits are tried near digits alone, and find what they found."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.digit_groups import (
    DIGITS,
    WIDTH,
    close_digits,
    needs_digits,
)
from isinglass.transforms.pii.gate import Gate, GatePattern, compile_database
from isinglass.transforms.text import string_buffers


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("[0-9]{6}", True),
        ("[0-9]{5}", False),
        ("[0-9]{5}[0-9a]", False),
        ("[0-9]{5}[0-79]", True),
        ("[0-9]{5}[^a]", False),
        ("[0-9]{5}.", False),
        (r"12345\.6", True),
        ("12345[6]?", False),
        ("(?:[0-9]{6}|[0-9]{3}-[0-9]{3})x", True),
        ("(?:[0-9]{6}|[0-9]{3}-[0-9]{2})x", False),
        ("(?:[0-9]{2}[ -]?){3}", True),
        ("(?:[0-9]{2}[ -]?){2,3}", False),
        ("[0-9]{6}.{0,42}", True),
        ("[0-9]{6}.{0,43}", False),
        ("[0-9]{6}.*", False),
        ("(?:^|[^0-9])[0-9]{6}(?:$|[^0-9])", True),
        ("", False),
    ],
)
def test_what_needs_digits(expression: str, verdict: bool) -> None:  # noqa: FBT001
    assert needs_digits(expression) is verdict


def test_most_of_the_gate_needs_digits() -> None:
    gates = {entry.recognizer.gate for entry in load_catalogue()} - {""}
    assert sum(map(needs_digits, gates)) > len(gates) / 2


@pytest.mark.parametrize(
    ("texts", "stretches"),
    [
        (["", "12345", "1 2 3 4 5 6"], [(5, 16)]),
        (["12345", "6"], []),
        (["x" * 60 + "123456" + "x" * 60], [(60 - WIDTH, 66 + WIDTH)]),
        (["1" + "x" * (WIDTH - DIGITS) + "23456"], [(0, WIDTH)]),
        (["1" + "x" * (WIDTH - DIGITS + 1) + "23456"], []),
        (["1" * 6 + "x" * 200 + "1" * 7], [(0, 54), (206 - WIDTH, 213)]),
        (["1" * 6, "é1" * 6], [(0, 6), (6, 24)]),
    ],
)
def test_where_digits_are_close(
    texts: list[str], stretches: list[tuple[int, int]]
) -> None:
    starts, stops = close_digits(*string_buffers(pa.array(texts)))
    assert list(zip(starts.tolist(), stops.tolist(), strict=True)) == stretches


PATTERNS = (
    GatePattern(0, "(?:^|[^0-9])[0-9]{6}(?:$|[^0-9])"),
    GatePattern(1, "[0-9]{3}(?:[ -][0-9]{3}){1,2}x?"),
    GatePattern(2, "[0-9]{3}.{0,20}[0-9]{3}"),
)
CLOSE = st.lists(
    st.one_of(st.text("0123456789 -xé", max_size=30), st.just("x" * WIDTH)), max_size=6
)


@given(st.lists(CLOSE.map("".join), min_size=1, max_size=4))
def test_nothing_is_missed_far_from_digits(texts: list[str]) -> None:
    assert all(needs_digits(pattern.expression) for pattern in PATTERNS)
    database = compile_database(PATTERNS)
    data, offsets = string_buffers(pa.array(texts))
    whole = zip(*Gate(database).scan(data, offsets), strict=True)
    near = zip(*Gate(None, numeric=database).scan(data, offsets), strict=True)
    assert {*whole} <= {*near}
