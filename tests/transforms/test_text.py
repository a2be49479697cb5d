from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.text import (
    assigned_code_points,
    content_hashes,
    fold_table,
    is_blank,
    normalise,
    string_buffers,
    word_counts,
    word_table,
)

TRICKY = "aZ09_ \t\n\x0b\x1c\x85\xa0\u1680\u2003\u2028\u3000\u200b\ufeff.,-'İıſßΣςǅȺẞ"
TRICKY += "éE\u0301h\u0331\u0338\u0323\u0307\u1100\u1161\u11a8가\u212a\u2126漢字กำ😀𐐀𝔸"
texts = st.lists(
    st.one_of(
        st.text(st.sampled_from(TRICKY), max_size=30),
        st.text(st.characters(codec="utf-8"), max_size=30),
        st.text(st.characters(max_codepoint=127), max_size=30),
    ),
    max_size=8,
)


def reference(text: str) -> str:
    lower = "".join(c.lower() for c in unicodedata.normalize("NFC", text))
    return " ".join(unicodedata.normalize("NFC", lower).split())


def sliced(values: list[str]) -> pa.StringArray:
    """Return the values as the middle of a longer array."""
    return pa.array(["Before É", *values, "after \u0301"], pa.string())[1:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\n ", ""),
        ("Plain", "plain"),
        ("  Two \r\n words ", "two words"),
        ("a\u00a0\u2003b\u3000", "a b"),
        ("a\u200bb", "a\u200bb"),
        ("a\x1fb", "a b"),
        ("a\x00b", "a\x00b"),
        ("E\u0301TE\u0301", "\u00e9t\u00e9"),
        ("\u00c9T\u00c9", "\u00e9t\u00e9"),
        ("\u0130", "i\u0307"),
        ("I\u0307", "i\u0307"),
        ("H\u0331", "\u1e96"),
        ("\u023a", "\u2c65"),
        ("\u212a\u2126", "k\u03c9"),
        ("\u03a3\u03a3", "\u03c3\u03c3"),
        ("\u1e9e", "\u00df"),
        ("\U00010400", "\U00010428"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("a\u0323\u0302 a\u0302\u0323", "\u1ead \u1ead"),
        ("\ufb01", "\ufb01"),
    ],
)
def test_normalise_table(text: str, expected: str) -> None:
    assert normalise(pa.array([text])).to_pylist() == [expected]


@given(texts)
def test_normalise_equals_reference_and_is_idempotent(values: list[str]) -> None:
    out = normalise(sliced(values))
    out.validate(full=True)
    assert out.to_pylist() == [reference(value) for value in values]
    assert normalise(out).equals(out)


def test_every_code_point_alone_and_in_company() -> None:
    codes = [c for c in assigned_code_points() if not 0xD800 <= c <= 0xDFFF]
    known = [chr(c) for c in codes if unicodedata.category(chr(c)) != "Cn"]
    values = [f"A{c}B" for c in known]
    assert normalise(pa.array(values)).to_pylist() == list(map(reference, values))


def test_tables_agree_with_the_interpreter_on_all_planes() -> None:
    everything = "".join(chr(c) for c in range(0x110000))
    words = np.zeros(0x110000, np.uint8)
    words[[m.start() for m in re.finditer(r"\w", everything)]] = 1
    assert np.array_equal(word_table(), words)
    white = [c for c in range(0x110000) if chr(c).isspace()]
    assert np.flatnonzero(fold_table() == -1).tolist() == white


@given(texts)
def test_content_hashes_are_xxh3(values: list[str]) -> None:
    array = sliced(values)
    hashes = content_hashes(array)
    assert hashes.shape == (len(values), 2)
    assert hashes.dtype == np.uint64
    assert [f"{high:016x}{low:016x}" for high, low in hashes.tolist()] == [
        xxhash.xxh3_128_hexdigest(value.encode()) for value in values
    ]


@given(texts)
def test_word_counts_and_blanks_equal_reference(values: list[str]) -> None:
    array = sliced(values)
    expected = [len(re.findall(r"\w+", value)) for value in values]
    assert word_counts(array).tolist() == expected
    assert is_blank(array).tolist() == [not value.strip() for value in values]


@pytest.mark.parametrize(
    "empty", [pa.array([], pa.string()), pa.array(["x"])[1:], pa.array(["x"])[:0]]
)
def test_empty_arrays(empty: pa.StringArray) -> None:
    assert normalise(empty).to_pylist() == []
    assert content_hashes(empty).shape == (0, 2)
    assert word_counts(empty).shape == is_blank(empty).shape == (0,)


@pytest.mark.parametrize("call", [normalise, content_hashes, word_counts, is_blank])
def test_nulls_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="1 of 2 texts are null"):
        call(pa.array(["x", None]))  # type: ignore[operator]
    # A null outside the slice is nobody's business.
    call(pa.array([None, "x"])[1:])  # type: ignore[operator]


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="large_string"):
        string_buffers(pa.array(["x"], pa.large_string()))
