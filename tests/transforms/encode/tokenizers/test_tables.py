from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from isinglass.transforms.encode.tokenizers.choice import (
    TableKey,
    find_table,
    write_table,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = TableKey("library", "1.2", "0.23.3", "ab" * 32)
RANGES = [(0x898, 0x898), (0x1ABF, 0x1AC0), (0x10FFFF, 0x10FFFF)]


def test_a_table_is_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    assert find_table(KEY, folder) is None
    assert find_table(KEY, None) is None
    write_table(folder, KEY, RANGES, "a tokenizer")
    assert find_table(KEY, folder) == RANGES
    write_table(folder, KEY, [], "a tokenizer")
    assert find_table(KEY, folder) == []
    assert [file.name for file in folder.iterdir()] == [KEY.file_name]


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, library="other"),
        replace(KEY, library_version="1.3"),
        replace(KEY, reference_version="0.23.4"),
        replace(KEY, rules_sha256="ab" * 31 + "cd"),
        replace(KEY, rules_sha256="cd" * 32),
    ],
)
def test_a_table_of_something_else(tmp_path: Path, other: TableKey) -> None:
    write_table(tmp_path, KEY, RANGES, "a tokenizer")
    assert find_table(other, tmp_path) is None


@pytest.mark.parametrize(
    "ranges",
    [
        [[1, 2]],  # not as many as were counted
        [[0x898, 0x898], [0x1AC0, 0x1AC1], [0x1ABF, 0x1ABF]],
        [[0x898, 0x89A], [0x110000, 0x110000]],
        [[0x89A, 0x898]],
        [[0x898]],
        [["x", "y"]],
        None,
    ],
)
def test_a_damaged_table_is_none(tmp_path: Path, ranges: object) -> None:
    write_table(tmp_path, KEY, RANGES, "a tokenizer")
    file = tmp_path / KEY.file_name
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "ranges": ranges}))
    assert find_table(KEY, tmp_path) is None
    file.write_text(json.dumps(content))
    assert find_table(KEY, tmp_path) == RANGES
    file.write_text(file.read_text()[:-20])
    assert find_table(KEY, tmp_path) is None


def test_a_table_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / KEY.file_name).mkdir()
    assert find_table(KEY, tmp_path) is None
    with pytest.raises(OSError, match="directory"):
        write_table(tmp_path, KEY, RANGES, "a tokenizer")
    assert [path.name for path in tmp_path.iterdir()] == [KEY.file_name]


def test_many_writers_at_once(tmp_path: Path) -> None:
    def write(_: int) -> bool:
        write_table(tmp_path, KEY, RANGES, "a tokenizer")
        return find_table(KEY, tmp_path) == RANGES

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(64)))
    assert len(list(tmp_path.iterdir())) == 1


def test_packaged_tables_say_what_they_are() -> None:
    folder = files("isinglass.transforms") / "resources" / "tokenizers"
    found = [file for file in folder.iterdir() if file.name != "adversarial.json"]
    assert len(found) == 2
    for file in found:
        content = json.loads(file.read_text(encoding="utf-8"))
        key = TableKey(*(content[name] for name in TableKey.__dataclass_fields__))
        assert key.file_name == file.name
        assert find_table(key, None) is not None
        assert content["licence"] == "Apache-2.0"
        assert {"name", "language", "version", "source"} <= set(content)
