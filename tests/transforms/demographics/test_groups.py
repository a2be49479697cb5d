from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.demographics.counts import MentionCounts, count_mentions
from isinglass.transforms.demographics.groups import group_statistics

if TYPE_CHECKING:
    from isinglass.schemas.statistic import Statistic

Row = tuple[str, str | None, str | None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["she", "he and his", "it", "", "她他", "no man's land"]),
        st.one_of(st.none(), st.sampled_from(["web", "<b>", ""])),
        st.one_of(st.none(), st.sampled_from(["en", "zh", "ja"])),
    ),
    max_size=12,
)


def statistics(rows: list[Row]) -> list[Statistic]:
    texts, sources, languages = (
        pa.array([row[j] for row in rows], pa.string()) for j in range(3)
    )
    mentions = count_mentions(texts, languages)
    return group_statistics(mentions, sources, languages, "input")


def test_every_share_has_its_denominator() -> None:
    rows: list[Row] = [
        ("she saw her mother", "web", "en"),
        ("he saw her", "web", "en-GB"),
        ("it rained", "book", "en"),
        ("kare wa", "book", "ja"),
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
    rows: list[Row] = [("she", "web", "en"), ("he", "book", "en"), ("x", "web", "ja")]
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


def test_only_document_shares_have_intervals() -> None:
    for row in statistics([("she", "web", "en")]):
        of_documents = row.metric not in (
            "group.mention_share",
            "group.mentions_per_thousand_words",
        )
        assert (row.low is not None) == of_documents


def test_nothing_covered_gives_no_shares() -> None:
    assert statistics([]) == []
    found = statistics([("she", None, "ja")])
    assert {row.metric for row in found} == {"lexicon.coverage"}


def test_large_counts_are_exact() -> None:
    counts = np.full((3, 2), 2**31 - 1, np.int32)
    mentions = MentionCounts(counts, np.ones(3, np.bool_), np.full(3, 2**40))
    names = pa.array(["a", "a", "b"])
    found = group_statistics(mentions, names, names, "input")
    rate = next(row for row in found if row.metric.endswith("thousand_words"))
    assert (rate.numerator, rate.denominator) == (3 * (2**31 - 1), 3 * 2**40)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_changes_nothing(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert statistics(shuffled) == statistics(rows)
