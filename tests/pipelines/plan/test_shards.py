from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.plan import shards as shards_module
from isinglass.pipelines.plan.digest import Stretch
from isinglass.pipelines.plan.shards import merge, slug

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Any]

SLUGS = [
    ("docs", "docs"),
    ("../x", "x"),
    ("a b/c\\d", "a-b-c-d"),
    ("Zoë", "Zoe"),
    ("数据", "source"),
    ("..", "source"),
    ("-rf", "rf"),
    ("a\n\0b", "a-b"),
    ("x" * 100, "x" * 40),
]


@pytest.mark.parametrize(("name", "expected"), SLUGS)
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected


def parquet(path: Path, groups: int, rows: int = 100) -> None:
    table = pa.table({"text": [f"{i:0100d}" for i in range(groups * rows)]})
    pq.write_table(
        table, path, row_group_size=rows, use_dictionary=False, compression="none"
    )


def test_big_files_are_cut_and_small_ones_grouped(
    tmp_path: Path, planned: Planned
) -> None:
    parquet(tmp_path / "big.parquet", 7)
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(name)
    # A row group takes some 10,500 bytes; three fit.
    made = planned({"path": ".", "source": "../we ird"}, shard_bytes=32_000)
    shapes = [
        [(p.relative, p.start, p.stop, p.first_row, p.rows) for p in s.pieces]
        for s in made.shards
    ]
    big = [
        [("big.parquet", 0, 3, 0, 300)],
        [("big.parquet", 3, 6, 300, 300)],
        [("big.parquet", 6, 7, 600, 100)],
    ]
    small = [[(f"{name}.txt", 0, -1, 0, 1) for name in "abc"]]
    assert sorted(shapes) == sorted(big + small)
    ids = [shard.shard_id for shard in made.shards]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"we-ird-[0-9a-f]{8}-\d{5}", name) for name in ids)


def test_ids_of_big_files_do_not_move(tmp_path: Path, planned: Planned) -> None:
    parquet(tmp_path / "big.parquet", 4)
    before = set(planned({"path": "."}, shard_bytes=30_000).shards)
    parquet(tmp_path / "another.parquet", 4)
    (tmp_path / "small.txt").write_text("x")
    after = set(planned({"path": "."}, shard_bytes=30_000).shards)
    assert before < after


def test_groups_are_bounded(
    tmp_path: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(10):
        (tmp_path / f"{index}.txt").write_text("x" * 10)
    by_bytes = planned({"path": "."}, shard_bytes=35).shards
    assert sorted(len(s.pieces) for s in by_bytes) == [1, 3, 3, 3]
    monkeypatch.setattr(shards_module, "MOST_PIECES", 4)
    by_count = planned({"path": "."}).shards
    assert sorted(len(s.pieces) for s in by_count) == [2, 4, 4]


def test_ids_that_meet_are_lengthened(
    tmp_path: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards_module, "_HASH_DIGITS", 0)
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("x" * 10)
    ids = [s.shard_id for s in planned({"path": "."}, shard_bytes=10).shards]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"default--00000-[0-9a-f]{32}", name) for name in ids)


def test_merge() -> None:
    stretches = tuple(Stretch(i, i + 1, 10 * i, 10, 4) for i in range(5))
    assert merge(stretches, 9) == [
        Stretch(0, 2, 0, 20, 8),
        Stretch(2, 4, 20, 20, 8),
        Stretch(4, 5, 40, 10, 4),
    ]
    assert merge(stretches, 1) == list(stretches)
    unknown = (Stretch(0, 1, 0, None, 4), Stretch(1, 2, 0, 3, 4))
    assert merge(unknown, 8) == [Stretch(0, 2, 0, None, 8)]
