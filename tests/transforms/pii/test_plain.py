"""Odd characters in identifiers are read; offsets are those of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.plain import make_plain

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


@given(st.lists(st.text("a\u00a0\u200b\uff11\uff0c\u2013\u6c49\U0001f600", max_size=8)))
def test_characters_keep_their_places(texts: list[str]) -> None:
    shown = make_plain(pa.array(texts, pa.string()))
    for row, (before, after) in enumerate(
        zip(texts, shown.texts.to_pylist(), strict=True)
    ):
        places = shown.places.get(row, range(len(before)))
        assert len(after) == len(places)
        for char, place in zip(after, places, strict=True):
            odd = before[place]
            assert char == {
                "\u00a0": " ",
                "\uff11": "1",
            }.get(odd, odd)
        assert "\u200b" not in after
