"""Repeats against a search that compares lists of words, and the estimator."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.normalise import normalise
from isinglass.transforms.repeats.windows import (
    KINDS,
    Wanted,
    count_windows,
    find_windows,
    own_occurrences,
    repeated_characters,
)
from tests.words import UNIT

WORDS = 50


def numbered(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def measure(
    texts: list[str],
    words: int = WORDS,
    kept: list[bool] | None = None,
    chunk: int | None = None,
) -> tuple[list[list[int]], list[int]]:
    """Repeated characters by kind, and characters, with all documents sampled.

    `kept` leaves out of the counts what is not kept; `chunk` counts in parts.
    """
    normal = normalise(pa.array(texts, pa.string()))
    windows = find_windows(normal, words)
    wanted = Wanted.build(np.unique(windows.hashes))
    counts = np.zeros((len(wanted.hashes), 2), np.int64)
    stays = np.ones(len(texts), np.bool_) if kept is None else np.array(kept)
    step = chunk or max(1, len(texts))
    for start in range(0, len(texts), step):
        part = slice(start, start + step)
        count_windows(normal[part], stays[part], words, wanted, counts)
    total = counts[np.searchsorted(wanted.hashes, windows.hashes), 1]
    own = own_occurrences(windows)
    if kept is not None:
        inside = np.repeat(stays, np.diff(windows.offsets))
        total = np.where(inside, total, own)
    found = repeated_characters(windows, own, total)
    return found.tolist(), windows.characters.tolist()


def reference(texts: list[str], words: int) -> list[list[int]]:
    """The same by comparing every window of words with every other."""
    documents = []
    for text in normalise(pa.array(texts, pa.string())).to_pylist():
        matches = list(UNIT.finditer(text))
        documents.append(
            [
                (tuple(m[0] for m in part), part[0].start(), part[-1].end())
                for part in (
                    matches[i : i + words] for i in range(len(matches) - words + 1)
                )
            ]
        )
    found = []
    for number, own in enumerate(documents):
        covered: dict[str, set[int]] = {kind: set() for kind in KINDS}
        for place, (gram, start, stop) in enumerate(own):
            within = any(gram == other[0] for i, other in enumerate(own) if i != place)
            across = any(
                gram == other[0]
                for i, document in enumerate(documents)
                if i != number
                for other in document
            )
            span = set(range(start, stop))
            for kind, holds in (
                ("any", within or across),
                ("within", within),
                ("across", across),
            ):
                covered[kind] |= span if holds else set()
        found.append([len(covered[kind]) for kind in KINDS])
    return found


def join(words: list[str]) -> str:
    return " ".join(words)


SHARED_49 = numbered("s", 49)
SHARED_50 = numbered("s", 50)
SHARED_51 = numbered("s", 51)
SIZE_50, SIZE_51 = len(join(SHARED_50)), len(join(SHARED_51))
LEFT, RIGHT = numbered("l", 60), numbered("r", 60)


@pytest.mark.parametrize(
    ("texts", "repeated"),
    [
        pytest.param([], [], id="no documents"),
        pytest.param([""], [[0, 0, 0]], id="an empty text"),
        pytest.param([join(LEFT)], [[0, 0, 0]], id="one text without repeats"),
        pytest.param(
            [join(LEFT + SHARED_49), join(SHARED_49 + RIGHT)],
            [[0, 0, 0], [0, 0, 0]],
            id="49 words are no repeat",
        ),
        pytest.param(
            [join(LEFT + SHARED_50), join(SHARED_50 + RIGHT)],
            [[SIZE_50, 0, SIZE_50], [SIZE_50, 0, SIZE_50]],
            id="50 words are, exactly",
        ),
        pytest.param(
            [join(LEFT + SHARED_51 + RIGHT), join(SHARED_51)],
            [[SIZE_51, 0, SIZE_51], [SIZE_51, 0, SIZE_51]],
            id="51 words are covered once, not window by window",
        ),
        pytest.param(
            [join(SHARED_50 + LEFT + SHARED_50)],
            [[2 * SIZE_50, 2 * SIZE_50, 0]],
            id="within one document",
        ),
        pytest.param(
            [join(SHARED_50 + LEFT + SHARED_50), join(SHARED_50)],
            [[2 * SIZE_50, 2 * SIZE_50, 2 * SIZE_50], [SIZE_50, 0, SIZE_50]],
            id="within and across at once",
        ),
        pytest.param(
            [join(["same"] * 51)],
            [[51 * 5 - 1, 51 * 5 - 1, 0]],
            id="windows that overlap themselves",
        ),
        pytest.param([join(["same"] * 50)], [[0, 0, 0]], id="one window alone"),
        pytest.param(
            [join(SHARED_50), "  «" + "\n\n".join(SHARED_50).upper() + "!»  "],
            [[SIZE_50, 0, SIZE_50], [SIZE_50, 0, SIZE_50]],
            id="case and white space do not count",
        ),
        pytest.param(
            [join(SHARED_50), "-- ".join(SHARED_50)],
            [[SIZE_50, 0, SIZE_50], [SIZE_50 + 49 * 2, 0, SIZE_50 + 49 * 2]],
            id="what stands between the words is covered but not compared",
        ),
        pytest.param(
            [join(["cafe\u0301"] * 49 + ["a"]), join(["caf\u00e9"] * 49 + ["a"])],
            [[49 * 5 + 1, 0, 49 * 5 + 1]] * 2,
            id="composed and decomposed characters are equal and count once",
        ),
    ],
)
def test_repeats_of_fifty_words(texts: list[str], repeated: list[list[int]]) -> None:
    assert measure(texts)[0] == repeated
    assert reference(texts, WORDS) == repeated


def test_the_order_of_words_counts() -> None:
    changed = [SHARED_50[1], SHARED_50[0], *SHARED_50[2:]]
    assert measure([join(SHARED_50), join(changed)])[0] == [[0, 0, 0], [0, 0, 0]]


HAN = "".join(chr(0x4E00 + number) for number in range(80))


@pytest.mark.parametrize(
    ("texts", "repeated"),
    [
        ([HAN[:60], HAN[20:80]], [[0, 0, 0], [0, 0, 0]]),
        ([HAN[:65], HAN[15:80]], [[50, 0, 50], [50, 0, 50]]),
        # A full stop is no word character, but lies within the window.
        ([HAN[:50], HAN[:20] + "\u3002" + HAN[20:50]], [[50, 0, 50], [51, 0, 51]]),
        ([HAN[:50] + "\u3002" + HAN[:50]], [[100, 100, 0]]),
        # Within a text of mostly spaced script, they are characters as well.
        ([HAN[:50], join([*LEFT, HAN[:50]])], [[50, 0, 50], [50, 0, 50]]),
    ],
)
def test_unspaced_scripts_are_compared_by_characters(
    texts: list[str], repeated: list[list[int]]
) -> None:
    assert measure(texts)[0] == repeated


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("...", 0),
        ("  one ", 3),
        ("(one, two!)", 8),
        ("\U0001f600 na\u00efve \U0001f600 x", 9),
        (HAN[:7] + "\u3002", 7),
        (HAN + "\u3002", 80),
    ],
)
def test_characters_go_from_the_first_word_to_the_last(
    text: str, characters: int
) -> None:
    assert measure([text])[1] == [characters]


vocabulary = st.sampled_from(["a", "bb", "\u00e9\u00e9", "\u4e00", "x_1"])
gaps = st.sampled_from([" ", ", ", "\n", " \u2014 ", "\U0001f600"])
texts_of_few_words = st.lists(
    st.lists(st.tuples(vocabulary, gaps), max_size=14).map(
        lambda parts: "".join(word + gap for word, gap in parts)
    ),
    max_size=6,
)


@given(texts_of_few_words, st.integers(2, 5), st.integers(1, 6))
def test_equals_the_reference_in_any_split(
    texts: list[str], words: int, chunk: int
) -> None:
    spaced = [
        text + " mostly spaced words" * 3 * number
        for number, text in enumerate(texts, 1)
    ]
    expected = reference(spaced, words)
    assert measure(spaced, words)[0] == expected
    assert measure(spaced, words, chunk=chunk)[0] == expected


def test_removed_documents_do_not_count_as_another() -> None:
    texts = [join(SHARED_50), join(SHARED_50), join(SHARED_50 + LEFT + SHARED_50)]
    both = measure(texts, kept=[True, True, False])[0]
    alone = measure(texts, kept=[True, False, False])[0]
    assert both[0] == [SIZE_50, 0, SIZE_50]
    assert alone[0] == [0, 0, 0]


def test_slices_of_arrays_are_read_at_their_offset() -> None:
    whole = normalise(pa.array([join(LEFT), join(SHARED_51), join(RIGHT)]))
    part = find_windows(whole[1:2], WORDS)
    alone = find_windows(normalise(pa.array([join(SHARED_51)])), WORDS)
    for name in ("hashes", "spans", "offsets", "characters"):
        assert np.array_equal(getattr(part, name), getattr(alone, name))


def test_counts_that_cannot_be_are_refused() -> None:
    windows = find_windows(normalise(pa.array([join(SHARED_50)])), WORDS)
    own = own_occurrences(windows)
    with pytest.raises(ValueError, match="less often than its own document"):
        repeated_characters(windows, own, own - 1)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50, unique=True))
def test_the_directory_finds_every_hash(values: list[int]) -> None:
    hashes = np.sort(np.array(values, np.uint64))
    wanted = Wanted.build(hashes)
    for place, value in enumerate(hashes.tolist()):
        bucket = value >> wanted.shift
        assert wanted.directory[bucket] <= place < wanted.directory[bucket + 1]
    assert wanted.directory[0] == 0
    assert wanted.directory[-1] == len(hashes)
