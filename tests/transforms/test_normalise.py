from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import NormaliseConfig
from isinglass.transforms.characters import assigned_code_points
from isinglass.transforms.normalise import fold_table, is_blank, normalise
from tests.words import FORMAT

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
    seen = FORMAT.sub("", unicodedata.normalize("NFC", text)).replace("\u200b", " ")
    lower = "".join(c.lower() for c in seen).replace("\u03c2", "\u03c3")
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
        ("a\u200bb", "a b"),
        ("a\u00adb\u200d c\ufe0f \u200e", "ab c"),
        ("e\u00ad\u0301", "\u00e9"),
        ("\u0391\u03a3 \u03b1\u03c2", "\u03b1\u03c3 \u03b1\u03c3"),
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


def test_white_space_is_what_the_interpreter_says() -> None:
    white = [c for c in range(0x110000) if chr(c).isspace() or c == 0x200B]
    assert np.flatnonzero(fold_table() == -1).tolist() == white


@pytest.mark.parametrize(
    ("config", "text", "expected"),
    [
        ({"numbers": True}, "In 1999, 3.14 of 7", "in 0, 0.0 of 0"),
        ({"numbers": True}, "v10 \u0663\u0664 1 2 x9y", "v0 0 0 0 x0y"),
        ({"numbers": True}, "12", "0"),
        ({"numbers": True}, "\u00b2 \u00bd", "\u00b2 \u00bd"),
        ({"lower_case": False}, " A\u0130 b ", "A\u0130 b"),
        ({"white_space": False}, " A  B\n", " a  b\n"),
        ({"white_space": False, "numbers": True}, "1 23\t4", "0 0\t0"),
        ({"nfc": False}, "E\u0301 co\u00adop", "e\u0301 co\u00adop"),
        (
            {"nfc": False, "lower_case": False, "white_space": False},
            " E\u0301",
            " E\u0301",
        ),
    ],
)
def test_each_step_is_a_setting(
    config: dict[str, bool], text: str, expected: str
) -> None:
    settings = NormaliseConfig.model_validate(config)
    assert normalise(pa.array([text, "x"]), settings).to_pylist() == [expected, "x"]


def stepwise(text: str, config: NormaliseConfig) -> str:
    if config.nfc:
        text = FORMAT.sub("", unicodedata.normalize("NFC", text))
    if config.lower_case:
        text = "".join(c.lower() for c in text).replace("\u03c2", "\u03c3")
    if config.numbers:
        text = re.sub(r"\d+", "0", text)
    if config.white_space:
        text = " ".join(text.replace("\u200b", " ").split())
    return unicodedata.normalize("NFC", text) if config.nfc else text


@given(texts, st.builds(NormaliseConfig))
def test_all_settings_equal_reference(
    values: list[str], config: NormaliseConfig
) -> None:
    expected = [stepwise(value, config) for value in values]
    assert normalise(sliced(values), config).to_pylist() == expected


INVISIBLE = "\u200b\ufeff\u2060\u00ad\u034f\u115f\u2800\u3164\ufe0f\uffa0\x01\U000e0100"
"""Code points of every kind that leave no mark."""


@given(st.lists(st.text("a\u0301 \n" + INVISIBLE, max_size=5), max_size=5))
def test_blanks_equal_reference(values: list[str]) -> None:
    seen = [set(value) - set(INVISIBLE + " \n") for value in values]
    assert is_blank(sliced(values)).tolist() == [not found for found in seen]


@pytest.mark.parametrize(
    "text", ["\u0301", "\u0600", "\u2801", "\u3163", ".", "\u200ba"]
)
def test_what_is_seen_is_not_blank(text: str) -> None:
    assert is_blank(pa.array([text, INVISIBLE, ""])).tolist() == [False, True, True]
