from __future__ import annotations

import pyarrow as pa

from isinglass.schemas.config import DecontaminateConfig
from isinglass.transforms.decontaminate.items import (
    ItemKind,
    build_index,
    find_items,
    index_arrays,
    item_kinds,
    join_index,
)
from isinglass.transforms.normalise import normalise

CONFIG = DecontaminateConfig(files=("set.jsonl",))
LONG = " ".join(f"word{i}" for i in range(13))
ITEMS = pa.array(
    [
        LONG,
        "one two three four five",
        "one two three four",
        "",
        f"«{LONG.upper()}»",
        "One, two, three, four, five?",
        "one two three four",
        LONG.replace("word3", "word 3"),
        # Three characters count as a word.
        "敏捷的棕色狐狸跳过了一只懒惰的",
        "敏捷的棕色狐狸跳过了一只懒惰",
    ],
    pa.string(),
)


def test_kinds() -> None:
    assert item_kinds(ITEMS, CONFIG).tolist() == [
        ItemKind.SEARCHED,
        ItemKind.SEARCHED_WHOLE,
        ItemKind.TOO_SHORT,
        ItemKind.TOO_SHORT,
        ItemKind.DUPLICATE,
        ItemKind.DUPLICATE,
        ItemKind.TOO_SHORT,
        ItemKind.SEARCHED,
        ItemKind.SEARCHED_WHOLE,
        ItemKind.TOO_SHORT,
    ]


def test_with_short_ngrams_shorter_items_can_be_found() -> None:
    config = DecontaminateConfig(files=("set.jsonl",), ngram=3, min_words=3)
    items = pa.array(["one two three", "one two"], pa.string())
    kinds = item_kinds(items, config).tolist()
    assert kinds == [ItemKind.SEARCHED, ItemKind.TOO_SHORT]


def test_the_index_tells_the_same_kinds() -> None:
    index = build_index(ITEMS, CONFIG)
    assert index.needs.kinds.tolist() == item_kinds(ITEMS, CONFIG).tolist()
    assert index.needs.sizes.tolist() == [13, 5, 4, 0, 13, 5, 4, 14, 15, 14]
    assert index.needs.needed[[0, 1, 7, 8]].tolist() == [13, 5, 13, 15]


def test_an_index_made_of_its_arrays_finds_the_same() -> None:
    index = build_index(ITEMS, CONFIG)
    arrays = index_arrays(index)
    joined = join_index(arrays.__getitem__)
    texts = normalise(pa.array([f"x {LONG} y", "one two three four five"]))
    assert find_items(texts, joined).item.tolist() == [0, 1]
    for name, array in arrays.items():
        assert array is index_arrays(joined)[name], name


def test_an_index_without_items_finds_none() -> None:
    empty = build_index(pa.array([], pa.string()), CONFIG)
    matches = find_items(pa.array([LONG]), empty)
    assert matches.item.tolist() == [-1]


def test_equal_items_make_equal_bytes() -> None:
    first, second = (index_arrays(build_index(ITEMS, CONFIG)) for _ in range(2))
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert array.dtype == second[name].dtype, name
        assert array.tobytes() == second[name].tobytes(), name
