from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import DecontaminateConfig
from isinglass.transforms.decontaminate.items import (
    ItemIndex,
    Matches,
    build_index,
    find_items,
)
from isinglass.transforms.normalise import normalise
from tests.properties import examples
from tests.words import units

if TYPE_CHECKING:
    from isinglass.transforms.decontaminate.filter import RunFilter

WORDS = [f"word{i}" for i in range(40)]
HAN = "".join(chr(0x4E00 + number) for number in range(60))
CHINESE = "敏捷的棕色狐狸跳过了一只懒惰的狗然后继续向前奔跑"


def config(**values: object) -> DecontaminateConfig:
    return DecontaminateConfig.model_validate({"files": ["set.jsonl"], **values})


def run(first: int, last: int) -> str:
    """Words `first` to `last`, both included, of `WORDS`."""
    return " ".join(WORDS[first : last + 1])


def index_of(items: list[str], **values: object) -> ItemIndex:
    return build_index(pa.array(items, pa.string()), config(**values))


def search(documents: list[str], index: ItemIndex) -> Matches:
    return find_items(normalise(pa.array(documents, pa.string())), index)


def found(document: str, items: list[str], **values: object) -> tuple[int, int, float]:
    matches = search(["before it", document, "after it"], index_of(items, **values))
    assert matches.item[[0, 2]].tolist() == [-1, -1]
    return int(matches.item[1]), int(matches.words[1]), float(matches.share[1])


NOTHING = (-1, 0, 0.0)


@pytest.mark.parametrize(
    ("document", "items", "expected"),
    [
        ("", [run(0, 19)], NOTHING),
        (f"see {run(3, 14)} there", [run(0, 19)], NOTHING),
        (f"see {run(3, 15)} there", [run(0, 19)], (0, 13, 0.65)),
        (run(0, 19), [run(0, 19)], (0, 20, 1.0)),
        (f"{run(0, 19)} and more", [run(0, 19)], (0, 20, 1.0)),
        (f"more and {run(0, 19)}", [run(0, 19)], (0, 20, 1.0)),
        # The document lies within the item.
        (run(5, 24), [run(0, 39)], (0, 20, 0.5)),
        (run(0, 12), [run(0, 12)], (0, 13, 1.0)),
        (run(0, 11), [run(0, 12)], NOTHING),
        # One word between two halves of 12.
        (f"{run(0, 11)} other {run(12, 23)}", [run(0, 23)], NOTHING),
        # Words of two neighbouring items are no match of either.
        (run(7, 20), [run(0, 13), run(14, 27)], NOTHING),
        # Case, white space and punctuation do not count; letters do.
        (run(3, 15).upper().replace(" ", ",\n\t-- "), [run(0, 19)], (0, 13, 0.65)),
        (run(3, 15), [run(0, 19).upper().replace(" ", "... ")], (0, 13, 0.65)),
        (run(3, 15).replace("word9", "w0rd9"), [run(0, 19)], NOTHING),
        # The longest match wins, then the smallest number.
        (f"{run(0, 13)} x {run(20, 34)}", [run(0, 19), run(20, 39)], (1, 15, 0.75)),
        (f"{run(20, 32)} x {run(0, 12)}", [run(0, 19), run(20, 39)], (0, 13, 0.65)),
        (run(5, 19), [run(0, 24), run(5, 19)], (0, 15, 0.6)),
        # The same item again, in other dress.
        (run(0, 19), ["other " * 20, run(0, 19), run(0, 19).upper()], (1, 20, 1.0)),
        # A word repeated: runs that overlap themselves.
        ("yes " * 13, ["yes " * 30], (0, 13, 13 / 30)),
        ("yes " * 12, ["yes " * 30], NOTHING),
        ("yes " * 40, ["yes " * 30], (0, 30, 1.0)),
    ],
)
def test_longest_match(
    document: str, items: list[str], expected: tuple[int, int, float]
) -> None:
    assert found(document, items) == expected


@pytest.mark.parametrize(
    ("document", "items", "expected"),
    [
        (f"so {run(0, 5)}!", [run(0, 5)], (0, 6, 1.0)),
        (f"so {run(0, 4)}!", [run(0, 5)], NOTHING),
        (f"so {run(1, 5)}!", [run(0, 5)], NOTHING),
        (run(0, 4), [run(0, 4)], (0, 5, 1.0)),
        # Four words are too few to look for.
        (run(0, 3), [run(0, 3)], NOTHING),
        # Two that begin alike: each must be there whole.
        (f"x {run(0, 5)}", [run(0, 6), run(0, 5)], (1, 6, 1.0)),
        (f"x {run(0, 6)}", [run(0, 6), run(0, 5)], (0, 7, 1.0)),
        # A longer match of a long item wins over a short one.
        (f"{run(0, 5)} x {run(20, 32)}", [run(0, 5), run(20, 39)], (1, 13, 0.65)),
        (f"{run(0, 5)} x {run(20, 31)}", [run(0, 5), run(20, 39)], (0, 6, 1.0)),
        # 12 words are looked for whole, 13 by their n-gram.
        (run(0, 11), [run(0, 11)], (0, 12, 1.0)),
    ],
)
def test_items_with_fewer_words_than_an_ngram_must_be_whole(
    document: str, items: list[str], expected: tuple[int, int, float]
) -> None:
    assert found(document, items) == expected


@pytest.mark.parametrize(
    ("words", "values", "expected"),
    [
        (13, {"min_share": 0.65}, (0, 13, 0.65)),
        (13, {"min_share": 0.66}, NOTHING),
        (14, {"min_share": 0.66}, (0, 14, 0.7)),
        (14, {"min_words": 15}, NOTHING),
        (15, {"min_words": 15}, (0, 15, 0.75)),
        # An item shorter than min_words must match whole.
        (19, {"min_words": 30}, NOTHING),
        (20, {"min_words": 30}, (0, 20, 1.0)),
        (4, {"ngram": 3, "min_words": 4}, (0, 4, 0.2)),
        (3, {"ngram": 3, "min_words": 4}, NOTHING),
        (20, {"min_share": 1.0}, (0, 20, 1.0)),
        (19, {"min_share": 1.0}, NOTHING),
    ],
)
def test_least_words_and_least_share(
    words: int, values: dict[str, object], expected: tuple[int, int, float]
) -> None:
    assert found(f"x {run(0, words - 1)} x", [run(0, 19)], **values) == expected


def test_a_longer_match_that_covers_too_little_does_not_hide_a_shorter_one() -> None:
    items = [run(0, 39), run(5, 18)]
    assert found(run(3, 19), items, min_share=0.9) == (1, 14, 1.0)
    assert found(run(3, 19), items) == (0, 17, 17 / 40)


def test_an_item_within_two_longer_ones_that_cover_too_little_is_found() -> None:
    items = [run(0, 39), f"{'other ' * 23}{run(2, 18)}", run(5, 18)]
    assert found(run(0, 18), items, min_share=0.9) == (2, 14, 1.0)
    assert found(run(0, 17), items, min_share=0.9) == (2, 13, 13 / 14)
    assert found(run(0, 16), items, min_share=0.9) == NOTHING


@pytest.mark.parametrize(
    ("document", "items", "expected"),
    [
        # Three characters count as a word.
        (f"他说「{HAN[:39]}」。", [HAN], (0, 39, 39 / len(HAN))),
        (f"他说「{HAN[:38]}」。", [HAN], NOTHING),
        ("、".join(HAN), [HAN], (0, len(HAN), 1.0)),
        (f"他说「{HAN[:15]}」。", [HAN[:15]], (0, 15, 1.0)),
        (f"他说「{HAN[:14]}」。", [HAN[:14]], NOTHING),
        # The character decides, not the text around it.
        (f"{run(0, 39)} {HAN}", [HAN], (0, len(HAN), 1.0)),
        (
            f"{HAN} a b c d e f g h i j k l m",
            ["a b c d e f g h i j k l m", HAN[:5]],
            (0, 13, 1.0),
        ),
        # An item of both kinds: 12 words, and 3 characters for the last one.
        (f"x {run(0, 11)} {HAN[:3]} y", [f"{run(0, 11)} {HAN}"], NOTHING),
    ],
)
def test_scripts_without_spaces(
    document: str, items: list[str], expected: tuple[int, int, float]
) -> None:
    assert found(document, items) == expected


def test_equal_hashes_of_different_words_do_not_count() -> None:
    """The bytes of a unit decide, not its hash or the filter's."""
    index = index_of([run(0, 19)])
    document = f"see {run(3, 16)} there"
    assert search([document], index).item.tolist() == [0]
    forged = index.vocabulary.data.copy()
    at = int(index.vocabulary.offsets[9])
    forged[at] = ord("W")
    forged.flags.writeable = False
    other = ItemIndex(
        index.filter,
        index.vocabulary._replace(data=forged),
        index.automaton,
        index.needs,
    )
    assert search([document], other).item.tolist() == [-1]


def test_two_words_with_one_hash_are_told_apart() -> None:
    """Units whose hashes collide have a number each, in one chain of slots."""
    index = index_of([f"{run(0, 11)} first", f"{run(20, 31)} second"])
    words = index.vocabulary
    names = [
        bytes(words.data[a:b]).decode()
        for a, b in zip(words.offsets[:-1], words.offsets[1:], strict=True)
    ]
    first, second = names.index("first"), names.index("second")
    hashes = words.hashes.copy()
    hashes[second] = hashes[first]
    slots = words.slots.copy()
    slots[slots == second] = -1
    at = int(np.flatnonzero(slots == first)[0])
    slots[at] = second  # the wrong one of the two comes first
    while slots[at] >= 0:
        at = (at + 1) % len(slots)
    slots[at] = first
    for array in (hashes, slots):
        array.flags.writeable = False
    forged = ItemIndex(
        index.filter,
        words._replace(hashes=hashes, slots=slots),
        index.automaton,
        index.needs,
    )
    assert search([f"{run(0, 11)} first"], forged).item.tolist() == [0]


def test_a_filter_that_lets_everything_pass_changes_nothing() -> None:
    index = index_of([run(0, 19), run(20, 25)])
    documents = [run(3, 14), run(3, 15), run(20, 25), run(20, 24), "a " * 30, CHINESE]
    expected = search(documents, index)
    opened = ItemIndex(
        _open(index.filter, documents), index.vocabulary, index.automaton, index.needs
    )
    assert search(documents, opened).item.tolist() == expected.item.tolist()
    assert expected.item.tolist() == [-1, 0, 1, -1, -1, -1]


def _open(known: RunFilter, documents: list[str]) -> RunFilter:
    """The filter with the runs of some documents besides."""
    values = {"ngram": 5, "min_words": 5}
    other = index_of(documents, **values).filter
    return other._replace(ngram=np.array([5]))


def test_templates_that_many_items_share_stay_fast() -> None:
    template = "which of the following statements about the given topic is most true"
    items = [f"{template} for {i} or {i + 1}" for i in range(10_000)]
    index = index_of(items)
    hot = " ".join([f"{template} for nothing"] * 20_000)
    search(["warm"], index)
    started = time.process_time()
    matches = search([hot, f"{template} for 7 or 8", template], index)
    assert time.process_time() - started < 2.0
    assert matches.item.tolist() == [0, 7, -1]
    assert matches.words.tolist() == [13, 16, 0]


def test_templates_stay_fast_where_a_share_is_asked_for() -> None:
    template = "which of the following statements about the given topic is most true"
    items = [f"{template} for {i} or {i + 1}" for i in range(10_000)]
    index = index_of(items, min_share=0.9)
    hot = " ".join([f"{template} for nothing"] * 20_000)
    started = time.process_time()
    matches = search([hot, f"{hot} {template} for 7 or 8"], index)
    assert time.process_time() - started < 2.0
    assert matches.item.tolist() == [-1, 7]


def test_a_long_document_is_compared_fast() -> None:
    item = " ".join(["na"] * 100)
    index = index_of([item])
    document = "na " * 99 + "nb " + "na " * 700_000
    started = time.process_time()
    matches = search([document], index)
    assert time.process_time() - started < 2.0
    assert matches.words.tolist() == [100]


def test_no_items_and_no_documents() -> None:
    assert search([], index_of([run(0, 19)])).item.tolist() == []
    assert search(["some text", ""], index_of([])).item.tolist() == [-1, -1]
    assert search(["one two"], index_of(["one two", ""])).item.tolist() == [-1]


def test_slices_of_arrays_are_searched_as_they_are() -> None:
    index = index_of([run(0, 19)])
    texts = normalise(pa.array(["x", run(0, 14), "y", run(0, 12)], pa.string()))
    assert find_items(texts[1:], index).words.tolist() == [15, 0, 13]


def reference(
    document: str, items: list[str], limits: DecontaminateConfig
) -> tuple[int, int]:
    """Longest common run of words by trying all, straight from the definition."""
    words = units(document)
    best = (-1, 0)
    for number, item in enumerate(items):
        wanted = units(item)
        if len(wanted) < min(5, limits.ngram):
            continue
        longest = 0
        for start in range(len(words)):
            for begin in range(len(wanted)):
                size = 0
                while (
                    start + size < len(words)
                    and begin + size < len(wanted)
                    and words[start + size] == wanted[begin + size]
                ):
                    size += 1
                longest = max(longest, size)
        enough = longest >= limits.min_words
        enough &= longest / len(wanted) >= limits.min_share
        if (enough or longest == len(wanted)) and longest > best[1]:
            best = (number, longest)
    return best


letters = st.lists(st.sampled_from("abc"), max_size=18).map(" ".join)


@examples(500)
@given(
    st.lists(letters, min_size=1, max_size=4),
    st.lists(letters, max_size=5),
    st.integers(2, 7),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
)
def test_equals_the_definition(
    documents: list[str], items: list[str], ngram: int, more: int, share: float
) -> None:
    limits = config(ngram=ngram, min_words=ngram + more, min_share=share)
    matches = search(documents, build_index(pa.array(items, pa.string()), limits))
    expected = [reference(document, items, limits) for document in documents]
    pairs = zip(matches.item.tolist(), matches.words.tolist(), strict=True)
    assert list(pairs) == expected
