"""Equal texts and who stays first, over shards and earlier runs: exact arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.stages.dedup.rank import (
    EarlierRun,
    all_places,
    compared_ranks,
    load_identified,
    rank_documents,
)
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.decide import NO_RANK
from isinglass.transforms.read.identity import format_doc_ids
from tests.drivers import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.seam import Driver

Row = tuple[int, int, int, str | None]

# doc_id, text, characters, collected_at. Documents 0, 2 and 4 are equal.
ROWS: list[Row] = [
    (50, 1, 10, "2020-01-01"),
    (40, 2, 30, None),
    (30, 1, 10, "2024-01-01"),
    (20, 3, 20, "2024-01-01"),
    (10, 1, 10, "2020-01-01"),
]
NONE = int(NO_RANK)


def table(rows: list[Row]) -> pa.Table:
    """A survey; the low words tell documents and texts apart, not the high ones."""
    ids, texts, characters, collected = zip(*rows, strict=True)
    return pa.table(
        {
            "doc_high": pa.array([7] * len(rows), pa.uint64()),
            "doc_low": pa.array(ids, pa.uint64()),
            "hash_high": pa.array([9] * len(rows), pa.uint64()),
            "hash_low": pa.array(texts, pa.uint64()),
            "characters": pa.array(characters, pa.int64()),
            "collected_at": pa.array(collected, pa.string()),
        }
    )


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    """After the survey of three shards, one of them empty."""
    whole = table(ROWS)
    shards = {"a-0": whole.slice(0, 2), "a-1": whole.slice(0, 0), "b-0": whole.slice(2)}
    return by_hand(tmp_path / "run", shards)


def ranked(
    driver: Driver,
    absent: tuple[int, ...] = (),
    earlier: tuple[EarlierRun, ...] = (),
    **dedup: Any,
) -> tuple[list[int], list[int]]:
    """Keepers and ranks, one entry a document."""
    present = ~np.isin(np.arange(driver.documents), absent)
    config = DedupConfig.model_validate(dedup)
    commit = rank_documents(driver, config, present, earlier)
    found = load_identified(driver.workspace)
    assert found.present[: len(present)].tolist() == present.tolist()
    assert not found.present[len(present) :].any()
    keepers, ranks = found.exact_keeper.tolist(), found.rank.tolist()
    copies = [n for n, keeper in enumerate(keepers) if n != keeper]
    assert commit.counts["exact_duplicate"] == len(copies)
    assert commit.counts["records_in"] == len(ranks)
    return keepers, ranks


@pytest.mark.parametrize(
    ("keep", "keepers", "ranks"),
    [
        # What is equally long goes by the smaller id.
        ("longest", [4, 1, 4, 3, 4], [4, 0, 3, 1, 2]),
        ("first", [0, 1, 0, 3, 0], [0, 1, 2, 3, 4]),
        # Of the same day the longer first; without a day last.
        ("newest", [2, 1, 2, 3, 2], [3, 4, 1, 0, 2]),
    ],
)
def test_who_stays(
    driver: Driver, keep: str, keepers: list[int], ranks: list[int]
) -> None:
    assert ranked(driver, keep=keep) == (keepers, ranks)


@pytest.mark.parametrize(
    ("absent", "keepers", "ranks"),
    [
        ((4,), [2, 1, 2, 3, 4], [3, 0, 2, 1, NONE]),
        # Neither stands for another nor has another that stands for it.
        ((4, 1), [2, 1, 2, 3, 4], [2, NONE, 1, 0, NONE]),
        ((0, 2), [0, 1, 2, 3, 4], [NONE, 0, NONE, 1, 2]),
        ((0, 1, 2, 3, 4), [0, 1, 2, 3, 4], [NONE] * 5),
    ],
)
def test_only_those_present_take_part(
    driver: Driver, absent: tuple[int, ...], keepers: list[int], ranks: list[int]
) -> None:
    assert ranked(driver, absent) == (keepers, ranks)


def test_without_exact_equal_texts_stand_each_for_itself(driver: Driver) -> None:
    assert ranked(driver, exact=False) == ([0, 1, 2, 3, 4], [4, 0, 3, 1, 2])


def earlier_run(folder: Path, rows: list[Row], kept: list[int]) -> EarlierRun:
    """A finished run of one shard, as far as ranks look at it."""
    driver = by_hand(folder, {"z-0": table(rows)})
    ids = [[7, row[0]] for row in rows]
    names = format_doc_ids(np.array(ids, np.uint64))
    outcomes = ["kept" if n in kept else "dropped" for n in range(len(rows))]
    ledger = driver.workspace.table("ledger", "z-0")
    ledger.parent.mkdir()
    pq.write_table(pa.table({"doc_id": names, "outcome": outcomes}), ledger)
    shards = (("z-0", len(rows)),)
    return EarlierRun(str(folder), folder.name, "seal", shards, 0, len(kept))


def test_what_earlier_runs_kept_comes_first(driver: Driver, tmp_path: Path) -> None:
    # Short, old and of large ids, they stay all the same; what a run dropped does not.
    first = earlier_run(tmp_path / "one", [(90, 1, 1, None), (80, 3, 1, None)], [0])
    second = earlier_run(tmp_path / "two", [(70, 5, 1, None), (60, 2, 1, None)], [0, 1])
    keepers, ranks = ranked(driver, (2,), (first, second))
    # Documents 5 and 6 are those of the first run, 7 and 8 those of the second.
    assert keepers == [5, 8, 2, 3, 5, 5, 6, 7, 8]
    assert ranks == [6, 3, NONE, 4, 5, 2, NONE, 1, 0]
    places = all_places(driver, (first, second))
    assert [(p.start, p.stop, p.run) for p in places[-2:]] == [
        (5, 7, first.folder),
        (7, 9, second.folder),
    ]


def test_copies_are_not_compared_further(driver: Driver) -> None:
    ranked(driver, (1,))
    found = load_identified(driver.workspace)
    assert compared_ranks(found, 0, 2).tolist() == [NONE, NONE]
    assert compared_ranks(found, 2, 5).tolist() == [NONE, 0, 1]


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        ({}, 1),
        ({"threshold": 0.9, "bands": 5}, 1),
        ({"keep": "first"}, 0),
        ({"exact": False}, 0),
        ({"absent": (3,)}, 0),
    ],
)
def test_ranks_are_made_again_only_if_they_may_differ(
    driver: Driver, change: dict[str, Any], reused: int
) -> None:
    ranked(driver)
    ranked(driver, **change)
    assert [record.reused for record in driver.session.records] == [0, reused]
