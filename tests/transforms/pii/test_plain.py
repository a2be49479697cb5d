"""Odd characters in identifiers are read; offsets are those of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.plain import make_plain, plain_text

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

FOUND = [
    ("[[4539\u00a01488\u00a00343\u00a06467]] is the card", "CREDIT_CARD"),
    ("card [[4539\u20091488\u20090343\u20096467]]", "CREDIT_CARD"),
    ("iban [[DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000]]", "IBAN_CODE"),
    ("ssn [[536\u201190\u20114399]]", "US_SSN"),
    ("ssn [[536\u201390\u20134399]].", "US_SSN"),
    (
        "to [[" + "".join(chr(ord(x) + 0xFEE0) for x in "test@acme.org") + "]]",
        "EMAIL_ADDRESS",
    ),
    ("to [[jane\u200b.doe@acme.org]] now", "EMAIL_ADDRESS"),
    ("to [[j\u00adane@ac\u00adme.org]]", "EMAIL_ADDRESS"),
    ("\u200b\u200bto [[jane@acme.org]]\u200b", "EMAIL_ADDRESS"),
    ("call [[+49 171 392\u200b0174]]", "PHONE_NUMBER"),
]


@pytest.mark.parametrize(("marked", "entity"), FOUND)
def test_found_to_the_character(
    marked: str, entity: str, identifiers: Detector
) -> None:
    head, _, rest = marked.partition("[[")
    value, _, tail = rest.partition("]]")
    texts = pa.array(["plain", head + value + tail])
    (row,) = identifiers.detect(texts, pa.nulls(2, pa.string())).findings.to_pylist()
    place = (row["row"], row["start"], row["end"], row["entity"])
    assert place == (1, len(head), len(head) + len(value), entity)


def test_wide_punctuation_still_separates(identifiers: Detector) -> None:
    text = "\u7535\u8bdd13812345678\uff0c13912345678"
    findings = identifiers.detect(pa.array([text]), pa.nulls(1, pa.string())).findings
    assert findings.column("start").to_pylist() == [2, 14]


@given(
    st.lists(
        st.text(
            "a\u00a0\u200b\u00ad\uff11\u0664\uff0c\u2013\u6c49\U0001f600", max_size=8
        )
    )
)
def test_characters_keep_their_places(texts: list[str]) -> None:
    shown = make_plain(pa.array(texts, pa.string()))
    plain = {"\u00a0": " ", "\uff11": "1", "\u0664": "4"}
    for row, (before, after) in enumerate(
        zip(texts, shown.texts.to_pylist(), strict=True)
    ):
        places = shown.places.get(row, range(len(before)))
        assert len(after) == len(places)
        for char, place in zip(after, places, strict=True):
            odd = before[place]
            if odd == "\u200b":
                assert char == " "
                assert "1" in before or "\u0664" in before or "\uff11" in before
            elif odd == "\u2013":
                assert char in "-\u2013"
            else:
                assert char == plain.get(odd, odd)
        assert not {"\u200b", "\u00ad"} & {*after}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # What parts two words is a blank, what stands within a number or beside a
        # mark is nothing.
        ("us\u200bjan@x.pl\u200band", "us jan@x.pl and"),
        ("(us\u200e\u200bj7\u200f.", "(us  j7."),
        ("392\u200b0174", "3920174"),
        ("120.\u200b137", "120.137"),
        ("ab\u200b+49", "ab +49"),
        ("7\u200bab", "7 ab"),
        ("An\u200bna Doe", "Anna Doe"),
        ("jo.d\u200boe@x.pl", "jo.doe@x.pl"),
        ("j\u200bo@\u200bx.p\u200bl", "jo@x.pl"),
        ("GB29\u200bNWBK\u200b6016", "GB29NWBK6016"),
        ("co\u00adop a\u200db", "coop ab"),
        # Digits of every script, and emoji of digits.
        ("\u0660\u0669 \u096a\u096b \u0e51 \U0001d7d8", "09 45 1 0"),
        ("1\ufe0f\u20e32", "12"),
        # Letters and accents that stand apart.
        ("Jose\u0301 e\u00ad\u0301", "Jos\u00e9 \u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
    ],
)
def test_plain_texts(text: str, shown: str) -> None:
    plain = make_plain(pa.array(["ascii", text]))
    assert plain.texts.to_pylist() == ["ascii", shown]
    assert plain_text(text) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # A value has the marks of its letters, and none of another letter.
        ("\u0e17\u0e35\u0e48jan@interia.pl", "jan@interia.pl"),
        ("\u2709\ufe0fjan@interia.pl", "jan@interia.pl"),
        ("mail jose\u0301@interia.pl", "jose\u0301@interia.pl"),
        ("card 453923730163147\u0669\u20e3.", "453923730163147\u0669\u20e3"),
        ("card \u0664539237301631479", "\u0664539237301631479"),
        (
            "card 4\ufe0f\u20e35\ufe0f\u20e339237301631479",
            "4\ufe0f\u20e35\ufe0f\u20e339237301631479",
        ),
        ("us\u200bjan@interia.pl\u200band", "jan@interia.pl"),
        ("IBAN\u200eDE89370400440532013000\u200e", "DE89370400440532013000"),
    ],
)
def test_values_take_whole_clusters(
    text: str, value: str, identifiers: Detector
) -> None:
    found = identifiers.detect(pa.array([text]), pa.nulls(1, pa.string())).findings
    (row,) = found.to_pylist()
    assert text[row["start"] : row["end"]] == value
