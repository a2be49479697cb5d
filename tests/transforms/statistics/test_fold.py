from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.fold import (
    QUANTILES,
    TextGatherer,
    retention_statistics,
    text_statistics,
)
from isinglass.transforms.statistics.sums import MAX_SLICES, OTHER, add_into

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = tuple[str, str | None, str | None]
HOSTILE = ["=cmd()", "<script>", "a\x00b", "", "(other)", "all", "\u202e", "a/../b"]
ROWS = st.lists(
    st.tuples(
        st.text(max_size=80),
        st.one_of(st.none(), st.sampled_from(HOSTILE)),
        st.one_of(st.none(), st.sampled_from(["en", "de", "documents"])),
    ),
    max_size=12,
)


def fold(rows: Sequence[Row], total: dict[str, Any] | None = None) -> dict[str, Any]:
    gathered = TextGatherer()
    gathered.add(*(pa.array([row[j] for row in rows], pa.string()) for j in range(3)))
    sums = TextGatherer().finish() if total is None else total
    add_into(sums, gathered.finish())
    return sums


def value(
    found: list[Statistic], metric: str, unit: str = "", **slices: str
) -> float | None:
    for row in found:
        names = ("source", "language", "position")
        at = {name: x for name in names if (x := getattr(row, name)) is not None}
        if row.metric == metric and at == slices and unit in ("", row.unit):
            return row.value
    return None


def test_statistics_of_four_documents() -> None:
    rows: list[Row] = [
        ("one two", "web", "en"),
        ("drei", "web", "de"),
        ("é", None, "de"),
        ("", "<b>", None),
    ]
    found = text_statistics(fold(rows), "input")
    assert value(found, "documents") == 4
    assert value(found, "characters") == 12
    assert value(found, "words") == 4
    assert value(found, "documents", source="web") == 2
    assert value(found, "documents", source="") == 1
    assert value(found, "documents", source="<b>") == 1
    assert value(found, "documents.share", language="de") == 0.5
    assert value(found, "length.mean", "characters", language="de") == 2.5
    assert value(found, "length.quantile", "characters", position="0.5") == 1
    assert value(found, "length.quantile", "characters", position="0.99") == 7
    assert value(found, "length.quantile", "words", position="0.75") == 1
    assert value(found, "documents.share") is None
    assert {row.when for row in found} == {"input"}
    assert {row.characteristic for row in found} <= set(CHARACTERISTICS.values())


def test_nothing_at_all() -> None:
    found = text_statistics(TextGatherer().finish(), "output")
    assert [(row.metric, row.value) for row in found] == [
        ("documents", 0),
        ("characters", 0),
        ("words", 0),
    ]


def test_every_slice_has_every_statistic() -> None:
    found = text_statistics(fold([("a", "s", "en")]), "run")
    each = 3 + 2 * (1 + len(QUANTILES))
    assert len(found) == each + 2 * (each + 1)
    assert statistics_table(found).num_rows == len(found)


def test_rare_sources_become_one() -> None:
    rows: list[Row] = [(f"t{i}", f"s{i:03}", "en") for i in range(MAX_SLICES + 30)]
    rows += [("x", "s229", "en"), ("x", OTHER, "en")]
    found = text_statistics(fold(rows), "input")
    names = [row.source for row in found if row.metric == "documents" and row.source]
    assert len(names) == len(set(names)) == MAX_SLICES
    assert names[-1] == OTHER
    assert value(found, "documents", source="s229") == 2
    assert value(found, "documents", source="s197") == 1
    assert value(found, "documents", source="s198") is None
    assert value(found, "documents", source=OTHER) == 32
    by_source = [row.value for row in found if row.metric == "documents" and row.source]
    assert sum(by_source) == len(rows)


@given(ROWS, ROWS, ROWS)
def test_adding_is_associative_and_commutative(
    first: list[Row], second: list[Row], third: list[Row]
) -> None:
    whole = fold([*first, *second, *third])
    assert fold(third, fold(second, fold(first))) == whole
    assert fold(first, fold(third, fold(second))) == whole
    part = fold(second)
    before = json.dumps(part)
    add_into(fold(first), part)
    assert json.dumps(part) == before


@given(ROWS, st.integers(0, 12), st.randoms(use_true_random=False))
def test_order_and_batches_change_nothing(
    rows: list[Row], cut: int, random: Any
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    whole = fold(rows)
    parts = fold(shuffled[cut:], fold(shuffled[:cut]))
    assert parts == whole
    assert json.loads(json.dumps(whole)) == whole
    assert text_statistics(parts, "input") == text_statistics(whole, "input")


@given(ROWS)
def test_sums_equal_a_loop(rows: list[Row]) -> None:
    found = text_statistics(fold(rows), "input")
    assert value(found, "documents") == len(rows)
    assert value(found, "characters") == sum(len(row[0]) for row in rows)
    for source in {row[1] or "" for row in rows}:
        mine = [len(row[0]) for row in rows if (row[1] or "") == source]
        assert value(found, "documents", source=source) == len(mine)
        mean = value(found, "length.mean", "characters", source=source)
        assert mean == pytest.approx(np.mean(mine))


def test_slices_of_arrays() -> None:
    texts = pa.array(["a", "bb", "ccc"])[1:]
    names = pa.array(["x", "y", None])[1:]
    gathered = TextGatherer()
    gathered.add(texts, names, names)
    assert gathered.finish() == fold([("bb", "y", "y"), ("ccc", None, None)])


def test_who_stays_is_told_by_source_and_language() -> None:
    before = [("a", "web", "en"), ("b", "web", "de"), ("c", "mail", "en")]
    rows = retention_statistics(fold(before), fold([*before[:1]]))
    told = [(r.source, r.language, r.numerator, r.denominator) for r in rows]
    assert told == [
        (None, None, 1, 3),
        ("mail", None, 0, 1),
        ("web", None, 1, 2),
        (None, "de", 0, 1),
        (None, "en", 1, 2),
    ]
    assert all(r.value == (r.numerator or 0) / (r.denominator or 1) for r in rows)
    assert retention_statistics(fold([]), fold([])) == []


def test_a_source_that_shrinks_among_many_is_not_told_to_be_gone() -> None:
    many = [("x", f"s{n:03}", "en") for n in range(MAX_SLICES + 50)]
    first = ("x", "s000", "en")
    before = [*many, *many[1:], first, first]
    after = [first, *many[1:], *many[1:]]
    rows = retention_statistics(fold(before), fold(after))
    told = {r.source: r.value for r in rows if r.source is not None}
    assert len(told) == MAX_SLICES + 1
    assert told["s000"] == pytest.approx(1 / 3)
    assert told[OTHER] == 1.0


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("zh", "characters"),
        ("zh_Hant", "characters"),
        ("th", "characters"),
        ("en", "words"),
        ("ko", "words"),
        ("und", "words"),
        (None, "words"),
    ],
)
def test_words_of_languages_without_spaces_are_characters(
    language: str | None, unit: str
) -> None:
    texts = pa.array(["one two", "三四 five"])
    gathered = TextGatherer()
    labels = pa.array([language] * 2, pa.string())
    gathered.add(texts, pa.array(["s", "s"]), labels)
    rows = text_statistics(gathered.finish(), "input")
    (row,) = [r for r in rows if r.metric == "words" and r.language is not None]
    assert (row.value, row.unit) == (5, unit)
