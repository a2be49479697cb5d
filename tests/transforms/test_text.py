from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.normalise import is_blank, normalise
from isinglass.transforms.text import content_hashes, string_buffers
from isinglass.transforms.units import unit_counts
from tests.words import UNSPACED, units

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


def sliced(values: list[str]) -> pa.StringArray:
    """Return the values as the middle of a longer array."""
    return pa.array(["Before É", *values, "after \u0301"], pa.string())[1:-1]


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
def test_unit_counts_equal_reference(values: list[str]) -> None:
    found = [units(value) for value in values]
    single = [sum(1 for unit in own if UNSPACED.match(unit)) for own in found]
    expected = [list(pair) for pair in zip(map(len, found), single, strict=True)]
    assert unit_counts(sliced(values)).tolist() == expected


@pytest.mark.parametrize(
    "empty", [pa.array([], pa.string()), pa.array(["x"])[1:], pa.array(["x"])[:0]]
)
def test_empty_arrays(empty: pa.StringArray) -> None:
    assert normalise(empty).to_pylist() == []
    assert content_hashes(empty).shape == (0, 2)
    assert unit_counts(empty).shape == (0, 2)
    assert is_blank(empty).shape == (0,)


@pytest.mark.parametrize("call", [normalise, content_hashes, unit_counts, is_blank])
def test_nulls_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="1 of 2 texts are null"):
        call(pa.array(["x", None]))  # type: ignore[operator]
    # A null outside the slice is nobody's business.
    call(pa.array([None, "x"])[1:])  # type: ignore[operator]


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="large_string"):
        string_buffers(pa.array(["x"], pa.large_string()))
