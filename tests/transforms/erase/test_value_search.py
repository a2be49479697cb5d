# ruff: noqa: RUF001 - values in scripts whose letters look alike.
"""Known values in texts: every spelling, no longer word, and no other value."""

from __future__ import annotations

import pickle
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.erase.folding import fold, folded_text
from isinglass.transforms.erase.numbers import is_number, number_forms
from isinglass.transforms.erase.search import ValueSearch


def found(values: list[str], *texts: str) -> list[list[str]]:
    """Pieces of each text that are a value."""
    spots = ValueSearch.compile(values).find(pa.array(texts, pa.string()))
    pieces: list[list[str]] = [[] for _ in texts]
    for row, start, end in spots.tolist():
        pieces[row].append(texts[row][start:end])
    return pieces


@pytest.mark.parametrize(
    ("value", "text", "pieces"),
    [
        ("Ann Lee", "ANN\n  lee, (ann lee).", ["ANN\n  lee", "ann lee"]),
        ("Ann Lee", "Annual Lee, MaryAnn Lee, Ann Leeds, Ann-Lee, AnnLee", []),
        ("Ann Lee", "Ann\u00a0Lee A\u00adnn L\u200bee", ["Ann\u00a0Lee", "A\u00adnn L\u200bee"]),  # noqa: E501
        ("Jos\u00e9", "Jose\u0301 Jose jose\u0301s", ["Jose\u0301"]),
        ("Jose", "Jose Jos\u00e9 Jose\u0301", ["Jose"]),
        ("Stra\u00dfe 12", "STRASSE \uff11\uff12 strasse 123", ["STRASSE \uff11\uff12"]),  # noqa: E501
        ("O'Brien", "O\u2019Brien O`BRIEN Obrien", ["O\u2019Brien", "O`BRIEN"]),
        ("Anne-Lee", "Anne\u2011Lee Anne\u2013Lee Anne Lee", ["Anne\u2011Lee", "Anne\u2013Lee"]),  # noqa: E501
        ("of\ufb01ce", "office oFfIce offices", ["office", "oFfIce"]),
        ("\u738b\u5c0f\u660e", "\u6211\u662f\u738b\u5c0f\u660e\u7684", ["\u738b\u5c0f\u660e"]),  # noqa: E501
        # Particles follow Korean names; another final consonant makes another name.
        ("\uae40\ucca0\uc218", "\uae40\ucca0\uc218\ub294 \uae40\ucca0\uc219", ["\uae40\ucca0\uc218"]),  # noqa: E501
        ("ann@mailbox.io", "Ann@Mailbox.IO. joann@mailbox.io ann@mailbox.iot", ["Ann@Mailbox.IO"]),  # noqa: E501
        ("12345678", "a12345678 123456789 12345678.", ["12345678", "12345678"]),
        # Fewer than 7 digits are a word.
        ("123456", "a123456 123456b 123456.", ["123456"]),
        ("4111111111111111", "x4111111111111111 4111111111111111CVV 4111111111111111\u0663 04111111111111111", ["4111111111111111", "4111111111111111"]),  # noqa: E501
        ("415 555 2671", "tel415-555-2671x12, 4155552671\u0301", ["415-555-2671", "4155552671"]),  # noqa: E501
        (".hidden", "a.hidden .hiddens", [".hidden"]),
    ],
)  # fmt: skip
def test_spellings_and_near_misses(value: str, text: str, pieces: list[str]) -> None:
    assert found([value], text) == [pieces]


@pytest.mark.parametrize(
    ("value", "text", "pieces"),
    [
        (
            "+49 30 1234567",
            "030/1234567, 0049 30 123 45 67; +49 (0)30-1234567. 49301234567",
            {
                "030/1234567",
                "0049 30 123 45 67",
                "+49 (0)30-1234567",
                "(0)30-1234567",
                "49301234567",
            },
        ),
        ("+49 30 1234567", "1030 1234567, x301234567, 030 12345678, 030 12345", set()),
        ("+1 415 555 2671", "(415) 555-2671 415.555.2671 4155552671", {"(415) 555-2671", "415.555.2671", "4155552671"}),  # noqa: E501
        ("415 555 2671", "(415) 555-2671 +1 415 555 2671", {"(415) 555-2671", "415 555 2671"}),  # noqa: E501
        ("4111111111111111", "4111 1111 1111 1111 / 4111-1111-1111-11112", {"4111 1111 1111 1111"}),  # noqa: E501
        ("DE89 3704 0044 0532 0130 00", "de89370400440532013000 DE89-3704-0044-0532-0130-00 DE89 3704 0044 0532 0130 01", {"de89370400440532013000", "DE89-3704-0044-0532-0130-00"}),  # noqa: E501
        ("1984", "19 84, 1984", {"1984"}),
    ],
)  # fmt: skip
def test_numbers_in_other_groupings(value: str, text: str, pieces: set[str]) -> None:
    assert set(found([value], text)[0]) == pieces


def test_many_values_and_no_value_over_the_border_of_two_texts() -> None:
    values = [f"Person Number{n}" for n in range(3000)]
    texts = ["Person", "Number7 and person number8", "", "4155552671", "415555", "2671"]
    assert found([*values, "4155552671"], *texts) == [
        [],
        ["person number8"],
        [],
        ["4155552671"],
        [],
        [],
    ]


def test_a_number_in_another_grouping_after_a_text_that_ends_like_one() -> None:
    texts = ["room 12", "415 555 2671 is", "call +", "(415) 555-2671", "2671"]
    assert found(["4155552671"], *texts) == [
        [],
        ["415 555 2671"],
        [],
        ["(415) 555-2671"],
        [],
    ]


def test_a_batch_that_is_a_slice() -> None:
    texts = pa.array(["Ann Lee", "x", "by Ann Lee"]).slice(1)
    spots = ValueSearch.compile(["ann lee"]).find(texts)
    assert spots.tolist() == [[1, 3, 10]]


def test_rows_with_nulls() -> None:
    search = ValueSearch.compile(["ann lee"])
    assert search.rows(pa.array([None, "Ann Lee", ""])).tolist() == [1]


@pytest.mark.parametrize("values", [[], ["  "], ["\u00ad\u200b"], ["ann lee", " "]])
def test_nothing_to_look_for(values: list[str]) -> None:
    with pytest.raises(ValueError, match="no value") as caught:
        ValueSearch.compile(values)
    assert "ann" not in str(caught.value)


def test_no_value_is_shown() -> None:
    search = ValueSearch.compile(["Ann Lee", "+1 415 555 2671"])
    assert "lee" not in repr(search).lower()
    assert "555" not in repr(search)
    with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
        pickle.dumps(search)


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        ("+1 415 555 2671", {"14155552671", "0014155552671", "01114155552671", "4155552671"}),  # noqa: E501
        ("415 555 2671", {"4155552671"}),
        ("555 267", set()),
        ("call 4155552671", set()),
        ("ann@mailbox.io", set()),
    ],
)  # fmt: skip
def test_forms_of_a_number(value: str, forms: set[str]) -> None:
    assert number_forms(folded_text(value)) == forms


@given(st.lists(st.text(), max_size=5))
def test_each_folded_byte_has_its_source(texts: list[str]) -> None:
    array = pa.array(texts, pa.string())
    folded = fold(array)
    for row, text in enumerate(texts):
        points = fold(array.slice(row, 1), sources=True).sources
        low, high = folded.offsets[row : row + 2]
        assert len(points) == high - low
        assert (np.diff(points) >= 0).all()
        # A stretch of the source folds to what its bytes say, but for merged blanks.
        for point in set(points.tolist()):
            own = folded.data[low:high][points == point].tobytes().decode()
            alone = fold(pa.array([text[point]])).data.tobytes().decode()
            assert own == alone


@given(st.text(min_size=1), st.text(), st.text())
def test_a_value_between_blanks_is_found(value: str, before: str, after: str) -> None:
    if not any(c.isalnum() for c in folded_text(value)):
        return
    text = f"{before} | {value} | {after}"
    start = len(before) + 3
    spots = ValueSearch.compile([value]).find(pa.array([text])).tolist()
    core = value.strip()
    assert any(
        first <= start + value.index(core[0]) + len(core)
        and end > start
        and folded_text(value) in folded_text(text[first:end])
        for _, first, end in spots
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1234567", True), ("123456", False), ("12 34 56 7", True), ("1234567a", False)],
)
def test_numbers_have_seven_digits_at_least(value: str, expected: bool) -> None:  # noqa: FBT001
    assert is_number(value) is expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ayşe Yılmaz", "SAYIN AYŞE YILMAZ GELDİ"),
        ("İpek Işık", "ipek ışık ve I\u0307PEK IŞIK"),
        ("Γιώργος Παπαδόπουλος", "Ο ΓΙΩΡΓΟΣ ΠΑΠΑΔΟΠΟΥΛΟΣ ΗΡΘΕ"),
        ("ΓΙΩΡΓΟΣ", "ο Γιω\u0301ργος"),
        # The same letter, its marks in either order, and composed by halves.
        (
            "Vi\u1ec7t",
            "Vi\u1eb9\u0302t Vi\u00ea\u0323t Vie\u0302\u0323t Vie\u0323\u0302t",
        ),
        ("محمد الحسن", "السيد مُحَمَّد الحَسَن ومحمــد الحسن"),
        ("علی رضایی", "آقای علي رضايي"),
        ("שלמה כהן", "ר׳ שְׁלֹמֹה כֹּהֵן"),
    ],
)
def test_values_are_found_as_people_spell_them(value: str, text: str) -> None:
    found = ValueSearch.compile([value]).find(pa.array(["x", text])).tolist()
    assert found
    for row, start, end in found:
        assert row == 1
        # Whole letters, with their marks.
        assert not unicodedata.combining(text[start])
        assert end == len(text) or not unicodedata.combining(text[end])


@pytest.mark.parametrize(
    ("value", "text"),
    [("Zak", "\u017bak"), ("José", "Jose"), ("Việt", "Viet"), ("Öz", "Oz")],
)
def test_accents_of_other_letters_tell_values_apart(value: str, text: str) -> None:
    assert not len(ValueSearch.compile([value]).find(pa.array([text])))
