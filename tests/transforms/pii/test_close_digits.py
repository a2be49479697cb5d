"""Gates of numbers see what lies near close digits, and miss nothing there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.close_digits import (
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
        ("[A-Z]{40}(?:123|[4-6]{3}x)[0-9]{3}", True),
        ("[0-9]{5}", False),  # too few
        ("[0-9]{3}[0-9X]{3}", False),  # may be letters
        ("[0-9]{3}[^A-Z]{3}", False),
        ("(?:[0-9]{6}|[0-9]{5}[A-Z])", False),
        ("(?:[0-9]{3})?[0-9]{3}", False),
        ("[0-9]{6}[A-Z]{43}", False),  # too long
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


def stretches(texts: list[str]) -> list[tuple[int, str]]:
    data, offsets = string_buffers(pa.array(texts, pa.string()))
    near = near_close_digits(data, offsets)
    assert near.data.tobytes() == b"".join(
        data[start:stop].tobytes() + b"\n"
        for start, stop in zip(near.starts, near.stops, strict=True)
    )
    return [
        (int(start), data[start:stop].tobytes().decode())
        for start, stop in zip(near.starts, near.stops, strict=True)
    ]


GAP = "x" * 47


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["123456"], [(0, "123456")]),
        (["12345", "6"], []),  # of two texts
        (["", "a123456b", ""], [(0, "a123456b")]),
        (["12345" + GAP + "6"], []),
        (["1" + "x" * 42 + "23456"], [(0, "1" + "x" * 42 + "23456")]),
        (["1" + "x" * 43 + "23456"], []),
        (["y" + GAP + "x123456x" + GAP], [(1, GAP + "x123456x" + GAP[1:])]),
        (["y" * 60 + "123456" + "z" * 60], [(12, "y" * 48 + "123456" + "z" * 47)]),
        (
            ["123456" + "z" * 99 + "123456"],
            [(0, "123456" + "z" * 47), (57, "z" * 48 + "123456")],
        ),
        (["123456", "123456"], [(0, "123456"), (6, "123456")]),
    ],
)
def test_stretches(texts: list[str], expected: list[tuple[int, str]]) -> None:
    assert stretches(texts) == expected


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


def test_a_batch_without_digits() -> None:
    data, offsets = string_buffers(pa.array(["no", "", "digits"]))
    near = near_close_digits(data, offsets)
    assert len(near.data) == len(near.starts) == 0
    assert near.in_batch(np.empty(0, np.int64)).tolist() == []
