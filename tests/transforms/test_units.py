"""One definition of a unit, held against the documented one over all code points."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.characters import (
    FORMAT,
    MARK,
    STACKER,
    UNSPACED,
    WORD,
    class_table,
)
from isinglass.transforms.dedup.shared import Side, compare
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.normalise import normalise
from isinglass.transforms.units import unit_spans
from tests import words
from tests.words import assigned, units

CONFIGS = [
    NormaliseConfig(),
    NormaliseConfig(nfc=False, lower_case=False, white_space=False),
]


def spelled(side: Side) -> list[str]:
    """The units of a text as it was given."""
    bounds = zip(side.starts.tolist(), side.stops.tolist(), strict=True)
    return [side.text[start:stop] for start, stop in bounds]


def keys(texts: list[str], config: NormaliseConfig) -> list[list[int]]:
    """The units that shingles are made of, text by text."""
    found = shingle(normalise(pa.array(texts, pa.string()), config), 1)
    values = found.values.tolist()
    return [values[a:b] for a, b in pairwise(found.offsets.tolist())]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("around", ["a{}b {}", "漢{}字"])
def test_shared_and_shingles_see_the_same_units(
    around: str, config: NormaliseConfig
) -> None:
    text = " ".join(around.replace("{}", c) for c in assigned())
    side = compare(text, text, 1, config).left
    assert [side.keys.tolist()] == keys([text], config)
    # A cluster that composes, or a letter of two in lower case, is the span of all
    # that it becomes.
    alone = keys([f"a b c {unit}" for unit in spelled(side)], config)
    together = zip(alone, side.keys.tolist(), strict=True)
    assert all(key in units[3:] for units, key in together)
    single = [units[3:] for units in alone if len(units) == 4]
    assert len(single) > len(alone) - 1000


def test_word_characters_are_the_documented_ones() -> None:
    table = class_table()
    for character in assigned():
        kind = int(table[ord(character)])
        if words.FORMAT.match(character):
            expected = FORMAT
        elif words.UNSPACED.match(character):
            expected = WORD | UNSPACED
        elif character.isalnum() or character == "_":
            expected = WORD
        else:
            sign = unicodedata.category(character).startswith("M")
            expected = MARK if sign else 0
        assert kind & ~STACKER == expected, f"U+{ord(character):04X}"
        assert not kind & STACKER or unicodedata.combining(character)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("... !", []),
        ("it's 5 e-mails", ["it", "s", "5", "e", "mails"]),
        ("snake_case", ["snake_case"]),
        # Vowel signs, vowel points and combining accents are parts of words.
        ("किताब पढ़ी", ["किताब", "पढ़ी"]),
        ("كَتَبَ الوَلَدُ", ["كَتَبَ", "الوَلَدُ"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        # A mark without a letter before it is none.
        ("\u0301 a", ["a"]),
        # Selectors of emoji forms and keycaps say nothing, nor do soft hyphens,
        # joiners and marks of direction; a zero width space is a border.
        ("a\ufe0f b", ["a", "b"]),
        ("1\u20e3 b", ["1", "b"]),
        ("co\u00adop \u200eab\u200f", ["co\u00adop", "ab"]),
        ("ക്\u200dക", ["ക്\u200dക"]),
        ("ab\u200bcd", ["ab", "cd"]),
        # The character decides whether it is a unit, not the text around it.
        ("漢字abc字", ["漢", "字", "abc", "字"]),
        ("aก็b", ["a", "ก็", "b"]),
        ("ก็, 漢\ufe00", ["ก็", "漢"]),
        ("ก็็", ["ก็็"]),
        # Digits of any script make numbers.
        ("๑๒๓ ก๔", ["๑๒๓", "ก", "๔"]),
        # Letters that are stacked are one.
        ("សួស្តី", ["សួ", "ស្តី"]),
        ("ꦲꦏ꧀ꦱ", ["ꦲ", "ꦏ꧀ꦱ"]),
    ],
)
def test_units_of_a_text(text: str, expected: list[str]) -> None:
    # A text before it, so that places count from the text's own begin.
    spans, offsets = unit_spans(pa.array(["é a ", text], pa.string()))
    own = spans[offsets[1] :].tolist()
    assert offsets.tolist() == [0, 2, 2 + len(expected)]
    assert [text[start:stop] for start, stop in own] == expected


@given(
    st.text(
        st.sampled_from("ab_1 .é漢字กำ็\u0301\u00ad\u200b\u200dสត្\ufe0fक्"), max_size=20
    )
)
def test_units_are_those_of_the_definition(text: str) -> None:
    spans, _ = unit_spans(pa.array([text], pa.string()))
    own = [text[start:stop] for start, stop in spans.tolist()]
    assert [words.FORMAT.sub("", unit) for unit in own] == units(text)
