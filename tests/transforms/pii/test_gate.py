from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.gate import (
    LIMIT_BYTES,
    PASSING,
    REACH_BYTES,
    GatePattern,
    build_windows,
    compile_gate,
)
from isinglass.transforms.text import string_buffers

AT = compile_gate((GatePattern(0, "@"),))


def windows(texts: list[str], *, token: bool) -> list[tuple[int, int, str]]:
    data, offsets = string_buffers(pa.array(texts, pa.string()))
    _, ends = AT.scan(data, offsets)
    found = build_windows(data, offsets, ends, token=token)
    return [
        (int(row), int(points), data[start:stop].tobytes().decode())
        for row, start, stop, points in zip(
            found.rows, found.starts, found.stops, found.points, strict=True
        )
    ]


@pytest.mark.parametrize(
    ("texts", "token", "expected"),
    [
        (["é x@y z"], True, [(0, 2, "x@y")]),
        (["é x@y z\nno\n@"], False, [(0, 0, "é x@y z"), (0, 11, "@")]),
        (["a@", "@b", "c", "余@"], True, [(0, 0, "a@"), (1, 0, "@b"), (3, 0, "余@")]),
        (["a@b@c d@"], True, [(0, 0, "a@b@c"), (0, 6, "d@")]),
        ([""], True, []),
    ],
)
def test_windows(
    texts: list[str],
    token: bool,  # noqa: FBT001
    expected: list[tuple[int, int, str]],
) -> None:
    assert windows(texts, token=token) == expected


def test_a_long_line_is_cut_at_a_space_beyond_the_reach() -> None:
    text = "ab " * 1000 + "@" + " ab" * 1000
    ((_, points, window),) = windows([text], token=False)
    assert 2 * REACH_BYTES < len(window) < 2 * REACH_BYTES + 8
    assert text[points : points + len(window)] == window
    assert window.startswith("ab ")


def test_a_long_word_is_cut_between_characters() -> None:
    ((_, points, window),) = windows(["余" * 2000 + "@" + "é" * 2000], token=True)
    assert len(window.encode()) <= 2 * LIMIT_BYTES + 8
    assert window[2000 - points] == "@"


@given(st.lists(st.text("é@ \nab", max_size=60), max_size=4))
def test_every_hit_is_in_exactly_one_window(texts: list[str]) -> None:
    for token in (False, True):
        found = windows(texts, token=token)
        for row, points, window in found:
            assert texts[row][points : points + len(window)] == window
        assert sum(w.count("@") for _, _, w in found) == sum(
            text.count("@") for text in texts
        )


def test_derived_patterns_see_where_a_text_ends() -> None:
    gate = compile_gate((GatePattern(5, r"\bcat\b", derived=True),))
    data, offsets = string_buffers(pa.array(["cat", "cat", "scat", "écat", ""]))
    numbers, ends = gate.scan(data, offsets)
    # A superset: next to letters beyond ASCII it may open for nothing.
    assert set(numbers.tolist()) == {5}
    assert ends.tolist()[:2] == [3, 6]
    assert 10 not in ends


def test_byte_patterns_see_where_a_text_ends() -> None:
    border = GatePattern(1, "(?:^|[^a])a(?:$|[^a])")
    data, offsets = string_buffers(pa.array(["a", "a", "", "aa", "a", "b"]))
    numbers, ends = compile_gate((border,)).scan(data, offsets)
    assert (numbers.tolist(), ends.tolist()) == ([1, 1, 1], [1, 2, 5])


def test_a_passing_hit_counts_for_every_derived_pattern() -> None:
    patterns = [
        GatePattern(0, "x"),
        GatePattern(3, "y", derived=True),
        GatePattern(4, "z", derived=True),
        GatePattern(PASSING, "é", derived=True),
        GatePattern(PASSING, "é", derived=True),
    ]
    data, offsets = string_buffers(pa.array(["x", "é", "z"]))
    numbers, ends = compile_gate(tuple(patterns)).scan(data, offsets)
    hits = sorted(zip(numbers.tolist(), ends.tolist(), strict=True))
    assert hits == [(0, 1), (3, 3), (4, 3), (4, 4)]


def test_an_empty_gate_finds_nothing() -> None:
    data, offsets = string_buffers(pa.array(["@"]))
    numbers, ends = compile_gate(()).scan(data, offsets)
    assert (len(numbers), len(ends)) == (0, 0)
    assert numbers.dtype == ends.dtype == np.int64


def test_gates_of_equal_patterns_are_one() -> None:
    patterns = [GatePattern(0, "a@"), GatePattern(1, "b")]
    one = compile_gate(tuple(patterns))
    assert compile_gate((*patterns,)) is one
    assert compile_gate((patterns[0],)) is not one
