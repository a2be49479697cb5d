from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.deduplication.recall import (
    SAME_WORDS,
    Removals,
    Share,
    precision,
    read_removals,
    recall_between,
    recall_by_kind,
    recall_by_similarity,
)
from benchmarks.deduplication.truthset import Truth, build_truth, compare_all

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [f"word{number}" for number in range(60)]
BASE = " ".join(WORDS)
# 56 shingles, of which an edit at one end loses one and adds one: J = 55 / 57.
NEAR = " ".join([*WORDS[:-1], "other"])
LOUD = BASE.upper() + "!"


def truth() -> Truth:
    texts = (BASE, NEAR, LOUD, "far away", "Far  away", "far, away")
    kinds = ("", "substitution", "case", "", "", "")
    return compare_all(texts, kinds, np.array([0, 0, 0, 3, 4, 5]))


def test_all_alike_pairs_are_known() -> None:
    found = truth()
    rows = zip(
        found.pairs.tolist(),
        found.similarity.tolist(),
        found.same_words.tolist(),
        strict=True,
    )
    # The comma counts in texts that are too short for a shingle.
    assert list(rows) == [
        ([0, 1], 55 / 57, False),
        ([0, 2], 1.0, True),
        ([1, 2], 55 / 57, False),
        ([3, 4], 1.0, True),
    ]


def test_recall_and_precision() -> None:
    found = Removals({2: (0,), 4: (3,), 5: (3,), 1: (2,)}, 6)
    # 5 is not alike to 3, and 2, which 1 names, was itself removed.
    assert precision(truth(), found, 0.75) == Share(2, 4)
    shares = recall_by_similarity(truth(), found)
    assert shares["0.95-1.00"] == Share(2, 2)
    assert shares["=1"] == Share(2, 2)
    assert shares[SAME_WORDS] == Share(2, 2)
    only = Removals({1: (0,)}, 6)
    assert recall_by_similarity(truth(), only)["=1"] == Share(0, 2)
    assert recall_between(truth(), only, 0.85, 1.0) == Share(2, 2)
    assert recall_by_kind(truth(), only, 0.75) == {
        "case": Share(0, 1),
        "substitution": Share(1, 1),
    }
    assert precision(truth(), only, 0.97) == Share(0, 1)
    assert precision(truth(), only, 0.96) == Share(1, 1)


def test_a_subset_counts_only_its_own_pairs() -> None:
    found = Removals({1: (0,)}, 2)
    shares = recall_by_similarity(truth(), found)
    assert shares["0.95-1.00"] == Share(1, 1)
    assert shares["=1"] == Share(0, 0)
    assert recall_by_kind(truth(), found, 0.75)["case"] == Share(0, 0)


def test_a_share_is_rounded_down() -> None:
    assert str(Share(99_999, 100_000)) == "0.9999 (99999/100000)"
    assert str(Share(0, 0)) == "1.0000 (0/0)"


def test_origins_follow_the_mixing() -> None:
    real = [" ".join(f"d{n}w{word}" for word in range(80)) for n in range(30)]
    made = build_truth(real, 20, 5)
    assert sum(map(bool, made.kinds)) == 20
    for number, origin in enumerate(made.origins.tolist()):
        own = made.texts[origin].split()[40].lower().partition("w")[0]
        assert own in made.texts[number].lower()
        assert bool(made.kinds[number]) == (origin != number)


def write_ledger(folder: Path, outcomes: list[tuple[str, str | None]]) -> None:
    folder.mkdir()
    count = len(outcomes)
    ids = [f"id{number}" for number in range(count)]
    columns = {
        "doc_id": ids,
        "path": ["a"] * count,
        "row": list(range(count)),
        "outcome": [outcome for outcome, _ in outcomes],
        "reason": [None] * count,
        "kept_doc_id": [kept for _, kept in outcomes],
    }
    table = pa.table(columns).take(list(reversed(range(count))))
    pq.write_table(table, folder / "a.parquet")


def test_removals_come_from_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    write_ledger(ledger, [("dropped", "id1"), ("kept", None), ("dropped", "id1")])
    assert read_removals(ledger, 3).kept_for == {0: (1,), 2: (1,)}
    with pytest.raises(ValueError, match="3 rows for 4 documents"):
        read_removals(ledger, 4)


def test_a_record_without_a_fate_is_refused(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger", [("kept", None), ("quarantined", None)])
    with pytest.raises(ValueError, match="Record 1 is quarantined"):
        read_removals(tmp_path / "ledger", 2)
