from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.ner.reading import without_long_stretches

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

HAN = "\u6c49"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcde fg", "abcde fg"),
        ("abcdef fg", "       fg"),
        (
            "fg\u00a0\u6c49\u6c49\u6c49\u6c49\u6c49",
            "fg\u00a0\u6c49\u6c49\u6c49\u6c49\u6c49",
        ),
        ("\u6c49\u6c49\u6c49\u6c49\u6c49\u6c49\nx", "      \nx"),
        ("", ""),
    ],
)
def test_only_longer_stretches_are_blanked(text: str, expected: str) -> None:
    texts = pa.array(["a b", text])
    assert without_long_stretches(texts, 5).to_pylist() == ["a b", expected]


@given(st.lists(st.text(" \tab\u00a0\u6c49", max_size=20)), st.integers(1, 8))
def test_lengths_and_blanks_stay(texts: list[str], most: int) -> None:
    shown = without_long_stretches(pa.array(texts, pa.string()), most).to_pylist()
    for before, after in zip(texts, shown, strict=True):
        assert len(after) == len(before)
        assert all(len(word) <= most for word in after.split())
        assert [len(w) for w in before.split() if len(w) <= most] == [
            len(w) for w in after.split()
        ]


@pytest.mark.parametrize("sign", ["(", '"', ":)", "'", "[!"])
def test_a_page_of_punctuation_takes_no_time(fast: Detector, sign: str) -> None:
    text = f"Emily Clark met Tom Brown at noon. {sign * 200_000} John Smith left."
    texts, found = pa.array([text]), FoundColumns()
    began = time.process_time()
    fast.names["en"].engine.scan(texts, np.zeros(1, np.int64), Budget(60.0), found)
    assert time.process_time() - began < 5
    starts = found.batch().column("start").to_pylist()
    assert starts[0] == 0
    assert starts[-1] > 200_000
