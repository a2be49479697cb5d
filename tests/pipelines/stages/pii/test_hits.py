from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.pipelines.stages.pii import hits
from isinglass.pipelines.stages.pii.hits import (
    COUNTED,
    LEAST_LISTED,
    LEAST_WARNED,
    MOST_LISTED,
    frequent_values,
    hit_warnings,
    is_warned,
    recall_partials,
    sign_counts,
    source_counts,
    source_statistics,
)
from isinglass.schemas.manifest import FrequentValue
from isinglass.transforms.edits import NO_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Rows = list[tuple[str, str, str, str]]


def key(number: int) -> str:
    """A value key; four neighbours share their first digits, and so a bucket."""
    return f"{number // 4 + 1:06x}{number:026x}"


def times(count: int, number: int, entity: str = "PERSON", **other: str) -> Rows:
    """Findings of one value, two in each document."""
    operator = other.get("operator", "replace")
    return [(f"d{n // 2}", entity, operator, key(number)) for n in range(count)]


def values(
    *shards: Rows, signs: Mapping[str, Sequence[int]] | None = None
) -> list[FrequentValue]:
    def tables() -> Iterable[pa.Table]:
        for shard in shards:
            columns = [list(column) for column in zip(*shard, strict=True)] or [[]] * 4
            arrays = [pa.array(column, pa.string()) for column in columns]
            yield pa.table(arrays, COUNTED)

    return frequent_values(tables, signs or {})


def told(found: list[FrequentValue]) -> list[tuple[str, str, int, int, float]]:
    return [(v.entity, v.value_key, v.found, v.documents, v.share) for v in found]


def test_values_are_counted_over_shards() -> None:
    first = [*times(12, 1), *times(9, 2), *times(4, 3), *times(11, 1, "EMAIL_ADDRESS")]
    second = [*times(15, 2), *times(5, 3)]
    assert told(values(first, second)) == [
        ("PERSON", key(2), 24, 13, 24 / 45),
        ("PERSON", key(1), 12, 6, 12 / 45),
        ("EMAIL_ADDRESS", key(1), 11, 6, 1.0),
    ]
    assert values(second, first) == values(first, second)


@pytest.mark.parametrize(
    ("rows", "listed"),
    [
        (times(LEAST_LISTED, 1), 1),
        (times(LEAST_LISTED - 1, 1), 0),
        (times(LEAST_LISTED, 1, operator="keep"), 0),
        ([("d", "MINE.X", "redact", NO_KEY)] * 500, 0),
        ([], 0),
    ],
)
def test_what_is_listed(rows: Rows, listed: int) -> None:
    assert len(values(rows)) == listed


def test_the_most_frequent_of_each_kind_are_listed() -> None:
    rows = [row for n in range(MOST_LISTED + 5) for row in times(20 + n, n)]
    rows += times(10, 1, "EMAIL_ADDRESS")
    found = values(rows)
    assert [v.found for v in found] == [*range(44, 24, -1), 10]


def test_what_is_warned_of_is_listed_whatever_its_rank() -> None:
    rows = [row for n in range(MOST_LISTED + 5) for row in times(220 + n, n)]
    found = values(rows, signs={key(0): [0, 110, 0], key(1): [0, 110, 0]})
    assert [v.found for v in found][-2:] == [225, 220]
    assert found[-1].signs == {"small": 0, "article": 110, "label": 0}
    assert [is_warned(v) for v in found] == [False] * MOST_LISTED + [True]


def test_signs_are_of_names_alone() -> None:
    rows = [*times(10, 1), *times(10, 1, "LOCATION"), *times(10, 2)]
    found = values(rows, signs={key(1): [1, 0, 0]})
    assert [bool(v.signs) for v in found] == [False, True, False]


@pytest.mark.parametrize("most", [1, 40, 1 << 16])
def test_no_frequent_value_is_missed(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(hits, "_MOST_COUNTED", most)
    chance = random.Random(3)  # noqa: S311 - test data
    weights = [1 + 4000 // (n + 1) for n in range(400)]
    numbers = chance.choices(range(400), weights, k=6000)
    rows = [(f"d{n % 700}", "PERSON", "mask", key(v)) for n, v in enumerate(numbers)]
    exact = Counter(numbers)
    found = values(rows[:2500], rows[2500:])
    expected = sorted(exact.items(), key=lambda item: (-item[1], key(item[0])))
    frequent = [(key(n), c) for n, c in expected[:MOST_LISTED] if c >= LEAST_WARNED]
    assert [(v.value_key, v.found) for v in found][: len(frequent)] == frequent
    assert len(frequent) > 3
    if most > 400:
        assert [v.found for v in found] == [c for _, c in expected[:MOST_LISTED]]


def value(found: int, *signs: int) -> FrequentValue:
    names = ("small", "article", "label")
    shown = dict(zip(names, signs, strict=True)) if signs else {}
    return FrequentValue(
        entity="PERSON",
        value_key=key(found),
        found=found,
        documents=1,
        share=1.0,
        signs=shown,
    )


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # "Requirements" alone on its line, "the Mayor", "D.C. Law 2-140".
        (value(710, 60, 5, 560), True),
        (value(LEAST_WARNED, 0, LEAST_WARNED // 2, 0), True),
        (value(2922, 820, 0, 2100), True),
        # Frequent names, as often as they were seen; Brown had the most signs.
        (value(300), False),
        (value(300, 0, 0, 0), False),
        (value(590, 18, 118, 0), False),
        (value(LEAST_WARNED, 0, LEAST_WARNED // 2 - 1, 0), False),
        (value(LEAST_WARNED - 1, LEAST_WARNED - 1, 0, 0), False),
    ],
)
def test_what_is_warned_of(one: FrequentValue, *, expected: bool) -> None:
    assert is_warned(one) is expected
    assert len(hit_warnings([one, value(300)])) == expected


def test_the_warning_counts_and_names_no_value() -> None:
    warned = [value(2922, 2000, 0, 0), value(1300), value(710, 710, 0, 0)]
    assert hit_warnings(warned)[0].startswith(
        "2 values that are written like words were replaced up to 2,922 times as "
        "PERSON: names are probably found where there are none."
    )
    assert hit_warnings(warned[1:])[0].startswith(
        "One value that is written like a word was replaced 710 times as PERSON"
    )
    many = [value(200 + n, 200, 0, 0) for n in range(hits.MOST_WARNED)]
    assert hit_warnings(many)[0].startswith("At least 200 values")
    assert hit_warnings([]) == []


PARTIALS = {
    "PERSON|en|start|web": [2, 1, 0],
    "|source|PERSON|we|b": [3],
    "|source|PERSON|": [1],
    "|source|US_SSN|we|b": [5],
    f"|sign|{key(1)}": [1, 2, 0],
}


def test_partials_are_told_apart() -> None:
    assert recall_partials(PARTIALS) == {"PERSON|en|start|web": [2, 1, 0]}
    assert sign_counts(PARTIALS) == {key(1): [1, 2, 0]}
    assert source_counts(PARTIALS) == {
        ("PERSON", "we|b"): 3,
        ("PERSON", ""): 1,
        ("US_SSN", "we|b"): 5,
    }


def test_rates_are_over_the_words_of_each_source() -> None:
    words = {None: 300.0, "web": 200.0, "": 0.0, "(other)": 100.0}
    counts = {("PERSON", "web"): 3, ("PERSON", ""): 1, ("PERSON", "rare"): 2}
    counts["PERSON", "rarer"] = 2
    rows = source_statistics(counts, words)
    assert [(r.metric, r.source, r.value, r.denominator) for r in rows] == [
        ("pii.found", "", 1, None),
        ("pii.found", "(other)", 4, None),
        ("pii.rate", "(other)", 40.0, 100.0),
        ("pii.found", "web", 3, None),
        ("pii.rate", "web", 15.0, 200.0),
    ]
    assert {(r.entity, r.when, r.numerator) for r in rows if r.denominator} == {
        ("PERSON", "run", 4),
        ("PERSON", "run", 3),
    }
    # Where a kind that occurs does not, there are 0.
    rows = source_statistics({("PERSON", "web"): 3}, {**words, "mail": 50.0})
    assert {r.source: r.value for r in rows if r.metric == "pii.rate"} == {
        "web": 15.0,
        "mail": 0.0,
        "(other)": 0.0,
    }
