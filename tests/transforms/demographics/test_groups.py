from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import MentionCounts, count_mentions
from isinglass.transforms.demographics.groups import group_statistics
from isinglass.transforms.demographics.lexicon import Lexicons, load_lexicons

if TYPE_CHECKING:
    from isinglass.schemas.statistic import Statistic

GENDER = load_lexicons(DemographicsConfig(axes=("gender",)))
BOTH = load_lexicons(DemographicsConfig(axes=("gender", "religion")))
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


def statistics(rows: list[Row], lexicons: Lexicons = GENDER) -> list[Statistic]:
    texts, sources, languages = (
        pa.array([row[j] for row in rows], pa.string()) for j in range(3)
    )
    mentions, _ = count_mentions(texts, languages, lexicons)
    return group_statistics(mentions, lexicons, sources, languages, "input")


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
    # That of the axis is the same as that without one: all lexicons have it.
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


MIXED: list[Row] = [
    ("christians and muslims", "web", "en"),
    ("she prayed", "web", "en-US"),
    ("the river", "web", "en"),
    ("基督徒 佛教徒", "web", "zh"),
    ("वह आया", "web", "hi"),
    ("une femme est venue", "book", "fr"),
    ("il pleut", "book", "fr"),
    ("ghaH", "book", "tlh"),
]
"""Religion is an axis of English and Chinese alone, and gender one of all but Klingon.
No Chinese word of the lexicon means a Jain."""


@pytest.mark.parametrize(
    ("metric", "axis", "group", "at", "counts"),
    [
        ("lexicon.coverage", None, None, {}, (7, 8)),
        ("lexicon.coverage", "religion", None, {}, (4, 8)),
        ("lexicon.coverage", "gender", None, {}, (7, 8)),
        ("axis.coverage", "religion", None, {}, (2, 4)),
        ("axis.coverage", "gender", None, {}, (2, 7)),
        ("group.document_share", "religion", "christian", {}, (2, 4)),
        ("group.document_share", "religion", "muslim", {}, (1, 4)),
        ("group.document_share", "religion", "buddhist", {}, (1, 4)),
        ("group.document_share", "gender", "female", {}, (2, 7)),
        ("group.mention_share", "religion", "christian", {}, (2, 4)),
        # Words of the English and Chinese documents, where a character is a word.
        ("group.mentions_per_thousand_words", "religion", "muslim", {}, (1, 13)),
        # A source without any document that could mention it.
        ("lexicon.coverage", "religion", None, {"source": "book"}, (0, 3)),
        ("axis.coverage", "religion", None, {"source": "book"}, None),
        ("group.document_share", "religion", "muslim", {"source": "book"}, None),
        ("lexicon.coverage", "religion", None, {"source": "web"}, (4, 5)),
        ("axis.coverage", "religion", None, {"source": "web"}, (2, 4)),
        # And a language.
        ("lexicon.coverage", None, None, {"language": "hi"}, (1, 1)),
        ("lexicon.coverage", "religion", None, {"language": "hi"}, (0, 1)),
        ("axis.coverage", "religion", None, {"language": "hi"}, None),
        ("axis.coverage", "gender", None, {"language": "hi"}, (0, 1)),
        ("lexicon.coverage", None, None, {"language": "tlh"}, (0, 1)),
        ("lexicon.coverage", "gender", None, {"language": "tlh"}, None),
        ("axis.coverage", "gender", None, {"language": "tlh"}, None),
        ("group.document_share", "religion", "buddhist", {"language": "zh"}, (1, 1)),
        ("group.document_share", "religion", "muslim", {"language": "zh"}, (0, 1)),
    ],
)
def test_an_axis_is_counted_where_a_lexicon_has_it(
    metric: str,
    axis: str | None,
    group: str | None,
    at: dict[str, str],
    counts: tuple[int, int] | None,
) -> None:
    place = (metric, axis, group, at.get("source"), at.get("language"))
    found = {
        (row.metric, row.axis, row.group, row.source, row.language): row
        for row in statistics(MIXED, BOTH)
    }
    row = found.get(place)
    assert (row and (row.numerator, row.denominator)) == counts


def test_a_group_without_a_word_in_a_language_has_no_row_there() -> None:
    rows: list[Row] = [
        ("jains came", None, "en"),
        ("she is a christian", None, "en"),
        ("基督徒", None, "zh"),
    ]
    told = {
        (row.group, row.language)
        for row in statistics(rows, BOTH)
        if row.metric == "group.document_share" and row.axis == "religion"
    }
    whole = {("jain", None), ("christian", None)}
    assert told == {*whole, ("jain", "en"), ("christian", "en"), ("christian", "zh")}


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


@pytest.mark.parametrize(
    ("texts", "low", "high"),
    [
        # Wilson, of as many documents as mention the axis: 1 of 1, 40 of 40, 1 of 2.
        (["she and her"], 0.20655, 1.0),
        (["she", "her her her", *["it"] * 9] * 20, 0.91238, 1.0),
        (["she he", "he he she she"], 0.09453, 0.90547),
    ],
)
def test_an_interval_is_never_without_width(
    texts: list[str], low: float, high: float
) -> None:
    found = {
        (row.metric, row.group): row
        for row in statistics([(text, None, "en") for text in texts])
    }
    share = found["group.mention_share", "female"]
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-5)
    if ("group.mention_share", "male") in found:
        other = found["group.mention_share", "male"]
        assert (other.low, other.high) == pytest.approx((1 - high, 1 - low), abs=1e-5)


def test_a_rate_of_one_document_has_no_interval() -> None:
    found = statistics([("she and her", None, "en")])
    rates = [row for row in found if row.metric.endswith("thousand_words")]
    told = {(row.value, row.low, row.high) for row in rates}
    assert told == {(2000 / 3, None, None)}


def test_mentions_that_come_from_few_documents() -> None:
    rows: list[Row] = [("she " * 9, None, "en")]
    rows += [("she", None, "en"), ("he", None, "en")] * 99
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
    assert GENDER.groups[:2] == COLUMNS
    names = pa.array(["en", "en", "zh"])
    found = group_statistics(mentions, GENDER, names, names, "input")
    rate = next(row for row in found if row.metric.endswith("thousand_words"))
    assert (rate.numerator, rate.denominator) == (3 * (2**31 - 1), 3 * 2**40)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_changes_nothing(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert statistics(shuffled) == statistics(rows)
