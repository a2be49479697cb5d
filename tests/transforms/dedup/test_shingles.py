from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.shingles import (
    CHARACTER_UNIT,
    NO_UNIT,
    WORD_UNIT,
    Shingles,
    shingle,
    shingle_sets,
)
from isinglass.transforms.normalise import normalise
from tests.words import UNSPACED, units

CHINESE = "敏捷的棕色狐狸跳过了懒狗。"
JAPANESE = "素早い茶色のキツネは、のろまな犬を飛び越えた。"
THAI = "สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ"
LAO, KHMER, MYANMAR = "ສະບາຍດີຕອນເຊົ້າ", "សួស្តីពេលព្រឹក", "မင်္ဂလာနံနက်ခင်း"
HINDI, KOREAN = "तेज भूरी लोमड़ी आलसी कुत्ते के ऊपर", "빠른 갈색 여우가 게으른 개를 뛰어넘는다"

words = st.sampled_from(["a", "b", "the", "é", "naïve", "x_1", "Ωmega", "漢字", "42"])
gaps = st.sampled_from([" ", ", ", "\n\n", "-", "... ", "'", "、", " — "])
texts = st.lists(
    st.lists(st.tuples(words, gaps), max_size=14).map(
        lambda parts: "".join(word + gap for word, gap in parts)
    ),
    max_size=6,
)


def normal(*values: str) -> pa.StringArray:
    return normalise(pa.array(values, pa.string()))


def rows(shingles: Shingles) -> list[list[int]]:
    bounds = shingles.offsets.tolist()
    values = shingles.values.tolist()
    return [values[a:b] for a, b in pairwise(bounds)]


def reference_units(text: str) -> tuple[int, list[str]]:
    found = units(text)
    single = [unit for unit in found if UNSPACED.match(unit)]
    return (CHARACTER_UNIT if 2 * len(single) > len(found) else WORD_UNIT), found


@given(texts, st.integers(1, 6))
def test_equals_reference_up_to_hashing(values: list[str], ngram: int) -> None:
    """Equal n-grams have equal hashes, and different ones different, in order."""
    array = pa.array(["Before this. ", *values, "漢字漢字漢字漢字"], pa.string())
    found = shingle(normalise(array)[1:-1], ngram)
    hash_of: dict[tuple[str, ...], int] = {}
    for row, text in enumerate(normalise(array).to_pylist()[1:-1]):
        unit, own = reference_units(text)
        grams = [tuple(own[i : i + ngram]) for i in range(len(own) - ngram + 1)]
        hashes = rows(found)[row]
        assert len(hashes) == len(grams)
        assert found.unit[row] == (unit if grams else NO_UNIT)
        for gram, value in zip(grams, hashes, strict=True):
            assert hash_of.setdefault(gram, value) == value
    assert len(set(hash_of.values())) == len(hash_of)


@given(texts, st.integers(1, 6))
def test_sets_are_sorted_and_unique(values: list[str], ngram: int) -> None:
    array = normalise(pa.array(values, pa.string()))
    raw, sets = shingle(array, ngram), shingle_sets(array, ngram)
    assert rows(sets) == [sorted(set(row)) for row in rows(raw)]
    assert np.array_equal(raw.unit, sets.unit)


@pytest.mark.parametrize(
    ("text", "unit", "count"),
    [
        ("", NO_UNIT, 0),
        ("...", NO_UNIT, 0),
        ("one two three four", NO_UNIT, 0),
        ("one two three four five", WORD_UNIT, 1),
        ("a b c d e f g", WORD_UNIT, 3),
        ("it's e-mail", NO_UNIT, 0),
        ("it's an e-mail", WORD_UNIT, 1),
        ("snake_case is one word here", WORD_UNIT, 1),
        ("漢字漢字", NO_UNIT, 0),
        ("漢字漢字漢", CHARACTER_UNIT, 1),
        ("漢字、漢字。漢 ", CHARACTER_UNIT, 1),
        ("漢字漢字漢abcde", CHARACTER_UNIT, 2),
        ("漢字 a b c", WORD_UNIT, 1),
        ("漢字漢 a b c", WORD_UNIT, 2),  # half is not most
        ("漢字漢字 a b c", CHARACTER_UNIT, 3),
        (CHINESE, CHARACTER_UNIT, 8),
        (JAPANESE, CHARACTER_UNIT, 17),
        (HINDI, WORD_UNIT, None),
        (KOREAN, WORD_UNIT, 2),
    ],
)
def test_units(text: str, unit: int, count: int | None) -> None:
    found = shingle(normal(text), 5)
    assert found.unit.tolist() == [unit]
    if count is not None:
        assert len(found.values) == count


@pytest.mark.parametrize(
    ("text", "count"), [(THAI, 31), (LAO, 12), (KHMER, 6), (MYANMAR, 8)]
)
def test_marks_belong_to_the_characters_of_their_script(text: str, count: int) -> None:
    found = shingle(normal(text), 5)
    assert found.unit.tolist() == [CHARACTER_UNIT]
    assert len(found.values) == count - 4 == len(units(text)) - 4


def test_white_space_case_and_punctuation_change_nothing() -> None:
    first, second, other = rows(
        shingle_sets(
            normal(
                "The quick brown fox jumps over the lazy dog",
                "the QUICK,\n\n  brown fox -- jumps\tover the lazy dog!",
                "the quick brown fox jumps over the lazy dogs",
            ),
            5,
        )
    )
    assert first == second
    assert len(set(first) & set(other)) == len(first) - 1


def test_order_of_words_counts() -> None:
    found = rows(shingle(normal("a b c d e", "b a c d e", "a a b b b", "a b b b a"), 5))
    assert len({row[0] for row in found}) == 4


def test_no_collision_among_many_short_grams() -> None:
    count = 60
    texts = [f"{i} {j} {k}" for i in range(count) for j in range(count) for k in "abc"]
    found = shingle(pa.array(texts), 3)
    assert len(np.unique(found.values)) == len(texts)


def test_empty_nulls_and_bad_ngram() -> None:
    empty = shingle_sets(pa.array([], pa.string()), 5)
    assert (empty.values.size, empty.offsets.tolist(), empty.unit.size) == (0, [0], 0)
    with pytest.raises(ValueError, match="null"):
        shingle(pa.array([None], pa.string()), 5)
    with pytest.raises(ValueError, match="ngram is 0"):
        shingle(pa.array(["x"]), 0)


def test_worst_case_capacity() -> None:
    """Single characters between single separators fill every other byte."""
    for text in ["a " * 99 + "a", "漢" * 50, "漢a" * 50 + "漢", "ก็" * 50]:
        found = shingle(pa.array([text]), 1)
        assert len(found.values) == len(reference_units(text)[1])
        assert len(found.values) <= (len(text.encode()) + 1) // 2
