from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.encode.tokenizers import texts as guard
from isinglass.transforms.encode.tokenizers.texts import (
    CodePoints,
    ranges_of,
    shorten,
    texts_of,
)

POINTS = "a\x7f\u00e9\u07ff\u0800\u0898\u08ff\ud7ff\uffff\U00010000\U000fffff\U0010ffff"


@pytest.mark.parametrize(
    ("ranges", "rows"),
    [
        ([], []),
        ([(0x898, 0x898)], [2]),
        ([(0x899, 0x8FE)], []),
        ([(0x7F, 0x7F)], [3]),
        ([(0x80, 0x10FFFF)], [1, 2, 4, 6]),
        ([(0, 0x10FFFF)], [0, 1, 2, 3, 4, 6]),
        ([(0x10FFFF, 0x10FFFF)], [4]),
        ([(0, 0), (0x10001, 0x10FFFE), (0x1F469, 0x1F469)], [6]),
    ],
)
def test_rows(ranges: list[tuple[int, int]], rows: list[int]) -> None:
    texts = [
        *("plain", "caf\u00e9", "a\u0898b", "\x7f", "\U0010ffff", "", "\U0001f469")
    ]
    assert CodePoints(ranges).rows(texts_of(pa.array(texts))).tolist() == rows


@given(
    st.lists(st.text(POINTS, max_size=6), max_size=8), st.sets(st.sampled_from(POINTS))
)
def test_rows_are_those_of_a_plain_search(texts: list[str], points: set[str]) -> None:
    found = CodePoints((ord(one), ord(one)) for one in points)
    expected = [row for row, text in enumerate(texts) if set(text) & points]
    array = texts_of(pa.array(texts, pa.string()))
    assert found.rows(array).tolist() == expected
    assert found.rows(array.take(np.arange(0, len(texts), 2))).tolist() == [
        at for at, text in enumerate(texts[::2]) if set(text) & points
    ]
    assert [found.holds(text) for text in texts] == [
        row in expected for row in range(len(texts))
    ]


def test_long_batches_are_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_CHUNK", 5)
    texts = ["xxxx\u0898", "x\u00e9xxx", "xx\u0898", "", "xx"]
    found = CodePoints([(0x898, 0x898)])
    assert found.rows(texts_of(pa.array(texts))).tolist() == [0, 2]
    assert found.rows(texts_of(pa.array(texts)[1:])).tolist() == [1]


def test_what_is_cut_off_is_not_searched() -> None:
    texts = texts_of(pa.array(["word " * 100 + "\u0898", "\u0898"]))
    assert CodePoints([(0x898, 0x898)]).rows(shorten(texts, 20)).tolist() == [1]


@given(st.sets(st.integers(0, 0x10FFFF), max_size=20))
def test_ranges_of_a_set(points: set[int]) -> None:
    found = CodePoints((point, point) for point in points)
    ranges = ranges_of(found.listed)
    assert {at for first, last in ranges for at in range(first, last + 1)} == points
    assert np.array_equal(CodePoints(ranges).listed, found.listed)
    gaps = [first - last for (_, last), (first, _) in pairwise(ranges)]
    assert all(gap > 1 for gap in gaps)
