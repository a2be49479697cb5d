"""The list of a request: merged, stored and read again; bad lists are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.stages.erase.forget.search import PLACES, Found
from isinglass.pipelines.stages.erase.listed import (
    Erasure,
    add_results,
    make_list,
    read_erasure,
    same_request,
    stored_list,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import ERASURE

if TYPE_CHECKING:
    from pathlib import Path

Place = tuple[str, int | None, int | None, str]


def found(*places: Place) -> Found:
    names = PLACES.names
    rows = [dict(zip(names, place, strict=True)) for place in places]
    return Found(pa.Table.from_pylist(rows, PLACES), 1)


def listed(erasure: Erasure) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in erasure.table.to_pylist()]


FIRST = found(("b", 1, 4, "text"), ("b", 1, 4, "finding"), ("a", None, None, "column"))
LATER = found(("b", 1, 4, "text"), ("c", 0, 2, "text"))


def test_each_place_once_and_whole_documents_stay_whole() -> None:
    one = make_list(FIRST, "documents", None)
    assert listed(one) == [
        ("a", None, None, "column", True),
        ("b", 1, 4, "finding", True),
    ]
    both = make_list(LATER, "spans", one)
    assert listed(both) == [*listed(one), ("c", 0, 2, "text", False)]
    assert [request.remove for request in both.requests] == ["documents", "spans"]
    assert one.requests[0].found_elsewhere == 1
    assert (one.requests[0].spans, one.requests[0].found_by_text) == (1, 1)


def test_outside_of_the_text_only_whole_documents_can_go() -> None:
    rows = listed(make_list(FIRST, "spans", None))
    assert [row[-1] for row in rows] == [True, False]


def test_added_results_are_the_same_request() -> None:
    one = make_list(FIRST, "spans", None)
    more = add_results(one, ["b", "z"])
    assert [row for row in listed(more) if row[3] == "result"] == [
        ("b", None, None, "result", True),
        ("z", None, None, "result", True),
    ]
    assert same_request(more, one)
    assert not same_request(more, make_list(FIRST, "documents", None))
    assert not same_request(more, make_list(LATER, "spans", None))


def test_stored_and_read_again(tmp_path: Path) -> None:
    one = make_list(FIRST, "spans", None)
    assert stored_list(one) == stored_list(make_list(FIRST, "spans", None))
    (tmp_path / "list.parquet").write_bytes(stored_list(one))
    again = read_erasure("list.parquet", tmp_path)
    assert listed(again) == listed(one)
    assert again.requests == one.requests


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "there is no list.parquet"),
        (pa.table({"doc_id": ["a"]}), "does not have the columns"),
        (
            pa.Table.from_pylist([dict.fromkeys(ERASURE.names)]),
            "does not have the columns",
        ),
        (
            pa.table([["a"], [None], [None], ["text"], [False]], schema=ERASURE),
            "without a place",
        ),
        (
            pa.table([["a"], [3], [None], ["text"], [True]], schema=ERASURE),
            "without a place",
        ),
    ],
)
def test_bad_lists(tmp_path: Path, table: pa.Table | None, message: str) -> None:
    if table is not None:
        pq.write_table(table, tmp_path / "list.parquet")
    with pytest.raises(InputError, match=message):
        read_erasure("list.parquet", tmp_path)


def test_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_text("a")
    with pytest.raises(InputError, match="cannot be read"):
        read_erasure("list.parquet", tmp_path)
