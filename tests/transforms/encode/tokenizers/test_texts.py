from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.encode.tokenizers.texts import shorten, texts_of

KINDS = st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])


@given(st.lists(st.text(max_size=12), max_size=8), st.integers(0, 4), KINDS)
def test_strings_are_those_of_the_array(
    texts: list[str], start: int, kind: pa.DataType
) -> None:
    array = pa.array(texts, kind)[start:]
    found = texts_of(array)
    assert found.strings() == texts[start:]
    assert len(found) == len(texts[start:])
    assert found.array().to_pylist() == texts[start:]
    assert found.sizes.tolist() == [len(text.encode()) for text in texts[start:]]


def test_views_and_rows() -> None:
    texts = texts_of(pa.array(["one", "", "three" * 9], pa.string_view()))
    assert texts.take(np.array([2, 0])).strings() == ["three" * 9, "one"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("word " * 100, 14),  # the first space behind ten bytes
        ("x" * 11 + "  y" * 200, 11),
        ("x" * 10 + "  y" * 200, 13),
        ("x" * 500, 500),  # nowhere to cut
        ("word " * 10, 50),  # not long
        ("\u00e9 " * 200, 600),  # no visible ASCII character before the spaces
        ("\u00e9x " * 200, 11),
        ("x\t" * 200, 400),  # only a space will do
    ],
)
def test_shorten(text: str, kept: int) -> None:
    array = pa.array(["before", text, "after"])
    found = shorten(texts_of(array), 10).strings()
    assert found == ["before", text.encode()[:kept].decode(), "after"]


@given(st.lists(st.text("ab \n\u00e9", max_size=700), max_size=3), st.integers(0, 300))
def test_shortened_texts_end_between_a_visible_character_and_a_space(
    texts: list[str], size: int
) -> None:
    found = shorten(texts_of(pa.array(texts, pa.string())), size).strings()
    for text, short in zip(texts, found, strict=True):
        assert text.startswith(short)
        if short != text:
            assert len(short.encode()) > size
            assert short[-1] in "ab"
            assert text[len(short)] == " "
