"""Matching: waves, buckets, what crosses the shuffle, and what is missed in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.pipelines.engine.buckets import BUCKET_BYTES
from isinglass.pipelines.stages.dedup import match
from isinglass.pipelines.stages.dedup.match import (
    WAVE_BYTES,
    Wave,
    bucket_units,
    check_entries,
    load_pairs,
    match_documents,
    plan_waves,
    wave_entries,
    wave_of,
)
from isinglass.pipelines.stages.dedup.rank import rank_documents
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.dedup.shingles import NO_UNIT, WORD_UNIT
from tests.drivers import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.units import Unit
    from isinglass.pipelines.seam import Driver
    from isinglass.schemas.commit import Commit

BANDS = 4
ONE_WAVE = WAVE_BYTES // 12
"""Documents of which one band just fits into a wave."""


def shape(wave: Wave) -> tuple[list[str], int, int, int]:
    columns = [name.removeprefix("band_") for name in wave.columns]
    return columns, wave.buckets, wave.part, wave.parts


@pytest.mark.parametrize(
    ("documents", "fingerprints", "expected"),
    [
        (0, 0, [(["000", "001", "002", "003"], 4, 0, 1)]),
        (7, 0, [(["000", "001", "002", "003"], 4, 0, 1)]),
        # As many bands together as fit.
        (ONE_WAVE // 2, 0, [(["000", "001"], 16, 0, 1), (["002", "003"], 16, 0, 1)]),
        (ONE_WAVE // 2 + 1, 0, [([f"00{n}"], 9, 0, 1) for n in range(BANDS)]),
        # One band alone is never split, though it be larger than a wave.
        (ONE_WAVE * 2, 0, [([f"00{n}"], 32, 0, 1) for n in range(BANDS)]),
        # Fingerprints are split by key into parts that fit.
        (
            7,
            1,
            [
                (["000", "001", "002", "003"], 4, 0, 1),
                (["fingerprints"], 4, 0, 1),
            ],
        ),
        (
            7,
            ONE_WAVE + 1,
            [
                (["000", "001", "002", "003"], 4, 0, 1),
                (["fingerprints"], 9, 0, 2),
                (["fingerprints"], 9, 1, 2),
            ],
        ),
    ],
)
def test_plan_of_waves(
    documents: int, fingerprints: int, expected: list[tuple[list[str], int, int, int]]
) -> None:
    assert BUCKET_BYTES * 16 == WAVE_BYTES
    waves = plan_waves(documents, fingerprints, DedupConfig(bands=BANDS))
    assert [shape(wave) for wave in waves] == expected
    assert [wave.number for wave in waves] == list(range(len(waves)))
    counted = [wave.columns == ("fingerprints",) for wave in waves]
    assert [wave.counted for wave in waves] == counted


@pytest.mark.parametrize(
    ("part", "parts", "expected"),
    [
        (0, 1, [0, 0, 1, 3, 0, 1]),
        # Of two parts with four buckets each; what is outside of 0..4 is the other's.
        (0, 2, [0, 0, 1, 3, 4, 5]),
        (1, 2, [-4, -4, -3, -1, 0, 1]),
    ],
)
def test_buckets_are_by_the_upper_half_of_a_key(
    part: int, parts: int, expected: list[int]
) -> None:
    upper = [(0, 0), (0, 2**32 - 1), (1, 5), (3, 0), (4, 9), (2**32 - 3, 0)]
    keys = np.array([(high << 32) | low for high, low in upper], np.uint64)
    wave = Wave(0, ("fingerprints",), 4, part, parts)
    assert wave.bucket_of(keys).tolist() == expected


def test_every_key_is_of_one_part() -> None:
    keys = np.random.default_rng(1).integers(0, 2**63, 500).astype(np.uint64)
    found = np.array(
        [Wave(0, ("fingerprints",), 4, part, 3).bucket_of(keys) for part in range(3)]
    )
    assert (((found >= 0) & (found < 4)).sum(axis=0) == 1).all()


DEDUP = DedupConfig(bands=2, containment=0.9)
UNITS = [WORD_UNIT, WORD_UNIT, WORD_UNIT, NO_UNIT, WORD_UNIT, WORD_UNIT]
TEXTS = [1, 2, 1, 3, 4, 5]
LISTS = [[11, 12, 13, 14], [11, 12, 13, 14, 15], [11], [99], [13, 90], []]

# Ranks go by input order: 0, 1, 2, ... Document 2 equals 0, 3 has no shingles, and 5
# takes no part; the others go through the shuffle.
KEYS = [[70, 70, 70, 70, 71, 70], [80, 81, 80, 80, 80, 80]]


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    """After survey and rank of two shards."""
    rows = len(TEXTS)
    table = pa.table(
        {
            "doc_high": pa.array(range(rows), pa.uint64()),
            "doc_low": pa.array([0] * rows, pa.uint64()),
            "hash_high": pa.array(TEXTS, pa.uint64()),
            "hash_low": pa.array([0] * rows, pa.uint64()),
            "characters": pa.array([1] * rows, pa.int64()),
            "collected_at": pa.nulls(rows, pa.string()),
            "unit": pa.array(UNITS, pa.uint8()),
            "fingerprints": pa.array(LISTS, pa.large_list(pa.uint64())),
            "band_000": pa.array(KEYS[0], pa.uint64()),
            "band_001": pa.array(KEYS[1], pa.uint64()),
        }
    )
    driver = by_hand(tmp_path, {"a-0": table.slice(0, 4), "b-0": table.slice(4)})
    present = np.array([True] * 5 + [False])
    rank_documents(driver, DEDUP.model_copy(update={"keep": "first"}), present)
    return driver


def entries(driver: Driver, wave: Wave) -> list[list[tuple[int, int]]]:
    return [
        wave_entries(driver.workspace, place, wave).tolist() for place in driver.places
    ]


def test_entries_of_bands(driver: Driver) -> None:
    both = Wave(0, ("band_000", "band_001"), 4)
    assert entries(driver, both) == [
        [(70, 0), (70, 1), (80, 0), (81, 1)],
        [(71, 4), (80, 4)],
    ]
    assert entries(driver, Wave(1, ("band_001",), 4)) == [[(80, 0), (81, 1)], [(80, 4)]]


def test_entries_of_fingerprints_are_those_of_the_part(driver: Driver) -> None:
    whole = Wave(0, ("fingerprints",), 4)
    assert entries(driver, whole) == [
        [(key, 0) for key in LISTS[0]] + [(key, 1) for key in LISTS[1]],
        [(13, 4), (90, 4)],
    ]
    # All of these keys have an upper half of 0: they are of the first part.
    first, second = (replace(whole, part=part, parts=2) for part in (0, 1))
    assert entries(driver, first) == entries(driver, whole)
    assert entries(driver, second) == [[], []]


def matched(driver: Driver) -> tuple[list[Wave], list[Unit], dict[str, Commit]]:
    waves = plan_waves(5, sum(map(len, LISTS)), DEDUP)
    units = bucket_units(waves, 5, [], "code")
    commits = match_documents(driver.session, driver.places, waves, units, 0)
    return waves, units, commits


def test_pairs_share_a_band_or_enough_fingerprints(driver: Driver) -> None:
    waves, units, commits = matched(driver)
    places = list(driver.places)
    check_entries(driver.workspace, places, commits, DEDUP)
    pairs = load_pairs(driver.workspace, units, waves, places)
    # 0 and 1 by the first band, 0 and 4 by the second, 1 and 4 by half of the
    # fingerprints of 4.
    assert pairs.tolist() == [[0, 1], [0, 4], [1, 4]]


@pytest.mark.parametrize(("least", "found"), [(0.5, True), (0.51, False)])
def test_a_share_of_the_fingerprints_is_asked_for(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, least: float, *, found: bool
) -> None:
    monkeypatch.setattr(match, "LEAST_SHARE", least)
    waves, units, _ = matched(driver)
    pairs = load_pairs(driver.workspace, units, waves, list(driver.places))
    assert ([1, 4] in pairs.tolist()) is found


@pytest.mark.parametrize("step", [-1, 1])
def test_entries_lost_or_doubled_on_the_way_are_noticed(
    driver: Driver, step: int
) -> None:
    _, _, commits = matched(driver)
    name, commit = next((n, c) for n, c in commits.items() if c.counts["entries"])
    counts = commit.counts | {"entries": commit.counts["entries"] + step}
    commits[name] = commit.model_copy(update={"counts": counts})
    message = f"17 keys were sent, {17 + step} arrived"
    with pytest.raises(ReconcileError, match=message):
        check_entries(driver.workspace, list(driver.places), commits, DEDUP)


def test_a_lost_entry_is_noticed(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = match.wave_entries

    def losing(*given: Any) -> np.ndarray:
        return whole(*given)[1:]

    monkeypatch.setattr(match, "wave_entries", losing)
    _, _, commits = matched(driver)
    with pytest.raises(ReconcileError, match="17 keys were sent"):
        check_entries(driver.workspace, list(driver.places), commits, DEDUP)


def test_units_change_with_what_they_depend_on() -> None:
    waves = plan_waves(5, 9, DEDUP)
    units = bucket_units(waves, 5, ["a"], "code")
    assert [unit.name for unit in units] == [
        f"wave-{wave:04d}-bucket-{bucket:04d}" for wave in (0, 1) for bucket in range(4)
    ]
    assert [wave_of(unit) for unit in units] == [0] * 4 + [1] * 4
    prints = {unit.fingerprint for unit in units}
    assert len(prints) == 8
    others = (
        bucket_units(waves, 5, ["b"], "code"),
        bucket_units(waves, 5, ["a"], "other"),
        bucket_units(plan_waves(ONE_WAVE, 9, DEDUP), 5, ["a"], "code"),
    )
    for other in others:
        assert prints.isdisjoint(unit.fingerprint for unit in other)
