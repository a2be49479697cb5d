"""One definition of a unit, held against the documented one over all code points."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shared import Side, compare
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.normalise import normalise
from isinglass.transforms.units import (
    MARK,
    UNSPACED,
    WORD,
    class_table,
    unit_spans,
)
from tests.words import WORD as DOCUMENTED

CONFIGS = [
    NormaliseConfig(),
    NormaliseConfig(nfc=False, lower_case=False, white_space=False),
]
HAN = "漢漢漢漢 "


@cache
def assigned() -> list[str]:
    """Every assigned character."""
    every = (chr(code) for code in range(0x110000))
    return [c for c in every if unicodedata.category(c) not in {"Cn", "Cs"}]


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
def test_shared_and_shingles_see_the_same_words(config: NormaliseConfig) -> None:
    text = " ".join(f"a{c}b {c}" for c in assigned())
    side = compare(text, text, 1, config).left
    assert side.compared_by == "words"
    assert [side.keys.tolist()] == keys([text], config)
    # A Han character is a word among words; alone it would be compared by character.
    alone = keys([f"a b c {unit}" for unit in spelled(side)], config)
    assert [units[3:] for units in alone] == [[key] for key in side.keys.tolist()]


@pytest.mark.parametrize("config", CONFIGS)
def test_shared_and_shingles_see_the_same_characters(config: NormaliseConfig) -> None:
    text = "".join(f"漢{c}字" for c in assigned())
    side = compare(text, text, 1, config).left
    assert side.compared_by == "characters"
    assert [side.keys.tolist()] == keys([text], config)
    alone = keys([f"{HAN}{unit}" for unit in spelled(side)], config)
    # A cluster that composes, or a letter of two in lower case, is the span of all
    # that it becomes.
    together = zip(alone, side.keys.tolist(), strict=True)
    assert all(key in units[4:] for units, key in together)
    single = [units[4:] for units in alone if len(units) == 5]
    assert len(single) > len(alone) - 1000


def test_word_characters_are_the_documented_ones() -> None:
    table = class_table()
    for character in assigned():
        kind = int(table[ord(character)])
        assert bool(kind & WORD) == bool(DOCUMENTED.match(character)), character
        assert kind in {0, WORD, WORD | UNSPACED, MARK}, character
        if kind == MARK:
            assert unicodedata.category(character).startswith("M"), character


@pytest.mark.parametrize(
    ("text", "by_character", "units"),
    [
        ("", False, []),
        ("... !", False, []),
        ("it's 5 e-mails", False, ["it", "s", "5", "e", "mails"]),
        ("snake_case", False, ["snake_case"]),
        # Vowel signs, vowel points and combining accents are parts of words.
        ("किताब पढ़ी", False, ["किताब", "पढ़ी"]),
        ("كَتَبَ الوَلَدُ", False, ["كَتَبَ", "الوَلَدُ"]),
        ("cafe\u0301 au lait", False, ["cafe\u0301", "au", "lait"]),
        ("\u0301 a", False, ["\u0301", "a"]),
        # Selectors of emoji forms and keycaps are not.
        ("a\ufe0f b", False, ["a", "b"]),
        ("1\u20e3 b", False, ["1", "b"]),
        # Nor are marks of scripts without spaces, where words are units.
        ("aก็b", False, ["aก", "b"]),
        ("ก็, 漢", True, ["ก", "็", "漢"]),
    ],
)
def test_units_of_a_text(
    text: str,
    by_character: bool,  # noqa: FBT001
    units: list[str],
) -> None:
    # A text before it, so that places count from the text's own begin.
    texts = pa.array(["é a ", text], pa.string())
    spans, offsets = unit_spans(texts, np.array([False, by_character]))
    own = spans[offsets[1] :].tolist()
    assert offsets.tolist() == [0, 2, 2 + len(units)]
    assert [text[start:stop] for start, stop in own] == units
