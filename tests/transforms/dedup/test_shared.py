from __future__ import annotations

import time
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shared import Comparison, Side, compare, pieces
from isinglass.transforms.dedup.shingles import shingle_sets
from isinglass.transforms.normalise import normalise
from tests.words import units

DEFAULT = NormaliseConfig()
WORDS = st.lists(
    st.sampled_from(["a", "B", "c", "D9", "é", "e\u0301", "पढ़ी", "كَتَبَ"]), max_size=25
)
GAPS = st.sampled_from([" ", "\n", ", ", "... "])
TEXTS = st.builds(lambda words, gap: gap.join(words), WORDS, GAPS)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def marked(side: Side) -> str:
    """Brackets around what is not shared."""
    return "".join(p.text if p.shared else f"[{p.text}]" for p in pieces(side))


def both(left: str, right: str, ngram: int = 3) -> tuple[str, str]:
    found = compare(left, right, ngram, DEFAULT)
    return marked(found.left), marked(found.right)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a b c d", "a b c d", ("a b c d", "a b c d")),
        ("A b, c\nd!", "a  B c d", ("A b, c\nd!", "a  B c d")),
        ("a b c d x", "a b c d y", ("a b c d [x]", "a b c d [y]")),
        ("x, a b c d", "y a b c d", ("[x], a b c d", "[y] a b c d")),
        # A word between two changed ones lies in no shingle of both.
        (
            "a b c x d y e f g",
            "a b c v d w e f g",
            ("a b c [x d y] e f g", "a b c [v d w] e f g"),
        ),
        # Equal words in another order share no shingle.
        ("a b c", "c b a", ("[a b c]", "[c b a]")),
        # What occurs twice on one side is shared in both places.
        ("a b c z a b c", "a b c", ("a b c [z] a b c", "a b c")),
        # Leading and trailing punctuation goes with the nearest word.
        ("(x) a b c.", "a b c", ("[(x]) a b c.", "a b c")),
        # Too short for a shingle: all or nothing.
        ("Hi there", "hi  there", ("Hi there", "hi  there")),
        ("hi there", "hi you", ("[hi there]", "[hi you]")),
        ("hi there", "hi there you two", ("[hi there]", "[hi there you two]")),
        # Without any word.
        ("!?", "!?", ("!?", "!?")),
        ("!?", "...", ("[!?]", "[...]")),
        ("!?", "a b c", ("[!?]", "[a b c]")),
        ("", "", ("", "")),
    ],
)
def test_shared_words_are_marked(
    left: str, right: str, expected: tuple[str, str]
) -> None:
    assert both(left, right) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        # A vowel sign is part of its word, and alone tells two words apart.
        (
            "राम ने किताब पढ़ी और सो गया",
            "राम ने किताब पढ़ा और सो गया",
            ("राम ने किताब [पढ़ी] और सो गया", "राम ने किताब [पढ़ा] और सो गया"),
        ),
        (
            "كَتَبَ الوَلَدُ الدَّرْسَ فِي البَيْتِ ثُمَّ نَامَ",
            "كَتَبَ الوَلَدُ الدَّرْسَ فِي البَيْتِ ثُمَّ نَامَتْ",
            (
                "كَتَبَ الوَلَدُ الدَّرْسَ فِي البَيْتِ ثُمَّ [نَامَ]",
                "كَتَبَ الوَلَدُ الدَّرْسَ فِي البَيْتِ ثُمَّ [نَامَتْ]",
            ),
        ),
        # The same words with and without vowel signs are different words.
        (
            "كتب الولد الدرس",
            "كَتَبَ الوَلَدُ الدَّرْسَ",
            ("[كتب الولد الدرس]", "[كَتَبَ الوَلَدُ الدَّرْسَ]"),
        ),
        # Accents that stand apart, also where no letter has them.
        (
            "un cafe\u0301 au lait x\u0301 froid",
            "un café au lait x froid",
            ("un cafe\u0301 au lait [x\u0301 froid]", "un café au lait [x froid]"),
        ),
        (
            "שָׁלוֹם לְכָל יֶלֶד טוֹב",
            "שָׁלוֹם לְכָל יֶלֶד רַע",
            ("שָׁלוֹם לְכָל יֶלֶד [טוֹב]", "שָׁלוֹם לְכָל יֶלֶד [רַע]"),
        ),
    ],
)
def test_marks_belong_to_their_words(
    left: str, right: str, expected: tuple[str, str]
) -> None:
    assert both(left, right) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("राम ने किताब पढ़ी", ["राम", "ने", "किताब", "पढ़ी"]),
        ("كَتَبَ الوَلَدُ, ثُمَّ", ["كَتَبَ", "الوَلَدُ", "ثُمَّ"]),
        ("e\u0301te\u0301 (x\u0301)", ["e\u0301te\u0301", "x\u0301"]),
        ("\u0301 a, co\u00adop\u200d", ["a", "co\u00adop\u200d"]),
    ],
)
def test_units_are_whole_words_of_the_given_text(text: str, words: list[str]) -> None:
    side = compare(text, text, 1, DEFAULT).left
    bounds = zip(side.starts.tolist(), side.stops.tolist(), strict=True)
    assert [text[start:stop] for start, stop in bounds] == words


def test_unspaced_scripts_are_compared_by_character() -> None:
    found = compare("今日は天気がいい。散歩", "今日は雨がいい。散歩", 3, DEFAULT)
    assert found.left.compared_by == "characters"
    assert marked(found.left) == "今日は[天気]がいい。散歩"
    assert marked(found.right) == "今日は[雨]がいい。散歩"


def test_texts_of_different_units_share_nothing() -> None:
    found = compare("今日は天気がいい", "nice weather we have today", 3, DEFAULT)
    assert (found.left.compared_by, found.right.compared_by) == ("characters", "words")
    assert found.jaccard == 0.0
    assert not found.left.shared.any()


def test_the_setting_of_the_run_decides() -> None:
    left, right = "on day 12 of it", "on day 345 of it"
    folded = NormaliseConfig(numbers=True)
    assert marked(compare(left, right, 3, folded).left) == left
    assert marked(compare(left, right, 3, DEFAULT).left) == "[on day 12 of it]"
    upper = NormaliseConfig(lower_case=False)
    assert marked(compare("A b c", "a b c", 3, upper).left) == "[A b c]"


def test_a_decomposed_text_equals_the_composed_one() -> None:
    text = "một bài viết về sách cổ"
    apart = unicodedata.normalize("NFD", text)
    found = compare(apart, text, 3, DEFAULT)
    assert (found.jaccard, marked(found.left)) == (1.0, apart)


@pytest.mark.parametrize(
    ("left", "right", "jaccard", "containment"),
    [
        ("a b c d", "a b c d", 1.0, 1.0),
        ("a b c d", "a b c e", 1 / 3, 0.5),
        ("a b c", "a b c d e", 1 / 3, 1.0),
        ("a b c a b c", "a b c", 1 / 3, 1 / 3),
        ("a", "a", 1.0, 1.0),
        ("a", "b", 0.0, 0.0),
        ("a", "a b c", 0.0, 0.0),
    ],
)
def test_similarity_is_exact(
    left: str, right: str, jaccard: float, containment: float
) -> None:
    found = compare(left, right, 3, DEFAULT)
    assert found.jaccard == pytest.approx(jaccard)
    assert found.containment == pytest.approx(containment)


def test_a_shingle_has_at_least_one_unit() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        compare("a", "b", 0, DEFAULT)


@given(left=st.one_of(TEXTS, ANY_TEXT), right=st.one_of(TEXTS, ANY_TEXT))
def test_pieces_join_to_the_text(left: str, right: str) -> None:
    found = compare(left, right, 2, DEFAULT)
    for text, side in ((left, found.left), (right, found.right)):
        cut = pieces(side)
        assert "".join(piece.text for piece in cut) == text
        assert all(piece.text for piece in cut) or text == ""


@given(left=TEXTS, right=TEXTS, ngram=st.integers(1, 4))
def test_both_sides_tell_the_same(left: str, right: str, ngram: int) -> None:
    found = compare(left, right, ngram, DEFAULT)
    back = compare(right, left, ngram, DEFAULT)
    assert marked(found.left) == marked(back.right)
    assert marked(found.right) == marked(back.left)
    assert found.jaccard == back.jaccard
    # A word that one text shares is one that the other shares somewhere.
    for one, other in ((found.left, found.right), (found.right, found.left)):
        assert set(one.keys[one.shared]) <= set(other.keys[other.shared])


@given(left=TEXTS, right=TEXTS, ngram=st.integers(1, 4))
def test_marks_are_those_of_the_definition(left: str, right: str, ngram: int) -> None:
    found = compare(left, right, ngram, DEFAULT)
    words = [units(normalise(pa.array([text]))[0].as_py()) for text in (left, right)]
    grams = [[tuple(w[i : i + ngram]) for i in range(len(w))] for w in words]
    whole = [[g for g in side if len(g) == ngram] for side in grams]
    if not (whole[0] and whole[1]):
        return
    for own, other, side in ((0, 1, found.left), (1, 0, found.right)):
        shared = np.zeros(len(words[own]), bool)
        for index, gram in enumerate(whole[own]):
            if gram in whole[other]:
                shared[index : index + ngram] = True
        assert side.shared.tolist() == shared.tolist()


@given(left=TEXTS, right=TEXTS)
def test_jaccard_is_that_of_the_shingle_sets_of_a_run(left: str, right: str) -> None:
    found = compare(left, right, 2, DEFAULT)
    sets = shingle_sets(normalise(pa.array([left, right])), 2)
    one, other = (
        set(sets.values[sets.offsets[i] : sets.offsets[i + 1]].tolist()) for i in (0, 1)
    )
    assert (found.common, found.union) == (len(one & other), len(one | other))


def long_comparison() -> tuple[float, Comparison]:
    words = [f"w{i * 7919 % 20_011}" for i in range(330_000)]
    changed = [w if i % 150 else "other" for i, w in enumerate(words)]
    left, right = " ".join(words), " ".join(changed)
    begin = time.process_time()
    found = compare(left, right, 5, DEFAULT)
    for side in (found.left, found.right):
        pieces(side)
    return time.process_time() - begin, found


def test_two_megabytes_are_compared_in_time() -> None:
    # The first call compiles or loads what is compiled.
    compare("a b c", "a b d", 2, DEFAULT)
    seconds, found = long_comparison()
    assert len(found.left.text) > 1_900_000
    assert seconds < 2.0
