"""Paragraphs: where they are, which count, and which have equal keys."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.boilerplate.paragraphs import (
    ParagraphKeys,
    paragraph_keys,
    split_paragraphs,
)

HAN = "数据集说明"
FAMILY = "👨‍👩‍👧"
SPLITS: list[tuple[str, list[str], list[str]]] = [
    # text, paragraphs at blank lines, paragraphs at lines
    ("", [], []),
    (" \n\n\t\u3000\n", [], []),
    ("one", ["one"], ["one"]),
    ("one\n\ntwo", ["one", "two"], ["one", "two"]),
    ("one\ntwo", ["one\ntwo"], ["one", "two"]),
    ("one\r\ntwo", ["one\r\ntwo"], ["one", "two"]),
    ("one\r\n\r\ntwo", ["one", "two"], ["one", "two"]),
    ("one\rtwo", ["one\rtwo"], ["one", "two"]),
    ("one\r\rtwo", ["one", "two"], ["one", "two"]),
    ("one\n\rtwo", ["one", "two"], ["one", "two"]),
    ("one\r \ntwo", ["one", "two"], ["one", "two"]),
    ("one \n \u2003\n two ", ["one", "two"], ["one", "two"]),
    ("one\n - \ntwo", ["one\n - \ntwo"], ["one", "-", "two"]),
    ("\n\none\n\n\n\ntwo\n", ["one", "two"], ["one", "two"]),
    # Neither a separator of lines nor a form feed is a line end.
    ("one\u2028\u2029two\f\x85three", ["one\u2028\u2029two\f\x85three"], []),
    # A zero-width no-break space is no white space: this is a paragraph of its own.
    ("one\n\n\ufeff\n\ntwo", ["one", "\ufeff", "two"], ["one", "\ufeff", "two"]),
    (f"{HAN}\n\n{FAMILY}\n\ne\u0301", [HAN, FAMILY, "e\u0301"], []),
    (f"{HAN}\n{FAMILY}", [f"{HAN}\n{FAMILY}"], [HAN, FAMILY]),
]


def strings(values: list[str]) -> pa.StringArray:
    return pa.array(values, pa.string())


def keys_of(
    texts: list[str],
    sources: list[str | None] | None = None,
    normalise: NormaliseConfig | None = None,
    **config: object,
) -> ParagraphKeys:
    labels = pa.array(sources or ["web"] * len(texts), pa.string())
    return paragraph_keys(
        strings(texts),
        labels,
        normalise or NormaliseConfig(),
        ParagraphsConfig.model_validate(config),
    )


@pytest.mark.parametrize(("text", "blocks", "lines"), SPLITS)
def test_paragraphs_of_a_text(text: str, blocks: list[str], lines: list[str]) -> None:
    for split, expected in (("blank_line", blocks), ("line", lines or blocks)):
        config = ParagraphsConfig.model_validate({"split": split})
        found = split_paragraphs(strings(["before\n\nx", text, "after"]), config)
        place = slice(int(found.offsets[1]), int(found.offsets[2]))
        assert found.pieces.to_pylist()[place] == expected
        spans = zip(found.starts[place], found.ends[place], strict=True)
        assert [text[a:b] for a, b in spans] == expected


ALPHABET = st.sampled_from([*"ab \t\n\r", "\u3000", "\u2028", "数", "👩", "e\u0301"])
TEXT = st.lists(ALPHABET, max_size=40).map("".join)


@given(st.lists(TEXT, max_size=5), st.sampled_from(["blank_line", "line"]))
def test_paragraphs_are_what_a_pattern_splits(texts: list[str], split: str) -> None:
    config = ParagraphsConfig.model_validate({"split": split})
    found = split_paragraphs(strings(texts), config)
    least = 2 if split == "blank_line" else 1
    # White space between two line ends, those line ends left out of the class.
    blank = r"(?:(?![\r\n])\s)*"
    border = rf"(?:{blank}(?:\r\n|\r(?!\n)|(?<!\r)\n)){{{least},}}\s*"
    expected = [
        piece.strip()
        for text in texts
        for piece in re.split(border, text)
        if piece.strip()
    ]
    assert found.pieces.to_pylist() == expected
    rows = np.repeat(np.arange(len(texts)), np.diff(found.offsets)).tolist()
    spans = zip(rows, found.starts.tolist(), found.ends.tolist(), strict=True)
    assert [texts[row][a:b] for row, a, b in spans] == expected


def test_slices_of_arrays_are_read_from_their_offset() -> None:
    texts = strings(["skipped\n\ntext", "数\n\none two", "last"]).slice(1, 1)
    found = split_paragraphs(texts, ParagraphsConfig())
    assert found.pieces.to_pylist() == ["数", "one two"]
    assert found.starts.tolist() == [0, 3]
    assert found.ends.tolist() == [1, 10]


def test_the_length_that_counts_is_of_the_normalised_form() -> None:
    # Nine code points; ten with the white space that normalising folds; the last
    # has ten until its two pairs are composed.
    texts = ["123456789", "1234   5678", "1234567890", "e\u0301e\u0301345678"]
    found = keys_of(texts, min_characters=9)
    assert found.rows.tolist() == [0, 1, 2]
    found = keys_of(texts, min_characters=10)
    assert found.rows.tolist() == [2]
    plain = NormaliseConfig(nfc=False, white_space=False)
    found = keys_of(texts, normalise=plain, min_characters=10)
    assert found.rows.tolist() == [1, 2, 3]


def test_offsets_point_into_the_source_text() -> None:
    texts = ["short\n\nlong enough\n\nshort\n\n 数数数数数数 ", "", "not this"]
    found = keys_of(texts, min_characters=6)
    assert found.rows.tolist() == [0, 0, 2]
    spans = zip(found.rows, found.starts, found.ends, strict=True)
    pieces = [texts[row][a:b] for row, a, b in spans]
    assert pieces == ["long enough", "数数数数数数", "not this"]


def test_only_long_tells_which_texts_could_be_emptied() -> None:
    texts = ["enough here", "enough here\n\nshort", "", "\n \n", "enough\n\nenough!"]
    found = keys_of(texts, min_characters=6)
    assert found.only_long.tolist() == [True, False, False, False, True]


EQUAL = [
    ("All rights reserved.", "all RIGHTS  reserved."),
    ("All rights\nreserved.", "All rights reserved."),
    ("Caf\u00e9 of the corpus", "Cafe\u0301 of the corpus"),
]
DIFFERENT = [
    ("All rights reserved.", "All rights reserved"),
    ("Page 1 of 12 pages", "Page 2 of 12 pages"),
    (HAN * 4, HAN * 4 + "。"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_normalised_paragraphs_have_one_key(one: str, other: str) -> None:
    found = keys_of([one, f"x\n\n{other}"], min_characters=8)
    assert found.keys.size == 2
    assert found.keys[0] == found.keys[1]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_paragraphs_have_other_keys(one: str, other: str) -> None:
    found = keys_of([one, other], min_characters=8)
    assert found.keys.size == 2
    assert found.keys[0] != found.keys[1]


def test_normalising_decides_what_is_equal() -> None:
    texts = ["Page 1 of 12 pages", "page 2 of 30 pages"]
    numbers = NormaliseConfig(numbers=True)
    assert np.unique(keys_of(texts, normalise=numbers, min_characters=8).keys).size == 1
    exact = NormaliseConfig(numbers=True, lower_case=False)
    assert np.unique(keys_of(texts, normalise=exact, min_characters=8).keys).size == 2


def test_each_source_has_its_own_keys() -> None:
    texts = ["All rights reserved."] * 4
    keys = keys_of(texts, ["web", "books", None, ""], min_characters=8).keys
    assert np.unique(keys).size == 3
    assert keys[2] == keys[3]


def test_keys_do_not_depend_on_the_batch() -> None:
    texts = ["All rights reserved.", "Nothing of the sort.", "All of it again."]
    sources: list[str | None] = ["web", "books", "web"]
    whole = keys_of(texts, sources, min_characters=8).keys.tolist()
    single = [
        keys_of([text], [source], min_characters=8).keys[0]
        for text, source in zip(texts, sources, strict=True)
    ]
    assert whole == single


def test_distinct_keys_of_each_text() -> None:
    found = keys_of(["aa\n\nbb\n\naa", "", "bb\n\nbb"], min_characters=2)
    keys, offsets = found.distinct()
    assert found.rows.tolist() == [0, 0, 0, 2, 2]
    assert offsets.tolist() == [0, 2, 2, 3]
    assert keys[:2].tolist() == sorted(set(found.keys[:3].tolist()))
    assert keys[2] == found.keys[3]


def test_no_texts_have_no_paragraphs() -> None:
    found = keys_of([])
    keys, offsets = found.distinct()
    assert offsets.tolist() == [0]
    assert found.keys.size == keys.size == found.only_long.size == 0
    assert keys.dtype == np.uint64
