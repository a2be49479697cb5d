"""Values in percent escapes and in references of HTML, and where they stand."""

from __future__ import annotations

from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.erase.escapes import (
    escaped_rows,
    source_places,
    unescaped,
)
from isinglass.transforms.erase.search import ValueSearch
from tests.transforms.erase.test_value_search import found

MAIL = "jane.doe@mailbox.io"


@pytest.mark.parametrize(
    ("value", "text", "pieces"),
    [
        (MAIL, "mailto:jane.doe%40mailbox.io?subject=x", ["jane.doe%40mailbox.io"]),
        (MAIL, "to=%3Cjane.doe%40mailbox.io%3E", ["jane.doe%40mailbox.io"]),
        (MAIL, "=%3Djane.doe@mailbox.io%26", ["jane.doe@mailbox.io"]),
        (MAIL, "a jane.doe&#64;mailbox.io.", ["jane.doe&#64;mailbox.io"]),
        (MAIL, "a jane.doe&#x40;mailbox.io.", ["jane.doe&#x40;mailbox.io"]),
        (MAIL, "a jane.doe&#064mailbox.io.", ["jane.doe&#064mailbox.io"]),
        (MAIL, "a jane.doe&commat;mailbox&period;io;", ["jane.doe&commat;mailbox&period;io"]),  # noqa: E501
        (MAIL, "&lt;&#106;ane.doe@mailbox.i&#111;&gt;", ["&#106;ane.doe@mailbox.i&#111;"]),  # noqa: E501
        # Escapes of escapes, also of the other kind.
        (MAIL, "jane.doe%2540mailbox.io", ["jane.doe%2540mailbox.io"]),
        (MAIL, "jane.doe&amp;amp;#64;mailbox.io", ["jane.doe&amp;amp;#64;mailbox.io"]),
        (MAIL, "jane.doe%26%2364%3Bmailbox.io", ["jane.doe%26%2364%3Bmailbox.io"]),
        ("Ann & Lee", "by Ann&nbsp;&amp; Lee", ["Ann&nbsp;&amp; Lee"]),
        ("Ann &amp; Lee", "by Ann &amp; Lee", ["Ann &amp; Lee"]),
        ("Jos\u00e9 Lee", "q=Jos%C3%A9%20Lee&r=Jos%E9%20Lee", ["Jos%C3%A9%20Lee", "Jos%E9%20Lee"]),  # noqa: E501
        ("415 555 2671", "tel:415%20555%202671", ["415%20555%202671"]),
        # Near misses: a longer word, no escape, an escape of something else.
        (MAIL, "mary%61jane.doe%40mailbox.io jane.doe&#64;mailbox.iot", []),
        (MAIL, "jane.doe%4mailbox.io jane.doe&nothing;mailbox.io", []),
        (MAIL, "jane.doe%41mailbox.io jane.doe&#65;mailbox.io", []),
        # As it is, with escapes around: once.
        (MAIL, "%20 &amp; jane.doe@mailbox.io &amp;", ["jane.doe@mailbox.io"]),
    ],
)  # fmt: skip
def test_escaped_values(value: str, text: str, pieces: list[str]) -> None:
    assert set(found([value], text)[0]) == set(pieces)
    assert len(found([value], text)[0]) == len(pieces)


def test_rows_and_places_in_a_slice() -> None:
    texts = pa.array(["x", "y", "100%", "\u00e9\U0001f600 jane.doe%40mailbox.io"])
    assert escaped_rows(texts.slice(2)).tolist() == [1]
    spots = ValueSearch.compile([MAIL]).find(texts.slice(2))
    assert spots.tolist() == [[1, 3, 24]]


@given(
    st.lists(st.sampled_from(["a", "\u00e9", "%", "&", "#64;", "%40", "&amp;", "26"])),
    st.integers(0, 3),
)
def test_each_code_point_has_its_source(parts: list[str], layers: int) -> None:
    text = plain = "".join(parts)
    for _ in range(layers):
        plain = unescaped(plain)
    begins, ends = source_places(text, layers)
    assert len(begins) == len(ends) == len(plain)
    # One after the other, and nothing of the source is left out.
    assert begins[:1].tolist() == [0][: len(plain)]
    assert ends[-1:].tolist() == [len(text)][: len(plain)]
    assert begins[1:].tolist() == ends[:-1].tolist()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_texts_come_back(text: str) -> None:
    quoted = quote(text, safe="")
    assert unescaped(quoted) == text
    begins, ends = source_places(quoted, 1)
    pieces = [quoted[b:e] for b, e in zip(begins, ends, strict=True)]
    assert pieces == [quote(character, safe="") for character in text]
