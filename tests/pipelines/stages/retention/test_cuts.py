"""Shares of characters that each stage cut, from tables written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.engine.mapped_tables import id_words
from isinglass.pipelines.stages.retention.cuts import Cut, cut_shares
from isinglass.transforms.read.identity import format_doc_ids
from tests.drivers import by_hand

if TYPE_CHECKING:
    from pathlib import Path


def survey(*lengths: int, first: int = 1) -> pa.Table:
    words = np.arange(first, first + len(lengths), dtype=np.uint64)
    columns = {"doc_high": words, "doc_low": words, "characters": lengths}
    return pa.table(columns)


def write(folder: Path, table: str, shard: str, rows: list[dict[str, Any]]) -> None:
    (folder / table).mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / table / f"{shard}.parquet")


def test_spans_become_shares_of_each_document(tmp_path: Path) -> None:
    surveys = {"a": survey(100, 50, 10), "b": survey(200, 0, first=4)}
    driver = by_hand(tmp_path, surveys)
    first, second, third = format_doc_ids(id_words(surveys["a"])).to_pylist()
    fourth, _ = format_doc_ids(id_words(surveys["b"])).to_pylist()

    def span(doc_id: str, start: int, end: int, **more: Any) -> dict[str, Any]:
        return {"doc_id": doc_id, "start": start, "end": end, **more}

    write(
        tmp_path,
        "paragraphs",
        "a",
        [
            span(first, 0, 20, removed=True),
            span(first, 50, 60, removed=True),
            span(second, 0, 50, removed=False),
        ],
    )
    mail: dict[str, Any] = {"entity": "EMAIL_ADDRESS", "operator": "replace"}
    name = {"entity": "PERSON", "operator": "replace"}
    write(
        tmp_path,
        "findings",
        "a",
        [
            span(first, 0, 10, **mail),
            span(first, 20, 25, **name),
            span(second, 0, 5, **(mail | {"operator": "keep"})),
            span(third, 0, 10, entity="ERASED", operator="remove"),
        ],
    )
    write(
        tmp_path,
        "findings",
        "b",
        [span(fourth, 0, 50, entity="loud.word", operator="loud.low")],
    )
    found = cut_shares(driver.workspace, driver.shard_ids)
    assert {cut: shares.tolist() for cut, shares in found.items()} == {
        Cut("boilerplate"): [0.3, 0, 0, 0, 0],
        Cut("erase"): [0, 0, 1.0, 0, 0],
        Cut("loud"): [0, 0, 0, 0.25, 0],
        Cut("pii"): [0.15, 0, 0, 0, 0],
        Cut("pii", "PERSON"): [0.05, 0, 0, 0, 0],
    }


def test_a_run_that_cut_nothing(tmp_path: Path) -> None:
    driver = by_hand(tmp_path, {"a": survey(100)})
    assert cut_shares(driver.workspace, driver.shard_ids) == {}
    assert cut_shares(driver.workspace, []) == {}
