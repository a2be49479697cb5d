from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import MentionCounts, count_mentions
from isinglass.transforms.demographics.groups import (
    group_statistics,
    parity,
    removal,
    retention,
)
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.schemas.statistic import Statistic

GENDER = load_lexicons(DemographicsConfig(axes=("gender",)))
COLUMNS = (("gender", "female"), ("gender", "male"))
Row = tuple[str, str | None, str | None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["she", "he and his", "it", "", "她他", "no man's land"]),
        st.one_of(st.none(), st.sampled_from(["web", "<b>", ""])),
        st.one_of(st.none(), st.sampled_from(["en", "zh", "tlh"])),
    ),
    max_size=12,
)


def statistics(rows: list[Row]) -> list[Statistic]:
    texts, sources, languages = (
        pa.array([row[j] for row in rows], pa.string()) for j in range(3)
    )
    mentions, _ = count_mentions(texts, languages, GENDER)
    return group_statistics(mentions, GENDER.groups, sources, languages, "input")


def test_every_share_has_its_denominator() -> None:
    rows: list[Row] = [
        ("she saw her mother", "web", "en"),
        ("he saw her", "web", "en-GB"),
        ("it rained", "book", "en"),
        ("ghaH", "book", "tlh"),
    ]
    found = {
        (row.metric, row.group): (row.numerator, row.denominator, row.value)
        for row in statistics(rows)
        if row.source is None and row.language is None
    }
    rate = "group.mentions_per_thousand_words"
    assert found == {
        ("lexicon.coverage", None): (3, 4, 0.75),
        ("axis.coverage", None): (2, 3, 2 / 3),
        ("group.document_share", "female"): (2, 3, 2 / 3),
        ("group.mention_share", "female"): (4, 5, 0.8),
        (rate, "female"): (4, 9, 4000 / 9),
        ("group.document_share", "male"): (1, 3, 1 / 3),
        ("group.mention_share", "male"): (1, 5, 0.2),
        (rate, "male"): (1, 9, 1000 / 9),
    }


def test_slices() -> None:
    rows: list[Row] = [("she", "web", "en"), ("he", "book", "en"), ("x", "web", "tlh")]
    shares = {
        (row.source, row.language, row.group): row.value
        for row in statistics(rows)
        if row.metric == "group.mention_share"
    }
    assert shares == {
        (None, None, "female"): 0.5,
        (None, None, "male"): 0.5,
        ("web", None, "female"): 1.0,
        ("web", None, "male"): 0.0,
        ("book", None, "female"): 0.0,
        ("book", None, "male"): 1.0,
        (None, "en", "female"): 0.5,
        (None, "en", "male"): 0.5,
    }


def test_intervals_are_of_whole_documents() -> None:
    # One document in two speaks of women alone, the other of men alone.
    rows: list[Row] = [("she", "web", "en"), ("he he he", "web", "en")] * 50
    found = {
        row.metric: row
        for row in statistics(rows)
        if row.group == "female" and row.source is None and row.language is None
    }
    # sum((y - r x)^2) with r = 1/4: 50 (3/4)^2 + 50 (3/4)^2, over 200 mentions.
    half = 1.959963984540054 * (100 * 0.5625) ** 0.5 / 200
    share = found["group.mention_share"]
    assert share.value == 0.25
    assert (share.low, share.high) == pytest.approx((0.25 - half, 0.25 + half))
    rate = found["group.mentions_per_thousand_words"]
    assert (rate.value, rate.numerator, rate.denominator) == (250.0, 50, 200)
    assert (rate.low, rate.high) == pytest.approx(
        (250 - 1000 * half, 250 + 1000 * half)
    )


def test_mentions_that_come_from_few_documents() -> None:
    rows: list[Row] = [("she " * 9, None, "en")] + [("she", None, "en")] * 99
    rows += [("he", None, "en")] * 99
    found = {
        row.group: (row.numerator, row.denominator)
        for row in statistics(rows)
        if row.metric == "group.concentration"
    }
    assert found == {"female": (9, 108)}


def test_nothing_covered_gives_no_shares() -> None:
    assert statistics([]) == []
    found = statistics([("she", None, "tlh")])
    assert {row.metric for row in found} == {"lexicon.coverage"}


def test_large_counts_are_exact() -> None:
    most = np.full(6, 2**31 - 1, np.int32)
    groups = np.tile(np.arange(2, dtype=np.uint16), 3)
    covered, words = np.ones(3, np.bool_), np.full(3, 2**40)
    starts = np.arange(0, 7, 2)
    mentions = MentionCounts(starts, groups, most, most, covered, words)
    names = pa.array(["a", "a", "b"])
    found = group_statistics(mentions, COLUMNS, names, names, "input")
    rate = next(row for row in found if row.metric.endswith("thousand_words"))
    assert (rate.numerator, rate.denominator) == (3 * (2**31 - 1), 3 * 2**40)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_changes_nothing(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert statistics(shuffled) == statistics(rows)


def documents(mentioned: dict[str, int], kept: dict[str, int]) -> Any:
    """Documents that mention both groups, each alone or none, and which of them stay.

    Those of each kind that stay come first.
    """
    groups = {"both": (1, 1), "female": (1, 0), "male": (0, 1), "none": (0, 0)}
    rows = [groups[kind] for kind, count in mentioned.items() for _ in range(count)]
    stay = [n < kept.get(kind, 0) for kind, m in mentioned.items() for n in range(m)]
    return np.array(rows, bool).reshape(-1, 2), np.array(stay, bool)


BEFORE = {"both": 50, "female": 150, "male": 450, "none": 350}
"""200 documents of women, 500 of men, 1,000 in all."""


def test_retention() -> None:
    mentioned, kept = documents(
        BEFORE, {"both": 40, "female": 60, "male": 410, "none": 290}
    )
    found = retention(mentioned, kept, COLUMNS)
    rows = {
        (row.metric, row.group): (row.value, row.numerator, row.denominator)
        for row in found
    }
    assert rows == {
        ("group.retention", None): (0.8, 800, 1000),
        ("group.retention", "female"): (0.5, 100, 200),
        ("group.retention_ratio", "female"): (0.625, 0.5, 0.8),
        ("group.retention", "male"): (0.9, 450, 500),
        ("group.retention_ratio", "male"): (1.125, 0.9, 0.8),
    }
    female = found[1]
    assert (female.low, female.high) == pytest.approx((0.4313609, 0.5686391), abs=1e-7)


def test_retention_of_nothing() -> None:
    assert retention(*documents({}, {}), COLUMNS) == []
    none_left = retention(*documents(BEFORE, {}), COLUMNS)
    assert {row.metric for row in none_left} == {"group.retention"}
    nobody = retention(*documents({"none": 4}, {"none": 1}), COLUMNS)
    assert [(row.group, row.value) for row in nobody] == [(None, 0.25)]


def test_removal_by_reason() -> None:
    mentioned, gone = documents(
        BEFORE, {"both": 10, "female": 30, "male": 40, "none": 20}
    )
    _, empty = documents(BEFORE, {"none": 10})
    found = removal(mentioned, {"near_duplicate": gone, "empty": empty}, COLUMNS)
    shares = {
        (row.reason, row.group): row.value
        for row in found
        if row.metric == "group.removed_share"
    }
    assert shares == {
        ("empty", "female"): 0.0,
        ("empty", "male"): 0.0,
        ("near_duplicate", "female"): 0.2,
        ("near_duplicate", "male"): 0.1,
    }
    ratios = {row.group: row for row in found if row.metric == "group.removal_ratio"}
    assert {row.reason for row in ratios.values()} == {"near_duplicate"}
    female = ratios["female"]
    # 40/200 against 60/800; log error sqrt(1/40 - 1/200 + 1/60 - 1/800)
    assert female.value == pytest.approx(0.2 / 0.075)
    assert female.low == pytest.approx(1.8441, abs=1e-4)
    assert female.high == pytest.approx(3.8562, abs=1e-4)


def by_chance(kept: tuple[int, int], documents: tuple[int, int]) -> dict[str, float]:
    """Parity of both groups, by how many of their documents stay."""
    mentioned = np.zeros((sum(documents), len(COLUMNS)), np.bool_)
    stays = np.zeros(sum(documents), np.bool_)
    for place, start in enumerate((0, documents[0])):
        mentioned[start : start + documents[place], place] = True
        stays[start : start + kept[place]] = True
    return {str(row.group): row.value for row in parity(mentioned, stays, COLUMNS)}


@pytest.mark.parametrize(
    ("kept", "documents", "fails"),
    [
        # A group that loses clearly more.
        ((100, 980), (1000, 1000), "female"),
        ((700, 100), (1000, 1000), "male"),
        # Less, but not below four fifths.
        ((850, 1000), (1000, 1000), None),
        # Far below, but of too few documents; of some more; and by chance.
        ((1, 990), (29, 1000), None),
        ((1, 990), (30, 1000), "female"),
        ((21, 990), (30, 1000), None),
        # Nothing to compare with, and nothing kept.
        ((0, 990), (0, 1000), None),
        ((0, 0), (50, 50), None),
        ((0, 0), (0, 0), None),
    ],
)
def test_a_group_of_which_clearly_less_stays_is_below_the_other(
    kept: tuple[int, int], documents: tuple[int, int], fails: str | None
) -> None:
    found = by_chance(kept, documents)
    assert [*found] == ["female", "male"]
    assert all(0 <= value <= 1 for value in found.values())
    assert [group for group, value in found.items() if value < 0.8] == (
        [fails] if fails else []
    )


def test_parity_compares_the_near_ends_of_the_intervals() -> None:
    (female, male) = by_chance((100, 980), (1000, 1000)).values()
    high, low = wilson(100, 1000)[1], wilson(980, 1000)[0]
    assert (female, male) == (high / low, 1.0)
