from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup import planted
from isinglass.transforms.dedup.edits import EDITS
from isinglass.transforms.dedup.keepers import resolve_near
from isinglass.transforms.dedup.planted import judge, plant_edits, share_sampled
from isinglass.transforms.dedup.recall import (
    FALSE,
    MISSED,
    recall_gates,
    recall_statistics,
)
from isinglass.transforms.read.identity import doc_ids
from isinglass.transforms.statistics.gates import evaluate_gates

COUNT = 60
WORDS = "a b c d e f g h i j k l m n o p"


def corpus() -> tuple[pa.StringArray, pa.StringArray]:
    chance = random.Random(4)  # noqa: S311 - test data
    texts = [
        " ".join(f"w{chance.randrange(9_000)}" for _ in range(chance.randint(60, 400)))
        for _ in range(COUNT)
    ]
    return pa.array(texts), doc_ids("web", "a.jsonl", np.arange(COUNT))


def counted(**section: Any) -> tuple[DedupConfig, dict[str, list[int]]]:
    dedup = DedupConfig(**section)
    return dedup, plant_edits(*corpus(), 1.0, dedup)


def not_met(dedup: DedupConfig, counts: dict[str, list[int]]) -> list[str]:
    gates = evaluate_gates(recall_gates(dedup), recall_statistics(counts, dedup))
    return [gate.metric for gate in gates if not gate.passed]


def recall(counts: dict[str, list[int]]) -> float:
    alike = [n for key, n in counts.items() if not key.endswith("|below")]
    return sum(removed for _, removed in alike) / sum(copies for copies, _ in alike)


def test_the_default_meets_what_is_alike_and_nothing_else() -> None:
    dedup, counts = counted()
    assert sum(copies for copies, _ in counts.values()) == COUNT * len(EDITS)
    assert {key.partition("|")[0] for key in counts} == set(EDITS)
    # The formula of banding misses one in 700 at the threshold.
    assert recall(counts) > 0.97
    below = [numbers for key, numbers in counts.items() if key.endswith("|below")]
    assert sum(copies for copies, _ in below) > 30
    assert all(removed == 0 for _, removed in below)
    assert not_met(dedup, counts) == []


def test_too_few_bands_show() -> None:
    dedup, counts = counted(bands=1, rows=10)
    assert 0.1 < recall(counts) < 0.6
    assert not_met(dedup, counts) == [MISSED]


def test_a_comparison_that_accepts_anything_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def accept(*args: Any) -> Any:
        pairs, similarity, dedup, documents = args
        lax = dedup.model_copy(update={"threshold": 0.01})
        return resolve_near(pairs, similarity, lax, documents)

    monkeypatch.setattr(planted, "resolve_near", accept)
    dedup, counts = counted()
    assert not_met(dedup, counts) == [FALSE]


def test_batches_and_order_do_not_matter() -> None:
    dedup = DedupConfig(bands=2)
    texts, ids = corpus()
    whole = plant_edits(texts, ids, 0.5, dedup)
    order = list(range(COUNT))
    random.Random(1).shuffle(order)  # noqa: S311 - test data
    texts, ids = (column.take(pa.array(order)) for column in (texts, ids))
    total: dict[str, list[int]] = {}
    for start in range(0, COUNT, 7):
        part = plant_edits(texts[start : start + 7], ids[start : start + 7], 0.5, dedup)
        for key, numbers in part.items():
            total[key] = np.add(total.get(key, [0, 0]), numbers).tolist()
    assert total == whole
    assert plant_edits(texts, ids, 0.5, DedupConfig(bands=2, seed=2)) != whole


def test_what_is_contained_is_told_apart() -> None:
    _, counts = counted(containment=0.9)
    contained = {key.partition("|")[0] for key in counts if "|contained" in key}
    assert {"truncation", "boilerplate"} <= contained
    # The document is preferred, and no part of its longer copy.
    _, counts = counted(containment=0.9, keep="first")
    contained = {key.partition("|")[0] for key in counts if "|contained" in key}
    assert "truncation" in contained
    assert "boilerplate" not in contained


@pytest.mark.parametrize(
    ("words", "copies"), [(9, 0), (10, len(EDITS)), (0, 0), (4_000, len(EDITS))]
)
def test_texts_that_are_too_short_are_not_edited(words: int, copies: int) -> None:
    text = " ".join(f"word{number}" for number in range(words))
    counts = plant_edits(
        pa.array([text]), doc_ids("web", "a", np.arange(1)), 1.0, DedupConfig()
    )
    assert sum(number for number, _ in counts.values()) == copies


@pytest.mark.parametrize(
    ("other", "jaccard", "contained", "removed"),
    [
        (WORDS, 1.0, 1.0, True),
        (f"{WORDS} q", 12 / 13, 1.0, True),
        (f"{WORDS} q r s t", 12 / 16, 1.0, True),
        # Below the threshold, but contained.
        (f"{WORDS} q r s t u", 12 / 17, 1.0, True),
        ("x b c d e f g h i j k l m n o y", 10 / 14, 10 / 12, False),
        ("z y x w v", 0.0, 0.0, False),
        ("", 0.0, 0.0, False),
    ],
)
def test_pairs_are_judged_as_in_a_run(
    other: str, jaccard: float, contained: float, *, removed: bool
) -> None:
    texts = pa.array(["something else before it", WORDS, other])
    dedup = DedupConfig(containment=0.9, bands=60, rows=1)
    found, gone = judge(texts, np.array([[1, 2]]), dedup)
    assert found.contained is not None
    assert found.jaccard.tolist() == [jaccard]
    assert found.contained.tolist() == [contained]
    assert gone.tolist() == [removed]


@pytest.mark.parametrize(
    ("section", "documents", "expected"),
    [
        ({}, 0, 0.0),
        ({}, 100, 1.0),
        ({}, 257, 1.0),
        ({}, 258, 0.5),
        ({}, 8_007, 1 / 32),
        ({"canaries": {"half_width": 0.015}}, 8_007, 1 / 8),
        ({"canaries": {"documents": 1_000}}, 8_000, 1 / 8),
        ({"canaries": {"documents": 0}}, 8_000, 0.0),
        ({"fuzzy": False}, 8_000, 0.0),
    ],
)
def test_the_sample_follows_from_the_interval(
    section: dict[str, Any], documents: int, expected: float
) -> None:
    assert share_sampled(DedupConfig(**section), documents) == expected
