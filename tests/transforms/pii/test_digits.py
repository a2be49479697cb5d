"""Gates of numbers see what lies near close digits, and miss nothing there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.digits import (
    Stretches,
    before_digits,
    digit_places,
    least_digits,
    near_close_digits,
    needs_close_digits,
)
from isinglass.transforms.pii.gate import (
    Gate,
    GatePattern,
    compile_database,
    compile_gate,
)
from isinglass.transforms.text import string_buffers
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable

PATTERNS = tuple(
    GatePattern(number, entry.recognizer.gate)
    for number, entry in enumerate(load_catalogue())
    if entry.recognizer.gate
)
VALUES = [value for entry in load_catalogue() for value in entry.recognizer.examples]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[0-9]{6}", True),
        ("(?:^|[^0-9])[0-9]{3}[ -]?[0-9]{3}(?:$|[^0-9])", True),
        ("[A-Z]{24}(?:123|[4-6]{3}x)[0-9]{3}", True),
        ("[0-9]{5}", False),  # too few
        ("[0-9]{3}[0-9X]{3}", False),  # may be letters
        ("[0-9]{3}[^A-Z]{3}", False),
        ("(?:[0-9]{6}|[0-9]{5}[A-Z])", False),
        ("(?:[0-9]{3})?[0-9]{3}", False),
        ("[0-9]{6}[A-Z]{27}", False),  # too long
        ("[0-9]{6}[A-Z]*", False),
    ],
)
def test_which_patterns_need_close_digits(
    expression: str,
    expected: bool,  # noqa: FBT001
) -> None:
    assert needs_close_digits(expression) is expected


def test_most_gates_of_numbers_do() -> None:
    close = [p for p in PATTERNS if needs_close_digits(p.expression)]
    assert len(close) > len(PATTERNS) / 2


def stretches(
    texts: list[str], find: Callable[..., Stretches] = near_close_digits
) -> list[tuple[int, str]]:
    data, offsets = string_buffers(pa.array(texts, pa.string()))
    near = find(data, offsets, digit_places(data, offsets))
    assert near.data.tobytes() == b"".join(
        data[start:stop].tobytes() + b"\n"
        for start, stop in zip(near.starts, near.stops, strict=True)
    )
    return [
        (int(start), data[start:stop].tobytes().decode())
        for start, stop in zip(near.starts, near.stops, strict=True)
    ]


GAP = "x" * 31


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["123456"], [(0, "123456")]),
        (["12345", "6"], []),  # of two texts
        (["", "a123456b", ""], [(0, "a123456b")]),
        (["12345" + GAP + "6"], []),
        (["1" + "x" * 26 + "23456"], [(0, "1" + "x" * 26 + "23456")]),
        (["1" + "x" * 27 + "23456"], []),
        (["y" * 40 + "123456" + "z" * 40], [(14, "y" * 26 + "123456" + "z" * 26)]),
        (
            ["y" * 40 + "1" + "x" * 26 + "23456" + "z"],
            [(40, "1" + "x" * 26 + "23456")],  # nothing longer holds them
        ),
        (
            ["123456" + "z" * 53 + "123456"],
            [(0, "123456" + "z" * 26), (33, "z" * 26 + "123456")],
        ),
        (["123456" + "z" * 52 + "123456"], [(0, "123456" + "z" * 52 + "123456")]),
        (["123456", "123456"], [(0, "123456"), (6, "123456")]),
    ],
)
def test_stretches(texts: list[str], expected: list[tuple[int, str]]) -> None:
    assert stretches(texts) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["no", "", "digits"], []),
        (["1"], []),  # nothing before it
        (["a1", "b", "2c", "d3"], [(0, "a"), (5, "d")]),
        (["ab 12 cd 3 e"], [(0, "ab 12 cd ")]),
        (["x" * 100 + "1" + "y" * 100 + "2"], [(8, "x" * 92), (109, "y" * 92)]),
        (["x" * 100 + "1" + "y" * 91 + "2"], [(8, "x" * 92 + "1" + "y" * 91)]),
        (["\u00e9" * 100 + "1"], [(16, "\u00e9" * 92)]),
        (["1" + "\u4e2d" * 92 + "1"], [(1, "\u4e2d" * 92)]),
        (["a1" + "\u4e2d" * 91 + "1"], [(0, "a1" + "\u4e2d" * 91)]),
    ],
)
def test_before_digits(texts: list[str], expected: list[tuple[int, str]]) -> None:
    assert stretches(texts, before_digits) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"\b\d{3}-?\d{2,4}\b", 5),
        (r"[\dX]{9}\d", 1),
        (r"(?:[0-9]{2}|\d{4})+?", 2),
        (r"(?=[0-9]{9})[0-9]", 1),  # looked at, not taken
        (r"(?V1)[[a-z]--[aeiou]]\d", 0),  # not known
    ],
)
def test_least_digits(expression: str, expected: int) -> None:
    assert least_digits(expression) == expected


def hits(gate: Gate, texts: list[str]) -> set[tuple[int, int]]:
    data, offsets = string_buffers(pa.array(texts, pa.string()))
    numbers, ends = gate.scan(data, offsets)
    # In the text that the value is of: behind a border at the end there is none.
    assert not len(ends) or (ends.min() >= 1 and ends.max() <= len(data))
    return {*zip(numbers.tolist(), ends.tolist(), strict=True)}


SPLIT = compile_gate(PATTERNS)
WHOLE = Gate(compile_database(PATTERNS))


@examples(30)
@given(
    st.lists(
        st.lists(
            st.one_of(st.sampled_from(VALUES), st.text("0159 -./xKé\n", max_size=70)),
            max_size=6,
        ).map("".join),
        max_size=4,
    )
)
def test_nothing_is_missed(texts: list[str]) -> None:
    assert hits(SPLIT, texts) >= hits(WHOLE, texts)


@pytest.mark.parametrize(
    "around", ["{}", "x {} y", "\n{}\n", "é{}é", GAP + " {} " + GAP]
)
def test_values_are_hit_in_their_text(around: str) -> None:
    texts = [around.format(value) for value in VALUES]
    _, offsets = string_buffers(pa.array(texts))
    rows = [
        {number for number, end in hits(SPLIT, texts) if low < end <= high}
        for low, high in pairwise(offsets.tolist())
    ]
    alone = [{number for number, _ in hits(WHOLE, [text])} for text in texts]
    assert [sorted(a - b) for a, b in zip(alone, rows, strict=True)] == [[]] * len(rows)


def test_a_part_of_a_batch() -> None:
    texts = pa.array(["1", "a2", "", "3b", "4", "5"])
    data, offsets = string_buffers(texts[1:4])
    places = digit_places(data, offsets)
    assert data[places].tobytes() == b"23"
    before = before_digits(data, offsets, places)
    assert before.data.tobytes() == b"a\n"


def test_a_batch_without_digits() -> None:
    data, offsets = string_buffers(pa.array(["no", "", "digits"]))
    near = near_close_digits(data, offsets, digit_places(data, offsets))
    assert len(near.data) == len(near.starts) == 0
    assert near.in_batch(np.empty(0, np.int64)).tolist() == []
