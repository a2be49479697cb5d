from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.config import DecontaminateConfig
from isinglass.transforms.decontaminate.items import (
    ItemKind,
    build_index,
    index_arrays,
    item_kinds,
    load_index,
    save_index,
)
from isinglass.transforms.decontaminate.search import find_items
from isinglass.transforms.normalise import normalise

if TYPE_CHECKING:
    from pathlib import Path

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
        "敏捷的棕色狐狸",
        "敏捷的棕",
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
    assert index.needs.sizes.tolist() == [13, 5, 4, 0, 13, 5, 4, 14, 7, 4]
    assert index.needs.needed[[0, 1, 7, 8]].tolist() == [13, 5, 13, 7]


def test_a_saved_index_finds_the_same(tmp_path: Path) -> None:
    index = build_index(ITEMS, CONFIG)
    save_index(tmp_path, index)
    loaded = load_index(tmp_path)
    texts = normalise(pa.array([f"x {LONG} y", "one two three four five"]))
    assert find_items(texts, loaded).item.tolist() == [0, 1]
    for name, array in index_arrays(index).items():
        assert np.array_equal(array, index_arrays(loaded)[name]), name


def test_an_index_without_items_can_be_saved(tmp_path: Path) -> None:
    save_index(tmp_path, build_index(pa.array([], pa.string()), CONFIG))
    matches = find_items(pa.array([LONG]), load_index(tmp_path))
    assert matches.item.tolist() == [-1]


def test_equal_items_make_equal_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        save_index(folder, build_index(ITEMS, CONFIG))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(index_arrays(build_index(ITEMS, CONFIG)))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()
