"""From equal texts and compared pairs to the verdict: who goes, for whom, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.pipelines.seam import OPEN
from isinglass.pipelines.stages.dedup.rank import EarlierRun, earlier_extents
from isinglass.pipelines.stages.dedup.resolve import Documents, resolve, rules
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.decide import NO_RANK, Fate, Identified
from isinglass.transforms.dedup.keepers import Similarity
from tests.drivers import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.seam import Verdict

NONE = int(NO_RANK)

# Documents 0..5 are of this run, 6 and 7 of two earlier ones. 1 equals 0, 2 equals
# what an earlier run kept, 5 takes no part.
FOUND = Identified(
    np.array([1, 1, 1, 1, 1, 0, 0, 0], np.bool_),
    np.array([0, 0, 6, 3, 4, 5, 6, 7]),
    np.array([2, 5, 6, 3, 4, NONE, 0, 1], np.uint32),
)
UNITS = ["words", "words", "words", "characters", "words", "whole_text"]
DOCUMENTS = Documents(
    np.array([[0, 16 + n] for n in range(8)], np.uint64),
    np.array([-1] * 6 + [0, 1], np.int32),
    ("first run", "second run"),
    pa.array(UNITS),
)


def name(document: int) -> str:
    return f"{16 + document:032x}"


def compared(*pairs: tuple[int, int, float], inside: list[float] | None = None) -> Any:
    """Pairs of ranks, the one that would stay first."""
    ranks = np.array([pair[:2] for pair in pairs], np.uint32).reshape(-1, 2)
    alike = np.array([pair[2] for pair in pairs], np.float64)
    contained = None if inside is None else np.array(inside)
    return ranks, Similarity(alike, contained)


def told(verdict: Verdict) -> list[tuple[Any, ...]]:
    """Reason and evidence of each document."""
    reasons = [
        None if drop == OPEN else verdict.reasons[drop]
        for drop in verdict.drops.tolist()
    ]
    columns = [
        verdict.evidence[key].to_pylist()
        for key in ("rule", "kept_doc_id", "kept_in", "similarity")
    ]
    return list(zip(reasons, *columns, strict=True))


KEPT = (None, None, None, None, None)
COPY = ("exact_duplicate", "content_hash", name(0), None, 1.0)
OLD = ("exact_duplicate", "content_hash", name(6), "first run", 1.0)
NEAR = "jaccard>=0.75 on word 5-grams"


def test_equal_texts_alone() -> None:
    verdict = resolve(FOUND, None, DOCUMENTS, DedupConfig(fuzzy=False))
    assert told(verdict) == [KEPT, COPY, OLD, KEPT, KEPT, KEPT]
    assert verdict.facts["compared_by"].to_pylist() == UNITS
    assert verdict.counts == {
        "candidate_pairs": 0,
        "verified_pairs": 0,
        "for_earlier": 1,
    }


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        # Just enough, and just too little.
        (
            [(2, 3, 0.75)],
            {3: ("near_duplicate", "jaccard>=0.75 on character 5-grams", 0, None)},
        ),
        ([(2, 3, 0.7499)], {}),
        # A near-duplicate of one that goes stays.
        (
            [(2, 3, 0.8), (3, 4, 0.9)],
            {3: ("near_duplicate", "jaccard>=0.75 on character 5-grams", 0, None)},
        ),
        # A copy goes with its keeper, for the same reason and the same document.
        (
            [(1, 2, 0.9)],
            {
                0: ("near_duplicate", NEAR, 7, "second run"),
                1: ("near_duplicate", NEAR, 7, "second run"),
            },
        ),
    ],
)
def test_near_duplicates(
    pairs: list[tuple[int, int, float]], expected: dict[int, tuple[Any, ...]]
) -> None:
    verdict = resolve(FOUND, compared(*pairs), DOCUMENTS, DedupConfig())
    rows = told(verdict)
    before = [KEPT, COPY, OLD, KEPT, KEPT, KEPT]
    for document, (reason, rule, kept, run) in expected.items():
        before[document] = (reason, rule, name(kept), run, pairs[0][2])
    assert rows == before
    enough = sum(pair[2] >= 0.75 for pair in pairs)
    assert verdict.counts["candidate_pairs"] == len(pairs)
    assert verdict.counts["verified_pairs"] == enough
    earlier = [row for row in rows if row[3]]
    assert verdict.counts["for_earlier"] == len(earlier)


INSIDE = "containment>=0.9 on word 5-grams"


@pytest.mark.parametrize(
    ("alike", "inside", "expected"),
    [
        # The similarity is that which the rule is about.
        (0.3, 0.95, ("contained", INSIDE, name(0), None, 0.95)),
        (0.3, 0.9, ("contained", INSIDE, name(0), None, 0.9)),
        (0.3, 0.89, KEPT),
        (0.8, 0.9, ("near_duplicate", NEAR, name(0), None, 0.8)),
    ],
)
def test_containment(alike: float, inside: float, expected: tuple[Any, ...]) -> None:
    pairs = compared((2, 4, alike), inside=[inside])
    verdict = resolve(FOUND, pairs, DOCUMENTS, DedupConfig(containment=0.9))
    assert told(verdict) == [KEPT, COPY, OLD, KEPT, expected, KEPT]
    assert verdict.counts["verified_pairs"] == (expected != KEPT)


def test_no_pairs_and_no_documents() -> None:
    verdict = resolve(FOUND, compared(), DOCUMENTS, DedupConfig())
    assert told(verdict) == [KEPT, COPY, OLD, KEPT, KEPT, KEPT]
    nothing = Identified(
        np.zeros(0, np.bool_), np.zeros(0, np.int64), np.zeros(0, np.uint32)
    )
    empty = Documents(
        np.zeros((0, 2), np.uint64),
        np.zeros(0, np.int32),
        (),
        pa.array([], pa.string()),
    )
    assert told(resolve(nothing, compared(), empty, DedupConfig())) == []


def test_rules_name_the_settings() -> None:
    fates = np.array(list(Fate), np.uint8)
    dedup = DedupConfig(ngram=7, threshold=0.5, containment=0.95)
    found = rules(fates, pa.array(["words", "words", "words", "characters"]), dedup)
    assert found.to_pylist() == [
        None,
        "content_hash",
        "jaccard>=0.5 on word 7-grams",
        "containment>=0.95 on character 7-grams",
    ]


def survey(ids: list[int], units: list[int]) -> pa.Table:
    return pa.table(
        {
            "doc_high": pa.array(ids, pa.uint64()),
            "doc_low": pa.array([1] * len(ids), pa.uint64()),
            "unit": pa.array(units, pa.uint8()),
        }
    )


@pytest.mark.parametrize(
    ("dedup", "units"),
    [
        (DedupConfig(), ["whole_text", "words", "characters"]),
        (DedupConfig(fuzzy=False), ["whole_text"] * 3),
    ],
)
def test_documents_are_those_of_this_run_and_then_of_earlier_ones(
    tmp_path: Path, dedup: DedupConfig, units: list[str]
) -> None:
    driver = by_hand(
        tmp_path / "run", {"a-0": survey([5], [0]), "b-0": survey([6, 7], [1, 2])}
    )
    by_hand(tmp_path / "old", {"z-0": survey([8], [1])})
    old = EarlierRun(str(tmp_path / "old"), "old run", "seal", (("z-0", 1),), 0, 1)
    places = [*driver.places, *earlier_extents([old], driver.documents)]
    found = Documents.read(driver.workspace, places, [old], dedup)
    assert found.words.tolist() == [[5, 1], [6, 1], [7, 1], [8, 1]]
    assert found.run.tolist() == [-1, -1, -1, 0]
    assert found.run_ids == ("old run",)
    assert found.compared_by.to_pylist() == units
