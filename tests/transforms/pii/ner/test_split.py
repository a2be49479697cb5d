from __future__ import annotations

import sys
from itertools import groupby

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.ner.split import split
from isinglass.transforms.text import string_buffers

SPACES = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace())


def pieces_of(texts: list[str]) -> list[tuple[int, int, str]]:
    data, offsets = string_buffers(pa.array(texts, pa.string()))
    found = split(data, offsets)
    raw = data.tobytes()
    return [
        (int(text), int(point), raw[begin:end].decode())
        for text, point, begin, end in zip(
            found.texts, found.points, found.begins, found.ends, strict=True
        )
    ]


def expected(texts: list[str]) -> list[tuple[int, int, str]]:
    out = []
    for number, text in enumerate(texts):
        point = 0
        for white, run in groupby(text, str.isspace):
            chunk = "".join(run)
            skip = int(white and point > 0 and chunk[0] == " ")
            if chunk[skip:]:
                out.append((number, point + skip, chunk[skip:]))
            point += len(chunk)
    return out


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("", []),
        (" ", [(0, " ")]),
        ("a b", [(0, "a"), (2, "b")]),
        ("a  b", [(0, "a"), (2, " "), (3, "b")]),
        (" a", [(0, " "), (1, "a")]),
        ("a ", [(0, "a")]),
        ("a\nb", [(0, "a"), (1, "\n"), (2, "b")]),
        ("a \nb", [(0, "a"), (2, "\n"), (3, "b")]),
        ("a\u00a0 b", [(0, "a"), (1, "\u00a0 "), (3, "b")]),
        ("é\u3000😀", [(0, "é"), (1, "\u3000"), (2, "😀")]),
        ("a\u200bb", [(0, "a\u200bb")]),
        ("a\u180eb", [(0, "a\u180eb")]),
    ],
)
def test_pieces(text: str, chunks: list[tuple[int, str]]) -> None:
    assert pieces_of([text]) == [(0, *chunk) for chunk in chunks]


def test_white_space_is_that_of_python() -> None:
    near = [
        chr(ord(c) + step) for c in SPACES for step in (-1, 0, 1) if ord(c) + step > 0
    ]
    texts = [f"a{c}b" for c in sorted(set(near))]
    assert pieces_of(texts) == expected(texts)


@given(st.lists(st.text(st.sampled_from("ab.é東😀" + SPACES), max_size=20), max_size=4))
def test_any_text(texts: list[str]) -> None:
    assert pieces_of(texts) == expected(texts)


def test_equal_bytes_have_equal_hashes() -> None:
    data, offsets = string_buffers(pa.array(["one two", "two one three"]))
    hashes = split(data, offsets).hashes
    assert hashes[0] == hashes[3]
    assert hashes[1] == hashes[2]
    assert len(np.unique(hashes)) == 3
